"""What pages ask of dossiers and what they are answered: periods, filters, lists and their pages. Pure."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from typing import Literal

import msgspec

from opscentre.domain.fold import DossierState
from opscentre.domain.moments import day_of, day_start
from opscentre.domain.spelling import spelling, unaccented

#: Named periods, each from its first day on; ``custom`` has two days of its own.
PeriodName = Literal["today", "week", "month", "quarter", "6m", "9m", "year", "custom"]
PERIODS: tuple[PeriodName, ...] = ("today", "week", "month", "quarter", "6m", "9m", "year", "custom")
#: Lists of dossiers that a leader asks for.
ListName = Literal["overdue", "due-soon", "reception-late", "paused", "silent", "all"]
LISTS: tuple[ListName, ...] = ("overdue", "due-soon", "reception-late", "paused", "silent")
#: By what the progress table has its rows.
By = Literal["unit", "field", "procedure"]


class Period(msgspec.Struct, frozen=True):
    """Local days [first, end) of a progress table."""

    name: PeriodName
    first: dt.date
    #: The day after the last one.
    end: dt.date

    @property
    def start_ms(self) -> int:
        """The moment it begins."""
        return day_start(day_of(self.first))

    @property
    def end_ms(self) -> int:
        """The moment it ends."""
        return day_start(day_of(self.end))

    @property
    def last(self) -> dt.date:
        """Its last day."""
        return self.end - dt.timedelta(days=1)

    def year_before(self) -> Period:
        """The same days a year earlier; a 29 February becomes the 28th, or 1 March as an end."""
        return Period("custom", _year_before(self.first), _year_before(self.last) + dt.timedelta(days=1))


def _year_before(day: dt.date) -> dt.date:
    if (day.month, day.day) == (2, 29):
        return dt.date(day.year - 1, 2, 28)
    return day.replace(year=day.year - 1)


def period_of(name: PeriodName, today: dt.date) -> Period:
    """A named period that holds for a day: ``6m`` and ``9m`` are the first months of its year."""
    first_of_month = today.replace(day=1)
    new_year = dt.date(today.year, 1, 1)
    if name == "week":
        monday = today - dt.timedelta(days=today.weekday())
        return Period(name, monday, monday + dt.timedelta(days=7))
    if name == "month":
        return Period(name, first_of_month, _months_on(first_of_month, 1))
    if name == "quarter":
        first = dt.date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
        return Period(name, first, _months_on(first, 3))
    if name in ("6m", "9m", "year"):
        return Period(name, new_year, _months_on(new_year, {"6m": 6, "9m": 9, "year": 12}[name]))
    return Period("today", today, today + dt.timedelta(days=1))


def _months_on(first: dt.date, count: int) -> dt.date:
    month = first.month - 1 + count
    return dt.date(first.year + month // 12, month % 12 + 1, 1)


class Filters(msgspec.Struct, frozen=True):
    """Which dossiers are meant; empty: all."""

    #: Codes of units, former ones counted under them included; None: every unit.
    units: tuple[str, ...] | None = None
    field: str | None = None
    procedure: str | None = None
    #: 1 counter, 2 online, 3 postal.
    channel: int | None = None


class Listed(msgspec.Struct, frozen=True):
    """One row of a list."""

    source: str
    number: str
    unit: str
    field: str
    procedure: str
    channel: int
    received: int | None
    due: int | None
    #: The moment the list is about: due, reception due, pause began, last sign of life.
    moment: int | None
    state: DossierState


class Listing(msgspec.Struct, frozen=True):
    """One page of a list."""

    rows: list[Listed]
    #: Where the next page begins; None at the end.
    following: str | None
    #: How many there are, counted to ``COUNTED`` at most.
    total: int


class Change(msgspec.Struct, frozen=True):
    """One row of the transitions table: a status change as it was noticed, or a flip by the clock."""

    kind: str
    at: int
    seen: int
    from_status: int | None
    to_status: int
    anomaly: str


class Note(msgspec.Struct, frozen=True):
    """What a leader wrote."""

    author: str
    text: str
    at: int


#: Lists are counted to here; beyond it the page says "more than".
COUNTED = 10_000


_NO_SIGN = re.compile("[^a-z0-9]+")


def sought(number: str) -> str:
    """The letters and digits of a number, small, without accents, of usual width: parts of it are compared so.

    ``H55.12-261120-0007`` → ``h55122611200007``; so does what a keyboard of wide letters makes of it (``Ｈ５５．…``).
    """
    if number.isascii() and "&" not in number:
        # Nearly every one, at each change of its dossier: nothing else about spelling concerns it.
        return _NO_SIGN.sub("", number.lower())
    return "".join(letter for letter in unaccented(spelling(unicodedata.normalize("NFKC", number))) if letter.isalnum())
