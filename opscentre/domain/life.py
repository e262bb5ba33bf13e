"""The life of a dossier: when it was received, paused, finished, when it is due, and how it stands at a moment.

Where each moment comes from is DOMAIN §4, "Where the moments come from"; a source's own modification time
counts as a progress step to the status it shows.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import wraps
from typing import Any, TypeVar

import msgspec

from opscentre.domain.fold import DossierState, Seen
from opscentre.domain.moments import day_number
from opscentre.domain.status import ENDED, IN_PROCESS, PAUSED, Status

ANSWER = TypeVar("ANSWER")
#: Asked several times for each change of each dossier: a look-up takes a tenth of what the enumeration's call does.
_STATUSES = {int(status): status for status in Status}


def _once(function: Callable[[DossierState], ANSWER]) -> Callable[[DossierState], ANSWER]:
    """Remember the answer for the state asked last: counting asks the same of one state half a dozen times over.

    States never change, so the very same object has the very same answer.
    """
    last: tuple[DossierState | None, Any] = (None, None)

    @wraps(function)
    def remembering(state: DossierState) -> ANSWER:
        nonlocal last
        # One tuple, read once and replaced whole: threads may forget one another's answer, never mix them.
        known, answer = last
        if known is state:
            return answer
        answer = function(state)
        last = (state, answer)
        return answer

    return remembering


class Kind(Enum):
    """Where a dossier stands on the board."""

    UNKNOWN = "unknown"
    WAITING = "waiting"
    REFUSED = "refused"
    IN_PROCESS = "in_process"
    PAUSED = "paused"
    FINISHED = "finished"


class Verdict(Enum):
    """How a dossier stands against its due moment. Early exists for finished dossiers only."""

    EARLY = "early"
    IN_TIME = "in_time"
    OVERDUE = "overdue"


class Standing(msgspec.Struct, frozen=True, gc=False):
    """How a dossier stands at a moment."""

    kind: Kind
    verdict: Verdict
    #: When it finished, or its pause began; None for every other kind.
    since: int | None = None
    due: int | None = None


def due_at(state: DossierState, at: int) -> int | None:
    """The due moment in force at ``at``: NgayHenTra, or NgayHenTraMoi of the newest supplement by then (§4)."""
    later_before: int | None = None
    found: int | None = None
    best = -1
    earliest_later: int | None = None
    for supplement in state.snapshot.supplements:
        if supplement.due_after is None:
            continue
        in_force = supplement.answered or supplement.requested or 0
        if in_force <= at:
            if in_force >= best:
                best, found = in_force, supplement.due_after
        elif earliest_later is None or in_force < earliest_later:
            earliest_later, later_before = in_force, supplement.due_before
    if found is not None:
        return found
    return later_before if later_before is not None else state.snapshot.due


@_once
def finished_at(state: DossierState) -> int | None:
    """When a dossier that shows an end state finished; never before its reception (§4).

    NgayKetThucXuLy, else the first end state in the progress (9 before 10), else NgayTra, else when the
    end state was first seen.
    """
    snapshot = state.snapshot
    if snapshot.status not in ENDED:
        return None
    found = snapshot.finished or _first_end(state) or _seen_end(state)
    return max(found, snapshot.received or found)


def _first_end(state: DossierState) -> int | None:
    ends = [step for step in state.snapshot.progress if step.status in ENDED]
    for wanted in (Status.DONE, Status.RETURNED, Status.WITHDRAWN):
        for step in ends:
            if step.status == wanted:
                return step.at
    return None


def _seen_end(state: DossierState) -> int:
    run = _last_run(state, ENDED)
    done = [seen for seen in run if seen.status == Status.DONE]
    seen_at = _began((done or run)[0])
    returned = state.snapshot.returned
    if returned is None:
        return seen_at
    return min(returned, seen_at) if done else returned


def paused_at(state: DossierState) -> int | None:
    """When the present pause began; None unless the dossier shows 5, 6 or 8 (§4).

    NgayBoSung of the newest supplement not yet answered (5), else the time of that state in the progress,
    else when it was first seen.
    """
    snapshot = state.snapshot
    if snapshot.status not in PAUSED:
        return None
    if snapshot.status == Status.SUPPLEMENT:
        asked = [s.requested for s in snapshot.supplements if s.requested and s.answered is None]
        if asked:
            return max(asked)
    step = _progress_began(state)
    return step if step is not None else _began(_last_run(state, {snapshot.status})[0])


def _progress_began(state: DossierState) -> int | None:
    """Since when the progress shows the present status: the first step of the last run of it."""
    found = None
    for step in reversed(state.snapshot.progress):
        if step.status == state.snapshot.status:
            found = step.at
        elif found is not None:
            break
    return found


def _last_run(state: DossierState, statuses: frozenset[Status] | set[int]) -> tuple[Seen, ...]:
    """The newest seen entries in a row whose status is one of ``statuses``; at least the newest of all."""
    run: list[Seen] = []
    for seen in reversed(state.trail):
        if seen.status not in statuses:
            break
        run.append(seen)
    return tuple(reversed(run)) or state.trail[-1:]


def _began(seen: Seen) -> int:
    return seen.version if seen.stated else seen.first


@_once
def status_began(state: DossierState) -> int:
    """Since when the present status holds, by the best evidence there is (§4)."""
    snapshot = state.snapshot
    ended, paused = finished_at(state), paused_at(state)
    if ended is not None:
        return ended
    if paused is not None:
        return paused
    status = _STATUSES[snapshot.status]
    dated = None
    if status is Status.FILED:
        dated = snapshot.submitted
    elif status is Status.REFUSED:
        dated = snapshot.refused
    elif status is Status.RECEIVED:
        dated = snapshot.received
    return dated or _progress_began(state) or _began(_last_run(state, {snapshot.status})[0])


@_once
def _holds_from(state: DossierState) -> int:
    """From when on the present status is taken to hold when looking back.

    A status without any date in the only snapshot ever seen is taken to stand since the newest moment the
    record vouches for: nothing is known that contradicts it.
    """
    began = status_began(state)
    only = _last_run(state, {state.snapshot.status})
    if len(only) == len(state.trail) and not only[0].stated and began == only[0].first:
        return min(began, only[0].version)
    return began


def status_facts(state: DossierState) -> list[tuple[int, int]]:
    """Every (moment, status) that is known of a dossier, in no order: its dates, its progress, what was seen (§4)."""
    ended = finished_at(state)
    return [*_past_facts(state), (ended if ended is not None else _holds_from(state), state.snapshot.status)]


def _past_facts(state: DossierState) -> list[tuple[int, int]]:
    """The facts beside the present status; the progress may name that one too."""
    snapshot = state.snapshot
    facts: list[tuple[int, int]] = []
    if snapshot.submitted is not None:
        facts.append((snapshot.submitted, Status.FILED))
    if snapshot.received is not None:
        facts.append((snapshot.received, Status.RECEIVED))
    facts.extend((step.at, step.status) for step in snapshot.progress)
    present = _last_run(state, ENDED if snapshot.status in ENDED else {snapshot.status})
    facts.extend((_began(seen), seen.status) for seen in state.trail[: -len(present)])
    for supplement in snapshot.supplements:
        if supplement.requested is not None:
            facts.append((supplement.requested, Status.SUPPLEMENT))
        if supplement.answered is not None:
            facts.append((supplement.answered, Status.PROCESSING))
    return facts


def status_at(state: DossierState, at: int) -> tuple[Status | None, int]:
    """The status of a dossier at ``at`` and since when; (None, 0) before anything is known of it (§4)."""
    snapshot = state.snapshot
    ended = finished_at(state)
    if at >= (ended if ended is not None else _holds_from(state)):
        return _STATUSES[snapshot.status], status_began(state)
    facts = _past_facts(state)
    past = [fact for fact in facts if fact[0] <= at]
    if not past:
        return None, 0
    since, found = max(past, key=lambda fact: fact[0])
    if found in ENDED and ended is not None and not any(after > since and step not in ENDED for after, step in facts):
        # Its only end, but the source states a later moment for it: until then it was being processed.
        return Status.PROCESSING, since
    if found in (Status.FILED, Status.REFUSED) and snapshot.received is not None and snapshot.received <= at:
        return Status.RECEIVED, snapshot.received
    return _STATUSES[found], since


@_once
def _dated(state: DossierState) -> list[int]:
    """Every moment that the dossier or its trail names, due moments apart."""
    snapshot = state.snapshot
    ended = finished_at(state)
    found = [snapshot.submitted, snapshot.received, ended if ended is not None else _holds_from(state)]
    found += [step.at for step in snapshot.progress]
    found += [_began(seen) for seen in state.trail]
    for supplement in snapshot.supplements:
        found += [supplement.requested, supplement.answered]
    return [moment for moment in found if moment is not None]


def turning_moments(state: DossierState) -> list[int]:
    """Every moment at which the status, or the due moment in force, may change by the clock alone (§4)."""
    # Both the moment itself and the one after it: a status holds from its moment on, a reception counts after it.
    return [moment - shift for moment in _dated(state) for shift in (0, 1)]


def last_turn(state: DossierState) -> int:
    """The last of the ``turning_moments``: past for almost every dossier, and quicker to have than all of them."""
    return max(_dated(state))


def due_moments(state: DossierState) -> list[int]:
    """Every due moment that is or may come into force (§4)."""
    found = [state.snapshot.due]
    for supplement in state.snapshot.supplements:
        found += [supplement.due_before, supplement.due_after]
    return [moment for moment in found if moment is not None]


def standing_at(state: DossierState, at: int, before: int | None = None) -> Standing:
    """How a dossier stands at ``at``; an end at or after ``before`` (the end of a period) has not happened yet (§4)."""
    looking = at if before is None else min(at, before - 1)
    status, since = status_at(state, looking)
    if status is None:
        return Standing(Kind.UNKNOWN, Verdict.IN_TIME)
    if status == Status.FILED:
        return Standing(Kind.WAITING, Verdict.IN_TIME)
    if status == Status.REFUSED:
        return Standing(Kind.REFUSED, Verdict.IN_TIME)
    due = due_at(state, at)
    if status in ENDED:
        return Standing(Kind.FINISHED, _finish_verdict(since, due), since, due)
    if status in IN_PROCESS:
        return Standing(Kind.IN_PROCESS, _late(at, due), None, due)
    return Standing(Kind.PAUSED, _late(since, due), since, due)


def _late(at: int, due: int | None) -> Verdict:
    return Verdict.OVERDUE if due is not None and at > due else Verdict.IN_TIME


def _finish_verdict(finished: int, due: int | None) -> Verdict:
    if due is None:
        return Verdict.IN_TIME
    if finished > due:
        return Verdict.OVERDUE
    return Verdict.EARLY if day_number(finished) < day_number(due) else Verdict.IN_TIME
