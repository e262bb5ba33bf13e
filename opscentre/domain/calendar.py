"""The working calendar: which days are worked, at which hours, and from where that is known (§2 and §3).

The public holidays of the ``holidays`` package are the seed; what an operator entered in ``calendar.csv`` wins.
"§" is a section of docs/deadlines.md.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Literal

import holidays
import msgspec

from opscentre.domain.moments import EARLIEST_YEAR, HOUR, LATEST_YEAR, MINUTE, date_of, day_number, day_of
from opscentre.domain.worktime import FIRST_DAY, LAST_DAY, Spans, WorkTable, length_of

#: 07:00–11:30 and 13:30–17:00, as ms since midnight.
DEFAULT_HOURS: Spans = ((7 * HOUR, 11 * HOUR + 30 * MINUTE), (13 * HOUR + 30 * MINUTE, 17 * HOUR))
#: Hours of the seven weekdays, Monday first; empty where that weekday is off.
Week = tuple[Spans, ...]
DEFAULT_WEEK: Week = (DEFAULT_HOURS,) * 5 + ((),) * 2
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
#: Eight working hours, the reception clock's limit and one working day's length.
RECEPTION_LIMIT = 8 * HOUR

DayKind = Literal["off", "working", "half"]


class SpecialDay(msgspec.Struct, frozen=True):
    """A row of ``calendar.csv``: a day that differs from its weekday, and where we know it from."""

    kind: DayKind
    #: Its hours; empty: those of an ordinary day (on a day that is not off).
    hours: Spans = ()
    document: str = ""
    note: str = ""
    line: int = 0


class Origin(msgspec.Struct, frozen=True):
    """What kind of day a day is for an office, and from where that is known."""

    day: int
    kind: DayKind
    hours: Spans
    #: ``week``: an ordinary weekday or weekend; ``holidays``: the package; ``calendar.csv``: a row of it.
    source: Literal["week", "holidays", "calendar.csv"]
    #: The holiday's name, or the note of the row.
    note: str = ""
    document: str = ""
    line: int = 0
    #: What the ``holidays`` package calls the day, when that did not decide.
    seed: str = ""


@lru_cache(maxsize=1)
def seeded_days() -> dict[int, str]:
    """Names of the public holidays by day number, as the ``holidays`` package knows them (§2)."""
    found = holidays.country_holidays("VN", years=range(EARLIEST_YEAR - 1, LATEST_YEAR + 2), language="en_US")
    return {day_of(day): name for day, name in found.items() if FIRST_DAY <= day_of(day) <= LAST_DAY}


@lru_cache
def holiday_names(year: int, lang: str) -> dict[dt.date, str]:
    """Names of a year's public holidays in a person's language (``vi`` or ``en``): rules know the English ones (§2)."""
    return dict(holidays.country_holidays("VN", years=year, language="vi" if lang == "vi" else "en_US"))


def holiday_name(day: int, lang: str) -> str:
    """What a public holiday is called in a person's language; empty: the day is none (§2)."""
    date = date_of(day)
    return holiday_names(date.year, lang).get(date, "")


def is_confirmed(day: int) -> bool:
    """Whether a seeded holiday counts without a row of ``calendar.csv``: 24/11 and its substitute do not (§2)."""
    return date_of(day).month != 11


class Calendar:
    """Working days and hours of an office; pure and immutable."""

    def __init__(
        self,
        overrides: Mapping[int, SpecialDay] | None = None,
        week: Week = DEFAULT_WEEK,
        agencies: Mapping[str, Week] | None = None,
    ) -> None:
        """``overrides`` by day number; ``agencies``: the weeks of the agencies whose hours are their own."""
        if len(week) != 7 or not any(week):
            raise ValueError("a week has seven days, at least one of them worked")
        self.overrides = dict(overrides or {})
        self.week = week
        weeks = {own: Calendar(self.overrides, own) for own in set((agencies or {}).values()) if own != week}
        self.agencies = {code: weeks[own] for code, own in (agencies or {}).items() if own in weeks}

    def of(self, agency: str) -> Calendar:
        """The calendar of an agency: one with its own hours where it has such, else this one (§3)."""
        return self.agencies.get(agency, self)

    @property
    def hours(self) -> Spans:
        """The hours of an ordinary day: of the longest weekday, the first of them (§3)."""
        return max(self.week, key=length_of)

    @cached_property
    def table(self) -> WorkTable:
        """Every day's hours laid out for quick arithmetic; made when it is first asked for (some 40 ms) (§3)."""
        first = date_of(FIRST_DAY).weekday()
        turn = self.week[first:] + self.week[:first]
        count = LAST_DAY - FIRST_DAY + 1
        spans = list(turn * (count // 7 + 1))[:count]
        for day in seeded_days():
            if is_confirmed(day):
                spans[day - FIRST_DAY] = ()
        for day, special in self.overrides.items():
            if FIRST_DAY <= day <= LAST_DAY:
                spans[day - FIRST_DAY] = self._special_hours(day, special)
        return WorkTable(spans)

    def _special_hours(self, day: int, special: SpecialDay) -> Spans:
        if special.kind == "off":
            return ()
        weekday = date_of(day).weekday()
        # A make-up Saturday replaces a weekday: a desk that is open on Saturday mornings works all of it.
        return special.hours or (self.week[weekday] if weekday < 5 else ()) or self.hours

    def origin(self, day: int) -> Origin:
        """What kind of day it is and why (§2)."""
        hours = self.table.spans_of(day)
        special, seed = self.overrides.get(day), seeded_days().get(day, "")
        kind: DayKind = "working" if hours else "off"
        if special is not None:
            return Origin(day, special.kind, hours, "calendar.csv", special.note, special.document, special.line, seed)
        if seed and is_confirmed(day):
            return Origin(day, "off", hours, "holidays", seed)
        return Origin(day, kind, hours, "week", seed=seed)

    def special_days(self, year: int) -> list[Origin]:
        """The days of a year that are not simply what their weekday is, unconfirmed holidays among them (§3)."""
        first, last = day_of(dt.date(year, 1, 1)), day_of(dt.date(year, 12, 31))
        known = {day for day in (*self.overrides, *seeded_days()) if first <= day <= last}
        return [self.origin(day) for day in sorted(known)]

    @cached_property
    def entered_years(self) -> frozenset[int]:
        """Years of which ``calendar.csv`` has at least one row (§3)."""
        return frozenset(date_of(day).year for day in self.overrides)

    def notice(self, begin: int, end: int) -> str:
        """What to know about the years between two moments of which nobody entered a row; empty: nothing (§2)."""
        years = range(date_of(day_number(begin)).year, date_of(day_number(end)).year + 1)
        missing = [str(year) for year in years if year not in self.entered_years]
        if not missing:
            return ""
        return (
            f"calendar.csv has no row for {', '.join(missing)} yet: days off are those of the holidays package, "
            "swapped and make-up days are not known"
        )

    def is_working_day(self, day: int) -> bool:
        """Whether work is done on a day number: a row of calendar.csv wins, then holidays, then the weekday (§2)."""
        return bool(self.table.spans_of(day))

    def next_working_day(self, day: int) -> int:
        """The first working day after ``day`` (§3)."""
        return self.table.working_day_after(day)

    def working_days(self, first: int, last: int) -> int:
        """How many working days there are from ``first`` to ``last``, both counted in (§3)."""
        return self.table.working_days(first, last)

    def next_working_moment(self, at: int) -> int:
        """``at`` itself in working time, else the moment work resumes (§3: lunch → 13:30, evening → next opening)."""
        return self.table.next_working_moment(at)

    def add_working_days(self, at: int, days: int) -> int:
        """The same time of day ``days`` working days after reception; counting starts the day after (§4.1).

        A half-day that closes before that time of day: its closing.
        """
        return self.table.add_working_days(at, days)

    def add_working_time(self, at: int, length: int) -> int:
        """The moment ``length`` ms of working time after ``at``; ends at closing when it fits exactly (§4.2)."""
        return self.table.add_working_time(at, length)

    def working_time(self, begin: int, end: int) -> int:
        """Working milliseconds between two moments (0 when ``end`` is not after ``begin``; §3)."""
        return self.table.working_time(begin, end)

    def reception_due(self, submitted: int) -> int:
        """When a filed dossier must have been received or refused: 8 working hours after filing (§6)."""
        return self.table.add_working_time(submitted, RECEPTION_LIMIT)

    def working_time_before(self, at: int, length: int) -> int:
        """The latest moment from which ``length`` ms of working time pass until ``at`` (§3)."""
        return self.table.working_time_before(at, length)
