"""Memory by dossier and start-up from PostgreSQL: ``python -m bench.stream.growth DATABASE DOSSIERS``.

Fills an empty database with dossiers in every state of their lives, then a fresh process loads them.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import Engine

from bench.stream.changes import NOW, PARTITIONS, whole_lives
from bench.stream.folding import memory
from bench.stream.ours import NoBoard, StandingClock
from opscentre.domain.calendar import Calendar
from opscentre.domain.dossier import partition_of
from opscentre.store import journal
from opscentre.store.engine import open_store
from streams.ledger import Ledger
from streams.worker import Worker

#: Dossiers folded before their rows are written.
_SLICE = 20_000


def fill(engine: Engine, dossiers: int) -> None:
    """Fold lives and write their rows: nine in ten are over, as after a year."""
    calendar = Calendar()
    for begin in range(0, dossiers, _SLICE):
        ledgers = {partition: Ledger(partition, calendar) for partition in range(PARTITIONS)}
        for snapshot in whole_lives(begin, min(begin + _SLICE, dossiers)):
            ledgers[partition_of(snapshot.source, snapshot.number, PARTITIONS)].apply(snapshot, NOW)
        entries = journal.Entries()
        for ledger in ledgers.values():
            changes = ledger.drain()
            entries.dossiers += changes.dossiers
        journal.write(engine, entries)


def load(engine: Engine) -> dict[str, float]:
    """Load every partition as a starting worker does: seconds, dossiers, and bytes of memory for each."""
    worker = Worker(engine, NoBoard(), Calendar(), StandingClock())  # type: ignore[arg-type]
    gc.collect()
    before, begun, cpu = memory("VmRSS"), time.perf_counter(), time.process_time()
    worker.assign(range(PARTITIONS), observations=False)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    gc.collect()
    count = sum(len(ledger.entries) for ledger in worker.ledgers.values())
    return {"seconds": seconds, "cpu": cpu, "dossiers": count, "bytes": (memory("VmRSS") - before) / count}


def measure(url: str, dossiers: int) -> None:
    """Fill, load in a process of its own, print."""
    engine = open_store(url)
    fill(engine, dossiers)
    engine.dispose()
    done = subprocess.run(
        [sys.executable, "-m", "bench.stream.growth", url], capture_output=True, text=True, check=True, timeout=1800,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    found = json.loads(done.stdout)
    whole = found["seconds"] * 1_300_000 / found["dossiers"]
    print(f"\nstart-up with {found['dossiers']:,} dossiers in PostgreSQL: {found['seconds']:.1f} s to the counters "
          f"({found['cpu']:.1f} s of this process), {whole:.0f} s for 1,300,000 (goal 25)")  # fmt: skip
    print(f"memory: {found['bytes']:.0f} bytes a dossier (goal 350)", flush=True)


if __name__ == "__main__":
    print(json.dumps(load(open_store(sys.argv[1]))))
