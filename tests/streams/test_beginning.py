"""Taking partitions over: sums of settled dossiers and single states make the very counters that the states make."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import redis
from sqlalchemy import Engine, inspect, select, text, update

import streams.ledger as ledger_module
from opscentre.board import look_back
from opscentre.domain.moments import DAY
from opscentre.live.reader import BoardReader
from opscentre.live.writer import BoardWriter
from opscentre.pipe import topics
from opscentre.store import journal, settled, tables
from opscentre.store.engine import open_store
from opscentre.store.schema import OtherSchema
from streams.ledger import Ledger
from streams.worker import Worker
from tests.parts.redis import Redis
from tests.store.shapes import before_revisions
from tests.streams.books import NOW, batches, history
from tests.streams.test_worker import PARTITIONS, PROVINCE, TODAY, StandingClock, care, make_worker, messages

STORY = history(400, seed=3)


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(NOW)


@pytest.fixture
def counted(engine: Engine, redis_server: Redis, board: redis.Redis, clock: StandingClock) -> Worker:
    """A worker that has counted the story, in cycles, letting go of nearly everything that is settled."""
    worker = make_worker(engine, redis_server, clock)
    queue = messages(batches(STORY, PARTITIONS))
    for begin in range(0, len(queue), 9):
        worker.digest(queue[begin : begin + 9])
    return worker


@pytest.fixture(autouse=True)
def _few_resting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "RESTING", 3)


def counters(ledger: Ledger) -> dict[str, Any]:
    """All that a ledger counts; rows of nothing but zeros left out."""

    def shown(rows: dict[Any, Any]) -> dict[Any, list[int]]:
        return {key: list(row) for key, row in rows.items() if any(row)}

    return {
        "dossiers": ledger.dossiers,
        "now": shown(ledger.now),
        "daily": {day: rows for day, units in ledger.daily.items() if (rows := shown(units))},
        "hourly": shown(ledger.hourly),
        **{name: shown(tally.rows) for name, tally in ledger.tallies.items()},
    }


def said(worker: Worker) -> dict[int, dict[str, Any]]:
    return {partition: counters(ledger) for partition, ledger in worker.ledgers.items()}


def anew(engine: Engine) -> set[int]:
    """Partitions whose settlements the next worker would make anew."""
    claims = journal.standing_claims(engine, topics.DOSSIERS)
    kept = settled.made_by(engine)
    return {partition for partition, claim in claims.items() if kept.get(partition) != (1, claim)}


def test_a_new_worker_has_the_counters_of_the_old_one_and_only_the_unsettled_states(
    counted, engine, redis_server, clock
):
    again = make_worker(engine, redis_server, clock)
    assert said(again) == said(counted)
    with engine.connect() as connection:
        rows = connection.execute(select(tables.dossiers.c.number, tables.dossiers.c.settled)).all()
    unsettled = {row.number for row in rows if row.settled is None}
    assert 0 < len(unsettled) < len(rows)
    assert {number for one in again.ledgers.values() for _, number in one.entries} == unsettled
    assert again._names.known == counted._names.known
    assert {place for place, _ in again._names.known.items()} >= {("field", "CT"), ("procedure", "2.000815")}


def test_changes_of_dossiers_that_left_memory_are_counted_as_ever(counted, engine, redis_server, clock):
    cut = len(STORY) // 2
    for table in (tables.dossiers, tables.transitions, tables.partitions, tables.settlements):
        with engine.begin() as connection:
            connection.execute(table.delete())
    before = said(counted)
    worker = make_worker(engine, redis_server, clock)
    first, second = (messages(batches(part, PARTITIONS)) for part in (STORY[:cut], STORY[cut:]))
    worker.digest(first)
    worker = make_worker(engine, redis_server, clock)
    offsets = journal.next_offsets(engine, topics.DOSSIERS, range(PARTITIONS))
    worker.digest([message._replace(offset=message.offset + offsets[message.partition]) for message in second])
    assert said(worker) == before
    assert len(worker.ledgers[0].entries) < worker.ledgers[0].dossiers


def test_the_clock_settles_what_it_ended_while_no_worker_ran(counted, engine, redis_server, clock):
    clock.at = NOW + 30 * DAY
    later = make_worker(engine, redis_server, clock)
    later.digest([])
    assert said(make_worker(engine, redis_server, clock)) == said(later)


def older_release(engine: Engine) -> None:
    """Leave the database as the release before settlements made it."""
    before_revisions(engine)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE settlements"))
        for index in ("dossiers_settled", "dossiers_unsettled"):
            connection.execute(text(f"DROP INDEX {index}"))
        for column in ("settled", "field", "procedure"):
            connection.execute(text(f"ALTER TABLE dossiers DROP COLUMN {column}"))


def test_an_older_database_is_completed_and_counted_anew_once(counted, engine, redis_server, clock, caplog):
    before = said(counted)
    older_release(engine)
    url = engine.url.render_as_string(hide_password=False)
    completed = open_store(url)
    assert {"settled", "field", "procedure"} <= {c["name"] for c in inspect(completed).get_columns("dossiers")}
    assert {"dossiers_settled", "dossiers_unsettled"} <= {i["name"] for i in inspect(completed).get_indexes("dossiers")}
    with caplog.at_level(logging.INFO):
        worker = make_worker(completed, redis_server, clock)
    assert "partition 0 is counted anew from its states, which takes a while, once: an earlier release" in caplog.text
    assert said(worker) == before
    assert anew(completed) == set()
    caplog.clear()
    assert said(make_worker(completed, redis_server, clock)) == before
    assert "anew" not in caplog.text
    completed.dispose()


def test_a_database_that_nobody_can_complete_is_refused(engine, monkeypatch):
    before_revisions(engine)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE cursors DROP COLUMN written_at"))
    with pytest.raises(OtherSchema, match=r"'cursors' has no column 'written_at'.*begin with an empty database"):
        open_store(engine.url.render_as_string(hide_password=False))


def test_a_partition_that_an_older_release_held_meanwhile_is_counted_anew(counted, engine, redis_server, clock, caplog):
    before = said(counted)
    # It takes the partition over as it knows how, and its rows say nothing of settlements.
    journal.claim(engine, topics.DOSSIERS, [1])
    with engine.begin() as connection:
        wrong = update(tables.dossiers).where(tables.dossiers.c.partition == 1, tables.dossiers.c.settled.is_not(None))
        connection.execute(wrong.values(settled=8))
    worker = make_worker(engine, redis_server, clock)
    assert "partition 1 is counted anew" in caplog.text
    assert "a worker that keeps none has held it since" in caplog.text
    assert said(worker) == before
    assert anew(engine) == set()


def test_other_rules_count_everything_anew(counted, engine, redis_server, clock, caplog):
    before = said(counted)
    with engine.begin() as connection:
        connection.execute(update(tables.settlements).values(rules=0))
        connection.execute(update(tables.dossiers).where(tables.dossiers.c.settled >= 0).values(settled=4))
    assert said(make_worker(engine, redis_server, clock)) == before
    assert caplog.text.count("its settlements follow rules 0, this release counts by rules 1") == PARTITIONS


def test_a_worker_killed_while_it_counts_anew_leaves_it_to_the_next(counted, engine, redis_server, clock, monkeypatch):
    before = said(counted)
    with engine.begin() as connection:
        connection.execute(update(tables.settlements).values(rules=0))
        connection.execute(update(tables.dossiers).where(tables.dossiers.c.settled >= 0).values(settled=4))
    write = journal.write

    def killed(one: Engine, entries: journal.Entries) -> None:
        write(one, entries)
        if entries.dossiers:
            raise KeyboardInterrupt

    monkeypatch.setattr(journal, "write", killed)
    with pytest.raises(KeyboardInterrupt):
        make_worker(engine, redis_server, clock)
    monkeypatch.undo()
    assert anew(engine) == set(range(PARTITIONS))
    assert said(make_worker(engine, redis_server, clock)) == before


def test_a_worker_that_was_replaced_while_it_counts_anew_changes_nothing(
    counted, engine, redis_server, clock, monkeypatch
):
    with engine.begin() as connection:
        connection.execute(update(tables.settlements).values(rules=0))
        connection.execute(update(tables.dossiers).values(settled=None))
    worker = Worker(engine, BoardWriter(redis_server.url), PROVINCE.calendar, clock)
    take_over = journal.take_over

    def too_late(one: Engine, topic: str, partitions: Any) -> dict[int, int]:
        claims = take_over(one, topic, partitions)
        take_over(one, topic, claims)
        return claims

    monkeypatch.setattr(journal, "take_over", too_late)
    with pytest.raises(journal.Fenced):
        worker.assign(range(PARTITIONS), observations=False)
    with engine.connect() as connection:
        rows = connection.execute(select(tables.dossiers).where(tables.dossiers.c.settled.is_not(None))).all()
    assert rows == []


def test_the_live_table_of_a_worker_that_started_from_sums_is_the_table_of_sql(counted, engine, redis_server, clock):
    worker = make_worker(engine, redis_server, clock)
    care(worker)
    reader = BoardReader(redis_server.url, PROVINCE, clock, PARTITIONS, [], [])
    for days in (0, 1, 30):
        start, end = TODAY - days * DAY, TODAY + DAY
        assert reader.progress_table(start, end)["rows"] == look_back(engine, PROVINCE, start, end, NOW)["rows"]
