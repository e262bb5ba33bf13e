"""What happened to a dossier, in order: what its source dates, what was noticed here, what the clock did. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from opscentre.domain.calendar import Calendar
from opscentre.domain.deadlines import DeadlineError, parse_limit
from opscentre.domain.deadlines import Pause as WorkPause
from opscentre.domain.fold import DossierState
from opscentre.domain.life import due_at, finished_at
from opscentre.domain.listing import Change
from opscentre.domain.moments import HOUR, MINUTE
from opscentre.domain.pauses import pauses
from opscentre.domain.status import PAUSED, Status
from opscentre.domain.walking import Step, walk
from opscentre.domain.worktime import OutOfCalendar

#: A change that was seen this much later than it happened is told to be "by sync".
LATE_SEEN = 6 * HOUR


class Event(NamedTuple):
    """One thing that happened. ``kind`` is a key of the catalogue below ``line.``."""

    at: int
    kind: str
    #: 0: none.
    status: int = 0
    due: int | None = None
    #: How much later it was seen here (ms); None: at once, or it is not known.
    late_seen: int | None = None
    anomaly: bool = False


class Span(NamedTuple):
    """A stretch of the clock: ``running``, ``late`` (running past the due moment) or ``paused``."""

    kind: str
    since: int
    until: int
    #: Working time in it (ms).
    worked: int


class Due(NamedTuple):
    """A due moment and from when on it was in force. ``why`` is a key of the catalogue below ``dues.``."""

    since: int | None
    due: int | None
    why: str


def events(state: DossierState, changes: Sequence[Change]) -> list[Event]:
    """Everything known, oldest first."""
    snapshot = state.snapshot
    found = [
        Event(at, kind)
        for kind, at in (
            ("submitted", snapshot.submitted),
            ("received", snapshot.received),
            ("refused", snapshot.refused),
            ("finished", snapshot.finished),
            ("returned", snapshot.returned),
        )
        if at is not None
    ]
    # A source repeats its own dates as steps of the progress: one line each.
    told = {(_SAME[event.kind], event.at // MINUTE) for event in found}
    found += [
        Event(step.at, "step", step.status)
        for step in snapshot.progress
        if (step.status, step.at // MINUTE) not in told
    ]
    for supplement in snapshot.supplements:
        if supplement.requested is not None:
            found.append(Event(supplement.requested, "requested", due=supplement.due_before))
        if supplement.answered is not None:
            found.append(Event(supplement.answered, "answered", due=supplement.due_after))
    found += [Event(apology.made, "apology", due=apology.due_after) for apology in snapshot.apologies]
    dated = {event.at for event in found}
    found += [event for event in map(_noticed, changes) if _adds(event, dated)]
    return sorted(found, key=lambda event: event.at)


#: Dates of a dossier → the status that the same moment has in its progress.
_SAME = {
    "submitted": Status.FILED,
    "received": Status.RECEIVED,
    "refused": Status.REFUSED,
    "finished": Status.DONE,
    "returned": Status.RETURNED,
}


def _noticed(change: Change) -> Event:
    if change.kind != "status":
        return Event(change.at, change.kind)
    # The first look at a dossier may come long after its change without anything being late.
    late = change.seen - change.at if change.from_status is not None else 0
    return Event(change.at, "seen", change.to_status, None, late if late > LATE_SEEN else None, bool(change.anomaly))


def _adds(event: Event, dated: set[int]) -> bool:
    """Whether what was noticed says more than the source's own dates do."""
    return event.kind != "seen" or event.anomaly or event.late_seen is not None or event.at not in dated


def spans(state: DossierState, at: int, calendar: Calendar) -> list[Span]:
    """The clock from reception to the end, or to ``at``: where it ran, stood still, and ran past its due moment."""
    received = state.snapshot.received
    if received is None or received >= at:
        return []
    ended = finished_at(state)
    until = min(at, ended) if ended is not None else at
    found: list[Span] = []

    def add(kind: str, since: int, end: int) -> None:
        if end > since:
            found.append(Span(kind, since, end, calendar.working_time(since, end)))

    def run(since: int, end: int) -> None:
        due = due_at(state, end)
        turn = end if due is None else min(max(due, since), end)
        add("running", since, turn)
        add("late", turn, end)

    begun = received
    for pause in pauses(state, until, PAUSED):
        since, end = max(pause.since, received), min(pause.until or until, until)
        if end <= since:
            continue
        run(begun, since)
        add("paused", since, end)
        begun = end
    run(begun, until)
    return found


def dues(state: DossierState) -> list[Due]:
    """Every due moment its source gave, and why."""
    snapshot = state.snapshot
    found = []
    first = snapshot.due
    given = [one for one in snapshot.supplements if one.due_after is not None]
    if given and given[0].due_before is not None:
        first = given[0].due_before
    if first is not None:
        found.append(Due(snapshot.received, first, "first"))
    for one in given:
        why = "answered" if one.answered is not None else "requested"
        found.append(Due(one.answered or one.requested, one.due_after, why))
    found += [Due(one.made, one.due_after, "apology") for one in snapshot.apologies if one.due_after is not None]
    return sorted(found, key=lambda due: due.since or 0)


def limit_walk(state: DossierState, limit: str, at: int, calendar: Calendar) -> list[Step]:
    """How a procedure's limit gives a due moment, pauses left out; nothing where there is no saying."""
    received = state.snapshot.received
    known = parse_limit(limit)
    if received is None or known.kind == "none":
        return []
    stood = [WorkPause(max(one.since, received), one.until) for one in pauses(state, at) if one.until is not None]
    try:
        return list(walk(known, received, calendar, [pause for pause in stood if pause.end >= pause.begin]))
    except (DeadlineError, OutOfCalendar):
        return []


def due_by_limit(steps: Sequence[Step]) -> int | None:
    """The due moment that a walk ends with; None where there is none."""
    return next((step.at for step in reversed(steps) if step.kind == "due"), None)
