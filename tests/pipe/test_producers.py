"""What a collector may rely on, whichever pipe it appends to."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from opscentre.pipe import topics
from opscentre.pipe.base import PipeError, Producer, open_producer
from opscentre.pipe.embedded import keep_seconds, log_path
from opscentre.pipe.kafka import KafkaProducer, bootstrap_servers
from tests.parts.kafka import Kafka


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty pipe."""
    if request.param == "embedded":
        return f"embedded://{tmp_path / 'events.db'}"
    return str(request.getfixturevalue("empty_kafka").url)


@pytest.fixture
def producer(url: str) -> Iterator[Producer]:
    """A producer on an empty pipe with three partitions of dossiers."""
    opened = open_producer(url, 3)
    yield opened
    opened.close()


def test_the_products_topics_are_made(producer: Producer) -> None:
    assert producer.partitions(topics.DOSSIERS) == 3
    assert producer.partitions(topics.OBSERVATIONS) == 1
    assert producer.partitions(topics.DEAD_LETTERS) == 1


def test_offsets_come_back_in_the_order_of_the_messages(producer: Producer) -> None:
    assert producer.append(topics.DOSSIERS, [(0, b"a"), (2, b"b"), (0, b"c")]) == [0, 0, 1]
    assert producer.append(topics.DOSSIERS, [(2, b"d"), (1, b"e")]) == [1, 0]
    assert producer.append(topics.DOSSIERS, []) == []


def test_any_thread_may_append(producer: Producer) -> None:
    def append(_: int) -> list[int]:
        return producer.append(topics.DOSSIERS, [(1, b"x"), (1, b"y")])

    with ThreadPoolExecutor(4) as threads:
        offsets = sorted(offset for pair in threads.map(append, range(20)) for offset in pair)
    assert offsets == list(range(40))


def test_opening_again_goes_on_where_it_was(url: str, producer: Producer) -> None:
    producer.append(topics.OBSERVATIONS, [(0, b"a")])
    again = open_producer(url, 3)
    assert again.append(topics.OBSERVATIONS, [(0, b"b")]) == [1]
    again.close()


def test_another_number_of_partitions_is_refused(url: str, producer: Producer) -> None:
    with pytest.raises(PipeError, match="has 3 partitions, 5 are asked for; set OPSCENTRE_PARTITIONS=3"):
        open_producer(url, 5)


def test_an_unknown_topic_or_partition_is_refused(producer: Producer) -> None:
    with pytest.raises(PipeError, match="no topic 'nowhere'"):
        producer.partitions("nowhere")
    with pytest.raises(PipeError, match="has partitions 0 to 2, not 3"):
        producer.append(topics.DOSSIERS, [(0, b"a"), (3, b"b")])
    assert producer.append(topics.DOSSIERS, [(0, b"a")]) == [0]


def test_a_closed_producer_says_so(url: str) -> None:
    opened = open_producer(url, 3)
    opened.partitions(topics.DOSSIERS)
    opened.close()
    opened.close()
    with pytest.raises(PipeError, match="closed"):
        opened.append(topics.DOSSIERS, [(0, b"a")])


@pytest.mark.kafka
def test_a_broker_that_is_down_is_told_and_one_that_comes_back_is_used_again(empty_kafka: Kafka) -> None:
    opened = KafkaProducer(empty_kafka.url, 3, timeout_seconds=3)
    opened.append(topics.DOSSIERS, [(0, b"a")])
    empty_kafka.kill()
    with pytest.raises(PipeError, match=rf"cannot append to .* on Kafka at {empty_kafka.bootstrap}: .*check that"):
        opened.append(topics.DOSSIERS, [(0, b"b")])
    with pytest.raises(PipeError, match="cannot connect on Kafka"):
        KafkaProducer(empty_kafka.url, 3, timeout_seconds=3)
    empty_kafka.start()
    slow = KafkaProducer(empty_kafka.url, 3)
    assert slow.append(topics.DOSSIERS, [(0, b"c")])[0] >= 1
    slow.close()
    opened.close()


@pytest.mark.parametrize(
    "broker", ["embedded:events.db", "embedded://relative/events.db", "embedded:///", "sqlite:///tmp/events.db"]
)
def test_a_broker_url_that_names_no_file_is_refused(broker: str) -> None:
    with pytest.raises(PipeError, match=r"want embedded:///absolute/path/events\.db"):
        log_path(broker)


def test_the_url_says_how_long_messages_are_kept() -> None:
    assert keep_seconds("embedded:///data/events.db") == 7 * 86400
    assert keep_seconds("embedded:///data/events.db?keep=3600") == 3600
    assert log_path("embedded:///data/a%20b/events.db?keep=3600") == Path("/data/a b/events.db")
    for wrong in ("soon", "-5", "nan", "inf"):
        with pytest.raises(PipeError, match="want seconds, 0 or more"):
            keep_seconds(f"embedded:///data/events.db?keep={wrong}")


def test_a_kafka_url_names_its_brokers() -> None:
    assert bootstrap_servers("kafka://one:9093;two:9094") == ["one:9093", "two:9094"]
    assert bootstrap_servers("kafka://one;kafka://[::1]:9094") == ["one:9092", "[::1]:9094"]
    for wrong in ("kafka://", "redis://one:1", "kafka://one:port", ""):
        with pytest.raises(PipeError, match="want kafka://host:port"):
            bootstrap_servers(wrong)
