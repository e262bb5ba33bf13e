"""A wall with a live board behind it: Redis and the dashboard as installed, and a stream worker in this process."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from opscentre import profile as profiles
from opscentre.clock import ClockAnchor, OfficeClock, wall_ms
from opscentre.domain.dossier import Batch, Snapshot, partition_of
from opscentre.domain.moments import DAY, HOUR, MINUTE, day_start
from opscentre.domain.observations import Heartbeat
from opscentre.live.writer import BoardWriter
from opscentre.pipe import topics
from opscentre.runtime import parts
from opscentre.runtime.folder import HeldFolder, free_port
from opscentre.runtime.supervisor import Supervisor
from opscentre.settings import Settings
from opscentre.store.engine import open_store
from streams.worker import Message, Worker

#: Nine in the morning of a working day (16/11/2026), so that no midnight falls into a run.
MORNING = day_start(20_773) + 9 * HOUR


class _Writer(BoardWriter):
    """Remembers when it told of each change (epoch ms)."""

    told = 0.0

    def announce(self, *given: object) -> None:
        """The moment from which on a dashboard can know."""
        self.told = time.time() * 1000
        super().announce(*given)  # type: ignore[arg-type]


class Installation:
    """``change`` gives each commune one more dossier, through SQL to the board; it begins ``at`` a moment (ms)."""

    def __init__(self, data: Path, at: int = MORNING) -> None:
        self._profile = profiles.load("thai-nguyen")
        (data / "sources.toml").write_text("", encoding="utf-8")
        self._held = HeldFolder(data)
        self._supervisor = Supervisor(data / "logs")
        redis, url, _ = parts.redis_part(data)
        self._supervisor.start([redis], 30)
        anchor = ClockAnchor(wall_ms(), at, 1.0)
        self.settings = Settings(
            data=self._held.path,
            port=free_port(),
            redis=url,
            clock=msgspec.json.encode(anchor).decode(),
            sources=str(data / "sources.toml"),
        )
        clock = OfficeClock(anchor, self._profile.calendar)
        self._now = clock.now
        self._writer = _Writer(url)
        self._partitions = self.settings.dossier_partitions
        engine = open_store(self.settings.database_url)
        self._worker = Worker(engine, self._writer, self._profile.calendar, clock)
        self._worker.assign(range(self._partitions), observations=True)
        self._offsets = [0] * self._partitions
        self._beats = 0
        units = self._profile.units.current(clock.now()).all
        self._units = [unit.code for unit in units if unit.code.isdigit()]
        #: Dossiers received today so far.
        self.received = 0
        self._number = 0

    @property
    def communes(self) -> int:
        """How many units each change touches."""
        return len(self._units)

    @property
    def url(self) -> str:
        """Where the dashboard answers."""
        return f"http://{self.settings.host}:{self.settings.port}"

    def start_dashboard(self) -> int:
        """Start the dashboard; its process's number."""
        part = parts.dashboard_part(self.settings)
        self._supervisor.start([part], 60)
        assert part.process is not None
        return part.process.pid

    def change(self, communes: int | None = None) -> float:
        """One dossier more in every commune, or in the next so many; when the board told of it (epoch ms)."""
        now = self._now()
        taken = []
        touched = [self._units[(self._number + k) % len(self._units)] for k in range(communes or len(self._units))]
        for unit in touched:
            self._number += 1
            number = f"{unit}-261116-{self._number:07}"
            snapshot = Snapshot(
                source="bench", number=number, status=2, observed=now, version=now, unit=unit, channel=2,
                procedure="2.000488", submitted=now - MINUTE, received=now - MINUTE, due=now + 3 * DAY,
            )  # fmt: skip
            taken.append(snapshot)
        self.received += len(touched)
        return self.take(taken)

    def take(self, snapshots: Iterable[Snapshot]) -> float:
        """Count changes; when the board told of them (epoch ms)."""
        queue: dict[int, list[Snapshot]] = {}
        for one in snapshots:
            queue.setdefault(partition_of(one.source, one.number, self._partitions), []).append(one)
        messages = []
        for partition, snapshots in queue.items():
            value = msgspec.json.encode(Batch(snapshots))
            messages.append(Message(topics.DOSSIERS, partition, self._offsets[partition], value))
            self._offsets[partition] += 1
        messages.append(Message(topics.OBSERVATIONS, 0, self._beats, msgspec.json.encode(Heartbeat(at=wall_ms()))))
        self._beats += 1
        self._worker.digest(messages)
        return self._writer.told

    def stop(self) -> None:
        """End everything."""
        self._supervisor.stop()
        self._held.release()


@contextmanager
def installation(data: Path, changes: int = 20) -> Iterator[Installation]:
    """An installation for the while, after so many changes."""
    made = Installation(data)
    try:
        for _ in range(changes):
            made.change()
        yield made
    finally:
        made.stop()
