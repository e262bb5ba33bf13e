"""A worker that was replaced and does not know it, step by step: no write of its wins, whatever it was about to do."""

from __future__ import annotations

import msgspec
import pytest
import redis
from sqlalchemy import Engine, select

from opscentre.domain.moments import DAY
from opscentre.domain.observations import Heartbeat, SourceSeen
from opscentre.live import keys
from opscentre.live.reader import BoardReader
from opscentre.live.writer import BoardWriter
from opscentre.pipe import topics
from opscentre.store import journal, tables
from streams.showing import Picture
from streams.worker import Message, Worker
from tests.parts.redis import Redis
from tests.streams.books import NOW, batches, history
from tests.streams.crashes.installation import PROVINCE, TODAY
from tests.streams.test_worker import PARTITIONS, StandingClock, care, messages


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(NOW)


@pytest.fixture
def start(engine: Engine, redis_server: Redis, board: redis.Redis, clock: StandingClock):
    def make() -> Worker:
        worker = Worker(engine, BoardWriter(redis_server.url), PROVINCE.calendar, clock)
        worker.assign(range(PARTITIONS), observations=True)
        return worker

    return make


def picture(board: redis.Redis) -> dict[bytes, object]:
    """Everything on the board but the marks of who wrote it."""
    found: dict[bytes, object] = {}
    for key in sorted(board.scan_iter()):
        if b":meta:" in key or key.endswith(b":observer"):
            continue
        found[key] = board.hgetall(key) if board.type(key) == b"hash" else board.get(key)
    return found


def table(redis_server: Redis, clock: StandingClock) -> dict:
    reader = BoardReader(redis_server.url, PROVINCE, clock, PARTITIONS, [], [])
    return reader.progress_table(TODAY - 30 * DAY, TODAY + 10 * DAY)


def test_its_caring_does_not_touch_the_board_of_its_successor(start, board):
    queue = messages(batches(history(200), PARTITIONS))
    old = start()
    old.digest(queue[: len(queue) // 2])
    successor = start()
    successor.digest(queue[len(queue) // 2 :])
    care(successor)
    before = picture(board)
    with pytest.raises(journal.Fenced, match=r"claim 1 is void, another worker has claim 2"):
        care(old)
    assert picture(board) == before


def test_counters_it_had_written_to_sql_but_not_yet_shown_stay_unshown(start, board, monkeypatch):
    queue = messages(batches(history(200), PARTITIONS))
    old = start()
    old.digest(queue[:5])
    pictures: list[Picture] = []
    with monkeypatch.context() as stopped:
        stopped.setattr(old._board, "show", pictures.append)
        old.digest(queue[5:20])
    successor = start()
    successor.digest(queue[20:])
    care(successor)
    before = picture(board)
    old._board.show(pictures[-1])
    with pytest.raises(journal.Fenced):
        old.finish()
    assert picture(board) == before


def test_stopped_between_its_look_and_its_flush_it_finds_its_successors_mark(start, board, monkeypatch):
    queue = messages(batches(history(200), PARTITIONS))
    old = start()
    old.digest(queue[:20])
    care(old)
    successor = None
    flush = BoardWriter._flush

    def stop_then_flush(self, *given, **named):
        nonlocal successor
        if self is old._board._writer and successor is None:
            successor = start()
            successor.digest(queue[20:])
            care(successor)
        flush(self, *given, **named)

    monkeypatch.setattr(BoardWriter, "_flush", stop_then_flush)
    with pytest.raises(journal.Fenced):
        care(old)
    assert successor is not None
    after = picture(board)
    care(successor)
    assert picture(board) == after


def test_after_a_wipe_it_does_not_put_its_old_board_there(start, board):
    queue = messages(batches(history(100), PARTITIONS))
    old = start()
    old.digest(queue[:10])
    successor = start()
    successor.digest(queue[10:])
    care(successor)
    board.flushall()
    with pytest.raises(journal.Fenced):
        care(old)
    assert picture(board) == {}


def test_a_flip_by_its_clock_is_refused_although_no_message_came_since(start, engine, board, clock):
    old = start()
    old.digest(messages(batches(history(200), PARTITIONS)))
    start()
    clock.at = NOW + 2 * DAY
    with engine.connect() as connection:
        before = connection.execute(select(tables.transitions)).all()
    with pytest.raises(journal.Fenced):
        old.digest([])
    with engine.connect() as connection:
        assert connection.execute(select(tables.transitions)).all() == before


def test_an_import_is_not_counted_twice_by_two_workers_that_both_began_at_nothing(start, engine):
    snapshots = [snapshot for snapshot in history(30) if snapshot.status == 2]
    queue = messages(batches(snapshots, PARTITIONS, receipt="run"))
    old, successor = start(), start()
    successor.digest(queue)
    counted = journal.read_receipt(engine, "run")
    with pytest.raises(journal.Fenced):
        old.digest(queue)
    assert journal.read_receipt(engine, "run") == counted
    assert sum(counted) == len(snapshots)


def test_a_batch_whose_commit_was_not_answered_is_not_counted_twice(start, engine):
    worker = start()
    entries = journal.Entries(
        offsets={(topics.DOSSIERS, 0): (0, 3)}, claims={(topics.DOSSIERS, 0): 1}, receipts={("run", 0): (5, 0)}
    )
    journal.write(engine, entries)
    with pytest.raises(journal.Fenced, match="went on from 0"):
        journal.write(engine, entries)
    assert journal.read_receipt(engine, "run") == (5, 0)
    assert worker.ledgers[0].claim == 1


def test_its_heartbeat_and_sources_do_not_replace_newer_ones(start, board):
    def seen(offset: int, at: int) -> list[Message]:
        said = [Heartbeat(at=at), SourceSeen(code="s", attempted_at=at, observed_at=at, ok=True, total=at)]
        return [
            Message(topics.OBSERVATIONS, 0, offset + index, msgspec.json.encode(one)) for index, one in enumerate(said)
        ]

    old = start()
    old.digest(seen(0, 100))
    successor = start()
    successor.digest(seen(2, 200))
    old._unshown = True
    with pytest.raises(journal.Fenced):
        old.digest([])
    assert board.get(keys.HEARTBEAT) == b"200"
    assert b'"total":200' in board.hget(keys.SOURCES, "s")


def test_a_redis_that_comes_back_with_an_older_board_is_written_anew(start, board, redis_server, clock):
    queue = messages(batches(history(200), PARTITIONS))
    worker = start()
    worker.digest(queue[:20])
    care(worker)
    older = {key: board.dump(key) for key in board.scan_iter()}
    worker.digest(queue[20:])
    care(worker)
    whole = table(redis_server, clock)
    board.flushall()
    for key, value in older.items():
        board.restore(key, 0, value)
    assert table(redis_server, clock) != whole
    care(worker)
    assert table(redis_server, clock) == whole
