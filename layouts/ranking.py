"""The units of the wall by their on-time share: who is ranked, by what, and the best and the last of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from opscentre.domain import ranking
from opscentre.domain.units import Unit
from opscentre.live.wall import Totals

#: Shares of 1 closer than this are equal: 0.001 percentage points.
TOLERANCE = ranking.TOLERANCE / 100
#: Units with fewer dossiers (finished in 30 days and in process) are not ranked.
MINIMUM = ranking.MINIMUM


class Ranked(msgspec.Struct, frozen=True):
    """A unit with its place. ``volume`` is the denominator of its share."""

    rank: int
    unit: Unit
    share: float
    volume: int


def volume(totals: Totals) -> int:
    """The dossiers that the on-time share speaks of."""
    return totals.finished_on_time_30d + totals.finished_overdue_30d + totals.in_process


def rank(units: Iterable[Unit], numbers: Mapping[str, Totals], minimum: int = MINIMUM) -> list[Ranked]:
    """Units by on-time share, best first; equal shares share a rank, the greater volume first among them."""
    by_code = {unit.code: unit for unit in units if unit.code in numbers}
    entries = [ranking.Entry(code, numbers[code].on_time_share, volume(numbers[code])) for code in by_code]
    return [
        Ranked(entry.rank, by_code[entry.code], entry.value, entry.volume)
        for entry in ranking.rank(entries, tolerance=TOLERANCE, minimum=minimum)
        if entry.rank is not None and entry.value is not None
    ]


def best_and_worst(ranked: list[Ranked], each: int) -> tuple[list[Ranked], list[Ranked]]:
    """The first and the last ``each``; none stands in both, and the best win when there are few."""
    best = ranked[:each]
    return best, ranked[max(len(best), len(ranked) - each) :]
