"""Tells in a terminal how a due moment came about: every day walked over, and why it counted or not (§7)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from opscentre.domain.calendar import WEEKDAYS, Calendar, Origin, Week
from opscentre.domain.deadlines import SAME_DAY_UNTIL, Limit, Pause
from opscentre.domain.moments import HOUR, MINUTE, SECOND, date_of, local
from opscentre.domain.walking import Step, walk
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
    return [_line(step, limit, calendar.hours) for step in walk(limit, received, calendar, pauses)]


def _line(step: Step, limit: Limit, ordinary: Spans) -> str:
    if step.origin is not None:
        hours = f" ({hours_text(step.origin.hours)})" if step.origin.hours not in ((), ordinary) else ""
        told = f"  {day_text(step.origin.day)}  {_mark(step, limit) + ':':<26} {origin_text(step.origin)}{hours}"
    elif step.kind == "limit":
        told = f"limit {_limit_text(limit)}"
    elif step.kind == "paused":
        told = f"paused from {_when(step.at)} to {_when(step.until)}: the clock stands still"
    elif step.kind == "outside":
        told = f"  {clock_text(step.at)} lies outside the hours of that day"
    elif step.kind == "kept":
        told = "no working time passed in the pause: the due moment stays"
    elif step.kind == "resumed":
        told = f"resumed: the due moment moves on by {length_text(step.length)}"
    else:
        begins = {"begins": "outside working time: counts as received", "received": "received", "due": "due"}
        told = f"{begins[step.kind]} {_when(step.at)}"
    return told


def _mark(step: Step, limit: Limit) -> str:
    if step.length:
        done = {"counted": "counted", "stood": "stood still", "added": "moved on"}[step.mark]
        return f"{length_text(step.length)} {done}"
    plain = {"reception": "day of reception", "moved": "moved on", "next": "next working day", "off": "does not count"}
    return plain.get(step.mark, f"{step.mark.replace('_', ' ')} {step.number} of {limit.number}")


def _when(at: int) -> str:
    return f"{WEEKDAYS[local(at).weekday()]} {moment_text(at).replace('T', ' ')}"


def _limit_text(limit: Limit) -> str:
    count = limit.number
    if limit.kind == "none":
        return "none: this procedure has no due date"
    if limit.kind == "d":
        return f"{count}d: {count} working day{'s' * (count > 1)} from the day after, same time of day"
    if limit.kind == "h":
        return f"{count}h: {count} hour{'s' * (count > 1)} of working time"
    if limit.kind == "cd":
        return f"{count}cd: {count} calendar day{'s' * (count > 1)} from the day after, moved on from a day off"
    return f"same-day: received before {clock_text(SAME_DAY_UNTIL)} closing of that day, else of the next working day"
