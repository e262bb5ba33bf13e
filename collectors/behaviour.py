"""How a source is polled: how long to wait after a failure, and how much may be asked for in what time."""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable

from collectors.errors import BadData, CollectError
from opscentre.sources import Behaviour

#: Seconds that a system may ask us to wait at most: a mistyped header must not silence a source for a year.
LONGEST_ASKED = 3600.0
#: Rungs that are about our own parts: the source is not spared by asking it less often.
OURS = ("pipe", "database")
#: Part by which a wait wanders, so that sources that failed together do not come back together.
WANDER = 0.25


class Patience:
    """How long to wait after a failure: twice as long each time, up to a bound, or as long as the system asks.

    After ``failures_to_open`` failures in a row the circuit is open: from then on the source is asked once per
    longest wait, until one such probe succeeds.
    """

    def __init__(self, behaviour: Behaviour, chance: Callable[[float, float], float] = random.uniform) -> None:
        self._behaviour = behaviour
        self._chance = chance
        self.failures = 0

    @property
    def open(self) -> bool:
        """Whether so many polls failed in a row that only probes are sent."""
        return self.failures >= self._behaviour.failures_to_open

    def succeeded(self) -> None:
        """A poll succeeded: nothing of the failures before it is remembered."""
        self.failures = 0

    def failed(self, failure: CollectError) -> float | None:
        """Seconds until the next attempt; None: at the source's own interval."""
        if failure.kind in OURS:
            return None
        self.failures += 1
        if failure.retry_after is not None:
            # Never sooner than asked; a little later is no offence.
            asked = min(max(failure.retry_after, 0.0), LONGEST_ASKED)
            return asked + self._chance(0.0, WANDER * min(asked, 4.0))
        first, most = self._behaviour.backoff_first, self._behaviour.backoff_most
        doublings = min(self.failures - 1, 40)
        wait = most if self.open else min(most, first * math.pow(2, doublings))
        return min(most, wait * self._chance(1 - WANDER, 1 + WANDER))


class Pace:
    """Requests a second, and bytes a poll. Used by one poll at a time."""

    def __init__(self, behaviour: Behaviour, stopping: threading.Event) -> None:
        self._behaviour = behaviour
        self._stopping = stopping
        self._next = 0.0
        self._bytes = 0

    @property
    def most_bytes(self) -> int:
        """Bytes that one answer may have, and that one poll takes before it leaves the rest to the next."""
        return self._behaviour.bytes_per_poll

    @property
    def spent(self) -> bool:
        """Whether this poll has taken as many bytes as it may."""
        return self._bytes >= self.most_bytes

    def begin(self) -> None:
        """A poll begins."""
        self._bytes = 0

    def request(self) -> None:
        """Wait until the next request may be made, or the process stops."""
        rate = self._behaviour.requests_per_second
        if not rate:
            return
        now = time.monotonic()
        if self._next > now:
            self._stopping.wait(self._next - now)
        self._next = max(now, self._next) + 1 / rate

    def took(self, size: int) -> None:
        """So many bytes of rows that were new: rows known already are read again by every poll and cost nothing,
        or a poll that meets only such rows would never get past them."""
        self._bytes += size

    def check(self, size: int, what: str) -> None:
        """Raise ``BadData`` where one answer is larger than a whole poll may be."""
        if size > self.most_bytes:
            told = f"{what} answered more than {self.most_bytes} bytes at once"
            raise BadData(f"{told}; lower page_rows, or raise bytes_per_poll of the source")
