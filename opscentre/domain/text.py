"""Numbers as Vietnam writes them: 12.345 · 1.234,6. Pure."""

from __future__ import annotations

from decimal import Decimal

_SWAPPED = str.maketrans(",.", ".,")


def number(value: int) -> str:
    """A whole number with points between thousands: ``12345`` → ``12.345``."""
    return f"{value:,}".replace(",", ".")


def decimal(value: float | Decimal, places: int = 1) -> str:
    """A number with a decimal comma: ``1234.56`` → ``1.234,6``."""
    return f"{value:,.{places}f}".translate(_SWAPPED)
