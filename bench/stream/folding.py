"""What all contenders do with a message: decode it, fold it into its partition's ledger, forget the rows."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import msgspec

from bench.stream.changes import NOW
from opscentre.domain.calendar import Calendar
from opscentre.domain.dossier import Batch
from streams.ledger import Ledger

_decode = msgspec.json.Decoder(Batch).decode
#: Messages between two looks of the clock, as in the worker's cycle.
CYCLE = 200


class Fold:
    """Ledgers by partition."""

    def __init__(self) -> None:
        self.ledgers: dict[int, Ledger] = {}
        self._calendar = Calendar()
        self._since = 0

    def take(self, partition: int, value: bytes) -> int:
        """Fold one message in; the number of snapshots in it."""
        ledger = self.ledgers.get(partition)
        if ledger is None:
            ledger = self.ledgers[partition] = Ledger(partition, self._calendar)
        snapshots = _decode(value).snapshots
        for snapshot in snapshots:
            ledger.apply(snapshot, NOW)
        self._since += 1
        if self._since >= CYCLE:
            self.settle()
        return len(snapshots)

    def settle(self) -> None:
        """What ends a cycle: the clock acts, and the rows that SQL would be told are let go."""
        self._since = 0
        for ledger in self.ledgers.values():
            ledger.tick(NOW)
            ledger.drain()


class Watch:
    """Counts changes; from the first to the last of them it takes time, processor time and memory."""

    def __init__(self, expected: int) -> None:
        self.seen = 0
        self._expected = expected
        self._begun = self._cpu = 0.0

    def begin(self) -> None:
        """The first message is here (later calls change nothing)."""
        if not self._begun:
            self._begun, self._cpu = time.perf_counter(), time.process_time()

    def count(self, changes: int) -> bool:
        """Count changes; whether that was all of them."""
        self.seen += changes
        return self.seen >= self._expected

    def report(self, ledgers: dict[int, Ledger]) -> None:
        """Print the measurement as one line of JSON."""
        seconds, cpu = time.perf_counter() - self._begun, time.process_time() - self._cpu
        print(
            json.dumps(
                {
                    "changes": self.seen,
                    "seconds": seconds,
                    "cpu": cpu,
                    "peak": memory("VmHWM"),
                    "dossiers": sum(ledger.dossiers for ledger in ledgers.values()),
                    "sums": sums(ledgers),
                }
            )
        )
        sys.stdout.flush()


def memory(field: str) -> int:
    """Bytes of this process's memory, by its name in ``/proc/self/status``: VmRSS, or VmHWM for its peak."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"/proc/self/status has no {field!r}")


def sums(ledgers: dict[int, Ledger]) -> list[int]:
    """Counters added up over partitions, units and days: equal whoever folded."""
    now = [sum(column) for column in zip(*(row for one in ledgers.values() for row in one.now.values()), strict=True)]
    rows = (row for one in ledgers.values() for units in one.daily.values() for row in units.values())
    return now + [sum(column) for column in zip(*rows, strict=True)]
