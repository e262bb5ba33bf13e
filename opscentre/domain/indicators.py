"""The indicators of the service-quality score as data: types, the checks on a set of them, and which hold on a day.

Decision 766/QĐ-TTg (DOMAIN §5) names the indicators; ceilings and scoring rules change by date and from
province to province, so that both are data. ``opscentre/indicators_file.py`` reads them.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Literal, NamedTuple

import msgspec

#: What all groups add up to on every day.
WHOLE = Decimal(100)
#: Where a definition comes from: P public page, C seen in public code, S seed article, ? not published.
Mark = Literal["P", "C", "S", "?"]
CODE_WANTED = "figures, a dot, then figures or small letters, like 2.1, 3.5a or 4.x"
_CODE = re.compile(r"\d{1,2}\.(\d{1,2}[a-z]?|[a-z])")
_GROUP_CODE = re.compile(r"[a-z][a-z_]{0,31}")
_DAY = dt.timedelta(days=1)


class _Dated(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What holds from one day to another, both included."""

    code: str
    #: Vietnamese and English name.
    name: str
    name_en: str
    effective_from: dt.date
    #: The last day on which it holds; None: until further notice.
    effective_to: dt.date | None = None
    note: str = ""

    def holds_on(self, day: dt.date) -> bool:
        """Whether it is in force on a day (§5)."""
        return self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)


class Group(_Dated, frozen=True, kw_only=True):
    """One ``[[group]]``: indicators whose ceilings add up to ``max`` points."""

    max: Decimal


class Indicator(_Dated, frozen=True, kw_only=True):
    """One ``[[indicator]]``: a ratio and how it becomes points."""

    group: str
    #: What is counted above and below the line, in Vietnamese as it is printed.
    numerator: str
    denominator: str
    #: The ceiling, in points.
    max: Decimal
    #: ``linear``: ratio × max. ``threshold``: max from ``full_at`` on, below it ratio × max ÷ ``full_at``.
    #: ``shown_only``: no points, and the value may exceed 1.
    scoring: Literal["linear", "threshold", "shown_only"]
    #: Percent from which on a threshold indicator has all its points.
    full_at: Decimal | None = None
    source: Mark = "P"

    @property
    def scored(self) -> bool:
        """Whether it carries points (§5)."""
        return self.scoring != "shown_only"


class Grade(_Dated, frozen=True, kw_only=True):
    """One ``[[grade]]``: the word for a score of at least ``floor`` percent of what can be reached."""

    floor: Decimal
    source: Mark = "P"


class Fault(Exception):
    """A set of indicators that cannot be used: which key, the value seen, what to do."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(f"{place}: {message}" if place else message)


class Scheme(NamedTuple):
    """The groups and indicators in force on one day, in the order of their file, and the grades, best first."""

    groups: tuple[Group, ...]
    indicators: tuple[Indicator, ...]
    grades: tuple[Grade, ...] = ()

    def of(self, group: str) -> tuple[Indicator, ...]:
        """The indicators of a group (§5)."""
        return tuple(indicator for indicator in self.indicators if indicator.group == group)

    def find(self, code: str) -> Indicator | None:
        """The indicator of a code, None where none is in force (§5)."""
        return next((indicator for indicator in self.indicators if indicator.code == code), None)

    def grade(self, percent: Decimal) -> Grade | None:
        """The grade of a score in percent of what can be reached; None below the lowest (§5)."""
        return next((grade for grade in self.grades if percent >= grade.floor), None)


class Indicators:
    """All dated groups, indicators and grades of a province, checked. Raises ``Fault``."""

    def __init__(self, groups: Iterable[Group], indicators: Iterable[Indicator], grades: Iterable[Grade] = ()) -> None:
        self.groups = tuple(groups)
        self.indicators = tuple(indicators)
        self.grades = tuple(sorted(grades, key=lambda grade: -grade.floor))
        for group in self.groups:
            _check_group(group)
        for indicator in self.indicators:
            _check_indicator(indicator, {group.code for group in self.groups})
        for grade in self.grades:
            _check_grade(grade)
        _check_overlaps("grade", self.grades)
        _check_overlaps("group", self.groups)
        _check_overlaps("indicator", self.indicators)
        for day in self._turning_days():
            _check_sums(self._holding(day), day)

    def on(self, day: dt.date) -> Scheme:
        """What is in force on a day. Raises ``Fault`` when nothing is (§5)."""
        scheme = self._holding(day)
        if not scheme.indicators:
            first = min(indicator.effective_from for indicator in self.indicators)
            raise Fault(
                "", f"no indicator is in force on {day}; the first ones are from {first} on: choose another day"
            )
        return scheme

    def _holding(self, day: dt.date) -> Scheme:
        return Scheme(
            tuple(group for group in self.groups if group.holds_on(day)),
            tuple(indicator for indicator in self.indicators if indicator.holds_on(day)),
            tuple(grade for grade in self.grades if grade.holds_on(day)),
        )

    def _turning_days(self) -> list[dt.date]:
        """The days on which something comes into force or has just gone out of it."""
        entries: Sequence[_Dated] = (*self.groups, *self.indicators)
        days = {entry.effective_from for entry in entries}
        days |= {entry.effective_to + _DAY for entry in entries if entry.effective_to not in (None, dt.date.max)}
        return sorted(days)


def _check_dates(place: str, entry: _Dated) -> None:
    if entry.effective_to is not None and entry.effective_to < entry.effective_from:
        raise Fault(
            place,
            f"effective_to = {entry.effective_to} lies before effective_from = {entry.effective_from}; "
            "give the last day on which it holds",
        )


def _check_max(place: str, value: Decimal) -> None:
    # Points have two decimals: so has every ceiling, else points could be rounded above it.
    if not value.is_finite() or not 0 <= value <= WHOLE or value != round(value, 2):
        raise Fault(place, f"max = {value}: want points from 0 to {WHOLE} with at most two decimals")


def _check_group(group: Group) -> None:
    place = f'group "{group.code}"'
    if not _GROUP_CODE.fullmatch(group.code):
        raise Fault(place, f'code = "{group.code}": want small letters and underscores, like online or payment')
    _check_dates(place, group)
    _check_max(place, group.max)


def _check_grade(grade: Grade) -> None:
    place = f'grade "{grade.code}"'
    _check_dates(place, grade)
    if not grade.floor.is_finite() or not 0 <= grade.floor <= 100:
        raise Fault(place, f"floor = {grade.floor}: want the percent from which on it is given, from 0 to 100")


def _check_indicator(indicator: Indicator, groups: set[str]) -> None:
    place = f'indicator "{indicator.code}"'
    if not _CODE.fullmatch(indicator.code):
        raise Fault(place, f'code = "{indicator.code}": want {CODE_WANTED}')
    if indicator.group not in groups:
        raise Fault(
            place,
            f'group = "{indicator.group}" is none of the groups {", ".join(sorted(groups)) or "(there are none)"}; '
            "name one of them or add a [[group]]",
        )
    _check_dates(place, indicator)
    _check_max(place, indicator.max)
    if indicator.scoring == "threshold":
        if indicator.full_at is None:
            raise Fault(
                place, 'scoring = "threshold" without full_at; add the percent of full points, e.g. full_at = 80'
            )
        if not indicator.full_at.is_finite() or not 1 <= indicator.full_at <= 100:
            raise Fault(place, f"full_at = {indicator.full_at}: want percent from 1 to 100, e.g. full_at = 80 for 80 %")
    elif indicator.full_at is not None:
        raise Fault(
            place,
            f'full_at = {indicator.full_at} with scoring = "{indicator.scoring}"; '
            'leave it out, or write scoring = "threshold"',
        )
    if not indicator.scored and indicator.max:
        raise Fault(place, f'max = {indicator.max} with scoring = "shown_only"; write max = 0, or another scoring')


def _check_overlaps(kind: str, entries: Sequence[_Dated]) -> None:
    for index, entry in enumerate(entries):
        for other in entries[:index]:
            if entry.code == other.code:
                both = max(entry.effective_from, other.effective_from)
                if entry.holds_on(both) and other.holds_on(both):
                    raise Fault(
                        f'{kind} "{entry.code}"',
                        f"two entries hold on {both}; end the earlier one with effective_to = {both - _DAY} "
                        "or take one of them out",
                    )


def _check_sums(scheme: Scheme, day: dt.date) -> None:
    if not scheme.groups and not scheme.indicators:
        return
    holding = {group.code for group in scheme.groups}
    for indicator in scheme.indicators:
        if indicator.group not in holding:
            raise Fault(
                f'indicator "{indicator.code}"',
                f'group = "{indicator.group}" is not in force on {day}; mend effective_from and effective_to of either',
            )
    for group in scheme.groups:
        ceilings = list(_ceilings(scheme, group.code))
        if sum(ceilings) != group.max:
            raise Fault(
                f'group "{group.code}"',
                f"max = {group.max}, but on {day} its indicators add up to {sum(ceilings)} "
                f"({' + '.join(map(str, ceilings)) or 'there is none'}); change a ceiling or the group's max",
            )
    whole = sum(group.max for group in scheme.groups)
    if whole != WHOLE:
        parts = " + ".join(f"{group.code} {group.max}" for group in scheme.groups)
        raise Fault("", f"on {day} the groups add up to {whole} points ({parts}), want {WHOLE}; change a group's max")


def _ceilings(scheme: Scheme, group: str) -> Iterator[Decimal]:
    return (indicator.max for indicator in scheme.of(group) if indicator.scored)
