"""History that is older than it is kept goes in small batches; whatever figures are counted from stays."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, insert, select

from opscentre import cli
from opscentre.clock import wall_ms
from opscentre.domain.moments import DAY
from opscentre.store import history, journal, schema, tables
from opscentre.store.engine import open_store

NOW = 1_795_000_000_000
OLD, YOUNG = NOW - 500 * DAY, NOW - 10 * DAY


def lay(engine: Engine) -> None:
    """Two dossiers, one of them over, each with ten old moves, two of one old moment, and three of late."""
    dossier = {"source": "s", "partition": 0, "unit": "u", "status": 9, "state": b"{}"}
    moves = [
        {"source": "s", "number": number, "kind": kind, "at": at, "to_status": 4, "unit": "u", "seen": at}
        for number in ("open", "over")
        for kind, at in (
            *(("status", OLD + step) for step in range(10)), ("overdue", OLD + 4), ("due_soon", OLD + 4),
            *(("status", YOUNG + step) for step in range(3)),
        )
    ]  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(tables.dossiers), [{**dossier, "number": "open", "settled": None},
                                                     {**dossier, "number": "over", "settled": 5}])  # fmt: skip
        connection.execute(insert(tables.transitions), moves)


def left(engine: Engine) -> dict[str, int]:
    column = tables.transitions.c
    with engine.connect() as connection:
        rows = connection.execute(select(column.number, func.count()).group_by(column.number))
        return {row[0]: row[1] for row in rows}


@pytest.mark.parametrize("at_once", [1, 3, 2_000])
def test_what_was_noticed_of_dossiers_that_are_over_goes_in_batches(
    empty: Engine, at_once: int, monkeypatch: pytest.MonkeyPatch
):
    schema.bring_up_to_date(empty)
    lay(empty)
    monkeypatch.setattr(history, "AT_ONCE", at_once)
    monkeypatch.setattr(history, "REST", 0)
    before = history.before(NOW, 100)
    assert history.aged(empty, before, 0) == (12, 0)
    assert history.prune(empty, before, 0) == (12, 0)
    assert left(empty) == {"open": 15, "over": 3}
    assert history.prune(empty, before, 0) == (0, 0)
    with empty.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.dossiers)) == 2


def test_a_round_has_an_end_and_the_next_goes_on(empty: Engine, monkeypatch: pytest.MonkeyPatch):
    schema.bring_up_to_date(empty)
    lay(empty)
    monkeypatch.setattr(history, "AT_ONCE", 4)
    monkeypatch.setattr(history, "BATCHES", 2)
    gone = history.prune(empty, history.before(NOW, 100), 0).transitions
    assert 0 < gone < 12
    while more := history.prune(empty, history.before(NOW, 100), 0).transitions:
        gone += more
    assert gone <= 12


def test_a_receipt_goes_once_nobody_asks_for_it(empty: Engine):
    schema.bring_up_to_date(empty)
    journal.write(empty, journal.Entries(receipts={("new", 0): (3, 1)}))
    with empty.begin() as connection:
        row = {"partition": 0, "accepted": 1, "unchanged": 0}
        connection.execute(insert(tables.receipts), [{**row, "receipt": "old", "at": wall_ms() - 91 * DAY},
                                                     {**row, "receipt": "without", "at": None}])  # fmt: skip
    assert history.prune(empty, 0, history.before(wall_ms(), history.RECEIPT_DAYS)).receipts == 1
    assert journal.read_receipt(empty, "old") == (0, 0)
    assert journal.read_receipt(empty, "new") == (3, 1)
    # It is as old as the first look at it.
    with empty.connect() as connection:
        at = connection.scalar(select(tables.receipts.c.at).where(tables.receipts.c.receipt == "without"))
    assert wall_ms() - at < DAY


def test_the_command_tells_before_it_deletes(tmp_path: Path, monkeypatch, capsys):
    engine = open_store(f"sqlite:///{tmp_path}/opscentre.db")
    lay(engine)
    monkeypatch.setenv("OPSCENTRE_HISTORY_KEPT", "100")
    monkeypatch.setattr("opscentre.commands.prune.now_on", lambda _: NOW)

    def run(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["opscentre", "prune", "--data", str(tmp_path), *arguments])
        with pytest.raises(SystemExit):
            cli.main()
        return capsys.readouterr().out

    assert "transitions of dossiers that are over: 12 would go; kept for 100 days" in run("--dry-run")
    assert left(engine) == {"open": 15, "over": 15}
    assert "transitions of dossiers that are over: 12 gone" in run()
    assert left(engine) == {"open": 15, "over": 3}
    assert "over: 0 would go" in run("--dry-run")
    engine.dispose()
