"""The stream role as a real process, killed again and again: its numbers equal a recount on either pipe."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import redis

from opscentre import profile
from opscentre.board import look_back
from opscentre.clock import ClockAnchor, RealClock
from opscentre.domain.counting import CELLS, table_row
from opscentre.domain.moments import DAY, day_number, day_start
from opscentre.live.reader import BoardReader
from opscentre.pipe import topics
from opscentre.pipe.base import Producer, open_producer
from opscentre.settings import Settings
from opscentre.store import journal
from opscentre.store.engine import open_store
from tests.parts.process import wait_until
from tests.parts.redis import Redis
from tests.parts.scrape import scrape
from tests.streams.books import NOW, batches, history, recount

ROOT = Path(__file__).parents[2]
PROVINCE = profile.load("thai-nguyen")
PARTITIONS = 4
TODAY = day_start(day_number(NOW))
#: A simulated clock that hardly moves: real time so far away that NOW stays NOW.
STANDING = msgspec.json.encode(ClockAnchor(real=2**52, simulated=NOW, speed=1.0)).decode()


class Now(RealClock):
    """The clock that the worker under test has."""

    def now(self) -> int:
        """Always NOW."""
        return NOW


class StreamRole:
    """``opscentre stream`` as a process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.log = settings.data / "stream.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "opscentre", "stream"],
                cwd=ROOT,
                env={**os.environ, **self.settings.environment()},
                stdout=log,
                stderr=log,
            )

    def end(self, number: int) -> float:
        """Send a signal; the seconds until the process was gone."""
        begun = time.monotonic()
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(20)
        return time.monotonic() - begun


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
def settings(request: pytest.FixtureRequest, tmp_path: Path, redis_server: Redis, free_port: int) -> Settings:
    redis.Redis.from_url(redis_server.url).flushall()
    common = {
        "data": tmp_path, "redis": redis_server.url, "clock": STANDING, "partitions": PARTITIONS,
        "stream_metrics": f"127.0.0.1:{free_port}",
    }  # fmt: skip
    if request.param == "embedded":
        return Settings(**common)
    return Settings(**common, broker=request.getfixturevalue("empty_kafka").url)


@pytest.fixture
def role(settings: Settings) -> Iterator[StreamRole]:
    made = StreamRole(settings)
    yield made
    made.end(signal.SIGKILL)


@pytest.fixture
def producer(settings: Settings) -> Iterator[Producer]:
    made = open_producer(settings.broker_url, PARTITIONS)
    yield made
    made.close()


def wait_counted(role: StreamRole, sent: dict[int, int], seconds: float = 60.0) -> None:
    engine = open_store(role.settings.database_url)

    def counted() -> bool:
        offsets = journal.next_offsets(engine, topics.DOSSIERS, sent)
        return all(offsets[partition] > offset for partition, offset in sent.items())

    try:
        wait_until(counted, seconds, "the stream worker has not counted everything")
    except AssertionError as error:
        raise AssertionError(f"{error}; it says:\n{role.log.read_text()[-3000:]}") from None


def test_killed_at_any_point_the_numbers_equal_a_recount(role: StreamRole, producer: Producer, settings: Settings):
    source = f"s-{uuid.uuid4().hex[:6]}"
    snapshots = history(2_000, source=source)
    sent: dict[int, int] = {}
    role.start()
    packed = batches(snapshots, PARTITIONS, size=10)
    kills = 0
    for begin in range(0, len(packed), 200):
        for partition, value in packed[begin : begin + 200]:
            sent[partition] = producer.append(topics.DOSSIERS, [(partition, value)])[0]
        if kills < 4:
            time.sleep(1.2)
            role.end(signal.SIGKILL)
            role.start()
            kills += 1
    wait_counted(role, sent)
    engine = open_store(settings.database_url)
    reader = BoardReader(settings.redis_url, PROVINCE, Now(), PARTITIONS, [], [])
    wait_until(lambda: reader.wall().state == "live", 10.0, "the board is not whole")
    start, end = TODAY - 30 * DAY, TODAY + DAY
    expected = recount(snapshots, start, end, NOW)
    for document in (look_back(engine, PROVINCE, start, end, NOW), reader.progress_table(start, end)):
        for row in document["rows"]:
            numbers = {name: part for name, part in row.items() if name != "unit"}
            assert numbers == table_row(expected.get(row["unit"]["code"], [0] * len(CELLS)))
    assert kills == 4


def test_it_tells_what_it_did_and_a_stop_takes_less_than_five_seconds_and_repeats_nothing(
    role: StreamRole, producer: Producer, settings: Settings, free_port: int
):
    snapshots = history(200, source=f"s-{uuid.uuid4().hex[:6]}")
    packed = [*batches(snapshots, PARTITIONS), (1, b"no batch")]
    role.start()
    sent = {p: producer.append(topics.DOSSIERS, [(p, value)])[0] for p, value in packed}
    wait_counted(role, sent)
    wait_until(lambda: scrape(free_port).sum("opscentre_stream_lag_messages") == 0, 10.0, "it tells of a lag")
    told = scrape(free_port)
    assert told.of("opscentre_stream_messages_total", topic=topics.DOSSIERS) == len(packed)
    assert told.sum("opscentre_stream_changes_total") == len(snapshots)
    assert told.of("opscentre_stream_changes_total", outcome="accepted") >= 200
    assert told.of("opscentre_stream_dead_letters_total") == 1
    assert told.sum("opscentre_stream_dossiers") == len({one.key for one in snapshots})
    assert told.of("opscentre_stream_partitions") == PARTITIONS
    assert told.of("opscentre_stream_redis_away") == 0
    assert 0 < time.time() - told.of("opscentre_stream_last_commit_timestamp_seconds") < 120
    for name in ("cycle", "sql_flush", "redis_flush"):
        assert 0 < told.of(f"opscentre_stream_{name}_seconds_sum") < 60
        assert told.of(f"opscentre_stream_{name}_seconds_count") > 0
    assert role.end(signal.SIGTERM) < 5
    before = journal.next_offsets(open_store(settings.database_url), topics.DOSSIERS, sent)
    role.start()
    wait_until(lambda: "assigned partitions" in role.log.read_text().split("stopp")[-1], 30.0, "not assigned again")
    assert journal.next_offsets(open_store(settings.database_url), topics.DOSSIERS, sent) == before
