"""Pauses and promises of a dossier: when its clock stood still, supplements asked, new dates and apologies (§1, §3)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

import msgspec

from opscentre.domain.fold import DossierState
from opscentre.domain.life import due_at, finished_at, status_facts
from opscentre.domain.status import PAUSED, Status


class Pause(msgspec.Struct, frozen=True):
    """A time in which the clock stood still; ``until`` is None while it still does."""

    since: int
    until: int | None
    status: int


class Redating(msgspec.Struct, frozen=True):
    """What is known of new dates given to a dossier."""

    #: How often a new date was given.
    times: int
    #: The date in force, and whether it was missed too (by ``at``).
    due: int | None
    missed: bool


class ApologyStanding(Enum):
    """How a dossier stands on its apology: due no later than the due date, with the reason and a new date."""

    NOT_DUE = "not_due"
    MISSING = "missing"
    IN_TIME = "in_time"
    LATE = "late"
    #: Apologised, and the new date was missed too.
    BROKEN = "broken"
    #: The source tells nothing of apologies.
    UNTOLD = "untold"


def pauses(state: DossierState, at: int, statuses: Iterable[Status] = PAUSED) -> list[Pause]:
    """The pauses of a dossier known by ``at``, in order; those in ``statuses`` only (§1)."""
    wanted = frozenset(statuses)
    found: list[Pause] = []
    began: tuple[int, int] | None = None
    for moment, status in sorted(fact for fact in status_facts(state) if fact[0] <= at):
        if began is not None and status != began[1]:
            found.append(Pause(began[0], moment, began[1]))
            began = None
        if began is None and status in wanted:
            began = (moment, status)
    if began is not None:
        found.append(Pause(began[0], None, began[1]))
    return found


def supplements_asked(state: DossierState) -> int:
    """How often supplements were requested: more than once counts as overdue in the score (§1)."""
    return sum(1 for supplement in state.snapshot.supplements if supplement.requested is not None)


def redating(state: DossierState, at: int) -> Redating:
    """New dates given by ``at``: a source tells of them in its supplements and its apologies (§3)."""
    snapshot = state.snapshot
    given = [(s.answered or s.requested or 0, s.due_after) for s in snapshot.supplements if s.due_after is not None]
    given += [(apology.made, apology.due_after) for apology in snapshot.apologies if apology.due_after is not None]
    known = sorted(one for one in given if one[0] <= at)
    if not known:
        return Redating(0, snapshot.due, False)
    due = known[-1][1]
    return Redating(len(known), due, _looked(state, at) > due)


def apology_standing(state: DossierState, at: int) -> ApologyStanding:
    """How a dossier stands on its apology at ``at``; ``UNTOLD`` where its source never tells of any (§3)."""
    snapshot = state.snapshot
    promised = due_at(state, at)
    looked = _looked(state, at)
    made = [apology for apology in snapshot.apologies if apology.made <= at]
    if not made:
        if promised is None or looked <= promised:
            return ApologyStanding.NOT_DUE
        return ApologyStanding.MISSING if snapshot.apologies_told else ApologyStanding.UNTOLD
    first = min(made, key=lambda apology: apology.made)
    before = first.due_before if first.due_before is not None else promised
    newest = max(made, key=lambda apology: apology.made).due_after
    if newest is not None and looked > newest:
        return ApologyStanding.BROKEN
    return ApologyStanding.LATE if before is not None and first.made > before else ApologyStanding.IN_TIME


def _looked(state: DossierState, at: int) -> int:
    """The moment that counts against a promise: the end once there is one, else now."""
    end = finished_at(state)
    return end if end is not None and end <= at else at
