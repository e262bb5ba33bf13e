"""The present state of one simulated system: which dossiers it holds, and which changed since when."""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right
from typing import Any, NamedTuple

from opscentre.domain.moments import DAY, day_number, day_start
from simulator.lives import Dossier
from simulator.steps import Step
from simulator.systems import System
from simulator.world import World

#: Dossiers that ended leave a system so many days after their last change, as into an archive; this bounds the
#: memory of a demo that runs for days.
KEPT_DAYS = 21
_ENDS = frozenset({Step.RETURNED, Step.REFUSED, Step.WITHDRAWN})


class Entry(NamedTuple):
    """A dossier with the moment (epoch seconds) of a change; sorts by moment, then number."""

    seconds: int
    number: str
    dossier: Dossier


class Page(NamedTuple):
    """One page of what changed, and how many pages there are."""

    entries: list[Entry]
    pages: int


class Feed:
    """Follows the world for one system as the clock goes on; holds nothing that the world would not give again."""

    def __init__(self, world: World, system: System, at: int) -> None:
        self.system = system
        #: The moment (epoch seconds) up to which everything has happened.
        self.seconds = at // 1000
        self._world = world
        self._renderer = world.renderer(system)
        self._last_day = 0
        #: What happened, in order; an entry that is not its dossier's newest is stale.
        self._log: list[Entry] = []
        self._newest: dict[str, int] = {}
        self._stale = 0
        #: What is to come: a heap of the next change of each unfinished dossier.
        self._coming: list[Entry] = []
        self._log = sorted(self._take_days(at))
        self._archive(day_number(at))

    def __len__(self) -> int:
        """How many dossiers the system holds."""
        return len(self._newest)

    def __contains__(self, number: object) -> bool:
        """Whether the system holds a dossier of this number."""
        return number in self._newest

    def advance(self, at: int) -> list[Entry]:
        """Let everything happen up to a moment (ms); the dossiers that changed, each once, in the feed's order."""
        if at // 1000 <= self.seconds:
            return []
        before, self.seconds = self.seconds, at // 1000
        changed = self._take_days(at)
        while self._coming and self._coming[0].seconds <= self.seconds:
            entry = self._follow(heapq.heappop(self._coming).dossier)
            if entry is not None:
                changed.append(entry)
        changed.sort()
        self._log.extend(changed)
        if day_number(before * 1000) != day_number(at):
            self._archive(day_number(at))
        return changed

    def changed_since(self, seconds: int, page: int, size: int) -> Page:
        """Page 1, 2, … of the dossiers whose newest change happened at or after a moment, oldest first."""
        log = self._tidy()
        begin = bisect_left(log, (seconds,))
        place = begin + (page - 1) * size
        return Page(log[place : place + size], -(-(len(log) - begin) // size))

    def all(self) -> list[Entry]:
        """Every dossier that the system holds, oldest change first."""
        return list(self._tidy())

    def show(self, dossier: Dossier) -> dict[str, Any]:
        """A dossier of this system as it stands now, in the vocabulary of DOMAIN §2."""
        shown = self._renderer.render(dossier, self.seconds * 1000)
        if shown is None:
            raise ValueError(f"{dossier.number} is not filed yet at {self.seconds} s")
        return shown

    def put(self, dossier: Dossier) -> None:
        """Take in a dossier, or its new state, from outside the world; it counts as changed now."""
        entry = Entry(self.seconds, dossier.number, dossier)
        if self._newest.get(dossier.number) == self.seconds:
            self._log[bisect_left(self._log, (self.seconds, dossier.number))] = entry
            return
        self._stale += dossier.number in self._newest
        self._newest[dossier.number] = self.seconds
        self._log.insert(bisect_left(self._log, (self.seconds, dossier.number)), entry)

    def drop(self, number: str) -> None:
        """Forget a dossier that was put in from outside the world."""
        if self._newest.pop(number, None) is not None:
            self._stale += 1

    def _take_days(self, at: int) -> list[Entry]:
        """Take in the dossiers of days that have begun since; what of them has already happened."""
        happened: list[Entry] = []
        for day in self._world.days_until(at, after=self._last_day):
            self._last_day = day
            for dossier in self._world.day(day):
                if dossier.unit.code in self.system.units:
                    entry = self._follow(dossier)
                    if entry is not None:
                        happened.append(entry)
        return happened

    def _follow(self, dossier: Dossier) -> Entry | None:
        """Note where a dossier stands now and when it changes next."""
        life = dossier.life()
        steps = bisect_right(life, (self.seconds, 15))
        number = dossier.number
        if steps < len(life):
            heapq.heappush(self._coming, Entry(life[steps][0], number, dossier))
        if not steps:
            return None
        self._stale += number in self._newest
        seconds = life[steps - 1][0]
        self._newest[number] = seconds
        return Entry(seconds, number, dossier)

    def _tidy(self) -> list[Entry]:
        if self._stale:
            newest = self._newest
            self._log = [entry for entry in self._log if newest.get(entry.number) == entry.seconds]
            self._stale = 0
        return self._log

    def _archive(self, today: int) -> None:
        """Let go of what ended long ago; by whole days, so that it does not matter when the process started."""
        before = (day_start(today) - KEPT_DAYS * DAY) // 1000
        for entry in self._log[: bisect_left(self._log, (before,))]:
            last = entry.dossier.life()[-1]
            if last[1] in _ENDS and last[0] == entry.seconds == self._newest.get(entry.number):
                del self._newest[entry.number]
                self._stale += 1
