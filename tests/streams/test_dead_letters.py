"""What nobody can digest: it crashes nothing, costs no good dossier, and is told in SQL and on its own topic."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import signal
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from sqlalchemy import Engine, func, select

from opscentre.board import look_back
from opscentre.domain.counting import CELLS, table_row
from opscentre.domain.dossier import Batch, Snapshot, partition_of
from opscentre.domain.moments import DAY
from opscentre.live.reader import BoardReader
from opscentre.pipe import topics
from opscentre.pipe.base import PipeError, Producer, open_producer
from opscentre.pipe.embedded import KEEP_SECONDS, log_path
from opscentre.pipe.eventlog import Entry, EventLog
from opscentre.settings import Settings
from opscentre.store import dead_letters, tables
from opscentre.store.engine import open_store
from streams.dead_letters import LARGEST_PAYLOAD, Notice, Publisher, compose, notice
from streams.digestion import read_batch
from streams.ledger import Ledger
from streams.worker import Message, Worker
from tests.parts.kafka import Kafka
from tests.parts.process import wait_until
from tests.streams.books import NOW, history, recount
from tests.streams.fuzz import ODD, Mix
from tests.streams.test_stream_role import Now, StreamRole, settings, wait_counted  # noqa: F401 - a fixture
from tests.streams.test_worker import (  # noqa: F401 - fixtures
    PARTITIONS,
    PROVINCE,
    TODAY,
    care,
    clock,
    make_worker,
    reader,
    worker,
)

# -- nothing is lost, nothing crashes


def agree(document: dict, expected: dict[str, list[int]]) -> None:
    """The progress table is that of the recount, cell by cell."""
    for row in document["rows"]:
        numbers = {name: part for name, part in row.items() if name != "unit"}
        assert numbers == table_row(expected.get(row["unit"]["code"], [0] * len(CELLS))), row["unit"]


def numbered(messages: Sequence[tuple[str, int, bytes]]) -> list[Message]:
    """As a pipe would hand them out."""
    offsets: dict[tuple[str, int], int] = {}
    found = []
    for topic, partition, value in messages:
        offset = offsets.get((topic, partition), 0)
        offsets[topic, partition] = offset + 1
        found.append(Message(topic, partition, offset, value))
    return found


def test_of_ten_thousand_spoilt_messages_none_crashes_anything_nor_costs_a_good_dossier(
    worker: Worker,  # noqa: F811
    engine: Engine,
    reader: BoardReader,  # noqa: F811
):
    mix = Mix(10_000, PARTITIONS)
    queue = numbered(mix.messages)
    for begin in range(0, len(queue), 200):
        worker.digest(queue[begin : begin + 200])
    care(worker)
    start, end = TODAY - 30 * DAY, TODAY + DAY
    expected = recount(mix.good, start, end, NOW)
    agree(look_back(engine, PROVINCE, start, end, NOW), expected)
    agree(reader.progress_table(start, end), expected)
    with engine.connect() as connection:
        known = set(connection.execute(select(tables.dossiers.c.source, tables.dossiers.c.number)).tuples())
        seen = select(tables.observations.c.code).where(tables.observations.c.kind.in_(("source", "link")))
        codes = set(connection.execute(seen).scalars())
        letters = connection.execute(select(func.count()).select_from(tables.dead_letters)).scalar_one()
        moved = set(connection.execute(select(tables.transitions.c.source)).scalars())
    assert known == {snapshot.key for snapshot in mix.good}
    assert codes == mix.seen
    assert moved == {"s"}
    assert letters > 5_000


def test_a_spoilt_message_cannot_stop_the_clock_later(worker: Worker, clock, engine: Engine):  # noqa: F811
    for begin in range(0, 600, 100):
        worker.digest(
            Message(topics.DOSSIERS, 0, begin + place, value)
            for place, (_, _, value) in enumerate(Mix(100, 1, seed=begin).messages)
        )
    for days in (1, 40, 400, 9_000):
        clock.at = NOW + days * DAY
        worker.digest([])


@pytest.mark.parametrize(
    "spoilt",
    [
        {"received": NOW - DAY, "due": 10**17},
        {"received": NOW + DAY, "submitted": 0},
        {"received": NOW - DAY, "channel": 9},
    ],
    ids=["due when no calendar is", "filed when no calendar was", "by no known channel"],
)
def test_a_snapshot_that_fails_while_it_is_folded_in_leaves_nothing_behind(spoilt: dict[str, int]):
    ledger = Ledger(0, PROVINCE.calendar)
    bad = Snapshot(source="s", number="x", status=2, observed=NOW, version=1, **spoilt)  # type: ignore[arg-type]
    with pytest.raises((ValueError, KeyError)):
        ledger.apply(bad, NOW)
    assert ledger.drain()[1:] == ([], [], [])
    assert (ledger.entries, ledger.now, ledger.daily, ledger.tick(NOW + 9 * DAY)) == ({}, {}, {}, 0)


# -- what was settled long ago


def test_settled_letters_go_after_their_time_and_open_ones_and_untold_ones_stay(engine: Engine):
    names = ("open", "dismissed long ago", "dismissed lately", "sent again", "sent lately", "tried in vain", "untold")
    letters = {name: compose(topics.DOSSIERS, 0, n, "bad", name.encode(), NOW) for n, name in enumerate(names)}
    with engine.begin() as connection:
        dead_letters.write(connection, list(letters.values()))
    dead_letters.mark_sent(engine, [one for name, one in letters.items() if name != "untold"])
    long_ago, lately = [NOW - 91 * DAY], [NOW - 89 * DAY]
    for name, at in (("dismissed long ago", long_ago), ("dismissed lately", lately), ("untold", long_ago)):
        dead_letters.dismiss(engine, [letters[name]], at[0], "An", "a test")
    for name, at in (("sent again", long_ago), ("sent lately", long_ago + lately), ("tried in vain", long_ago)):
        for moment in at:
            number = dead_letters.begin_redrive(engine, [letters[name]], moment, "An")
            if name != "tried in vain":
                dead_letters.end_redrive(engine, [letters[name]], number, 7)
    assert dead_letters.prune(engine, NOW - 90 * DAY) == 2
    assert dead_letters.prune(engine, NOW - 90 * DAY) == 0
    left = {one.letter.payload.decode() for one in dead_letters.listed(engine, closed=True)}
    assert left == set(names) - {"dismissed long ago", "sent again"}
    with engine.connect() as connection:
        for table in (tables.dead_letter_redrives, tables.dead_letter_dismissals):
            digests = set(connection.execute(select(table.c.digest)).scalars())
            assert not digests & {letters[name].digest for name in ("dismissed long ago", "sent again")}


# -- reading a batch


def test_of_a_half_bad_batch_each_bad_snapshot_is_kept_by_itself_and_the_good_ones_keep_their_places():
    good = history(3)[:3]
    pieces = [msgspec.json.encode(one) for one in good]
    bad = b'{"source":"s","number":"x","status":NaN,"observed":1}'
    value = b'{"snapshots":[' + b" ,\n".join([pieces[0], bad, *pieces[1:]])
    value += b'],"receipt":"r-1","places":["a","b","c","d"]}'
    batch, refused = read_batch(value)
    assert batch == Batch(good, "r-1", ["a", "c", "d"])
    assert [one.payload for one in refused] == [b'{"snapshots":[' + bad + b'],"receipt":"r-1"}']
    assert "JSON is malformed" in refused[0].reason


def test_of_a_batch_that_was_cut_what_stands_before_the_cut_is_taken():
    good = history(3)[:3]
    value = msgspec.json.encode(Batch(good))
    batch, refused = read_batch(value[: value.rindex(b'"source"') + 12])
    assert batch.snapshots == good[:2]
    assert len(refused) == 1


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd[:12].decode("ascii", "replace"))
def test_whatever_stands_between_two_good_snapshots_costs_neither(odd: bytes):
    good = history(2)[:2]
    pieces = [msgspec.json.encode(one) for one in good]
    batch, refused = read_batch(b'{"snapshots":[' + b",".join([pieces[0], odd, pieces[1]]) + b"]}")
    assert batch.snapshots == good
    assert len(refused) == 1


def test_a_backslash_before_u0000_is_no_nul():
    snapshot = msgspec.structs.replace(history(1)[0], unit_seen="\\u0000")
    assert read_batch(msgspec.json.encode(Batch([snapshot]))).batch.snapshots == [snapshot]
    spoilt = msgspec.structs.replace(snapshot, unit_seen="\\\x00")
    assert read_batch(msgspec.json.encode(Batch([spoilt]))).batch.snapshots == []


def test_a_reason_is_short_and_bears_a_terminal_and_sql():
    letter = compose("t", 0, 1, "saw '\x00\x1b[31m\ud800' " + "x" * 9_000, b"payload", NOW)
    assert letter.reason.startswith(r"saw '\x00\x1b[31m\ud800' xxx")
    assert len(letter.reason) == 500
    assert letter.digest == hashlib.sha256(b"payload").hexdigest()


# -- the topic of dead letters


class Sink:
    """A producer that keeps what it is given, and fails when it is told to."""

    def __init__(self) -> None:
        self.sent: list[Notice] = []
        self.away = False

    def append(self, topic: str, messages: Sequence[tuple[int, bytes]]) -> list[int]:
        """Keep the messages."""
        if self.away:
            raise PipeError("the pipe is away")
        assert topic == topics.DEAD_LETTERS
        self.sent += [msgspec.json.decode(value, type=Notice) for _, value in messages]
        return list(range(len(messages)))

    def partitions(self, topic: str) -> int:
        """One."""
        return 1

    def close(self) -> None:
        """Nothing to let go of."""


def test_the_topic_hears_of_each_letter_once_and_of_what_was_missed_later(worker: Worker, engine: Engine):  # noqa: F811
    sink = Sink()
    publisher = Publisher(engine, sink, worker.positions)
    worker.digest(Message(topics.DOSSIERS, 1, n, b"bad %d" % n) for n in range(250))
    sink.away = True
    with pytest.raises(PipeError):
        publisher.send()
    sink.away = False
    assert publisher.send() == 250
    assert publisher.send() == 0
    assert sorted(one.offset for one in sink.sent) == list(range(250))
    first = min(sink.sent, key=lambda one: one.offset)
    assert (first.topic, first.partition, first.at) == (topics.DOSSIERS, 1, NOW)
    assert base64.b64decode(first.payload or "") == b"bad 0"
    assert first.digest == hashlib.sha256(b"bad 0").hexdigest()


def test_killed_before_it_was_noted_a_letter_is_sent_again_with_the_same_place_and_digest(
    worker: Worker,  # noqa: F811
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
):
    sink = Sink()
    worker.digest([Message(topics.OBSERVATIONS, 0, 0, b"bad")])

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as cut:
        cut.setattr(dead_letters, "mark_sent", killed)
        with pytest.raises(KeyboardInterrupt):
            Publisher(engine, sink, worker.positions).send()
    assert Publisher(engine, sink, worker.positions).send() == 1
    assert sink.sent[0] == sink.sent[1]


def test_a_worker_sends_the_letters_of_its_own_partitions_only(worker: Worker, engine: Engine):  # noqa: F811
    sink = Sink()
    worker.digest(Message(topics.DOSSIERS, partition, 0, b"bad") for partition in range(PARTITIONS))
    assert Publisher(engine, sink, lambda: [(topics.DOSSIERS, 2)]).send() == 1
    assert Publisher(engine, sink, list).send() == 0
    assert Publisher(engine, sink, worker.positions).send() == PARTITIONS - 1


def test_what_is_too_large_for_a_message_is_told_without_its_payload():
    letter = compose("t", 0, 1, "too much", b"x" * (LARGEST_PAYLOAD + 1), NOW)
    told = json.loads(notice(letter))
    assert told["payload"] is None
    assert told["digest"] == letter.digest
    assert len(notice(compose("t", 0, 1, "fits", b"x" * LARGEST_PAYLOAD, NOW))) < 1_000_000


def test_in_the_embedded_pipe_dead_letters_go_by_age_and_nothing_else_does(tmp_path: Path):
    url = f"embedded://{tmp_path / 'events.db'}"
    open_producer(url, PARTITIONS).close()
    log = EventLog(log_path(url))
    for second in range(10):
        for topic in (topics.DEAD_LETTERS, topics.DOSSIERS):
            log.append(topic, [Entry(0, b"x")], now_ms=second * 1000)
    # A reader that never came back must not hold them up.
    log.commit("somebody else", {(topics.DEAD_LETTERS, 0): 1})
    assert log.trim(3, unread=(topics.DEAD_LETTERS,), now_ms=10_000) == 7
    assert log.lowest(topics.DEAD_LETTERS, 0) == 7
    assert log.lowest(topics.DOSSIERS, 0) == 0
    log.close()


@pytest.mark.kafka
def test_on_kafka_the_topic_of_dead_letters_is_kept_for_seven_days(empty_kafka: Kafka):
    open_producer(empty_kafka.url, PARTITIONS).close()

    async def ask() -> str:
        admin = AIOKafkaAdminClient(bootstrap_servers=empty_kafka.bootstrap)
        await admin.start()
        try:
            wanted = ConfigResource(ConfigResourceType.TOPIC, topics.DEAD_LETTERS, {"retention.ms": None})
            answer = await admin.describe_configs([wanted])
            return str(answer[0].resources[0][4][0][1])
        finally:
            await admin.close()

    assert asyncio.run(ask()) == str(int(KEEP_SECONDS * 1000))


# -- the real role, on both pipes


@pytest.fixture
def role(settings: Settings) -> Iterator[StreamRole]:  # noqa: F811
    made = StreamRole(settings)
    yield made
    made.end(signal.SIGKILL)


def told(url: str) -> list[Notice]:
    """Every message of the topic of dead letters."""
    if url.startswith("embedded:"):
        log = EventLog(log_path(url))
        values = [message.value for message in log.read(topics.DEAD_LETTERS, 0, 0, limit=10_000, max_bytes=1 << 30)]
        log.close()
    else:
        values = asyncio.run(_told_by_kafka(url.removeprefix("kafka://")))
    return [msgspec.json.decode(value or b"", type=Notice) for value in values]


async def _told_by_kafka(server: str) -> list[bytes]:
    consumer = AIOKafkaConsumer(bootstrap_servers=server)
    await consumer.start()
    try:
        place = TopicPartition(topics.DEAD_LETTERS, 0)
        end = (await consumer.end_offsets([place]))[place]
        consumer.assign([place])
        await consumer.seek_to_beginning(place)
        found: list[bytes] = []
        while len(found) < end:
            for messages in (await consumer.getmany(timeout_ms=500)).values():
                found += [message.value for message in messages]
        return found
    finally:
        await consumer.stop()


def append_all(producer: Producer, messages: Sequence[tuple[str, int, bytes]]) -> dict[int, int]:
    """Append in order; the last offset of each dossiers partition."""
    sent: dict[int, int] = {}
    for topic, partition, value in messages:
        offset = producer.append(topic, [(partition, value)])[0]
        if topic == topics.DOSSIERS:
            sent[partition] = offset
    return sent


def test_the_real_role_takes_spoilt_messages_in_its_stride(role: StreamRole, settings: Settings):  # noqa: F811
    source = f"s-{uuid.uuid4().hex[:6]}"
    mix = Mix(500, PARTITIONS, source=source)
    last = next(s for s in history(50, seed=99, source=source) if partition_of(*s.key, PARTITIONS) == 0)
    mix.good.append(last)
    role.start()
    producer = open_producer(settings.broker_url, PARTITIONS)
    sent = append_all(producer, [*mix.messages, (topics.DOSSIERS, 0, msgspec.json.encode(Batch([last])))])
    wait_counted(role, sent)
    producer.close()
    store = open_store(settings.database_url)
    reader = BoardReader(settings.redis_url, PROVINCE, Now(), PARTITIONS, [], [])  # noqa: F811
    wait_until(lambda: reader.wall().state == "live", 30.0, "the board is not whole")
    start, end = TODAY - 30 * DAY, TODAY + DAY
    expected = recount(mix.good, start, end, NOW)
    truth = look_back(store, PROVINCE, start, end, NOW)
    agree(truth, expected)
    # The board follows SQL by a moment.
    wait_until(lambda: reader.progress_table(start, end)["rows"] == truth["rows"], 10.0, "the board follows SQL")
    letters = {(one.letter.topic, one.letter.partition, one.letter.offset, one.letter.digest)
               for one in dead_letters.listed(store)}  # fmt: skip
    assert len(letters) > 200
    wait_until(lambda: len(told(settings.broker_url)) >= len(letters), 30.0, "the topic has not heard of every letter")
    assert {(one.topic, one.partition, one.offset, one.digest) for one in told(settings.broker_url)} == letters
    log = role.log.read_text()
    assert "Traceback" not in log
    assert role.end(signal.SIGTERM) < 10


def test_an_empty_message_of_the_embedded_pipe_is_a_dead_letter_like_any_other(tmp_path: Path, redis_server):
    settings = Settings(data=tmp_path, redis=redis_server.url)  # noqa: F811
    role = StreamRole(settings)
    open_producer(settings.broker_url, PARTITIONS).close()
    log = EventLog(log_path(settings.broker_url))
    for topic in (topics.DOSSIERS, topics.OBSERVATIONS):
        log.append(topic, [Entry(0, None)])
    log.close()
    role.start()
    try:
        store = open_store(settings.database_url)
        wait_until(lambda: dead_letters.count(store) == 2, 60.0, "no dead letters of the empty messages")
        assert {one.letter.payload for one in dead_letters.listed(store)} == {b""}
    finally:
        role.end(signal.SIGKILL)
