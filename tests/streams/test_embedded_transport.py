"""What the embedded transport refuses, where keys land on it, and which rows it drops."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faust
import pytest
from faust.exceptions import ImproperlyConfigured
from faust.types import TP

from opscentre.pipe.base import PipeError
from opscentre.pipe.eventlog import Entry, EventLog
from streams.transport import refuse_second_worker, register, registry
from streams.transport.lock import WorkerLock
from streams.transport.producer import choose_partition

TOPIC = "dossiers"


def make_app(path: Path, **settings: Any) -> faust.App:
    """A Faust app on an event log, not started."""
    register()
    return faust.App("trial", broker=f"embedded://{path}", datadir=str(path.parent), web_enabled=False, **settings)


def with_consumer(path: Path, scene: Callable[[Any], Any]) -> None:
    """Play a scene with a started consumer of a topic of one partition that holds ten messages."""
    log = EventLog(path)
    log.create_topic(TOPIC, 1)
    log.append(TOPIC, [Entry(0, b"%d" % number) for number in range(10)])
    log.close()

    async def play() -> None:
        app = make_app(path)
        consumer = app.transport.create_consumer(
            callback=app.topics.on_message,
            on_partitions_revoked=app._on_partitions_revoked,
            on_partitions_assigned=app._on_partitions_assigned,
        )
        await consumer.start()
        try:
            consumer._assigned = {TP(TOPIC, 0)}
            await consumer.seek_to_committed()
            await scene(consumer)
        finally:
            await consumer.stop()

    asyncio.run(play())


def test_another_faust_than_the_one_it_was_tried_with_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry.faust, "__version__", "0.16.0")
    with pytest.raises(ImproperlyConfigured, match=r"tried with faust-streaming 0\.15\.3, this is 0\.16\.0"):
        register()


def test_exactly_once_is_refused(tmp_path: Path) -> None:
    async def make() -> None:
        app = make_app(tmp_path / "events.db", processing_guarantee="exactly_once")
        with pytest.raises(ImproperlyConfigured, match="at least once only"):
            app.transport.create_consumer(callback=app.topics.on_message)

    asyncio.run(make())


def test_tables_are_refused(tmp_path: Path) -> None:
    async def start() -> None:
        app = make_app(tmp_path / "events.db", store="memory://")
        app.Table("overdue", default=int)
        with pytest.raises(ImproperlyConfigured, match=r"tables \['overdue'\].*keep state in SQL"):
            await app.consumer.start()

    asyncio.run(start())


def test_two_broker_urls_are_refused(tmp_path: Path) -> None:
    register()
    urls = f"embedded://{tmp_path}/a.db;embedded://{tmp_path}/b.db"
    app = faust.App("trial", broker=urls, datadir=str(tmp_path), web_enabled=False)
    with pytest.raises(ImproperlyConfigured, match="one file, give one URL"):
        _ = app.transport


def test_the_file_may_lie_in_a_folder_with_a_vietnamese_name(tmp_path: Path) -> None:
    path = tmp_path / "dữ liệu" / "events.db"
    transport: Any = make_app(path).transport
    assert transport.path == path


def test_a_second_worker_is_refused_in_one_line_before_it_starts(tmp_path: Path) -> None:
    broker = f"embedded://{tmp_path / 'events.db'}"
    refuse_second_worker(broker, "stream")
    lock = WorkerLock(tmp_path / "events.db", "stream")
    lock.acquire()
    with pytest.raises(ImproperlyConfigured, match=r"process \d+ already works on this event log"):
        refuse_second_worker(broker, "stream")
    refuse_second_worker(broker, "another group")
    refuse_second_worker("kafka://127.0.0.1:9", "stream")
    lock.release()
    refuse_second_worker(broker, "stream")


def test_keys_land_where_kafka_puts_them() -> None:
    # Murmur2 of these keys, as Kafka's own partitioner spreads them over 12.
    assert [choose_partition(TOPIC, key, 12) for key in (b"21", b"foobar", b"a-little-bit-long-string")] == [
        (-973932308 & 0x7FFFFFFF) % 12,
        (-790332482 & 0x7FFFFFFF) % 12,
        (-985981536 & 0x7FFFFFFF) % 12,
    ]
    with pytest.raises(PipeError, match="no topic 'dossiers'"):
        choose_partition(TOPIC, b"21", 0)


def test_no_partition_left_to_read_means_nothing_is_read(tmp_path: Path) -> None:
    async def scene(consumer: Any) -> None:
        assert await consumer._getmany(set(), timeout=0.05) == {}
        assert await consumer.position(TP(TOPIC, 0)) == 0
        fetched = await consumer._getmany({TP(TOPIC, 0)}, timeout=1)
        assert [record.message.offset for record in fetched[TP(TOPIC, 0)]] == list(range(10))

    with_consumer(tmp_path / "events.db", scene)


def test_rows_fetched_before_the_position_moved_are_dropped(tmp_path: Path) -> None:
    async def scene(consumer: Any) -> None:
        tp = TP(TOPIC, 0)
        reading = consumer._reader.fetch
        calls = []

        def fetch_while_someone_seeks(starts: dict[TP, int]) -> Any:
            calls.append(dict(starts))
            if len(calls) == 1:
                consumer._positions[tp] = 7
            return reading(starts)

        consumer._reader.fetch = fetch_while_someone_seeks
        fetched = await consumer._getmany({tp}, timeout=1)
        assert calls == [{tp: 0}, {tp: 7}]
        assert [record.message.offset for record in fetched[tp]] == [7, 8, 9]

    with_consumer(tmp_path / "events.db", scene)


def test_what_an_agent_sends_is_appended_with_its_key(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events.db")
    log.create_topic(TOPIC, 4)

    async def send() -> None:
        app = make_app(tmp_path / "events.db")
        producer = app.transport.create_producer()
        await producer.start()
        sent = await producer.send_and_wait(TOPIC, b"foobar", b"value", None, None, None)
        assert (sent.partition, sent.offset) == (choose_partition(TOPIC, b"foobar", 4), 0)
        assert producer.key_partition(TOPIC, b"foobar") == TP(TOPIC, sent.partition)
        await producer.send(TOPIC, None, b"later", sent.partition, None, None)
        with pytest.raises(PipeError, match="carries headers"):
            await producer.send(TOPIC, None, b"x", 0, None, {"a": b"b"})
        await producer.create_topic("made", 2, 1)
        await producer.stop()
        stored = log.read(TOPIC, sent.partition, 0)
        assert [(message.key, message.value) for message in stored] == [(b"foobar", b"value"), (None, b"later")]
        assert log.partitions("made") == 2

    asyncio.run(send())
    log.close()
