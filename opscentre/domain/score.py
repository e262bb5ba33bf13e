"""The service-quality score: from numerators and denominators to points by indicator, group and in all (DOMAIN §5).

Ratios are exact fractions. The points of an indicator are rounded to two decimals, halves up; groups and the
total are sums of *rounded* points, so that what is printed always adds up, as the published boards do.
No denominator, or one of 0, is "no data", which is not 0 %: it earns nothing and narrows what is reachable.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from opscentre.domain.indicators import Group, Indicator, Scheme

Number = int | Decimal
HUNDREDTH = Decimal("0.01")
NOTHING = Decimal("0.00")
#: Greater numerators and denominators than this are no counts of a province.
GREATEST = 10**15


class Input(NamedTuple):
    """What an indicator is computed from."""

    numerator: Number
    denominator: Number

    @property
    def ratio(self) -> Fraction | None:
        """Numerator ÷ denominator, None for no data (§5)."""
        return Fraction(self.numerator) / Fraction(self.denominator) if self.denominator else None


class BadInput(Exception):
    """An input that is no ratio: the indicator, the value seen, what is wanted."""


class Line(NamedTuple):
    """An indicator with its result; both are None for no data, ``points`` also where it is only shown."""

    indicator: Indicator
    input: Input | None
    ratio: Fraction | None
    points: Decimal | None

    @property
    def without_data(self) -> bool:
        """Whether points are missing for want of data (§5)."""
        return self.indicator.scored and self.ratio is None


class Sum(NamedTuple):
    """Points, the ceiling, and the part of it that the indicators with data can reach."""

    points: Decimal
    max: Decimal
    reachable: Decimal

    @property
    def share(self) -> Fraction | None:
        """Points ÷ reachable: what makes scores with different gaps comparable; None where nothing is reachable."""
        return Fraction(self.points) / Fraction(self.reachable) if self.reachable else None


class Score(NamedTuple):
    """The result: every indicator in force, every group, and the whole."""

    lines: tuple[Line, ...]
    groups: tuple[tuple[Group, Sum], ...]
    total: Sum

    @property
    def no_data(self) -> tuple[Indicator, ...]:
        """The indicators with points but without data (§5)."""
        return tuple(line.indicator for line in self.lines if line.without_data)


class Gap(NamedTuple):
    """What an indicator still lacks."""

    indicator: Indicator
    missing: Decimal
    #: How much greater the numerator must be for all points, the denominator staying as it is; None for no data.
    needed: int | None


def checked(code: str, value: Input, scheme: Scheme) -> Input:
    """The input itself when it can be a ratio of that indicator. Raises ``BadInput`` (§5)."""
    indicator = scheme.find(code)
    if indicator is None:
        known = ", ".join(indicator.code for indicator in scheme.indicators)
        raise BadInput(f'"{code}" is no indicator in force; want one of {known}')
    for name, part in zip(("numerator", "denominator"), value, strict=True):
        if not Decimal(part).is_finite() or not 0 <= part <= GREATEST:
            raise BadInput(f'"{code}": {name} {part}: want a number from 0 to {GREATEST}')
    if indicator.scored and value.numerator > value.denominator:
        raise BadInput(
            f'"{code}": numerator {value.numerator} is greater than denominator {value.denominator}; '
            "want [part, whole] of one and the same count"
        )
    return value


def points(indicator: Indicator, ratio: Fraction) -> Decimal | None:
    """The points for a ratio of 0 to 1, to two decimals, halves up; None where the indicator is only shown (§5)."""
    if not indicator.scored:
        return None
    full_at = Fraction(indicator.full_at) / 100 if indicator.full_at is not None else Fraction(1)
    return rounded(Fraction(indicator.max) * min(Fraction(1), ratio / full_at))


def rounded(value: Fraction) -> Decimal:
    """A fraction to two decimals, halves up (§5)."""
    return (Decimal(math.floor(value * 100 + Fraction(1, 2))) / 100).quantize(HUNDREDTH, ROUND_HALF_UP)


def score(scheme: Scheme, inputs: Mapping[str, Input]) -> Score:
    """The score of a set of inputs by indicator code. Raises ``BadInput`` (§5)."""
    for code, value in inputs.items():
        checked(code, value, scheme)
    lines = tuple(_line(indicator, inputs.get(indicator.code)) for indicator in scheme.indicators)
    groups = tuple((group, _sum(group, lines)) for group in scheme.groups)
    return Score(lines, groups, _total([found for _, found in groups]))


def _line(indicator: Indicator, value: Input | None) -> Line:
    ratio = value.ratio if value is not None else None
    return Line(indicator, value, ratio, points(indicator, ratio) if ratio is not None else None)


def _sum(group: Group, lines: tuple[Line, ...]) -> Sum:
    earned = [line for line in lines if line.indicator.group == group.code and line.points is not None]
    return Sum(
        sum((line.points for line in earned if line.points is not None), NOTHING),
        group.max,
        sum((line.indicator.max for line in earned), Decimal(0)),
    )


def _total(parts: list[Sum]) -> Sum:
    return Sum(
        sum((part.points for part in parts), NOTHING),
        sum((part.max for part in parts), Decimal(0)),
        sum((part.reachable for part in parts), Decimal(0)),
    )


def gaps(found: Score) -> list[Gap]:
    """What would raise the score most: the points still missing by indicator, most first; none that is full (§5).

    An indicator without data lacks its whole ceiling: bringing its figures in is the first step.
    """
    rows = []
    for line in found.lines:
        missing = line.indicator.max - (line.points or NOTHING)
        if line.indicator.scored and missing > 0:
            rows.append(Gap(line.indicator, missing.quantize(HUNDREDTH), _needed(line)))
    return sorted(rows, key=lambda gap: -gap.missing)


def _needed(line: Line) -> int | None:
    if line.input is None or line.ratio is None:
        return None
    full_at = Fraction(line.indicator.full_at) / 100 if line.indicator.full_at is not None else Fraction(1)
    return max(0, math.ceil(full_at * Fraction(line.input.denominator) - Fraction(line.input.numerator)))


def document(found: Score) -> dict[str, Any]:
    """The score as JSON: ``indicators``, ``groups``, ``total``, ``reachable``, ``no_data`` (§5)."""
    return {
        "indicators": {
            line.indicator.code: {
                "ratio": None if line.ratio is None else float(line.ratio),
                "points": None if line.points is None else float(line.points),
                "max": _plain(line.indicator.max),
            }
            for line in found.lines
        },
        "groups": {
            group.code: {
                "points": float(part.points),
                "max": _plain(part.max),
                "reachable": _plain(part.reachable),
            }
            for group, part in found.groups
        },
        "total": float(found.total.points),
        "max": _plain(found.total.max),
        "reachable": _plain(found.total.reachable),
        "no_data": [indicator.code for indicator in found.no_data],
    }


def _plain(value: Decimal) -> int | float:
    """A ceiling as JSON: 6 rather than 6.0."""
    return int(value) if value == value.to_integral_value() else float(value)
