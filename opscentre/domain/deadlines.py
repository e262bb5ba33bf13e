"""Due moments: limits in working days, working hours or calendar days, the same-day rule, and pauses (§4 and §5).

Moments are epoch milliseconds. "§" is a section of docs/deadlines.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from opscentre.domain.calendar import Calendar
from opscentre.domain.moments import DAY, HOUR, day_number, day_start, iso
from opscentre.domain.worktime import within

#: Same-day procedures: what is received before this time of day is due at closing, else a working day later (§4.4).
SAME_DAY_UNTIL = 15 * HOUR
LIMIT_WANTED = "3d (working days), 12h (working hours), 5cd (calendar days), same-day or none, a number being 1 to 9999"

_LIMIT = re.compile(r"([1-9][0-9]{0,3})(d|h|cd)")


class DeadlineError(ValueError):
    """A limit or a pause that cannot be: the value seen and what is wanted."""


class Limit(NamedTuple):
    """How long a procedure may take; ``number`` is 0 for the kinds that have none."""

    kind: Literal["d", "h", "cd", "same-day", "none"]
    number: int = 0


class Pause(NamedTuple):
    """A time in which the clock stood still (status 5, 6 or 8), from its first moment to the resuming."""

    begin: int
    end: int


NO_LIMIT = Limit("none")


@lru_cache(maxsize=4096)
def parse_limit(text: str) -> Limit:
    """A limit as procedures name it: ``3d``, ``12h``, ``5cd``, ``same-day``, ``none`` (or nothing) (§4).

    Raises ``DeadlineError`` naming the value seen and the forms wanted.
    """
    if text in ("none", ""):
        return NO_LIMIT
    if text == "same-day":
        return Limit("same-day")
    found = _LIMIT.fullmatch(text)
    if found is None:
        raise DeadlineError(f"limit {text!r}: want {LIMIT_WANTED}")
    return Limit(found[2], int(found[1]))  # type: ignore[arg-type]


def is_limit(text: str) -> bool:
    """Whether a text can be a procedure's limit; see ``parse_limit`` (§3)."""
    return text in ("none", "", "same-day") or _LIMIT.fullmatch(text) is not None


def due_moment(limit: Limit | str, received: int, calendar: Calendar, pauses: Sequence[Pause] = ()) -> int | None:
    """When a dossier received at a moment is due (§4), pauses left out (§5); ``None`` where there is no due date.

    ``calendar`` is the handling agency's. Raises ``DeadlineError`` for what is no limit and for pauses out of
    order, ``OutOfCalendar`` for what lies outside the calendar's years.
    """
    kind, number = parse_limit(limit) if isinstance(limit, str) else limit
    if pauses:
        check_pauses(received, pauses)
    if kind == "d":
        due = calendar.table.add_working_days(received, number)
    elif kind == "h":
        table = calendar.table
        due = table.reached(table.work_until(received) + number * HOUR)
    elif kind == "cd":
        due = _calendar_days(received, number, calendar)
    elif kind == "same-day":
        due = _same_day(received, calendar)
    else:
        return None
    for pause in pauses:
        due = moved_on(due, pause, calendar)
    return due


def _calendar_days(received: int, count: int, calendar: Calendar) -> int:
    """The same time of day ``count`` days after reception; on a day off, the next working day's opening (§4.3)."""
    table = calendar.table
    at = table.next_working_moment(received)
    first = day_number(at)
    target = first + count
    spans = table.spans_of(target)
    if not spans:
        return table.next_working_moment(day_start(target))
    if spans is table.spans_of(first):
        return at + count * DAY
    return within(at + count * DAY, day_start(target), spans)


def _same_day(received: int, calendar: Calendar) -> int:
    """Closing of the day of reception, or of the next working day from 15:00 on (§4.4)."""
    table = calendar.table
    at = table.next_working_moment(received)
    day = day_number(at)
    if at - day_start(day) >= SAME_DAY_UNTIL:
        day = table.working_day_after(day)
    return day_start(day) + table.spans_of(day)[-1][1]


def moved_on(due: int, pause: Pause, calendar: Calendar) -> int:
    """The due moment after a pause: later by the working time that passed in it (§5)."""
    return calendar.table.add_working_time(due, calendar.table.working_time(pause.begin, pause.end))


def check_pauses(received: int, pauses: Sequence[Pause]) -> None:
    """Hold pauses to their order: each ends after it began, after reception, after the one before (§3).

    Raises ``DeadlineError`` naming the pause.
    """
    since, what = received, "reception"
    for pause in pauses:
        if pause.end < pause.begin:
            raise DeadlineError(f"pause {_told(pause)} ends before it begins; write its beginning first")
        if pause.begin < since:
            raise DeadlineError(
                f"pause {_told(pause)} begins before the {what} at {iso(since)[:19]}; "
                "give pauses in order, not overlapping"
            )
        since, what = pause.end, "end of the pause before it"


def _told(pause: Pause) -> str:
    return f"{iso(pause.begin)[:19]}..{iso(pause.end)[:19]}"
