"""Extra changes at a fixed rate, beside the world, to measure how long a change takes to reach a screen.

Each extra dossier is received and, a little later, finished. Its number tells when it was made, in real time:
``<unit code>-THU-<epoch milliseconds>-<count>``, so that whoever sees it knows how old it is.
"""

from __future__ import annotations

from collections import deque

from opscentre.clock import wall_ms
from opscentre.domain.moments import DAY
from simulator.feed import Feed
from simulator.lives import Dossier
from simulator.steps import Step
from simulator.world import World

#: Finished extra dossiers that stay to be seen before the oldest one goes.
KEPT = 10_000


class ExtraChanges:
    """Makes changes on one feed: every second one a new dossier, the others finish the oldest open one."""

    def __init__(self, world: World, feed: Feed) -> None:
        self._feed = feed
        held = [unit for unit in world.profile.units.all if unit.code in feed.system.units]
        handled = [(unit, next((p for p in world.procedures if p.handled_by(unit)), None)) for unit in held]
        self._places = [(unit, procedure) for unit, procedure in handled if procedure is not None]
        if not self._places:
            raise ValueError(f"system {feed.system.code!r} has no unit with a procedure: no extra changes there")
        self._open: deque[Dossier] = deque()
        self._finished: deque[str] = deque()
        self._count = 0
        #: Changes made so far.
        self.made = 0

    def make(self, changes: int) -> None:
        """Make so many changes now."""
        for _ in range(changes):
            self.made += 1
            if self.made % 2 and self._open and self._open[0].life()[0][0] < self._feed.seconds:
                self._finish(self._open.popleft())
            else:
                self._receive()

    def _receive(self) -> None:
        unit, procedure = self._places[self._count % len(self._places)]
        self._count += 1
        number = f"{unit.code}-THU-{wall_ms()}-{self._count}"
        due = (self._feed.seconds * 1000 + DAY,)
        dossier = Dossier(unit, procedure, number, 1, self._count, self._packed(Step.RECEIVED), due)
        self._open.append(dossier)
        self._feed.put(dossier)

    def _finish(self, dossier: Dossier) -> None:
        dossier.changes += self._packed(Step.DONE)
        self._feed.put(dossier)
        self._finished.append(dossier.number)
        if len(self._finished) > KEPT:
            self._feed.drop(self._finished.popleft())

    def _packed(self, step: Step) -> bytes:
        return (self._feed.seconds << 4 | step).to_bytes(8, "little")
