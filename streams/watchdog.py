"""The watchdog: ends a worker that stands still, so that the supervisor starts one that moves.

Faust's consumers are known to die quietly: the process lives, its heartbeats are in order, and nothing is
digested any more. What is held against that are two signs of life. The worker's cycle comes round ten times a
second, also when nothing arrives; and the offset that SQL holds of each partition follows the end that the pipe
itself tells. A restart loses nothing, because a worker begins where SQL says.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from opscentre.pipe.base import PipeError
from opscentre.pipe.outage import outage
from streams.ends import Ends, Place

log = logging.getLogger(__name__)

#: Exit code of a worker that the watchdog ended.
STOOD_STILL = 71
#: How much longer loading may take than anything else: a province's states come from SQL before the first cycle.
LOADING = 20
#: Looks within the time after which standing still is an error, and seconds between two of them at most.
LOOKS = 10
LOOK_EVERY = 2.0


class Life(Protocol):
    """What a worker shows of itself; read from another thread."""

    #: Whether it starts or takes partitions over, and cannot move meanwhile.
    loading: bool
    #: Cycles that have come round.
    rounds: int

    @property
    def sql_away(self) -> bool:
        """Whether it waits for an SQL that does not answer: no new process would move either."""
        ...

    def positions(self) -> Mapping[Place, int]:
        """The offset that SQL holds of each (topic, partition) that is ours."""
        ...


def end_process(reason: str) -> None:
    """End this process at once: a wedged worker would not stop by itself."""
    log.critical("the stream worker stands still and is ended, the supervisor starts a new one: %s", reason)
    for handler in logging.getLogger().handlers:
        handler.flush()
    os._exit(STOOD_STILL)


class Watchdog:
    """Looks at a worker every few seconds, in a thread of its own: a wedged event loop is noticed too."""

    def __init__(
        self,
        life: Life,
        open_ends: Callable[[], Ends],
        stalled_after: float,
        end: Callable[[str], None] = end_process,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``stalled_after``: seconds without a sign of life after which ``end`` is called with the reason."""
        self._life = life
        self._open_ends = open_ends
        self._ends: Ends | None = None
        self._stalled_after = stalled_after
        self._every = min(LOOK_EVERY, stalled_after / LOOKS)
        self._end = end
        self._monotonic = monotonic
        self._looked = monotonic()
        self._loading = True
        self._rounds = -1
        self._since_round = 0.0
        self._positions: dict[Place, int] = {}
        self._still: dict[Place, float] = {}
        self._pipe_away = False
        self._behind: dict[Place, int] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Watch no more: the worker is about to end by itself."""
        self._stopping.set()

    def behind(self) -> dict[Place, int]:
        """Messages of each of our (topic, partition)s that SQL did not hold at the last look; from any thread."""
        return self._behind

    @property
    def pipe_away(self) -> bool:
        """Whether the pipe did not answer at the last look; from any thread."""
        return self._pipe_away

    def look(self) -> None:
        """One look; calls ``end`` when the worker stands still."""
        now = self._monotonic()
        # A machine that slept, or a process that was halted for a while, has not stood still all that time.
        passed, self._looked = min(now - self._looked, 2 * self._every), now
        if self._life.sql_away:
            passed = 0.0
        loading = self._life.loading
        if loading != self._loading:
            self._loading, self._since_round = loading, 0.0
        self._look_at_rounds(passed)
        if loading:
            self._still.clear()
            self._behind = {}
        else:
            self._look_at_positions(passed)

    def _look_at_rounds(self, passed: float) -> None:
        rounds = self._life.rounds
        limit = self._stalled_after * (LOADING if self._loading else 1)
        self._since_round = self._since_round + passed if rounds == self._rounds else 0.0
        self._rounds = rounds
        if self._since_round >= limit:
            what = "loading has not ended" if self._loading else "its cycle has not come round"
            self._end(f"for {self._since_round:.0f} s {what}, after {rounds} cycles")

    def _look_at_positions(self, passed: float) -> None:
        positions = dict(self._life.positions())
        ends = self._ask(positions)
        if ends is None:
            return
        before, self._positions = self._positions, positions
        self._behind = {place: max(0, ends[place] - position) for place, position in positions.items()}
        self._still = {
            place: self._still.get(place, 0.0) + passed
            for place, position in positions.items()
            if before.get(place) == position < ends[place]
        }
        stalled = {place: still for place, still in self._still.items() if still >= self._stalled_after}
        if stalled:
            told = "; ".join(
                f"partition {partition} of {topic} at {positions[topic, partition]} of {ends[topic, partition]} "
                f"for {still:.0f} s"
                for (topic, partition), still in sorted(stalled.items())
            )
            self._end(f"nothing is digested although there is something: {told}")

    def _ask(self, positions: Mapping[Place, int]) -> Mapping[Place, int] | None:
        """The ends of the partitions; None while the pipe does not tell: without it nobody can be behind."""
        if not positions:
            return {}
        try:
            if self._ends is None:
                self._ends = self._open_ends()
            ends = self._ends.ask(positions)
        except PipeError as error:
            # Of an outage of Kafka one line is enough, and its client has had it.
            if not self._pipe_away and not outage.under_way:
                log.warning("the watchdog cannot see how far the pipe is: %s", error)
            self._pipe_away = True
            return None
        self._pipe_away = False
        return ends

    def _run(self) -> None:
        while not self._stopping.wait(self._every):
            try:
                self.look()
            except Exception:
                # A watchdog that died of a surprise would be missed only when it is needed.
                log.exception("the watchdog could not look; it looks again in %.1f s", self._every)
        if self._ends is not None:
            self._ends.close()
