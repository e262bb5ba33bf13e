"""How a due moment comes about, step by step: every day walked over, and what became of it (§7). Pure.

The steps hold no words: ``opscentre/domain/explaining.py`` tells them in a terminal, a dossier's page in the person's
language. "§" is a section of docs/deadlines.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from opscentre.domain.calendar import Calendar, Origin
from opscentre.domain.deadlines import Limit, Pause, due_moment, moved_on
from opscentre.domain.moments import DAY, day_number, day_start

#: What a step tells. ``received``, ``begins`` (where that is later), ``limit``, ``outside`` (a time of day that its day
#: does not have), ``due``; of a pause ``paused``, ``kept`` (it took no working time) or ``resumed``.
StepKind = Literal["received", "begins", "limit", "outside", "due", "paused", "kept", "resumed", "day"]
#: What became of a day. The last three have a length of working time.
Mark = Literal["reception", "calendar_day", "moved", "working_day", "next", "off", "counted", "stood", "added"]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step. Which of its values mean something follows from ``kind``, of a day from ``mark``."""

    kind: StepKind
    #: The moment it is of (ms); of a pause its beginning, of ``outside`` the time of day.
    at: int = 0
    #: The end of a pause.
    until: int = 0
    #: Working time (ms): of a day what it gave, of ``resumed`` what passed.
    length: int = 0
    mark: Mark = "off"
    #: Which of the limit's days a counted day is.
    number: int = 0
    origin: Origin | None = None


def walk(limit: Limit, received: int, calendar: Calendar, pauses: Sequence[Pause] = ()) -> Iterator[Step]:
    """The steps in order; a limit of ``none`` has no ``due``. Raises what ``due_moment`` raises (§7)."""
    due_moment(limit, received, calendar, pauses)
    yield Step(kind="received", at=received)
    due = due_moment(limit, received, calendar)
    if due is None:
        yield Step(kind="limit")
        return
    begin = calendar.next_working_moment(received)
    if begin != received:
        yield Step(kind="begins", at=begin)
    yield Step(kind="limit")
    yield from _days(limit, begin, due, calendar)
    yield Step(kind="due", at=due)
    for pause in pauses:
        yield Step(kind="paused", at=pause.begin, until=pause.end)
        yield from _consumed(pause.begin, pause.end, calendar, "stood")
        passed = calendar.working_time(pause.begin, pause.end)
        before, due = due, moved_on(due, pause, calendar)
        if not passed:
            yield Step(kind="kept")
            continue
        yield Step(kind="resumed", length=passed)
        yield from _consumed(before, due, calendar, "added")
        yield Step(kind="due", at=due)


def _days(limit: Limit, begin: int, due: int, calendar: Calendar) -> Iterator[Step]:
    if limit.kind == "h":
        yield from _consumed(begin, due, calendar, "counted")
        return
    first, counted = day_number(begin), 0
    for day in range(first, day_number(due) + 1):
        origin = calendar.origin(day)
        mark: Mark
        if day == first:
            mark = "reception"
        elif limit.kind == "cd":
            mark = "calendar_day" if day - first <= limit.number else "moved"
            counted = day - first
        elif origin.hours:
            counted += 1
            mark = "working_day" if limit.kind == "d" else "next"
        else:
            mark = "off"
        yield Step(kind="day", mark=mark, number=counted, origin=origin)
    moved = limit.kind == "cd" and day_number(due) > first + limit.number
    if limit.kind in ("d", "cd") and not moved and (due - begin) % DAY:
        yield Step(kind="outside", at=(begin - day_start(first)) % DAY)


def _consumed(begin: int, end: int, calendar: Calendar, mark: Mark) -> Iterator[Step]:
    """The days between two moments with the working time that each gave."""
    for day in range(day_number(begin), day_number(end) + 1):
        start = day_start(day)
        passed = calendar.working_time(max(begin, start), min(end, start + DAY))
        origin = calendar.origin(day)
        if passed:
            yield Step(kind="day", mark=mark, length=passed, origin=origin)
        elif not origin.hours:
            yield Step(kind="day", origin=origin)
