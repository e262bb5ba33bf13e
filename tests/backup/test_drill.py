"""The drill: everything is lost, an older backup is put back, and in the end every number is the source's again."""

from __future__ import annotations

import shutil
import signal
import threading
from collections import Counter
from pathlib import Path

import pytest
import redis
from sqlalchemy import text

from collectors.sql_view.collector import make
from opscentre import profile
from opscentre.backup.restoring import restore
from opscentre.backup.taking import take
from opscentre.board import look_back
from opscentre.domain.moments import DAY, day_number, day_start
from opscentre.live.reader import BoardReader
from opscentre.settings import Settings
from tests.collectors.parts import Bench, given
from tests.collectors.test_sql_view import COLUMNS, Registry
from tests.parts.process import wait_until
from tests.parts.redis import Redis
from tests.streams.books import NOW
from tests.streams.crashes.installation import STANDING, Now, StreamWorker

PARTITIONS = 4


class Life:
    """The installation between one loss and the next: its store and pipe, a collector of the department, a worker."""

    def __init__(self, folder: Path, url: str, registry: Registry) -> None:
        self.settings = Settings(data=folder, redis=url, clock=STANDING, partitions=PARTITIONS)
        self.bench = Bench(folder)
        self.bench.settings = self.settings
        view = {"url": registry.url, "view": "v_ho_so", "columns": COLUMNS}
        self.collector = make(given(self.bench, "sql_view", view))
        self.worker: StreamWorker | None = None

    def poll(self) -> int:
        """Read what is new at the department; how many dossiers."""
        return self.collector.poll().taken

    def count(self) -> None:
        """Start the worker."""
        self.worker = StreamWorker(self.settings, "stream")

    def end(self) -> None:
        """Kill what runs."""
        if self.worker is not None:
            self.worker.leave(signal.SIGKILL)
        self.bench.close()

    def statuses(self) -> Counter[int]:
        """How many dossiers SQL has in each status."""
        with self.bench.store.connect() as connection:
            return Counter(connection.execute(text("SELECT status FROM dossiers")).scalars().all())


def at_the_source(registry: Registry) -> Counter[int]:
    with registry.engine.connect() as connection:
        return Counter(connection.execute(text("SELECT trang_thai FROM ho_so")).scalars().all())


@pytest.mark.timeout(240)
def test_after_the_loss_of_everything_an_older_backup_leads_to_the_numbers_of_the_source(
    tmp_path: Path, redis_server: Redis
):
    redis.Redis.from_url(redis_server.url).flushall()
    registry = Registry(f"sqlite:///{tmp_path / 'department.sqlite'}")
    folder = tmp_path / "data"
    folder.mkdir()
    first = Life(folder, redis_server.url, registry)
    try:
        for n in range(60):
            registry.put(n, seconds=n)
        first.poll()
        first.count()
        wait_until(lambda: first.statuses() == at_the_source(registry), 60, "the first dossiers are counted")
        # Read and in the pipe, and the cursor behind it, while the worker stands still for a moment: a backup of
        # this instant must not take the cursor for what SQL holds.
        assert first.worker is not None
        first.worker.send(signal.SIGSTOP)
        for n in range(60, 80):
            registry.put(n, seconds=n)
        assert first.poll() == 20
        going_on = threading.Timer(1.0, first.worker.send, [signal.SIGCONT])
        going_on.start()
        done = take(first.settings, first.bench.store, tmp_path / "backup.tar")
        going_on.join()
        assert done.manifest.cursors is not None
        assert done.manifest.tables["dossiers"].rows == 80
        # Afterwards the department goes on, and so does everything, until the disk is gone.
        for n in range(80, 100):
            registry.put(n, seconds=100 + n)
        for n in range(0, 80, 4):
            registry.put(n, seconds=300 + n, TrangThaiHoSo="5")
        first.poll()
        wait_until(lambda: first.statuses() == at_the_source(registry), 60, "the later dossiers are counted")
    finally:
        first.end()
    shutil.rmtree(folder)

    back = restore(first.settings, done.path)
    assert back.rows > 80
    second = Life(folder, redis_server.url, registry)
    try:
        assert second.statuses() == {4: 80}
        # Some things happen while nobody looks.
        registry.put(100, seconds=400)
        assert second.poll() == 41
        second.count()
        wait_until(lambda: second.statuses() == at_the_source(registry), 60, "the source's numbers")
        today = day_start(day_number(NOW))
        reader = BoardReader(redis_server.url, profile.load("thai-nguyen"), Now(), PARTITIONS, [], [])
        wait_until(lambda: reader.wall().state == "live", 30, "the board is whole")

        def live() -> object:
            return reader.progress_table(today - 30 * DAY, today + DAY)["total"]

        truth = look_back(second.bench.store, profile.load("thai-nguyen"), today - 30 * DAY, today + DAY, NOW)["total"]
        wait_until(lambda: live() == truth, 30, "the board says what SQL says")
        assert sum(at_the_source(registry).values()) == 101
    finally:
        second.end()
