"""What the stream relies on, held to on both pipes: the event log always, Kafka where there is a broker."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.parts.kafka import Kafka
from tests.streams.pipes import PARTITIONS, ROOT, EmbeddedPipe, KafkaPipe, Pipe


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
def pipe(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pipe]:
    """A topic of four partitions on either transport."""
    made: Pipe
    if request.param == "embedded":
        made = EmbeddedPipe(tmp_path)
    else:
        broker = request.getfixturevalue("empty_kafka")
        made = KafkaPipe(broker.url, broker.bootstrap, tmp_path)
    yield made
    made.close()


def by_partition(seen: list[tuple[int, int]]) -> dict[int, list[int]]:
    """The offsets of each partition, in the order they were seen."""
    offsets: dict[int, list[int]] = {partition: [] for partition in range(PARTITIONS)}
    for partition, offset in seen:
        offsets[partition].append(offset)
    return offsets


def everywhere(offset: int) -> dict[int, int]:
    """The same offset for every partition."""
    return dict.fromkeys(range(PARTITIONS), offset)


def test_messages_reach_the_agent_in_partition_order_and_commits_follow(pipe: Pipe) -> None:
    pipe.fill(50)
    worker = pipe.worker()
    worker.wait_seen(50 * PARTITIONS)
    pipe.wait_committed(worker, everywhere(50))
    pipe.fill(30)
    seen = worker.wait_seen(80 * PARTITIONS)
    assert by_partition(seen) == {partition: list(range(80)) for partition in range(PARTITIONS)}
    pipe.wait_committed(worker, everywhere(80))


def test_sigkill_of_the_worker_loses_nothing(pipe: Pipe) -> None:
    everything = pipe.fill(200)
    first = pipe.worker(slow="0.002")
    first.wait_seen(300)
    first.kill()
    seen = first.seen()
    assert len(seen) < len(everything), "killed too late to prove anything"
    for partition, committed in pipe.committed().items():
        assert committed <= len(by_partition(seen)[partition]), "committed past what was handled"
    second = pipe.worker()
    second.wait(lambda: {*seen, *second.seen()} == everything, "some messages never came again")


def test_sigterm_repeats_nothing(pipe: Pipe) -> None:
    everything = pipe.fill(200)
    first = pipe.worker(slow="0.002")
    first.wait_seen(300)
    first.stop()
    seen = first.seen()
    assert len(seen) < len(everything), "stopped too late to prove anything"
    assert pipe.committed() == {partition: len(offsets) for partition, offsets in by_partition(seen).items()}
    second = pipe.worker()
    second.wait_seen(len(everything) - len(seen))
    assert sorted(seen + second.seen()) == sorted(everything)


def test_timers_tick_with_and_without_messages(pipe: Pipe) -> None:
    worker = pipe.worker(tick="0.1")
    worker.wait(lambda: len(worker.lines("tick")) >= 5, "the timer does not tick while nothing comes")
    pipe.fill(100)
    worker.wait_seen(100 * PARTITIONS)
    ticks = len(worker.lines("tick"))
    worker.wait(lambda: len(worker.lines("tick")) >= ticks + 5, "the timer does not tick after messages came")


def test_a_slow_agent_holds_reading_back_instead_of_filling_memory(pipe: Pipe) -> None:
    worker = pipe.worker(slow="0.02")
    pipe.fill(2)
    worker.wait_seen(2 * PARTITIONS)
    before = psutil.Process(worker.process.pid).memory_info().rss
    # 1,600 messages of 100 kB: 160 MB wait in the pipe.
    pipe.fill(400, size=100_000)
    worker.wait_seen(100)
    grown = psutil.Process(worker.process.pid).memory_info().rss - before
    assert len(worker.seen()) < 1000, "the agent was not slow"
    assert grown < 80 << 20, f"the worker grew by {grown >> 20} MB"


def test_a_batch_is_committed_once_it_is_acknowledged_and_comes_again_when_it_was_not(pipe: Pipe) -> None:
    pipe.append([(0, b"%d" % number) for number in range(100)])
    first = pipe.worker(mode="manual", hold="60")
    first.wait_seen(100)
    pipe.wait_committed(first, {0: 60})
    first.kill()
    second = pipe.worker(mode="manual")
    second.wait_seen(40)
    pipe.wait_committed(second, {0: 100})
    assert second.seen() == [(0, offset) for offset in range(60, 100)]
    second.stop()
    assert pipe.committed() == {0: 100}


def test_sigterm_waits_for_the_batches_under_way_and_repeats_nothing(pipe: Pipe) -> None:
    everything = pipe.fill(200)
    first = pipe.worker(mode="manual", slow="0.002")
    first.wait_seen(100)
    first.stop()
    seen = first.seen()
    assert len(seen) < len(everything), "stopped too late to prove anything"
    second = pipe.worker(mode="manual")
    second.wait_seen(len(everything) - len(seen))
    pipe.wait_committed(second, everywhere(200))
    assert sorted(seen + second.seen()) == sorted(everything)


def test_each_partition_starts_at_the_offset_it_is_told(pipe: Pipe) -> None:
    pipe.fill(40)
    first = pipe.worker(start_at=json.dumps({0: 30, 1: 0, 2: 40}))
    assert first.starts() == {0: 30, 1: 0, 2: 40, 3: 0}
    first.wait_seen(10 + 40 + 0 + 40)
    pipe.wait_committed(first, everywhere(40))
    assert by_partition(first.seen()) == {0: [*range(30, 40)], 1: [*range(40)], 2: [], 3: [*range(40)]}
    first.stop()

    # Now back behind what is committed, to 0 and to an offset; on beyond the end; and without one.
    second = pipe.worker(start_at=json.dumps({0: 0, 1: 35, 2: 99_999}))
    assert second.starts() == {0: 0, 1: 35, 2: 0, 3: 0}
    second.wait_seen(40 + 5 + 40 + 40)
    pipe.wait_committed(second, everywhere(40))
    pipe.fill(5)
    seen = second.wait_seen(40 + 5 + 40 + 40 + 5 * PARTITIONS)
    assert by_partition(seen) == {0: [*range(45)], 1: [*range(35, 45)], 2: [*range(45)], 3: [*range(45)]}
    pipe.wait_committed(second, everywhere(45))


def test_a_restart_goes_on_after_committed_messages_were_trimmed(pipe: Pipe) -> None:
    pipe.fill(20)
    first = pipe.worker()
    first.wait_seen(20 * PARTITIONS)
    pipe.wait_committed(first, everywhere(20))
    first.stop()
    pipe.fill(10)
    pipe.trim_committed()
    assert pipe.ends() == dict.fromkeys(range(PARTITIONS), (20, 30))
    second = pipe.worker()
    second.wait_seen(10 * PARTITIONS)
    pipe.wait_committed(second, everywhere(30))
    assert by_partition(second.seen()) == {partition: [*range(20, 30)] for partition in range(PARTITIONS)}
    second.stop()
    # Told to start where nothing is left, it starts at what is.
    third = pipe.worker(start_at=json.dumps(everywhere(3)))
    assert third.starts() == everywhere(20)


WRITER = """
import sys
from opscentre.pipe.base import open_producer
producer = open_producer(sys.argv[1], int(sys.argv[3]))
for round in range(50):
    producer.append(sys.argv[2], [(partition, sys.argv[4].encode()) for partition in range(int(sys.argv[3]))])
producer.close()
"""


def test_two_writing_processes_neither_lose_nor_tear_each_others_messages(pipe: Pipe) -> None:
    worker = pipe.worker()
    arguments = [sys.executable, "-c", WRITER, pipe.url, pipe.topic, str(PARTITIONS)]
    writers = [subprocess.Popen([*arguments, name], cwd=ROOT) for name in ("A", "B")]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    seen = worker.wait_seen(2 * 50 * PARTITIONS)
    assert by_partition(seen) == {partition: list(range(100)) for partition in range(PARTITIONS)}
    assert sorted(text for *_, text in worker.lines("seen")) == ["A"] * 50 * PARTITIONS + ["B"] * 50 * PARTITIONS


@pytest.mark.kafka
def test_workers_on_kafka_share_the_partitions_and_the_last_one_takes_them_all(
    empty_kafka: Kafka, tmp_path: Path
) -> None:
    pipe = KafkaPipe(empty_kafka.url, empty_kafka.bootstrap, tmp_path)
    try:
        everything = pipe.fill(10)
        first = pipe.worker()
        first.wait_seen(10 * PARTITIONS)
        second = pipe.worker()
        pipe.wait_committed(first, everywhere(10))

        def both_work() -> bool:
            everything.update(pipe.fill(1))
            return bool(second.seen()) and len(first.seen()) + len(second.seen()) >= len(everything)

        second.wait(both_work, "the second worker gets no partition")
        first.kill()
        everything |= pipe.fill(50)
        second.wait(lambda: {*first.seen(), *second.seen()} == everything, "the share of the killed one lies idle")
        pipe.wait_committed(second, {partition: high for partition, (_, high) in pipe.ends().items()})
    finally:
        pipe.close()


def test_a_second_worker_on_one_event_log_is_refused_by_name(tmp_path: Path) -> None:
    pipe = EmbeddedPipe(tmp_path)
    try:
        first = pipe.worker()
        first.wait(lambda: bool(first.lines("up")), "the worker does not come up")
        second = pipe.worker()
        assert second.process.wait(20) != 0
        said = second.log.read_text(encoding="utf-8")
        assert f"process {first.process.pid} already works on this event log" in said
        first.kill()
        third = pipe.worker()
        third.wait(lambda: bool(third.lines("up")), "a killed worker still holds the lock")
    finally:
        pipe.close()


def test_a_worker_whose_topic_is_missing_says_so_and_ends(tmp_path: Path) -> None:
    pipe = EmbeddedPipe(tmp_path)
    try:
        pipe.topic = "never-made"
        worker = pipe.worker()
        assert worker.process.wait(20) != 0
        assert "no topics ['never-made']; create them with" in worker.log.read_text(encoding="utf-8")
    finally:
        pipe.close()


def test_an_idle_worker_on_the_event_log_costs_little(tmp_path: Path) -> None:
    pipe = EmbeddedPipe(tmp_path)
    try:
        worker = pipe.worker(mode="manual")
        pipe.fill(1)
        worker.wait_seen(PARTITIONS)
        process = psutil.Process(worker.process.pid)
        used = process.cpu_percent(interval=2.0)
        assert used < 25, f"{used} % of a core while idle"
    finally:
        pipe.close()
