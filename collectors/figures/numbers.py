"""A figure's number and date as sources write them, or why they are none."""

from __future__ import annotations

import math
import re
from decimal import Decimal

from collectors.written_dates import as_compact
from opscentre.domain.masking import quoted
from opscentre.domain.moments import parse_compact

#: Digits that a double keeps; a longer number is an identity number more often than a figure.
MOST_DIGITS = 15
_DAY = re.compile(r"\d{8}")
_SHAPES = {
    mark: re.compile(rf"[+-]?(?:0|[1-9]\d*|[1-9]\d{{0,2}}(?:{re.escape(other)}\d{{3}})+)(?:{re.escape(mark)}\d+)?")
    for mark, other in ((".", ","), (",", "."))
}


class NoFigure(Exception):
    """A value that is not taken: ``reason`` is one of ``not_a_number``, ``bad_date``, ``impossible_date``,
    ``future_date``; the text quotes nothing but the offending value, masked."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def number_of(value: object, decimal: str) -> float:
    """The number that a cell holds. Raises ``NoFigure``."""
    found: float | None = None
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        found = float(value)
    elif isinstance(value, str):
        text = value.strip().replace("\u00a0", "")
        if _SHAPES[decimal].fullmatch(text):
            other = "," if decimal == "." else "."
            text = text.replace(other, "").replace(decimal, ".")
            # A phone or identity number in the wrong column begins with 0, or is too long.
            found = float(text) if sum(c.isdigit() for c in text) <= MOST_DIGITS else None
    if found is None or not math.isfinite(found) or abs(found) >= 10**MOST_DIGITS:
        wanted = f"a number of at most {MOST_DIGITS} digits with {decimal!r} before the decimals"
        raise NoFigure("not_a_number", f"saw {quoted(value)}, want {wanted}; correct it at the source, or 'decimal'")
    return found


def moment_of(value: object, now: int) -> int:
    """The moment of a date, in epoch milliseconds. Raises ``NoFigure``, also for one that is yet to come."""
    seen = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    text = str(as_compact(seen)).strip()
    if _DAY.fullmatch(text):
        text += "000000"
    try:
        at = parse_compact(text)
    except ValueError as error:
        reason = "bad_date" if "is not a date" in str(error) else "impossible_date"
        wanted = "a date like 2026-11-21, 21/11/2026 or 20261121093000, with or without a time"
        raise NoFigure(reason, f"saw {quoted(value)}, want {wanted}; correct it at the source") from None
    if at > now:
        raise NoFigure("future_date", f"saw {quoted(value)}, which is yet to come; correct it at the source")
    return at
