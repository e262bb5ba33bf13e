"""Reading again: missing dossiers are fetched, gone ones reported, a period read once more, late commits found."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given as drawn
from hypothesis import settings as tuned
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from collectors.dvcqg_rest import collector as rest
from collectors.placeholders import Addresses
from collectors.polling import SourcePoll
from collectors.reconciling import read_again, read_reconciliation, reconcile
from collectors.sql_view import collector as view
from collectors.telegraph import Telegraph
from collectors.window import Window
from opscentre.domain.dossier import Snapshot
from opscentre.domain.moments import SECOND, format_compact
from opscentre.store import tables
from tests.collectors.department import Department
from tests.collectors.parts import NOW, Bench, given
from tests.collectors.records import BEGIN, dossier


@pytest.fixture
def department() -> Iterator[Department]:
    made = Department()
    made.put(*(dossier(n, seconds=n) for n in range(40)))
    yield made
    made.close()


def settings(department: Department, **more: Any) -> dict[str, Any]:
    return {"url": department.url, "client_id": "me", "client_secret_env": "SECRET", "page_rows": 10, **more}


def count(bench: Bench, *without: str) -> None:
    """Write what lies in the pipe to SQL, as the stream worker does, but for some numbers."""
    rows = {}
    for snapshot in bench.snapshots():
        if snapshot.number[-4:] not in without:
            rows[snapshot.number] = row(snapshot)
    with bench.store.begin() as connection:
        connection.execute(tables.dossiers.delete())
        connection.execute(tables.dossiers.insert(), list(rows.values()))


def row(snapshot: Snapshot) -> dict[str, Any]:
    return {"source": snapshot.source, "number": snapshot.number, "partition": 0, "unit": snapshot.unit,
            "unit_seen": "", "status": snapshot.status, "state": msgspec.json.encode(snapshot)}  # fmt: skip


def test_nothing_is_fetched_or_reported_where_both_sides_agree(bench: Bench, department: Department) -> None:
    plan = given(bench, "dvcqg_rest", settings(department))
    one = rest.make(plan)
    one.poll()
    count(bench)
    found = reconcile(plan, one)
    assert (found.listed, found.here, found.missing, found.fetched, found.gone) == (40, 40, 0, 0, 0)
    assert len(bench.snapshots()) == 40
    one.close()


def test_what_is_missing_is_fetched_what_is_gone_is_named_and_nothing_is_deleted(
    bench: Bench, department: Department
) -> None:
    plan = given(bench, "dvcqg_rest", settings(department))
    one = rest.make(plan)
    department.put(dossier(50, seconds=20, TrangThaiHoSo="17"))
    one.poll()
    count(bench, "0003", "0017", "0018")
    for n in (30, 31):
        del department.dossiers[dossier(n)["MaHoSo"]]
    # Younger than the cursor: still to come, and not missing.
    department.put(dossier(60, seconds=100))
    found = reconcile(plan, one)
    assert (found.listed, found.here) == (40, 37)
    assert (found.missing, found.fetched, found.refused) == (3, 3, 1)
    assert (found.gone, [number[-4:] for number in found.gone_numbers]) == (2, ["0030", "0031"])
    again = [number for number in bench.numbers() if bench.numbers().count(number) == 2]
    assert sorted(set(again)) == ["0003", "0017", "0018"]
    count(bench)
    assert read_reconciliation(bench.store, "igate") == found
    repeated = reconcile(plan, one)
    assert (repeated.missing, repeated.gone) == (0, 2)
    with bench.store.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM dossiers")).scalar() == 40
    one.close()


def test_an_interface_that_lists_keys_only_is_asked_for_no_more(bench: Bench, department: Department) -> None:
    plan = given(bench, "dvcqg_rest", settings(department, keys_query="chi_ma=1"))
    one = rest.make(plan)
    one.poll()
    count(bench, "0005")
    before = len(department.asked)
    found = reconcile(plan, one)
    assert (found.listed, found.missing, found.fetched) == (40, 1, 1)
    # All but the one page with the missing dossier.
    assert department.light == len(department.asked) - before - 1
    one.close()


def test_before_the_first_poll_nothing_counts_as_missing(bench: Bench, department: Department) -> None:
    plan = given(bench, "dvcqg_rest", settings(department))
    one = rest.make(plan)
    found = reconcile(plan, one)
    assert (found.listed, found.missing) == (40, 0)
    assert bench.snapshots() == []
    one.close()


def test_the_keys_of_a_view_are_compared_by_two_of_its_columns(bench: Bench, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'department.sqlite'}"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE v (MaHoSo TEXT, TrangThaiHoSo INT, NgayTiepNhan TEXT, NgayCapNhat TEXT)"))
        for n in range(30):
            values = {"n": f"D-{n:04d}", "at": f"202611200800{n:02d}"}
            connection.execute(text("INSERT INTO v VALUES (:n, 4, '20261120073000', :at)"), values)
    plan = given(bench, "sql_view", {"url": url, "view": "v", "page_rows": 7})
    one = view.make(plan)
    one.poll()
    count(bench, "0002", "0029")
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM v WHERE MaHoSo = 'D-0011'"))
    found = reconcile(plan, one)
    assert (found.listed, found.here, found.missing, found.fetched) == (29, 28, 2, 2)
    assert found.gone_numbers == ["D-0011"]
    engine.dispose()
    one.close()


def test_the_schedules_reconciliation_leaves_a_line_and_survives_a_source_that_fails(
    bench: Bench, department: Department, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "collectors")
    plan = given(bench, "dvcqg_rest", settings(department))
    one = SourcePoll(plan, Addresses(bench.folder / "simulator.json", plan.stopping), Telegraph(bench.producer))
    one.run()
    count(bench, "0004")
    one.reconcile()
    assert "source igate: 40 keys there, 39 dossiers here, 1 were missing, 1 of them fetched, 0 gone" in caplog.text
    department.status = 500
    one.reconcile()
    assert "no reconciliation: connection: " in caplog.text
    assert one.reconcile_at is not None
    one.close()


def test_a_period_is_read_again_without_moving_the_cursor(bench: Bench, department: Department) -> None:
    plan = given(bench, "dvcqg_rest", settings(department))
    one = rest.make(plan)
    one.poll()
    cursor = plan.read_cursor()
    reached: list[int] = []
    taken = read_again(plan, one, BEGIN + 12 * SECOND, BEGIN + 25 * SECOND, reached.append)
    assert (taken.sent, taken.rejected) == (13, 0)
    twice = sorted({number for number in bench.numbers() if bench.numbers().count(number) == 2})
    assert twice == [f"{n:04d}" for n in range(12, 25)]
    assert reached == sorted(reached)
    assert reached[-1] == BEGIN + 25 * SECOND
    assert plan.read_cursor() == cursor
    one.close()


class Commit(msgspec.Struct, frozen=True):
    """A row: when it says that it was modified, and when its transaction let it be seen (seconds)."""

    modified: int
    seen: int


OVERLAP = 30
COMMITS = st.lists(
    st.tuples(st.integers(0, 300), st.integers(0, OVERLAP)).map(lambda pair: Commit(pair[0], sum(pair))), max_size=60
)


@tuned(max_examples=300)
@drawn(COMMITS, st.lists(st.integers(0, 340), max_size=12))
def test_whatever_order_transactions_commit_in_no_row_within_the_window_is_missed_or_taken_twice(
    commits: list[Commit], polls: list[int]
) -> None:
    saved, taken = None, []
    for now in [*sorted(polls), 400, 401]:
        window = Window(saved, OVERLAP)
        begin = window.begin()
        visible = [(n, each) for n, each in enumerate(commits) if each.seen <= now]
        for n, each in sorted(visible, key=lambda pair: pair[1].modified):
            if (begin is None or each.modified >= begin) and not window.knows(str(n)):
                taken.append(n)
                window.remember(str(n), each.modified, now)
        saved = window.save()
    assert sorted(taken) == list(range(len(commits)))


@pytest.mark.parametrize("seed", range(4))
def test_late_commits_of_a_real_database_are_found_behind_the_cursor(bench: Bench, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    url = f"sqlite:///{tmp_path / 'department.sqlite'}"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE v (MaHoSo TEXT, TrangThaiHoSo INT, NgayTiepNhan TEXT, NgayCapNhat TEXT)"))
    rows = [(n, at := chance.randrange(200), at + chance.randrange(OVERLAP + 1)) for n in range(120)]
    one = view.make(given(bench, "sql_view", {"url": url, "view": "v", "page_rows": 7, "overlap": float(OVERLAP)}))
    written: set[int] = set()
    for now in [*sorted(chance.sample(range(200), 12)), 240]:
        with engine.begin() as connection:
            for n, at, seen in rows:
                if seen <= now and n not in written:
                    written.add(n)
                    values = {"n": f"D-{n:04d}", "at": format_compact(NOW - 300 * SECOND + at * SECOND)}
                    connection.execute(text("INSERT INTO v VALUES (:n, 4, '20261120073000', :at)"), values)
        one.poll()
    assert bench.numbers() == [f"{n:04d}" for n in range(120)]
    engine.dispose()
    one.close()
