"""The one clock of the product: real, or simulated for the demo (fast, without nights and days off)."""

from __future__ import annotations

import time
from typing import Protocol

import msgspec

from opscentre.domain.calendar import Calendar
from opscentre.domain.moments import DAY, HOUR, MINUTE, day_number, day_start

#: A simulated day runs from 06:30 to 18:00; the nights and the days off between are skipped.
OPENS = 6 * HOUR + 30 * MINUTE
CLOSES = 18 * HOUR


def wall_ms() -> int:
    """Real time now, in epoch milliseconds: for ages and heartbeats, never for deadlines."""
    return time.time_ns() // 1_000_000


class Clock(Protocol):
    """Tells the product's time."""

    simulated: bool
    speed: float

    def now(self) -> int:
        """The moment it is now, in epoch milliseconds."""
        ...


class RealClock:
    """The machine's clock."""

    simulated = False
    speed = 1.0

    def now(self) -> int:
        """The machine's time, in epoch milliseconds."""
        return wall_ms()


class ClockAnchor(msgspec.Struct, frozen=True):
    """How a simulated clock is told to other processes: at real ms ``real`` it was simulated ms ``simulated``."""

    real: int
    simulated: int
    speed: float


def skip_nights(start: int, elapsed: int, calendar: Calendar) -> int:
    """The moment reached from ``start`` after ``elapsed`` ms that pass only in open time of working days."""
    at, left = start, elapsed
    while True:
        day = day_number(at)
        opens, closes = day_start(day) + OPENS, day_start(day) + CLOSES
        if not calendar.is_working_day(day) or at >= closes:
            at = day_start(day + 1) + OPENS
            continue
        at = max(at, opens)
        if at + left < closes:
            return at + left
        left -= closes - at
        at = day_start(day) + DAY + OPENS


class OfficeClock:
    """A simulated clock: ``speed`` simulated seconds a second, leaving out nights and days off."""

    simulated = True

    def __init__(self, anchor: ClockAnchor, calendar: Calendar) -> None:
        self.anchor = anchor
        self.speed = anchor.speed
        self._calendar = calendar
        # The walk over days starts at the last answer, not at the anchor, so that now() stays cheap.
        self._mark = (anchor.real, anchor.simulated)

    def now(self) -> int:
        """The simulated moment, in epoch milliseconds."""
        real, simulated = self._mark
        wall = wall_ms()
        at = skip_nights(simulated, max(0, round((wall - real) * self.speed)), self._calendar)
        if day_number(at) != day_number(simulated):
            self._mark = (wall, at)
        return at

    def at(self, wall: int) -> int:
        """The simulated moment at a real one; before the clock began as if it had run through nights too."""
        passed = round((wall - self.anchor.real) * self.speed)
        if passed < 0:
            return self.anchor.simulated + passed
        return skip_nights(self.anchor.simulated, passed, self._calendar)


def product_time(clock: Clock, wall: int) -> int:
    """The product's time at a real moment (ms) that has been: of a simulated clock without the nights since then."""
    if isinstance(clock, RealClock):
        return wall
    if isinstance(clock, OfficeClock):
        return clock.at(wall)
    return clock.now() - round((wall_ms() - wall) * clock.speed)


def open_clock(text: str, calendar: Calendar) -> Clock:
    """The clock that a setting names: ``real``, or a simulated clock's anchor as JSON."""
    if text in ("", "real"):
        return RealClock()
    try:
        anchor = msgspec.json.decode(text, type=ClockAnchor)
    except msgspec.DecodeError as error:
        raise ValueError(f"clock setting: want 'real' or an anchor as JSON, saw {text!r} ({error})") from None
    return OfficeClock(anchor, calendar)
