"""Ranking units by on-time share: competition ranking (1, 2, 2, 4), small volumes left out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from opscentre.domain.units import Unit
from opscentre.live.wall import Totals

#: Shares closer than this are equal: 0.001 percentage points.
TOLERANCE = 0.001 / 100
#: Units with fewer dossiers (finished in 30 days and in process) are not ranked.
MINIMUM = 10


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
    found = []
    for unit in units:
        totals = numbers.get(unit.code)
        share = totals.on_time_share if totals else None
        if totals is not None and share is not None and volume(totals) >= minimum:
            found.append((share, volume(totals), unit))
    found.sort(key=lambda entry: (-entry[0], -entry[1], entry[2].code))
    ranked: list[Ranked] = []
    for place, (share, size, unit) in enumerate(found, start=1):
        before = ranked[-1] if ranked else None
        # Compared with the first of the tie, so that a long chain of small steps is no tie.
        equal = before is not None and found[before.rank - 1][0] - share <= TOLERANCE
        ranked.append(Ranked(before.rank if before and equal else place, unit, share, size))
    return ranked


def best_and_worst(ranked: list[Ranked], each: int) -> tuple[list[Ranked], list[Ranked]]:
    """The first and the last ``each``; none stands in both, and the best win when there are few."""
    best = ranked[:each]
    return best, ranked[max(len(best), len(ranked) - each) :]
