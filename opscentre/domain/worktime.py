"""Working time of an office over a century, laid out once so that adding and measuring it are look-ups (§3).

A ``WorkTable`` holds for every day how much working time lies before it and how many working days; a moment is
then one addition away from its place in working time, and a place in working time one binary search away from
its moment. "§" is a section of docs/deadlines.md.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import accumulate

from opscentre.domain.moments import DAY, EARLIEST_YEAR, LATEST_YEAR, day_of, day_start

#: Hours of one day: (opens, closes) pairs in ms since midnight, in order and apart; empty on a day off.
Spans = tuple[tuple[int, int], ...]

#: The first and the last day a table knows: a year more on both sides than moments may lie in.
FIRST_DAY = day_of(dt.date(EARLIEST_YEAR - 1, 1, 1))
LAST_DAY = day_of(dt.date(LATEST_YEAR + 1, 12, 31))
_DAYS = LAST_DAY - FIRST_DAY + 1
_ORIGIN = day_start(FIRST_DAY)


class OutOfCalendar(ValueError):
    """A moment, or a sum, lies outside the years that the working calendar knows."""

    def __init__(self) -> None:
        years = f"{EARLIEST_YEAR - 1}–{LATEST_YEAR + 1}"
        super().__init__(f"outside the working calendar, which knows the years {years}; check the dates and the limit")


def length_of(spans: Spans) -> int:
    """Working milliseconds of a day (§3)."""
    return sum(closes - opens for opens, closes in spans)


class WorkTable:
    """Working time from ``FIRST_DAY`` to ``LAST_DAY``; moments in, moments out, all in epoch milliseconds."""

    def __init__(self, days: Iterable[Spans]) -> None:
        """``days``: the hours of every day from ``FIRST_DAY`` to ``LAST_DAY``, in order."""
        self.spans = list(days)
        if len(self.spans) != _DAYS:
            raise ValueError(f"want the hours of {_DAYS} days, got {len(self.spans)}")
        lengths = {spans: length_of(spans) for spans in set(self.spans)}
        #: Working milliseconds before each day, and after the last.
        self._before = list(accumulate((lengths[spans] for spans in self.spans), initial=0))
        #: Working days before each day, and the working days themselves, counted from ``FIRST_DAY``.
        self._rank = list(accumulate((1 if spans else 0 for spans in self.spans), initial=0))
        self._worked = [day for day, spans in enumerate(self.spans) if spans]

    def spans_of(self, day: int) -> Spans:
        """The hours of a day number; empty on a day off (§3)."""
        index = day - FIRST_DAY
        if not 0 <= index < _DAYS:
            raise OutOfCalendar
        return self.spans[index]

    def working_day_after(self, day: int, count: int = 1) -> int:
        """The ``count``-th working day after a day, which itself does not count (§3)."""
        index = day - FIRST_DAY
        if not 0 <= index < _DAYS:
            raise OutOfCalendar
        position = self._rank[index + 1] + count - 1
        if position >= len(self._worked):
            raise OutOfCalendar
        return self._worked[position] + FIRST_DAY

    def working_days(self, first: int, last: int) -> int:
        """How many of the days from ``first`` to ``last``, both counted in, are working days (§3)."""
        if not FIRST_DAY <= first <= last <= LAST_DAY:
            raise OutOfCalendar
        return self._rank[last - FIRST_DAY + 1] - self._rank[first - FIRST_DAY]

    def work_until(self, at: int) -> int:
        """Working milliseconds from the beginning of the table to a moment (§3)."""
        into = at - _ORIGIN
        index = into // DAY
        if not 0 <= index < _DAYS:
            raise OutOfCalendar
        into -= index * DAY
        total = self._before[index]
        for opens, closes in self.spans[index]:
            if into <= opens:
                return total
            if into <= closes:
                return total + into - opens
            total += closes - opens
        return total

    def reached(self, work: int) -> int:
        """The earliest moment at which an amount of working time has passed: at closing where it fits exactly (§3)."""
        index = bisect_left(self._before, work) - 1
        if not 0 <= index < _DAYS:
            raise OutOfCalendar
        rest = work - self._before[index]
        for opens, closes in self.spans[index]:
            if rest <= closes - opens:
                return _ORIGIN + index * DAY + opens + rest
            rest -= closes - opens
        raise AssertionError("what is left of a day's working time lies in one of its spans")

    def resumed(self, work: int) -> int:
        """The latest moment at which no more than that has passed: at the next opening where it fits exactly (§3)."""
        index = bisect_right(self._before, work) - 1
        if not 0 <= index < _DAYS:
            raise OutOfCalendar
        rest = work - self._before[index]
        for opens, closes in self.spans[index]:
            if rest < closes - opens:
                return _ORIGIN + index * DAY + opens + rest
            rest -= closes - opens
        raise AssertionError("what is left of a day's working time lies in one of its spans")

    def next_working_moment(self, at: int) -> int:
        """``at`` itself in working time, else the moment at which work goes on (§3)."""
        into = at - _ORIGIN
        index = into // DAY
        if not 0 <= index < _DAYS:
            raise OutOfCalendar
        start = _ORIGIN + index * DAY
        into = at - start
        for opens, closes in self.spans[index]:
            if into < closes:
                return at if into >= opens else start + opens
        position = self._rank[index + 1]
        if position >= len(self._worked):
            raise OutOfCalendar
        index = self._worked[position]
        return _ORIGIN + index * DAY + self.spans[index][0][0]

    def add_working_days(self, at: int, count: int) -> int:
        """The same time of day ``count`` working days later; see ``Calendar.add_working_days`` (§3)."""
        at = self.next_working_moment(at)
        index = (at - _ORIGIN) // DAY
        position = self._rank[index] + count
        if not 0 <= position < len(self._worked):
            raise OutOfCalendar
        target = self._worked[position]
        due = at + (target - index) * DAY
        if self.spans[target] is not self.spans[index]:
            return within(due, _ORIGIN + target * DAY, self.spans[target])
        return due

    def working_time(self, begin: int, end: int) -> int:
        """Working milliseconds between two moments; 0 when ``end`` is not after ``begin`` (§3)."""
        return self.work_until(end) - self.work_until(begin) if end > begin else 0

    def add_working_time(self, at: int, length: int) -> int:
        """The moment ``length`` ms of working time after ``at``; ``at`` itself when ``length`` is 0 (§3)."""
        return self.reached(self.work_until(at) + length) if length > 0 else at

    def working_time_before(self, at: int, length: int) -> int:
        """The latest moment from which ``length`` ms of working time pass until ``at`` (§3)."""
        return self.resumed(self.work_until(at) - length) if length > 0 else at


def within(at: int, start: int, spans: Spans) -> int:
    """The latest working moment of a day up to ``at``, its opening before that; closings belong to the day (§3).

    ``start`` is the moment the day begins. A time of day that a half-day does not reach becomes its closing.
    """
    into = at - start
    found = spans[0][0]
    for opens, closes in spans:
        if into >= opens:
            found = min(into, closes)
    return start + found
