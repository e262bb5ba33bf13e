"""How long alerts wait for an answer and for their end: median and 90th percentile, open ones counted in. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from opscentre.domain.calendar import Calendar
from opscentre.domain.moments import DAY
from opscentre.domain.units import Units

#: Alerts that were over longer ago than this (ms) are not looked at.
WINDOW = 30 * DAY


class Wait(NamedTuple):
    """One alert of a unit: when its time began, and when it ended (ms); None: it still runs."""

    unit: str
    begun: int
    ended: int | None


class Span(NamedTuple):
    """Working time (ms) that one alert took, or has taken so far."""

    length: int
    open: bool


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """What many alerts took, in working ms; None: there is none.

    Those that still run count with what they have taken so far, so a value can only be too small: ``…_least`` says
    that it may be, because something of no greater length still runs.
    """

    count: int = 0
    open: int = 0
    median: int | None = None
    p90: int | None = None
    median_least: bool = False
    p90_least: bool = False


def timing(spans: Iterable[Span]) -> Timing:
    """Median and 90th percentile, each the smallest length that so many have not passed (nearest rank)."""
    ordered = sorted(spans)
    if not ordered:
        return Timing()
    median, median_least = _quantile(ordered, 0.5)
    p90, p90_least = _quantile(ordered, 0.9)
    return Timing(
        count=len(ordered), open=sum(span.open for span in ordered), median=median, p90=p90,
        median_least=median_least, p90_least=p90_least,
    )  # fmt: skip


def _quantile(ordered: Sequence[Span], share: float) -> tuple[int, bool]:
    place = max(1, math.ceil(share * len(ordered))) - 1
    length = ordered[place].length
    return length, any(span.open and span.length <= length for span in ordered)


def spans(waits: Iterable[Wait], now: int, calendar: Calendar) -> list[Span]:
    """What each took, or has taken so far, in its own office's hours."""
    return [
        Span(calendar.of(wait.unit).working_time(wait.begun, now if wait.ended is None else wait.ended),
             wait.ended is None)
        for wait in waits
    ]  # fmt: skip


def by_unit(waits: Iterable[Wait], now: int, calendar: Calendar, units: Units) -> dict[str, Timing]:
    """The timing of each unit of today; of alerts of no unit under the empty code."""
    homes: dict[str, list[Wait]] = {}
    for wait in waits:
        homes.setdefault(units.home(wait.unit) if wait.unit else "", []).append(wait)
    return {unit: timing(spans(found, now, calendar)) for unit, found in homes.items()}
