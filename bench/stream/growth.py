"""Start-up of the stream role on a year's dossiers in PostgreSQL, and what memory it has then for each of them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import msgspec
import psutil
import redis
from sqlalchemy import Engine, text

from bench.stream.changes import NOW, PARTITIONS, year
from bench.stream.delay import STANDING, counts
from bench.stream.table import ROOT, Parts
from opscentre.domain.calendar import Calendar
from opscentre.domain.counting import SETTLEMENT_RULES, Held
from opscentre.domain.dossier import partition_of
from opscentre.domain.fold import DossierState
from opscentre.pipe import topics
from opscentre.pipe.base import open_producer
from opscentre.settings import Settings
from opscentre.store import journal
from opscentre.store.engine import open_store
from streams.ledger import Ledger

#: Dossiers counted before their rows are written.
_SLICE = 20_000
#: Dossiers of the mix in which all are open: enough to tell what each one takes.
ALL_OPEN = 130_000

_encode = msgspec.json.Encoder().encode


class Started(NamedTuple):
    """A stream role that shows live numbers: seconds from its process's start, its memory in bytes, its time."""

    seconds: float
    resident: int
    peak: int
    cpu: float


def measure(parts: Parts, folder: Path, dossiers: int) -> None:
    """Start the role on nothing, on a year's dossiers (one in ten open), and on open ones only; print all."""
    nothing, _ = _run(parts, folder, 0, 10)
    found, filled = _run(parts, folder, dossiers, 10)
    print(
        f"\nstart-up with {dossiers:,} dossiers in PostgreSQL, one in ten not over (filled in {filled:.0f} s): "
        f"{found.seconds:.1f} s from the start of the process to the first live number (goal 25 for 1,300,000), "
        f"{found.cpu:.1f} s of its processor; with none at all {nothing.seconds:.1f} s"
    )
    _print_memory("one in ten not over", found, nothing, dossiers)
    amount = min(dossiers, ALL_OPEN)
    only_open, _ = _run(parts, folder, amount, 1)
    _print_memory(f"all of {amount:,} open", only_open, nothing, amount)


def _print_memory(what: str, found: Started, nothing: Started, dossiers: int) -> None:
    each, peak = ((one - other) / dossiers for one, other in zip(found[1:3], nothing[1:3], strict=True))
    print(
        f"memory, {what}: {each:.0f} bytes a dossier (goal 350), {peak:.0f} at the peak; "
        f"{found.resident / 1e6:.0f} MB resident, {nothing.resident / 1e6:.0f} MB of them with no dossier",
        flush=True,
    )


def _run(parts: Parts, folder: Path, dossiers: int, still_open: int) -> tuple[Started, float]:
    """Fill a fresh database, start the role on it; also how long the filling took."""
    name = parts.postgres.create_database()
    settings = Settings(
        data=folder, broker=parts.kafka.url, database=parts.postgres.database_url(name), redis=parts.redis.url,
        clock=STANDING, partitions=PARTITIONS,
    )  # fmt: skip
    try:
        begun = time.perf_counter()
        engine = open_store(settings.database_url)
        fill(engine, dossiers, still_open)
        engine.dispose()
        filled = time.perf_counter() - begun
        return _start(parts, settings, dossiers), filled
    finally:
        parts.postgres.drop_database(name)


def fill(engine: Engine, dossiers: int, still_open: int) -> None:
    """Write the rows that a worker would have left."""
    calendar = Calendar()
    claims = journal.take_over(engine, topics.DOSSIERS, range(PARTITIONS))
    for begin in range(0, dossiers, _SLICE):
        held: list[list[Held]] = [[] for _ in range(PARTITIONS)]
        for state in year(begin, min(begin + _SLICE, dossiers), still_open=still_open):
            partition = partition_of(*state.snapshot.key, PARTITIONS)
            held[partition].append(_held(state, partition))
        entries = journal.Entries()
        for partition, rows in enumerate(held):
            # Their settlements are missing: what a worker would write of them is what we want.
            entries.dossiers += Ledger(partition, calendar).load_anew(rows, NOW)
        journal.write(engine, entries)
    made = {partition: (SETTLEMENT_RULES, claim) for partition, claim in claims.items()}
    journal.write(engine, journal.Entries(settled_by=made))
    if engine.dialect.name != "postgresql":
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # As the database would have done by itself over the year.
        connection.execute(text("VACUUM ANALYZE dossiers"))


def _held(state: DossierState, partition: int) -> Held:
    snapshot = state.snapshot
    nothing: dict[str, None] = dict.fromkeys(("received", "finished", "settled"))
    return Held(
        source=snapshot.source, number=snapshot.number, partition=partition, unit=snapshot.unit, field="",
        procedure="", state=_encode(state), **nothing,
    )  # fmt: skip


def _start(parts: Parts, settings: Settings, dossiers: int) -> Started:
    parts.kafka.wipe()
    open_producer(settings.broker_url, PARTITIONS).close()
    board = redis.Redis.from_url(settings.redis_url)
    board.flushall()
    log = settings.data / f"growth-{dossiers}.log"
    with log.open("wb") as said:
        begun = time.perf_counter()
        role = subprocess.Popen(
            [sys.executable, "-m", "opscentre", "stream"], cwd=ROOT, stdout=said, stderr=said,
            env={**os.environ, **settings.environment()},
        )  # fmt: skip
    try:
        while len(found := counts(board)) < PARTITIONS or sum(found) < dossiers:
            if time.perf_counter() - begun > 600 or role.poll() is not None:
                raise RuntimeError(f"no live number: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)
        seconds = time.perf_counter() - begun
        process = psutil.Process(role.pid)
        cpu = sum(process.cpu_times()[:2])
        # What it needed only while it started goes back before it is looked at.
        time.sleep(3.0)
        return Started(seconds, process.memory_info().rss, _peak(role.pid), cpu)
    finally:
        role.terminate()
        role.wait(60)


def _peak(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"/proc/{pid}/status has no VmHWM")
