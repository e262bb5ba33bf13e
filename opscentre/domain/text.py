"""Numbers as Vietnam writes them (12.345 · 1.234,6), and texts cut to one line. Pure."""

from __future__ import annotations

import unicodedata
from decimal import Decimal

from opscentre.domain.moments import HOUR, MINUTE

#: What a working day is when lateness is told in days: eight working hours.
WORKING_DAY = 8 * HOUR
_SWAPPED = str.maketrans(",.", ".,")


def number(value: int) -> str:
    """A whole number with points between thousands: ``12345`` → ``12.345``."""
    return f"{value:,}".replace(",", ".")


def decimal(value: float | Decimal, places: int = 1) -> str:
    """A number with a decimal comma: ``1234.56`` → ``1.234,6``."""
    return f"{value:,.{places}f}".translate(_SWAPPED)


def percent(share: float | None) -> str:
    """A share of 1 with one decimal; a dash for no data.

    100% and 0% are said only when they are exact: 0.9996 is ``99,9%``, 0.0001 is ``0,1%``.
    """
    if share is None:
        return "—"
    if share in (0, 1):
        return f"{share * 100:.0f}%"
    return f"{decimal(min(99.9, max(0.1, share * 100)))}%"


def one_line(text: object, longest: int = 300) -> str:
    """A text without line breaks and other control characters, cut: what a field holds must not become a header."""
    composed = unicodedata.normalize("NFC", str(text))
    plain = " ".join("".join(sign if sign.isprintable() else " " for sign in composed).split())
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"


def unbroken(text: str) -> str:
    """A text that no line break divides."""
    return text.replace(" ", "\u00a0")


def working_span(length: int, english: bool = False) -> str:
    """Working milliseconds as days of eight hours: ``2 ngày 3 giờ làm việc``, so that nobody takes them for days of 24.

    Minutes where that is all. English: ``2 working days 3 h``.
    """
    days, rest = divmod(max(0, length), WORKING_DAY)
    hours, minutes = rest // HOUR, rest % HOUR // MINUTE
    if english:
        parts = [f"{days} working day{'s' * (days > 1)}"] * bool(days) + [f"{hours} h"] * bool(hours)
        return " ".join(parts) + " of working time" * (not days) if parts else f"{minutes} min of working time"
    parts = [f"{days} ngày"] * bool(days) + [f"{hours} giờ"] * bool(hours)
    return f"{' '.join(parts) or f'{minutes} phút'} làm việc"
