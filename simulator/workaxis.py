"""Working time laid out as one straight axis, so that work can be placed on it without walking the calendar."""

from __future__ import annotations

from bisect import bisect_right

from opscentre.domain.calendar import Calendar
from opscentre.domain.moments import DAY, day_number, day_start


class WorkAxis:
    """Converts between moments and *working seconds* since the first working day at or after ``first``.

    Agrees with ``Calendar``: the distance of two moments on the axis is ``Calendar.working_time`` between them.
    """

    def __init__(self, calendar: Calendar, first: int) -> None:
        self._calendar = calendar
        self._spans = [(opens // 1000, closes // 1000) for opens, closes in calendar.hours]
        #: Working seconds of a whole day.
        self.day_length = sum(closes - opens for opens, closes in self._spans)
        self._days = [first if calendar.is_working_day(first) else calendar.next_working_day(first)]
        self._starts = [day_start(self._days[0]) // 1000]

    def _reach(self, day: int) -> None:
        while self._days[-1] <= day:
            self._append()

    def _append(self) -> None:
        self._days.append(self._calendar.next_working_day(self._days[-1]))
        self._starts.append(day_start(self._days[-1]) // 1000)

    def index(self, day: int) -> int:
        """The position of a working day among the working days of the axis."""
        self._reach(day)
        return bisect_right(self._days, day) - 1

    def to_work(self, at: int) -> int:
        """Working seconds up to a moment given in epoch seconds."""
        if self._starts[-1] * 1000 + DAY <= at * 1000:
            self._reach(day_number(at * 1000))
        position = bisect_right(self._starts, at) - 1
        if position < 0:
            return 0
        into = at - self._starts[position]
        total = position * self.day_length
        for opens, closes in self._spans:
            if into <= opens:
                break
            total += min(into, closes) - opens
        return total

    def from_work(self, work: int) -> int:
        """The moment (epoch seconds) at which an amount of working time is reached.

        Where it fits exactly to a closing, the next opening: the next piece of work begins there.
        """
        position, rest = divmod(work, self.day_length)
        while position >= len(self._starts):
            self._append()
        for opens, closes in self._spans:
            if rest < closes - opens:
                return self._starts[position] + opens + rest
            rest -= closes - opens
        raise AssertionError("a remainder below the day's length lies in one of its spans")
