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
from opscentre.domain.status import ENDED, IN_PROCESS, Status

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
    #: Whether it was in process from its reception to its end, by one due moment: then the rest tells how it stood at
    #: every moment since its reception, and not only after its last one.
    plain: bool


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
    return FinalStanding(last, stands, standing.since, standing.due, _is_plain(state, stands, standing.since))


_PLAIN = frozenset({Status.FILED, *IN_PROCESS, *ENDED})


def _is_plain(state: DossierState, stands: int | None, ended: int | None) -> bool:
    snapshot = state.snapshot
    if stands is None or stands > PROCESS_OK or snapshot.supplements or snapshot.received is None:
        return False
    dated = [(step.at, step.status) for step in snapshot.progress]
    # A status seen counts from the source's own time or from when it was seen, whichever it is by.
    dated += [(min(seen.version, seen.first), seen.status) for seen in state.trail]
    if any(status not in _PLAIN for _, status in dated):
        return False
    if stands == PROCESS_OK:
        return all(status not in ENDED for _, status in dated)
    assert ended is not None, "what is finished has a moment at which it was"
    return ended >= snapshot.received and all(at >= ended for at, status in dated if status in ENDED)
