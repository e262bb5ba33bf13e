"""A store, a real embedded pipe and a clock for one test, and looks into what came out."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import select

from collectors.base import Given
from opscentre import profile as profiles
from opscentre.domain.dossier import Batch, Snapshot
from opscentre.domain.moments import parse_compact
from opscentre.domain.observations import Observation
from opscentre.pipe.base import PipeError
from opscentre.pipe.embedded import EmbeddedProducer, log_path
from opscentre.pipe.eventlog import EventLog
from opscentre.pipe.topics import DOSSIERS, OBSERVATIONS
from opscentre.settings import Settings
from opscentre.sources import SourceConfig
from opscentre.store import tables
from opscentre.store.engine import open_store

NOW = parse_compact("20261121120000")
PARTITIONS = 4


class FixedClock:
    """Noon of 21 November 2026, for ever."""

    simulated = False
    speed = 1.0

    def now(self) -> int:
        """That moment."""
        return NOW


class Bench:
    """Everything a collector is given, with a real pipe and a real database in a temporary folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = Settings(data=folder)
        self.profile = profiles.load("thai-nguyen")
        self.clock = FixedClock()
        self.store = open_store(self.settings.database_url)
        self.producer = EmbeddedProducer(self.settings.broker_url, PARTITIONS)

    def close(self) -> None:
        """Let go of the files."""
        self.producer.close()
        self.store.dispose()

    def messages(self, topic: str, partition: int) -> list[bytes]:
        """The values of one partition."""
        log = EventLog(log_path(self.settings.broker_url))
        try:
            found = log.read(topic, partition, 0, limit=100_000, max_bytes=1 << 30)
            return [message.value for message in found if message.value is not None]
        finally:
            log.close()

    def snapshots(self) -> list[Snapshot]:
        """Every snapshot in the pipe, partition by partition."""
        raws = [raw for partition in range(PARTITIONS) for raw in self.messages(DOSSIERS, partition)]
        batches = [msgspec.json.decode(raw, type=Batch) for raw in raws]
        return [snapshot for batch in batches for snapshot in batch.snapshots]

    def numbers(self) -> list[str]:
        """The last four digits of every snapshot's MaHoSo, sorted."""
        return sorted(snapshot.number[-4:] for snapshot in self.snapshots())

    def observations(self) -> list[Observation]:
        """Everything on the topic of observations."""
        return [msgspec.json.decode(raw, type=Observation) for raw in self.messages(OBSERVATIONS, 0)]

    def quarantine(self) -> list[tuple[str, str, str, str]]:
        """(severity, reason, field, message) of what was set aside."""
        column = tables.quarantine.c
        with self.store.connect() as connection:
            query = select(column.severity, column.reason, column.field, column.message).order_by(column.id)
            return [tuple(row) for row in connection.execute(query)]

    def everything_written(self) -> bytes:
        """The bytes of every file in the folder: pipe, database, their logs."""
        return b"".join(path.read_bytes() for path in self.folder.rglob("*") if path.is_file())


class FailingOnce:
    """A producer whose n-th append of dossiers fails, as when the disk is full."""

    def __init__(self, inner: EmbeddedProducer, fail_on: int = 1) -> None:
        self.inner = inner
        self.left = fail_on

    def partitions(self, topic: str) -> int:
        """Those of the pipe behind it."""
        return self.inner.partitions(topic)

    def append(self, topic: str, messages: Sequence[tuple[int, bytes]]) -> list[int]:
        """Append, or fail when it is time to."""
        if topic == DOSSIERS:
            self.left -= 1
            if self.left == 0:
                raise PipeError("the disk is full; make room")
        return self.inner.append(topic, messages)

    def close(self) -> None:
        """Closed by the bench."""


def given(bench: Bench, kind: str, settings: dict[str, Any], **more: Any) -> Given:
    """What a collector of the source ``igate`` is given."""
    return Given(
        config=SourceConfig(code="igate", name="Một cửa", kind=kind, settings=settings),
        settings=bench.settings,
        profile=bench.profile,
        store=bench.store,
        producer=more.get("producer", bench.producer),
        clock=bench.clock,
        environment=more.get("environment", {"SECRET": "s3cret"}),
        stopping=threading.Event(),
        where="sources.toml, source igate",
    )
