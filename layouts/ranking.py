"""The units of the wall with their places: who is ranked, by what. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from opscentre.domain import ranking
from opscentre.domain.ranking import Entry, Ranked
from opscentre.domain.units import Unit
from opscentre.live.wall import Totals

#: Shares of 1 closer than this are equal: 0.001 percentage points.
TOLERANCE = ranking.TOLERANCE / 100
#: Units with fewer dossiers (finished in 30 days and in process) are not ranked.
MINIMUM = ranking.MINIMUM


def volume(totals: Totals) -> int:
    """The dossiers that the on-time share speaks of."""
    return totals.finished_on_time_30d + totals.finished_overdue_30d + totals.in_process


def rank(units: Iterable[Unit], numbers: Mapping[str, Totals]) -> list[Ranked]:
    """Units by on-time share, best first; equal shares share a rank, the greater volume first among them."""

    def entry(unit: Unit) -> Entry | None:
        totals = numbers.get(unit.code)
        return None if totals is None else Entry(unit.code, totals.on_time_share, volume(totals))

    return rank_by(units, entry)


def rank_by(
    units: Iterable[Unit],
    entry: Callable[[Unit], Entry | None],
    minimum: int = MINIMUM,
    stale: Collection[str] = (),
) -> list[Ranked]:
    """The units that have a place by the share of 1 that ``entry`` finds, best first; ``stale`` ones are marked."""
    entries = [found for unit in units if (found := entry(unit)) is not None]
    ranked = ranking.rank(entries, tolerance=TOLERANCE, minimum=minimum, stale=stale)
    return [found for found in ranked if found.rank is not None]
