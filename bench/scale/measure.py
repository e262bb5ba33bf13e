"""Runs the real stream worker for a short while and reads from the outside what a change costs."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec
import psutil
import redis
from sqlalchemy import Engine, func, select, text

from bench.scale.model import Measured
from bench.stream.changes import PACKED, PARTITIONS
from bench.stream.changes import changes as generated
from bench.stream.delay import STANDING
from bench.stream.growth import fill
from opscentre.domain.dossier import Batch, Snapshot, partition_of
from opscentre.pipe import topics
from opscentre.pipe.base import Producer, open_producer
from opscentre.settings import Settings
from opscentre.store import journal, tables
from opscentre.store.engine import open_store
from tests.parts.kafka import Kafka
from tests.parts.postgres import Postgres
from tests.parts.process import PartMissing, Server, free_port, wait_until
from tests.parts.redis import Redis
from tests.parts.scrape import scrape

ROOT = Path(__file__).parents[2]
#: Messages of the steady run are sent this often, as a collector does.
TICK = 0.02
_WITHIN = 120.0
#: Dossiers of a year that are there from the start, one in ten of them not over: for memory.
FILLED = 40_000

SERVER = TypeVar("SERVER", bound=Server)

_encode = msgspec.json.Encoder().encode


class Spent(msgspec.Struct):
    """What was used up to a moment."""

    at: float
    worker: float
    servers: float
    commands: int
    flushes: float

    def since(self, before: Spent) -> Spent:
        """What was used between two moments."""
        return Spent(*(now - then for now, then in zip(_values(self), _values(before), strict=True)))


def _values(spent: Spent) -> tuple[float, ...]:
    return tuple(getattr(spent, name) for name in spent.__struct_fields__)


class Site:
    """One worker with its pipe, SQL and Redis, and what they have used."""

    def __init__(self, settings: Settings, servers: list[Server], cache: redis.Redis, metrics: int) -> None:
        self.settings = settings
        self.engine: Engine = open_store(settings.database_url)
        self.producer: Producer = open_producer(settings.broker_url, settings.dossier_partitions)
        self.metrics = metrics
        self._servers = servers
        self._cache = cache
        self._role: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start the worker and wait until every partition is its own; its memory in bytes then."""
        with (self.settings.data / "stream.log").open("ab") as log:
            self._role = subprocess.Popen(
                [sys.executable, "-m", "opscentre", "stream"], cwd=ROOT, stdout=log, stderr=log,
                env={**os.environ, **self.settings.environment()},
            )  # fmt: skip
        wanted = self.settings.dossier_partitions
        wait_until(
            lambda: scrape(self.metrics).sum("opscentre_stream_partitions") == wanted, _WITHIN,
            f"the worker has no partitions: see {self.settings.data}/stream.log",
        )  # fmt: skip
        time.sleep(1.5)
        return float(psutil.Process(self._role.pid).memory_info().rss)

    def stop(self) -> None:
        """End the worker in order."""
        if self._role is not None:
            self._role.terminate()
            self._role.wait(30)
            self._role = None

    def close(self) -> None:
        """End the worker and let go of the parts."""
        self.stop()
        self.producer.close()
        self.engine.dispose()

    def spent(self) -> Spent:
        """What has been used so far."""
        assert self._role is not None
        return Spent(
            at=time.perf_counter(),
            worker=sum(psutil.Process(self._role.pid).cpu_times()[:2]),
            servers=sum(_cpu(server) for server in self._servers),
            commands=self._cache.info("stats")["total_commands_processed"],
            flushes=scrape(self.metrics).sum("opscentre_stream_sql_flush_seconds_count"),
        )

    def send(self, changes: list[Snapshot], size: int) -> tuple[dict[int, int], int]:
        """Append changes in messages of ``size``; the last offset of each partition, and the bytes."""
        waiting: dict[int, list[Snapshot]] = {}
        messages = []
        for change in changes:
            partition = partition_of(*change.key, self.settings.dossier_partitions)
            waiting.setdefault(partition, []).append(change)
            if len(waiting[partition]) == size:
                messages.append((partition, _encode(Batch(waiting.pop(partition)))))
        messages += [(partition, _encode(Batch(batch))) for partition, batch in waiting.items()]
        offsets = self.producer.append(topics.DOSSIERS, messages)
        ends = {partition: offset for (partition, _), offset in zip(messages, offsets, strict=True)}
        return ends, sum(len(value) for _, value in messages)

    def wait_counted(self, ends: dict[int, int]) -> None:
        """Wait until SQL holds everything up to these offsets."""

        def counted() -> bool:
            stored = journal.next_offsets(self.engine, topics.DOSSIERS, ends)
            return all(stored[partition] > end for partition, end in ends.items())

        wait_until(counted, _WITHIN, f"not everything is counted: see {self.settings.data}/stream.log")

    def rows(self) -> tuple[int, int]:
        """Dossiers and transitions in SQL."""
        with self.engine.connect() as connection:
            dossiers, transitions = (
                connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in (tables.dossiers, tables.transitions)
            )
        return dossiers, transitions

    def disk(self) -> int:
        """Bytes that dossiers and transitions take in SQL, indexes included."""
        with self.engine.connect() as connection:
            if self.engine.dialect.name == "postgresql":
                sizes = "SELECT pg_total_relation_size('dossiers') + pg_total_relation_size('transitions')"
                return int(connection.execute(text(sizes)).scalar_one())
            pages = connection.execute(text("PRAGMA page_count")).scalar_one()
            size = connection.execute(text("PRAGMA page_size")).scalar_one()
            return int(pages * size)


def measure(backlog: int, rate: float, seconds: float, *, embedded: bool) -> tuple[str, Measured]:
    """What was measured with, in a phrase, and what it came to."""
    with _site(embedded=embedded) as (site, where):
        empty = site.start()
        site.stop()
        fill(site.engine, FILLED, still_open=10)
        full = site.start()
        before = site.spent()
        time.sleep(seconds)
        idle = site.spent().since(before)

        changes = lives("backlog", backlog)
        filled = site.disk()
        before = site.spent()
        ends, size = site.send(changes, PACKED)
        site.wait_counted(ends)
        caught_up = site.spent().since(before)

        _, transitions = site.rows()
        before = site.spent()
        sent = _steadily(site, rate, seconds)
        steady = site.spent().since(before)
        held, more = site.rows()
        disk = site.disk() - filled
    idle_worker, idle_servers = idle.worker / idle.at, idle.servers / idle.at
    return where, Measured(
        worker_change=max(0.0, steady.worker - idle_worker * steady.at) / sent,
        servers_change=max(0.0, steady.servers - idle_servers * steady.at) / sent,
        worker_backlog=caught_up.worker / len(changes),
        worker_idle=idle_worker,
        servers_idle=idle_servers,
        worker_bytes=empty,
        dossier_bytes=max(0.0, full - empty) / FILLED,
        redis_change=max(0.0, steady.commands - idle.commands / idle.at * steady.at) / sent,
        redis_idle=idle.commands / idle.at,
        # A row for each dossier changed, one for each transition, one offset a transaction.
        sql_rows_change=(sent + more - transitions + steady.flushes) / sent,
        sql_bytes_dossier=disk / (held - FILLED),
        pipe_bytes_change=size / len(changes),
    )


def lives(source: str, count: int) -> list[Snapshot]:
    """So many changes of dossiers of a source of their own: what is known already would cost less."""
    return [msgspec.structs.replace(change, source=source) for change in generated(count)]


def _steadily(site: Site, rate: float, seconds: float) -> int:
    """Send changes at a steady rate, and wait until they are counted; how many that were."""
    count = int(rate * seconds)
    changes = lives("steady", count)
    begun, sent, ends = time.perf_counter(), 0, {}
    while sent < count:
        due = min(count, int((time.perf_counter() - begun) * rate) + 1)
        if due > sent:
            ends |= site.send(changes[sent:due], PACKED)[0]
            sent = due
        time.sleep(TICK)
    site.wait_counted(ends)
    return count


@contextlib.contextmanager
def _site(*, embedded: bool) -> Iterator[tuple[Site, str]]:
    """A site in a temporary folder: with Kafka and PostgreSQL where they are to be had."""
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as parts:
        folder, metrics = Path(name), free_port()
        servers: list[Server] = []
        settings = Settings(data=folder, clock=STANDING, stream_metrics=f"127.0.0.1:{metrics}", partitions=PARTITIONS)
        told = []
        cache = _started(Redis(folder), parts, servers)
        settings = msgspec.structs.replace(settings, redis=cache.url)
        try:
            broker = _started(_wanted(Kafka, folder, embedded), parts, servers)
            settings = msgspec.structs.replace(settings, broker=broker.url)
            told.append("Kafka")
        except PartMissing as missing:
            told.append(f"the embedded pipe (Kafka: {missing})")
        try:
            store = _started(_wanted(Postgres, folder, embedded), parts, servers)
            settings = msgspec.structs.replace(settings, database=store.database_url(store.create_database()))
            told.append("PostgreSQL")
        except PartMissing as missing:
            told.append(f"SQLite (PostgreSQL: {missing})")
        site = Site(settings, servers, redis.Redis.from_url(cache.url), metrics)
        parts.callback(site.close)
        yield site, ", ".join([*told, "Redis"])


def _wanted(kind: Callable[[Path], SERVER], folder: Path, embedded: bool) -> SERVER:
    if embedded:
        raise PartMissing("not asked for")
    return kind(folder)


def _started(server: SERVER, parts: contextlib.ExitStack, servers: list[Server]) -> SERVER:
    server.start()
    parts.callback(server.stop)
    servers.append(server)
    return server


def _cpu(server: Server) -> float:
    """Processor seconds of a server so far; of PostgreSQL with its backends, those that ended included."""
    assert server.process is not None
    head = psutil.Process(server.process.pid)
    total = 0.0
    for process in (head, *head.children(recursive=True)):
        # A backend that ends meanwhile is found with its parent, among the children that ended.
        with contextlib.suppress(psutil.NoSuchProcess):
            total += sum(process.cpu_times()[:2])
    ended = head.cpu_times()
    return total + ended.children_user + ended.children_system
