"""How a dossier stands once no moment of its own lies ahead: a function of its state alone, so SQL can keep it.

Looked at from any moment after its last one, a dossier stands as its final standing says, save that the due moment of
one in process may have passed. So SQL counts and lists by these few numbers, and only dossiers that had moments ahead
of the moment asked about must be looked at one by one (DOMAIN §4).
"""

from __future__ import annotations

import msgspec

from opscentre.domain.counting import EARLY, LATE, ON_TIME, PAUSED_LATE, PAUSED_OK, PROCESS_OK
from opscentre.domain.fold import DossierState
from opscentre.domain.life import Kind, Verdict, last_turn, standing_at

_FINISHED = {Verdict.EARLY: EARLY, Verdict.IN_TIME: ON_TIME, Verdict.OVERDUE: LATE}


class FinalStanding(msgspec.Struct, frozen=True):
    """How a dossier stands once its last moment has passed."""

    #: The last moment it names (ms): from the millisecond after it on, the rest holds.
    last_moment: int
    #: The cell of the progress table it stands in, ``PROCESS_OK`` for all in process; None: in none.
    stands: int | None
    #: When it finished, or its pause began.
    since: int | None
    #: The due moment in force.
    due: int | None


def final_standing(state: DossierState) -> FinalStanding:
    """The final standing of a dossier (§4)."""
    last = last_turn(state)
    standing = standing_at(state, last + 1)
    stands = None
    if state.snapshot.received is not None:
        if standing.kind is Kind.FINISHED:
            stands = _FINISHED[standing.verdict]
        elif standing.kind is Kind.IN_PROCESS:
            stands = PROCESS_OK
        elif standing.kind is Kind.PAUSED:
            stands = PAUSED_LATE if standing.verdict is Verdict.OVERDUE else PAUSED_OK
    return FinalStanding(last, stands, standing.since, standing.due)
