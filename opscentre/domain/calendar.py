"""Working time: which days are worked, which hours, and due moments counted in them (DOMAIN §3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

import holidays
import msgspec

from opscentre.domain.moments import DAY, HOUR, MINUTE, date_of, day_number, day_start

#: 07:00–11:30 and 13:30–17:00, as ms since midnight.
DEFAULT_HOURS = ((7 * HOUR, 11 * HOUR + 30 * MINUTE), (13 * HOUR + 30 * MINUTE, 17 * HOUR))
#: Eight working hours, the reception clock's limit and one working day's length.
RECEPTION_LIMIT = 8 * HOUR


class SpecialDay(msgspec.Struct, frozen=True):
    """A day that differs from its weekday, and where we know it from."""

    working: bool
    document: str = ""
    note: str = ""


@lru_cache(maxsize=64)
def _seed(year: int) -> frozenset[int]:
    """Day numbers of the year's public holidays, from the ``holidays`` package (a seed that overrides win over)."""
    found = holidays.country_holidays("VN", years=year)
    return frozenset((day - date_of(0)).days for day in found)


class Calendar:
    """Working days and hours of an agency; pure and immutable."""

    def __init__(
        self,
        overrides: Mapping[int, SpecialDay] | None = None,
        hours: Iterable[tuple[int, int]] = DEFAULT_HOURS,
    ) -> None:
        self.overrides = dict(overrides or {})
        self.hours = tuple(hours)
        self._worked: dict[int, bool] = {}

    def is_working_day(self, day: int) -> bool:
        """Whether work is done on a day number: an override wins, then holidays, then Monday to Friday."""
        known = self._worked.get(day)
        if known is None:
            special = self.overrides.get(day)
            date = date_of(day)
            known = special.working if special else date.weekday() < 5 and day not in _seed(date.year)
            self._worked[day] = known
        return known

    def next_working_day(self, day: int) -> int:
        """The first working day after ``day``."""
        day += 1
        while not self.is_working_day(day):
            day += 1
        return day

    def next_working_moment(self, at: int) -> int:
        """``at`` itself in working time, else the moment work resumes (lunch → 13:30, evening → next opening)."""
        day = day_number(at)
        if self.is_working_day(day):
            into = at - day_start(day)
            for opens, closes in self.hours:
                if into < closes:
                    return day_start(day) + max(into, opens)
        return day_start(self.next_working_day(day)) + self.hours[0][0]

    def add_working_days(self, at: int, days: int) -> int:
        """The same time of day ``days`` working days after reception (counting starts the day after)."""
        at = self.next_working_moment(at)
        day = first = day_number(at)
        for _ in range(days):
            day = self.next_working_day(day)
        return at + (day - first) * DAY

    def add_working_time(self, at: int, length: int) -> int:
        """The moment ``length`` ms of working time after ``at``; ends at closing when it fits exactly."""
        at = self.next_working_moment(at)
        left = length
        while True:
            day = day_number(at)
            start = day_start(day)
            for opens, closes in self.hours:
                begin = max(at, start + opens)
                end = start + closes
                if begin < end:
                    if left <= end - begin:
                        return begin + left
                    left -= end - begin
            at = day_start(self.next_working_day(day)) + self.hours[0][0]

    def working_time(self, begin: int, end: int) -> int:
        """Working milliseconds between two moments (0 when ``end`` is not after ``begin``)."""
        total = 0
        for day in range(day_number(begin), day_number(end) + 1):
            if self.is_working_day(day):
                start = day_start(day)
                for opens, closes in self.hours:
                    total += max(0, min(end, start + closes) - max(begin, start + opens))
        return total

    def reception_due(self, submitted: int) -> int:
        """When a filed dossier must have been received or refused: 8 working hours after filing."""
        return self.add_working_time(submitted, RECEPTION_LIMIT)

    def working_time_before(self, at: int, length: int) -> int:
        """The latest moment from which ``length`` ms of working time pass until ``at``."""
        left = length
        day = day_number(at)
        while True:
            if self.is_working_day(day):
                start = day_start(day)
                for opens, closes in reversed(self.hours):
                    end = min(at, start + closes)
                    if end > start + opens:
                        if left <= end - start - opens:
                            return end - left
                        left -= end - start - opens
            day -= 1
