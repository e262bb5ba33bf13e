"""SQL that goes away under a worker: what may be repeated is repeated, and nothing counts twice by that."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
import redis
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import OperationalError

from opscentre.board import look_back
from opscentre.domain.moments import DAY
from opscentre.live.reader import BoardReader
from opscentre.live.writer import BoardWriter
from opscentre.store import journal, settled, tables
from streams import ledger as ledger_module
from streams import patience
from streams import worker as worker_module
from streams.patience import Patience
from streams.worker import Worker
from tests.parts.redis import Redis
from tests.streams.books import NOW, batches, history
from tests.streams.test_worker import PARTITIONS, PROVINCE, TODAY, StandingClock, care, cells, messages


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "FIRST", 0.001)
    monkeypatch.setattr(patience, "LONGEST", 0.001)


def _gone() -> OperationalError:
    return OperationalError("SELECT 1", {}, psycopg.errors.AdminShutdown("terminating connection"))


def _failing(function: Callable[..., object], *, after: bool) -> Callable[..., object]:
    """A function of whose calls some lose the connection, ever fewer: after their work, or before it."""
    calls = iter(range(1 << 30))

    def failing(*given: object) -> object:
        fails = next(calls) in (0, 3, 7, 12, 27, 81)
        if fails and not after:
            raise _gone()
        answer = function(*given)
        if fails:
            raise _gone()
        return answer

    return failing


def test_what_sql_does_not_answer_is_asked_again_until_it_does() -> None:
    answers = iter((_gone(), psycopg.OperationalError("the connection is closed"), 7))

    def ask() -> int:
        answer = next(answers)
        if isinstance(answer, Exception):
            assert (asked.away_for is None) == isinstance(answer, OperationalError)
            raise answer
        return answer

    asked = Patience()
    assert asked.ask(ask) == 7
    assert asked.away_for is None


@pytest.mark.parametrize("why", ["patience has ended", "the process is stopping"])
def test_it_is_not_asked_for_ever(why: str) -> None:
    asked = Patience(patience=0.01 if why == "patience has ended" else 1e9)
    calls = iter(range(100))

    def ask() -> None:
        if next(calls) == 3 and why == "the process is stopping":
            asked.give_up()
        raise _gone()

    with pytest.raises(OperationalError):
        asked.ask(ask)
    assert next(calls) > 3
    assert asked.away_for is not None


def test_what_is_no_outage_is_raised_at_once() -> None:
    with pytest.raises(journal.Fenced):
        Patience().ask(_fence)


def _fence() -> None:
    raise journal.Fenced


@pytest.mark.parametrize("after", [True, False], ids=["after the commit", "before it"])
def test_a_connection_lost_at_any_question_counts_nothing_twice_and_loses_nothing(
    engine: Engine, redis_server: Redis, board: redis.Redis, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    monkeypatch.setattr(ledger_module, "RESTING", 0)
    asked = [(journal, "write"), (journal, "take_over"), (journal, "next_offsets"), (journal, "open_due"),
             (journal, "require"), (journal, "read_observations"), (settled, "fetch"), (settled, "unsettled"),
             (journal, "claim"), (settled, "pages"), (worker_module, "fill")]  # fmt: skip
    for module, name in asked:
        monkeypatch.setattr(module, name, _failing(getattr(module, name), after=after))
    queue = messages(batches(history(80), PARTITIONS, receipt="import"))
    for begin, end in ((0, 12), (12, len(queue))):
        # A new worker loads what the one before has written.
        worker = Worker(engine, BoardWriter(redis_server.url), PROVINCE.calendar, StandingClock(NOW))
        worker.assign(range(PARTITIONS), observations=True)
        for at in range(begin, end, 2):
            worker.begin(queue[at : min(end, at + 2)])
        worker.finish()
    care(worker)
    reader = BoardReader(redis_server.url, PROVINCE, StandingClock(NOW), PARTITIONS, [], [])
    span = (TODAY - 30 * DAY, TODAY + DAY)
    assert cells(reader.progress_table(*span)) == cells(look_back(engine, PROVINCE, *span, NOW))
    with engine.connect() as connection:
        column = tables.receipts.c
        told = connection.execute(select(func.sum(column.accepted + column.unchanged))).scalar_one()
    assert told == len(history(80))
