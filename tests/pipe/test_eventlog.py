"""The event log keeps what it acknowledged, in order, whoever else writes and whoever is killed."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from opscentre.pipe import eventlog
from opscentre.pipe.base import PipeError
from opscentre.pipe.eventlog import Entry, EventLog

TOPIC = "dossiers"


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    """A log with one topic of two partitions."""
    made = EventLog(tmp_path / "events.db", busy_seconds=5)
    made.create_topic(TOPIC, 2)
    yield made
    made.close()


def values(log: EventLog, partition: int, offset: int = 0) -> list[bytes | None]:
    """The values of a partition from an offset on."""
    return [message.value for message in log.read(TOPIC, partition, offset, limit=10_000)]


def test_offsets_count_up_within_each_partition(log: EventLog) -> None:
    assert log.append(TOPIC, [Entry(0, b"a"), Entry(1, b"b"), Entry(0, b"c", b"key")]) == [0, 0, 1]
    assert log.append(TOPIC, [Entry(1, b"d"), Entry(0, None)]) == [1, 2]
    assert values(log, 0) == [b"a", b"c", None]
    assert [(message.offset, message.key) for message in log.read(TOPIC, 0, 1)] == [(1, b"key"), (2, None)]
    assert (log.lowest(TOPIC, 0), log.highwater(TOPIC, 0)) == (0, 3)
    assert log.append(TOPIC, []) == []


def test_a_call_is_taken_whole_or_not_at_all(log: EventLog) -> None:
    with pytest.raises(PipeError, match=r"topic 'dossiers' has partitions 0 to 1, not 2"):
        log.append(TOPIC, [Entry(0, b"a"), Entry(2, b"b")])
    assert log.highwater(TOPIC, 0) == 0
    with pytest.raises(PipeError, match="there is no topic 'other'"):
        log.append("other", [Entry(0, b"a")])
    with pytest.raises(PipeError, match="no partition 5 of 'dossiers'; it has 2"):
        log.highwater(TOPIC, 5)


def test_a_topic_keeps_its_partitions(log: EventLog) -> None:
    assert log.create_topic(TOPIC, 8) == 2
    assert log.create_topic("links", 1) == 1
    assert log.topics() == ["dossiers", "links"]
    assert log.partitions("never made") == 0
    with pytest.raises(PipeError, match="asked for 0 partitions"):
        log.create_topic("none", 0)


def test_reading_stops_at_a_count_and_at_a_size_but_gives_at_least_one(log: EventLog) -> None:
    log.append(TOPIC, [Entry(0, b"x" * 100) for _ in range(10)])
    assert len(log.read(TOPIC, 0, 0, limit=3)) == 3
    assert len(log.read(TOPIC, 0, 0, max_bytes=250)) == 2
    assert len(log.read(TOPIC, 0, 8, max_bytes=1)) == 1
    assert log.read(TOPIC, 0, 10) == []
    assert log.read(TOPIC, 1, 0) == []


def test_timestamps_never_fall_within_a_partition_though_the_clock_is_set_back(log: EventLog) -> None:
    for now in (1000, 400, 2000):
        log.append(TOPIC, [Entry(0, b"a")], now_ms=now)
    assert [message.timestamp_ms for message in log.read(TOPIC, 0, 0)] == [1000, 1000, 2000]


def test_each_group_has_offsets_of_its_own(log: EventLog) -> None:
    assert log.committed("stream", TOPIC, 0) is None
    log.commit("stream", {(TOPIC, 0): 3, (TOPIC, 1): 0})
    log.commit("stream", {(TOPIC, 0): 5})
    log.commit("alerts", {(TOPIC, 0): 1})
    assert [log.committed("stream", TOPIC, partition) for partition in (0, 1)] == [5, 0]
    assert log.committed("alerts", TOPIC, 0) == 1


def test_only_what_every_group_has_read_and_what_is_old_is_trimmed(
    log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eventlog, "TRIM_STEP", 3)
    for second in range(20):
        log.append(TOPIC, [Entry(0, b"%d" % second), Entry(1, b"never read")], now_ms=second * 1000)
    assert log.trim(0, now_ms=10**9) == 0, "nobody has read anything"
    log.commit("stream", {(TOPIC, 0): 16})
    log.commit("alerts", {(TOPIC, 0): 11})
    assert log.trim(12, now_ms=20_000) == 8, "seconds 0 to 7 are older than 12 s"
    assert log.lowest(TOPIC, 0) == 8
    assert log.trim(0, now_ms=20_000) == 3, "the slower group still wants offset 11"
    assert (log.lowest(TOPIC, 0), log.highwater(TOPIC, 0)) == (11, 20)
    assert values(log, 0)[0] == b"11"
    assert log.lowest(TOPIC, 1) == 0
    assert len(values(log, 1)) == 20


def test_offsets_go_on_after_everything_was_trimmed(log: EventLog, tmp_path: Path) -> None:
    log.append(TOPIC, [Entry(0, b"a"), Entry(0, b"b")])
    log.commit("stream", {(TOPIC, 0): 2})
    assert log.trim(-1) == 2
    assert (log.lowest(TOPIC, 0), log.highwater(TOPIC, 0)) == (2, 2)
    again = EventLog(tmp_path / "events.db")
    assert again.append(TOPIC, [Entry(0, b"c")]) == [2]
    again.close()


def test_a_reader_notices_that_another_connection_has_appended(log: EventLog, tmp_path: Path) -> None:
    reader = EventLog(tmp_path / "events.db", durable=False)
    before = reader.data_version()
    assert reader.data_version() == before
    log.append(TOPIC, [Entry(0, b"a")])
    assert reader.data_version() != before
    reader.close()


def test_appends_reach_the_disk_before_they_are_acknowledged(log: EventLog, tmp_path: Path) -> None:
    full, normal = 2, 1
    assert log._db.execute("PRAGMA synchronous").fetchone() == (full,)
    reader = EventLog(tmp_path / "events.db", durable=False)
    assert reader._db.execute("PRAGMA synchronous").fetchone() == (normal,)
    reader.close()


APPENDER = """
import sys
from pathlib import Path
from opscentre.pipe.eventlog import Entry, EventLog
log = EventLog(Path(sys.argv[1]))
log.create_topic("dossiers", 2)
for number in range(int(sys.argv[3])):
    offsets = log.append("dossiers", [Entry(i % 2, f"{sys.argv[2]} {number} {i}".encode()) for i in range(7)])
    print(number, *offsets, flush=True)
"""


def appender(path: Path, name: str, calls: int) -> subprocess.Popen[str]:
    """A process that appends batches of seven and prints each one's offsets once it is acknowledged."""
    command = [sys.executable, "-c", APPENDER, str(path), name, str(calls)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("acknowledged", [1, 20, 150])
def test_what_was_acknowledged_is_there_after_the_writer_was_killed(tmp_path: Path, acknowledged: int) -> None:
    path = tmp_path / "events.db"
    writer = appender(path, "w", 1_000_000)
    assert writer.stdout is not None
    said = [writer.stdout.readline() for _ in range(acknowledged)]
    writer.kill()
    said += writer.stdout.readlines()
    writer.wait()
    log = EventLog(path)
    read = {partition: log.read("dossiers", partition, 0, limit=100_000) for partition in (0, 1)}
    for partition, messages in read.items():
        assert [message.offset for message in messages] == list(range(log.highwater("dossiers", partition)))
    for line in filter(lambda line: line.endswith("\n"), said):
        number, *offsets = map(int, line.split())
        for index, offset in enumerate(offsets):
            assert read[index % 2][offset].value == f"w {number} {index}".encode()
    assert sum(map(len, read.values())) % 7 == 0, "a batch is torn"
    assert log.append("dossiers", [Entry(0, b"next")]) == [len(read[0])]
    log.close()


def test_processes_that_append_at_once_share_out_the_offsets(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    writers = [appender(path, name, 40) for name in ("A", "B", "C")]
    said = [line.split() for writer in writers for line in writer.communicate(timeout=60)[0].splitlines()]
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    evens = sorted(int(offset) for _, *offsets in said for offset in offsets[0::2])
    odds = sorted(int(offset) for _, *offsets in said for offset in offsets[1::2])
    assert evens == list(range(3 * 40 * 4))
    assert odds == list(range(3 * 40 * 3))


def test_a_full_disk_is_told_and_nothing_of_the_call_stays(log: EventLog) -> None:
    pages = log._db.execute("PRAGMA page_count").fetchone()[0]
    log._db.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(PipeError, match=r"cannot write to the event log .*full; free space on its disk"):
        log.append(TOPIC, [Entry(0, b"x" * 100_000)])
    assert log.highwater(TOPIC, 0) == 0
    log._db.execute("PRAGMA max_page_count = 100000")
    assert log.append(TOPIC, [Entry(0, b"x" * 100_000)]) == [0]


def test_a_writer_that_never_lets_go_is_told(log: EventLog, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "events.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    hasty = EventLog(tmp_path / "events.db", busy_seconds=0.1)
    with pytest.raises(PipeError, match="locked; another process holds it for too long"):
        hasty.append(TOPIC, [Entry(0, b"a")])
    other.execute("ROLLBACK")
    assert hasty.append(TOPIC, [Entry(0, b"a")]) == [0]
    hasty.close()
    other.close()


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(PipeError, match=r"cannot open the event log .*make the folder and the file writable"):
        EventLog(tmp_path / "folder")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(PipeError, match=r"cannot open the event log .*a file stands where the folder should be"):
        EventLog(tmp_path / "file" / "events.db")


def test_a_file_that_is_no_event_log_is_told(tmp_path: Path) -> None:
    (tmp_path / "events.db").write_bytes(b"not a database, but long enough to be taken for one" * 50)
    with pytest.raises(PipeError, match="the file is damaged: move it away"):
        EventLog(tmp_path / "events.db")


def test_a_log_of_a_later_format_is_left_alone(log: EventLog, tmp_path: Path) -> None:
    log._db.execute("PRAGMA user_version = 9")
    with pytest.raises(PipeError, match="written in format 9, this program knows 1"):
        EventLog(tmp_path / "events.db")


def test_a_closed_log_refuses_in_the_pipes_own_words(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events.db")
    log.create_topic(TOPIC, 1)
    log.close()
    with pytest.raises(PipeError, match="closed"):
        log.append(TOPIC, [Entry(0, b"a")])
