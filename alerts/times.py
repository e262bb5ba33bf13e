"""The two times of a look at the world, and working time as people are told it."""

from __future__ import annotations

from typing import NamedTuple

from opscentre.domain.calendar import RECEPTION_LIMIT
from opscentre.domain.moments import HOUR, MINUTE

#: What a working day is when lateness is told in days: eight working hours.
WORKING_DAY = RECEPTION_LIMIT


class Times(NamedTuple):
    """One moment on both clocks, in epoch milliseconds."""

    #: The product's time, simulated in a demo: deadlines, working hours, what is due to be told.
    now: int
    #: Real time: ages of sources and links, leases, pauses between attempts.
    wall: int


def working_span(length: int, english: bool = False) -> str:
    """Working milliseconds as days of eight hours and hours: ``2 ngày 3 giờ``; minutes where that is all."""
    days, rest = divmod(max(0, length), WORKING_DAY)
    hours, minutes = rest // HOUR, rest % HOUR // MINUTE
    words = ("d", "h", "min") if english else ("ngày", "giờ", "phút")
    parts = [f"{count} {word}" for count, word in ((days, words[0]), (hours, words[1])) if count]
    return " ".join(parts) or f"{minutes} {words[2]}"
