"""Vietnamese numbers and dates: 1.234,5 · 92,3% · Thứ Bảy 21/11/2026. Pure.

Durations tick on the screen between pushes, so they are worded in one place only: ``assets/format.js``.
"""

from __future__ import annotations

from opscentre.domain.moments import HOUR, MINUTE, local
from opscentre.domain.text import decimal, number, percent

__all__ = ("clock", "date", "decimal", "latency", "number", "percent", "speed", "weekday", "worked")

WEEKDAYS = ("Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy", "Chủ Nhật")


def date(at: int) -> str:
    """The local day of a moment: ``21/11/2026``."""
    return local(at).strftime("%d/%m/%Y")


def clock(at: int) -> str:
    """The local time of day of a moment: ``09:41``."""
    return local(at).strftime("%H:%M")


def weekday(at: int) -> str:
    """The local weekday of a moment: ``Thứ Bảy``."""
    return WEEKDAYS[local(at).weekday()]


def speed(value: float) -> str:
    """How fast a simulation runs: ``×10``, ``×2,5``."""
    return f"×{value:.0f}" if value == int(value) else f"×{decimal(value)}"


def latency(ms: float | None) -> str:
    """A round trip: ``12 ms``, ``1,4 s``; a dash for none."""
    if ms is None:
        return "—"
    if ms < 1_000:
        return f"{max(1, round(ms))} ms"
    return f"{decimal(ms / 1000)} s"


def worked(ms: int) -> str:
    """Working time in hours, in minutes where it is less than one: ``12 giờ``, ``1,5 giờ``, ``40 phút``."""
    if ms < HOUR:
        return f"{ms // MINUTE} phút"
    return f"{decimal(ms / HOUR)} giờ" if ms < 10 * HOUR else f"{number(ms // HOUR)} giờ"
