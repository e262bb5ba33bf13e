"""What a map can show of each unit: the value, how it is written, its classes, and its definition. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from layouts import shares
from layouts.ranking import MINIMUM, volume
from layouts.shares import NONE, Band
from layouts.text import number, percent
from opscentre.domain.units import Unit
from opscentre.live.wall import Totals


class Measure(NamedTuple):
    """One measure; ``value`` is None for no data, never 0."""

    key: str
    name: str
    #: Unit of measure of the number.
    unit: str
    formula: str
    value: Callable[[Totals], float | None]
    write: Callable[[float | None], str]
    #: From the best class to the worst; a value belongs to the first whose floor (or, where less is better,
    #: whose ceiling) it keeps.
    bands: tuple[Band, ...]
    less_is_better: bool = False
    #: Units with fewer dossiers behind the value are not named as best or last.
    minimum: int = 1
    #: How many dossiers stand behind the value.
    behind: Callable[[Totals], int] = volume

    def band(self, value: float | None) -> Band:
        """The class of a value as it is printed; ``NONE`` for no data."""
        if value is None:
            return NONE
        if self.less_is_better:
            return next(found for found in self.bands if value <= found.floor)
        return next(found for found in self.bands if round(value, 3) >= found.floor)


def _online(totals: Totals) -> float | None:
    return totals.online_today / totals.received_today if totals.received_today else None


def _overdue(totals: Totals) -> float | None:
    return totals.in_process_overdue if volume(totals) else None


def _count(value: float | None) -> str:
    return "—" if value is None else number(round(value))


MEASURES = (
    Measure(
        "ontime",
        "Tỷ lệ đúng hạn · 30 ngày",
        "",
        "(xong đúng hạn + đang giải quyết trong hạn) ÷ (đã xong + đang giải quyết), 30 ngày gần nhất, kể cả hôm nay",
        lambda totals: totals.on_time_share,
        percent,
        shares.BANDS,
        minimum=MINIMUM,
    ),
    Measure(
        "overdue",
        "Hồ sơ quá hạn đang giải quyết",
        "hồ sơ",
        "đang giải quyết và đã qua ngày hẹn trả; không kể hồ sơ tạm dừng chờ công dân",
        _overdue,
        _count,
        (
            Band(0, "good", "không có"),
            Band(4, "fair", "1 – 4"),
            Band(19, "warn", "5 – 19"),
            Band(float("inf"), "bad", "từ 20"),
        ),
        less_is_better=True,
        minimum=MINIMUM,
    ),
    Measure(
        "online",
        "Tỷ lệ nộp trực tuyến · hôm nay",
        "",
        "hồ sơ nộp trực tuyến ÷ hồ sơ tiếp nhận mọi kênh, từ 0 giờ hôm nay",
        _online,
        percent,
        (
            Band(0.8, "good", "từ 80%"),
            Band(0.5, "fair", "50 – 80%"),
            Band(0.3, "warn", "30 – 50%"),
            Band(0.0, "bad", "dưới 30%"),
        ),
        minimum=5,
        behind=lambda totals: totals.received_today,
    ),
)


def ordered(measure: Measure, units: Iterable[Unit], numbers: Mapping[str, Totals]) -> list[tuple[Unit, float]]:
    """Units by a measure, best first, the greater number of dossiers first among equals; small ones are left out."""
    found = []
    for unit in units:
        totals = numbers.get(unit.code)
        value = measure.value(totals) if totals else None
        if totals is not None and value is not None and measure.behind(totals) >= measure.minimum:
            found.append((value if measure.less_is_better else -value, -measure.behind(totals), unit, value))
    found.sort(key=lambda entry: (entry[0], entry[1], entry[2].code))
    return [(unit, value) for _, _, unit, value in found]
