"""A cycle counts while the one before is written: SQL and the board take whole cycles, in their order, all the same."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from types import SimpleNamespace

import pytest
import redis
from sqlalchemy import Engine

from opscentre.board import look_back
from opscentre.domain.counting import CELLS, table_row
from opscentre.domain.moments import DAY
from opscentre.live.reader import BoardReader
from opscentre.live.writer import BoardWriter
from opscentre.store import journal
from streams import ledger as ledger_module
from streams.app import Cycle
from streams.worker import Worker
from tests.parts.process import wait_until
from tests.parts.redis import Redis
from tests.streams.books import NOW, batches, history, recount
from tests.streams.test_worker import PARTITIONS, PROVINCE, TODAY, StandingClock, care, cells, messages


@pytest.fixture
def worker(engine: Engine, redis_server: Redis, board: redis.Redis) -> Worker:
    made = Worker(engine, BoardWriter(redis_server.url), PROVINCE.calendar, StandingClock(NOW))
    made.assign(range(PARTITIONS), observations=True)
    return made


@pytest.fixture
def reader(redis_server: Redis) -> BoardReader:
    return BoardReader(redis_server.url, PROVINCE, StandingClock(NOW), PARTITIONS, [], [])


@pytest.mark.parametrize("resting", [0, 1_000])
def test_cycles_begun_before_the_one_before_is_written_come_to_the_same(worker, engine, reader, monkeypatch, resting):
    # None resting: every settled dossier leaves memory as soon as SQL has it, and comes back for its next change.
    monkeypatch.setattr(ledger_module, "RESTING", resting)
    snapshots = history(400)
    queue = messages(batches(snapshots, PARTITIONS))
    for begin in range(0, len(queue), 3):
        worker.begin(queue[begin : begin + 3])
    worker.finish()
    care(worker)
    live, truth = (
        reader.progress_table(TODAY - 30 * DAY, TODAY + DAY),
        look_back(engine, PROVINCE, TODAY - 30 * DAY, TODAY + DAY, NOW),
    )
    assert cells(live) == cells(truth)
    expected = recount(snapshots, TODAY - 30 * DAY, TODAY + DAY, NOW)
    assert {code: row for code, row in cells(truth).items() if code in expected} == {
        code: table_row(row) for code, row in expected.items()
    }
    assert any(any(row) for row in expected.values())
    assert len(CELLS) == len(next(iter(expected.values())))
    held = sum(len(ledger.entries) for ledger in worker.ledgers.values())
    assert (held < sum(worker.held().values())) == (resting == 0)


def test_the_board_shows_what_sql_holds_and_nothing_of_the_cycle_that_counts_meanwhile(
    worker, engine, reader, monkeypatch
):
    queue = messages(batches(history(300), PARTITIONS))
    worker.digest(queue[:20])
    care(worker)
    gates = [threading.Event(), threading.Event()]
    waiting = [threading.Event(), threading.Event()]
    write, calls = journal.write, iter(range(2))

    def gated(engine: Engine, entries: journal.Entries) -> None:
        call = next(calls)
        waiting[call].set()
        assert gates[call].wait(20)
        write(engine, entries)

    def table() -> tuple[object, object]:
        span = (TODAY - 30 * DAY, TODAY + DAY)
        return cells(reader.progress_table(*span)), cells(look_back(engine, PROVINCE, *span, NOW))

    monkeypatch.setattr(journal, "write", gated)
    first = table()
    assert first[0] == first[1]
    worker.begin(queue[20:40])
    assert waiting[0].wait(20)
    counting = threading.Thread(target=worker.begin, args=(queue[40:],))
    ends = {partition: ledger.next_offset for partition, ledger in worker.ledgers.items()}
    counting.start()
    wait_until(
        lambda: (
            any(ledger.next_offset > ends[partition] for partition, ledger in worker.ledgers.items())
            and all(ledger.drained == ledger.next_offset for ledger in worker.ledgers.values())
        ),
        20,
        "the next cycle does not count while the one before is written",
    )
    assert table() == first, "neither of the two is in SQL, and neither is shown"
    gates[0].set()
    counting.join(20)
    assert waiting[1].wait(20)
    second = table()
    assert second[0] == second[1] != first[0]
    gates[1].set()
    worker.finish()
    third = table()
    assert third[0] == third[1] != second[0]


def test_a_cycle_that_sql_refuses_is_known_before_the_next_is_handed_over(worker, engine, redis_server):
    queue = messages(batches(history(100), PARTITIONS))
    worker.digest(queue[:5])
    successor = Worker(engine, BoardWriter(redis_server.url), PROVINCE.calendar, StandingClock(NOW))
    successor.assign(range(PARTITIONS), observations=True)
    worker.begin(queue[5:10])
    stored = worker.positions()
    with pytest.raises(journal.Fenced):
        worker.begin(queue[10:15])
    assert worker.positions() == stored, "nothing counts as written that was not"


class Pipe:
    """Two events, and what was acknowledged of them when."""

    def __init__(self) -> None:
        self.acknowledged: list[int] = []
        self.done = asyncio.Event()

    def event(self, number: int) -> SimpleNamespace:
        """The event of a message of its own."""
        part = SimpleNamespace(offset=number, value=b"", weight=1 << 23)
        message = SimpleNamespace(topic="t", partition=0, value=[part])
        return SimpleNamespace(message=message, ack=lambda: self._take(number))

    def _take(self, number: int) -> None:
        self.acknowledged.append(number)
        if len(self.acknowledged) == 3:
            self.done.set()


def test_messages_are_acknowledged_only_once_their_cycle_is_written() -> None:
    pipe = Pipe()
    seen: list[tuple[str, list[int]]] = []

    class Books:
        """Notes what had been acknowledged when the cycle asked for something."""

        def begin(self, messages: Iterable[object]) -> None:
            """Count a cycle."""
            seen.append((f"begin {len(list(messages))}", list(pipe.acknowledged)))

        def finish(self) -> None:
            """The last is written."""
            seen.append(("finish", list(pipe.acknowledged)))

        def assign(self, *_: object) -> None:
            """Nothing to load."""

        def held(self) -> dict[int, int]:
            """No dossier."""
            return {}

        def offsets(self, topic: str) -> dict[int, int]:
            """None stored."""
            return {}

        def begin_at(self, *_: object) -> None:
            """Nothing to begin."""

    async def stream() -> object:
        for number in range(3):
            yield pipe.event(number)

    async def run() -> None:
        cycle = Cycle(Books())  # type: ignore[arg-type]
        taking = asyncio.create_task(cycle.take(stream()))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        running = asyncio.create_task(cycle.run())
        await taking
        await pipe.done.wait()
        running.cancel()

    asyncio.run(asyncio.wait_for(run(), 20))
    assert [what for what, _ in seen].count("begin 1") == 3
    counted = written = 0
    for what, acknowledged in seen:
        assert acknowledged == list(range(written))
        # A cycle is begun only when the one before is written; finishing sees to the last.
        written = counted
        counted += what == "begin 1"
    assert pipe.acknowledged == [0, 1, 2]
