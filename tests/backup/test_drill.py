"""The drill: everything is lost, an older backup is put back, and in the end every number is right again."""

from __future__ import annotations

import shutil
import signal
import sys
import threading
from collections import Counter
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
import redis
from sqlalchemy import insert, select, text

from collectors.sql_view.collector import make
from opscentre import cli, profile
from opscentre.backup.restoring import restore
from opscentre.backup.taking import take
from opscentre.board import look_back
from opscentre.domain.moments import DAY, day_number, day_start
from opscentre.live.reader import BoardReader
from opscentre.settings import Settings
from opscentre.store import tables
from tests.collectors.parts import Bench, given
from tests.collectors.test_sql_view import COLUMNS, Registry
from tests.parts.kafka import Kafka
from tests.parts.postgres import Postgres
from tests.parts.process import wait_until
from tests.parts.redis import Redis
from tests.streams.books import NOW, history
from tests.streams.crashes.installation import STANDING, Installation, Now, StreamWorker, tangled

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


@pytest.mark.kafka
@pytest.mark.postgres
@pytest.mark.timeout(300)
def test_an_installation_on_kafka_and_postgresql_comes_back_into_empty_ones_and_counts_on(
    empty_kafka: Kafka, postgres: Postgres, redis_server: Redis, tmp_path: Path, monkeypatch, capsys
):
    def opscentre(settings: Settings, *arguments: object) -> str:
        for name, value in settings.environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["opscentre", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        assert not ended.value.code, said.err
        return said.out

    board = redis.Redis.from_url(redis_server.url)
    board.flushall()
    lost, fresh = postgres.create_database(), postgres.create_database()
    (tmp_path / "data").mkdir()
    settings = Settings(
        data=tmp_path / "data", broker=empty_kafka.url, database=postgres.database_url(lost), redis=redis_server.url,
        clock=STANDING, partitions=PARTITIONS,
    )  # fmt: skip
    story = tangled(history(300))
    known, later = story[: len(story) // 2], story[len(story) // 2 :]
    with closing(Installation(settings, PARTITIONS)) as place:
        place.worker()
        place.send(known)
        with place.engine.begin() as connection:
            cursor = {"source": "s", "cursor": "behind what was sent", "written_at": NOW}
            connection.execute(insert(tables.cursors), [cursor])
        # At once: what Kafka holds by now and SQL does not yet is waited for.
        told = opscentre(settings, "backup", "--out", tmp_path / "b.tar")
        assert place.counted()
    assert f"{len({one.key for one in known})} dossiers" in told.replace(",", "")
    postgres.drop_database(lost)
    empty_kafka.wipe()
    board.flushall()

    (tmp_path / "again").mkdir()
    settings = msgspec.structs.replace(settings, data=tmp_path / "again", database=postgres.database_url(fresh))
    assert "every checksum right" in opscentre(settings, "restore", tmp_path / "b.tar")
    with closing(Installation(settings, PARTITIONS)) as place:
        with place.engine.connect() as connection:
            assert connection.execute(select(tables.cursors.c.cursor)).scalars().all() == ["behind what was sent"]
        place.snapshots += known
        place.worker()
        place.settle()
        # Kafka is another one, whose first messages have the offsets of the old one's.
        place.send(later)
        place.settle()
    postgres.drop_database(fresh)
