"""Tells a person how a due moment came about: every day walked over, and why it counted or not (§7)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from opscentre.domain.calendar import WEEKDAYS, Calendar, Origin, Week
from opscentre.domain.deadlines import (
    SAME_DAY_UNTIL,
    Limit,
    Pause,
    due_moment,
    moved_on,
)
from opscentre.domain.moments import DAY, HOUR, MINUTE, SECOND, date_of, day_number, day_start, local
from opscentre.domain.worktime import Spans


def clock_text(into: int) -> str:
    """A time of day given in ms since midnight: ``07:00`` (§3)."""
    return f"{into // HOUR:02}:{into % HOUR // MINUTE:02}"


def hours_text(spans: Spans) -> str:
    """Hours of a day: ``07:00-11:30 13:30-17:00``; ``closed`` for none (§3)."""
    return " ".join(f"{clock_text(opens)}-{clock_text(closes)}" for opens, closes in spans) or "closed"


def week_text(week: Week) -> str:
    """The hours of a week, weekdays with the same ones together: ``Mon-Fri 07:00-11:30; Sat 08:00-11:30`` (§3)."""
    parts = []
    for hours, days in groupby(range(7), key=lambda weekday: week[weekday]):
        if hours:
            first, *rest = days
            names = f"{WEEKDAYS[first]}-{WEEKDAYS[rest[-1]]}" if rest else WEEKDAYS[first]
            parts.append(f"{names} {hours_text(hours)}")
    return "; ".join(parts)


def moment_text(at: int) -> str:
    """A moment as local time to the minute, ``2026-08-24T16:00``; to the second where there are seconds (§3)."""
    return local(at).replace(tzinfo=None).isoformat(timespec="minutes" if at % MINUTE == 0 else "seconds")


def length_text(length: int) -> str:
    """An amount of working time: ``1 h 30 min`` (§3)."""
    hours, rest = divmod(length, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    parts = [(hours, "h"), (minutes, "min"), (rest // SECOND, "s")]
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "no working time"


def day_text(day: int) -> str:
    """A day with its weekday: ``Sat 2026-08-22`` (§3)."""
    date = date_of(day)
    return f"{WEEKDAYS[date.weekday()]} {date}"


def origin_text(origin: Origin) -> str:
    """Why a day is what it is, with its source: ``working day by calendar.csv, line 14: makes up for …`` (§3)."""
    if origin.source == "calendar.csv":
        kind = {"off": "day off", "working": "working day", "half": "half-day"}[origin.kind]
        where = f", line {origin.line}" if origin.line else ""
        told = ", ".join(text for text in (origin.note, origin.document) if text)
        return f"{kind} by calendar.csv{where}" + (f": {told}" if told else "")
    if origin.source == "holidays":
        return f"day off by the holidays package: {origin.note}"
    weekend = date_of(origin.day).weekday() >= 5
    text = "ordinary working day" if origin.hours else "weekend" if weekend else "closed on this weekday"
    return text + (f" (the holidays package has it off, {origin.seed}, unconfirmed)" if origin.seed else "")


def explain_due(limit: Limit, received: int, calendar: Calendar, pauses: Sequence[Pause] = ()) -> list[str]:
    """How the due moment comes about, one line a step or a day. Raises what ``due_moment`` raises (§3)."""
    due_moment(limit, received, calendar, pauses)
    lines = [f"received {_when(received)}"]
    if limit.kind == "none":
        return [*lines, "limit none: this procedure has no due date"]
    begin = calendar.next_working_moment(received)
    if begin != received:
        lines.append(f"outside working time: counts as received {_when(begin)}")
    due = due_moment(limit, received, calendar)
    assert due is not None, "only a limit of none has no due moment"
    lines.append(f"limit {_limit_text(limit)}")
    lines += _walk(limit, begin, due, calendar)
    lines.append(f"due {_when(due)}")
    for pause in pauses:
        lines.append(f"paused from {_when(pause.begin)} to {_when(pause.end)}: the clock stands still")
        lines += _consumed(pause.begin, pause.end, calendar, "stood still")
        passed = calendar.working_time(pause.begin, pause.end)
        before, due = due, moved_on(due, pause, calendar)
        if not passed:
            lines.append("no working time passed in the pause: the due moment stays")
            continue
        lines.append(f"resumed: the due moment moves on by {length_text(passed)}")
        lines += _consumed(before, due, calendar, "moved on")
        lines.append(f"due {_when(due)}")
    return lines


def _when(at: int) -> str:
    return f"{WEEKDAYS[local(at).weekday()]} {moment_text(at).replace('T', ' ')}"


def _limit_text(limit: Limit) -> str:
    count = limit.number
    if limit.kind == "d":
        return f"{count}d: {count} working day{'s' * (count > 1)} from the day after, same time of day"
    if limit.kind == "h":
        return f"{count}h: {count} hour{'s' * (count > 1)} of working time"
    if limit.kind == "cd":
        return f"{count}cd: {count} calendar day{'s' * (count > 1)} from the day after, moved on from a day off"
    return f"same-day: received before {clock_text(SAME_DAY_UNTIL)} closing of that day, else of the next working day"


def _walk(limit: Limit, begin: int, due: int, calendar: Calendar) -> Iterator[str]:
    if limit.kind == "h":
        yield from _consumed(begin, due, calendar, "counted")
        return
    first, counted = day_number(begin), 0
    for day in range(first, day_number(due) + 1):
        origin = calendar.origin(day)
        if day == first:
            mark = "day of reception"
        elif limit.kind == "cd":
            mark = f"calendar day {day - first} of {limit.number}" if day - first <= limit.number else "moved on"
        elif origin.hours:
            counted += 1
            mark = f"working day {counted} of {limit.number}" if limit.kind == "d" else "next working day"
        else:
            mark = "does not count"
        yield _line(mark, origin, calendar.hours)
    moved = limit.kind == "cd" and day_number(due) > first + limit.number
    if limit.kind in ("d", "cd") and not moved and (due - begin) % DAY:
        yield f"  {clock_text((begin - day_start(first)) % DAY)} lies outside the hours of that day"


def _consumed(begin: int, end: int, calendar: Calendar, mark: str) -> Iterator[str]:
    """The days between two moments with the working time that each gave."""
    for day in range(day_number(begin), day_number(end) + 1):
        start = day_start(day)
        passed = calendar.working_time(max(begin, start), min(end, start + DAY))
        origin = calendar.origin(day)
        if passed:
            yield _line(f"{length_text(passed)} {mark}", origin, calendar.hours)
        elif not origin.hours:
            yield _line("does not count", origin, calendar.hours)


def _line(mark: str, origin: Origin, ordinary: Spans) -> str:
    hours = f" ({hours_text(origin.hours)})" if origin.hours and origin.hours != ordinary else ""
    return f"  {day_text(origin.day)}  {mark + ':':<26} {origin_text(origin)}{hours}"
