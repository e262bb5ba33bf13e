"""The product's worker over the whole topic: ``python -m bench.stream.ours BROKER N ENDS [DATABASE REDIS]``.

Without a database and a Redis the worker runs in memory only: what it would write is dropped.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Iterable
from typing import Any

import faust

from bench.stream.changes import NOW, PARTITIONS
from bench.stream.folding import Watch
from opscentre.clock import RealClock
from opscentre.domain.calendar import Calendar
from opscentre.live.writer import BoardWriter, Flush
from opscentre.store import journal
from opscentre.store.engine import open_store
from streams import ledger
from streams.app import Cycle, create_app
from streams.worker import Message, Worker


class StandingClock(RealClock):
    """The moment of every change's fold is the same for all contenders."""

    def now(self) -> int:
        """Always NOW."""
        return NOW


class NoBoard:
    """A board that is nowhere: whatever is written to it counts as written."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: True

    def prepare(self, ledger: Any, *_: Any, **__: Any) -> Flush:
        """Nothing, and the ledger's changes count as taken."""
        for changed in (name for name in vars(ledger) if name.startswith("dirty_")):
            getattr(ledger, changed).clear()
        for tally in ledger.tallies.values():
            tally.take_changes()
        return Flush(partition=ledger.partition, day=0, dossiers=0, units={}, days={}, hours={})


class Watched(Worker):
    """The worker, with a look at the watch before the first message and after the last."""

    watch: Watch

    def begin(self, messages: Iterable[Message]) -> None:
        """Count a cycle; after the last change the measurement is printed and the process ends."""
        messages = list(messages)
        if messages:
            self.watch.begin()
        super().begin(messages)
        if messages and all(self._ends.get(p, 0) <= one.next_offset for p, one in self.ledgers.items()):
            self.finish()
            self.watch.count(self._expected)
            self.watch.report(self.ledgers)
            os._exit(0)

    def expect(self, changes: int, ends: dict[int, int]) -> None:
        """How many changes the topic holds, and the end offset of each partition."""
        self.watch, self._expected, self._ends = Watch(changes), changes, ends


def main() -> None:
    """Run the worker until it has folded everything."""
    logging.basicConfig(level=logging.WARNING)
    broker, count, ends = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    stored = len(sys.argv) > 4
    with tempfile.TemporaryDirectory() as data:
        engine = open_store(sys.argv[4] if stored else f"sqlite:///{data}/nothing.db")
        board: Any = BoardWriter(sys.argv[5]) if stored else NoBoard()
        if not stored:
            journal.write = lambda *_: None  # type: ignore[assignment]
            # Nobody would give a settled dossier back.
            ledger.RESTING = sys.maxsize
        worker = Watched(engine, board, Calendar(), StandingClock())
        worker.expect(count, {p: int(end) for p, end in enumerate(ends.split(","))})
        app = create_app(Cycle(worker), broker, PARTITIONS, data)
        faust.Worker(app, loglevel="WARNING", override_logging=False, quiet=True).execute_from_commandline()


if __name__ == "__main__":
    main()
