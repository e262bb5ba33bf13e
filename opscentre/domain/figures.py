"""Dated figures of a province: counts, shares and ranks with their day, source and unit of measure; targets; the
campaign that raised service levels. Pure.

A figure is what somebody published, not what this product counted. Two figures that seem to disagree are both
kept, each under the denominator it was worked out with.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

import msgspec

from opscentre.domain.text import number

#: What a figure can be about beside a single unit, and how a table names it.
SCOPES = {
    "province": "Toàn tỉnh",
    "departments": "Các sở, ngành",
    "districts": "UBND cấp huyện",
    "communes": "UBND cấp xã",
}
#: Rows of a campaign that are no unit's: all units together, and those that the source does not name.
TOTAL, REMAINDER = "total", "remainder"
CAMPAIGN_ROWS = {TOTAL: "Tổng cộng", REMAINDER: "Các đơn vị khác, nguồn không nêu"}
AMOUNT_WANTED = "want a number with a decimal point; before it may stand ~ (about), > (more than) or < (nearly)"
PERIOD_WANTED = "want YYYY-MM-DD, YYYY-MM, YYYY, or two days as YYYY-MM-DD/YYYY-MM-DD"

_AMOUNT = re.compile(r"([~><]?)(-?\d+(?:\.\d+)?)", re.ASCII)
_PERIOD = re.compile(r"\d{4}(-\d\d(-\d\d(/\d{4}-\d\d-\d\d)?)?)?", re.ASCII)
_QUALIFIED = {"": "", "~": "khoảng ", ">": "hơn ", "<": "gần "}


class Amount(msgspec.Struct, frozen=True):
    """A published number, exactly as it was published, and how exact its source says it is."""

    number: Decimal
    qualifier: Literal["", "~", ">", "<"] = ""

    def __str__(self) -> str:
        """As Vietnam writes it: ``31.067``, ``97,06``, ``hơn 2.700``."""
        whole, _, fraction = f"{abs(self.number):f}".partition(".")
        sign = "-" if self.number < 0 else ""
        return f"{_QUALIFIED[self.qualifier]}{sign}{number(int(whole))}{',' if fraction else ''}{fraction}"


class Period(msgspec.Struct, frozen=True):
    """The day or days that a figure speaks of, both ends included."""

    text: str
    first: dt.date
    last: dt.date

    def __str__(self) -> str:
        """As Vietnam writes it: ``31/12/2019``, ``12/2023``, ``2021``, ``01/01–29/12/2021``."""
        if len(self.text) == 4:
            return self.text
        if len(self.text) == 7:
            return f"{self.last:%m/%Y}"
        if self.first == self.last:
            return f"{self.last:%d/%m/%Y}"
        begins = f"{self.first:%d/%m}" if self.first.year == self.last.year else f"{self.first:%d/%m/%Y}"
        return f"{begins}–{self.last:%d/%m/%Y}"


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ``figures.csv``."""

    code: str
    name: str
    value: Amount
    #: Unit of measure, as printed behind the value.
    unit: str
    as_of: Period
    #: A unit's code, or one of ``SCOPES``.
    scope: str = "province"
    source: str
    note: str = ""
    #: Figures of one series are the same quantity at different times; empty: a series of its own.
    series: str = ""

    @property
    def line(self) -> str:
        """The series, which is the code where none is named (§6)."""
        return self.series or self.code


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ``targets.csv``: a series is to reach a value by the last day of a period."""

    code: str
    name: str
    #: Series of the figures that measure it; empty: none does yet.
    series: str = ""
    value: Amount
    unit: str
    by: Period
    scope: str = "province"
    source: str
    note: str = ""


class CampaignRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ``campaign.csv``: services whose level a unit raises in a window. ``None``: not known."""

    #: A unit's code, one of ``SCOPES``, ``remainder`` or ``total``.
    unit: str
    window_from: dt.date | None = None
    window_to: dt.date | None = None
    planned: int
    actual: int | None = None
    source: str
    note: str = ""


class ServiceLevel(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ``service_levels.csv``: the level at which a procedure was offered online, and when."""

    procedure: str
    #: Levels 1 to 4 of the old scale; ``một phần`` and ``toàn trình`` since Decree 42/2022.
    level: Literal["1", "2", "3", "4", "một phần", "toàn trình"]
    valid_from: dt.date
    #: The last day it held; ``None``: it still does.
    valid_to: dt.date | None = None
    source: str
    note: str = ""


class System(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ``systems.csv``: a system of the province and the number its tile shows."""

    code: str
    name: str
    kind: Literal["portal", "one-stop", "centre", "network", "platform", "service", "coverage", "ranking"]
    #: ``link:CODE`` (up or down), ``source:CODE`` (age of the newest data), ``board:NAME`` (a number of the board),
    #: ``figure:SERIES`` (newest dated figure), or ``input:NAME`` (fed by the operator).
    metric: str
    note: str = ""


class Reached(msgspec.Struct, frozen=True):
    """How far a target is reached: the newest value of its series on a day; ``None`` where there is none yet."""

    target: Target
    figure: Figure | None

    @property
    def met(self) -> bool | None:
        """Whether the value is reached; ``None``: not known (§6)."""
        return None if self.figure is None else self.figure.value.number >= self.target.value.number


def parse_amount(text: str) -> Amount:
    """``31067``, ``~5000000``, ``>70``. Raises ``ValueError`` (§6)."""
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise ValueError(AMOUNT_WANTED)
    return msgspec.convert({"number": found[2], "qualifier": found[1]}, Amount, strict=False)


def parse_period(text: str) -> Period:
    """A day, a month, a year, or two days with a slash between. Raises ``ValueError`` (§6)."""
    if _PERIOD.fullmatch(text) is None:
        raise ValueError(PERIOD_WANTED)
    try:
        if len(text) == 4:
            return Period(text, dt.date(int(text), 1, 1), dt.date(int(text), 12, 31))
        if len(text) == 7:
            first = dt.date.fromisoformat(f"{text}-01")
            return Period(text, first, first.replace(day=calendar.monthrange(first.year, first.month)[1]))
        first, last = dt.date.fromisoformat(text[:10]), dt.date.fromisoformat(text[-10:])
    except ValueError:
        raise ValueError(PERIOD_WANTED) from None
    if last < first:
        raise ValueError("want the earlier day first")
    return Period(text, first, last)


def standing(figures: Iterable[Figure], day: dt.date) -> list[Figure]:
    """Of each series the newest figure whose period has ended on ``day``, in the order the series first appear (§6)."""
    newest: dict[str, Figure | None] = {}
    for figure in figures:
        known = newest.setdefault(figure.line, None)
        if figure.as_of.last <= day and (known is None or known.as_of.last <= figure.as_of.last):
            newest[figure.line] = figure
    return [figure for figure in newest.values() if figure is not None]


def reached(targets: Iterable[Target], figures: Iterable[Figure], day: dt.date) -> list[Reached]:
    """How far each target is reached on ``day``, or was on the last day it could be (§6)."""
    figures = tuple(figures)
    found = []
    for target in targets:
        known = {figure.line: figure for figure in standing(figures, min(day, target.by.last))}
        found.append(Reached(target, known.get(target.series)))
    return found


def level_on(levels: Iterable[ServiceLevel], procedure: str, day: dt.date) -> ServiceLevel | None:
    """The level at which a procedure was offered on a day; ``None`` where it is not known (§6)."""
    for level in levels:
        if level.procedure == procedure and level.valid_from <= day and (not level.valid_to or day <= level.valid_to):
            return level
    return None
