"""``opscentre quarantine`` and ``opscentre anomalies``: what was refused or is odd, by source, department and kind."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from sqlalchemy import update

from collectors.cli_unmapped import Applied, _read_again
from opscentre import cli
from opscentre.clock import ClockAnchor, OfficeClock, RealClock, product_time, wall_ms
from opscentre.domain.calendar import Calendar
from opscentre.domain.dossier import Snapshot
from opscentre.domain.moments import DAY, HOUR, MINUTE, parse_local
from opscentre.domain.observations import SourceSeen
from opscentre.domain.units import Units
from opscentre.live.sources import decoded, mark_by_sync, quarantined
from opscentre.live.wall import UrgentDossier
from opscentre.profile import load
from opscentre.store import tables, unmapped
from opscentre.store.anomalies import Asked as AskedOdd
from opscentre.store.anomalies import anomalies
from opscentre.store.engine import open_store
from opscentre.store.intake import SetAside, count_set_aside, set_aside, write_cursor
from opscentre.store.quarantine import OPEN_DAYS, RESOLVED_DAYS, Asked, entries, has_open, settle, summary, trim
from opscentre.store.unmapped import Word
from streams.ledger import Ledger
from tests.collectors.parts import NOW, Bench
from tests.collectors.records import TRACES, dossier
from tests.collectors.test_intake import intake, records

Run = Callable[..., Any]


@pytest.fixture
def run(bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``opscentre`` on the bench's folder; what it printed, where it ended as wanted."""

    def call(*arguments: object, code: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["opscentre", *map(str, arguments), "--data", str(bench.folder)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        assert int(ended.value.code or 0) == code, said.err
        return said.out + said.err

    return call


def fill(bench: Bench) -> None:
    """Refused rows of two departments and one that cannot be told, two of them from the week before."""
    intake(bench).take(
        records(
            dossier(1, TrangThaiHoSo="17"), dossier(2, TrangThaiHoSo="17"), dossier(3, NgayHenTra="20261131000000"),
            dossier(4, TrangThaiHoSo="Nguyễn Hư Cấu", DonViXuLy="Sở Y tế"),
            dossier(5, TrangThaiHoSo="17", DonViXuLy="Sở Lạ"), "no object", dossier(6),
        )
    )  # fmt: skip
    column = tables.quarantine.c
    with bench.store.begin() as connection:
        old = update(tables.quarantine).where(column.number.in_([f"H55.12-261120-000{n}" for n in (1, 2)]))
        connection.execute(old.values(seen_at=wall_ms() - 8 * DAY))
    intake(bench).take(records(dossier(2)))


def test_rows_are_listed_and_counted_by_source_department_and_reason_with_their_trend(run: Run, bench: Bench) -> None:
    fill(bench)
    listed = json.loads(run("quarantine", "list", "--json"))
    assert [row["number"][-1:] for row in listed] == ["", "5", "4", "3", "1"]
    assert [row["number"][-1:] for row in json.loads(run("quarantine", "list", "--json", "--unit", "H55.12"))] == [
        "3", "1",
    ]  # fmt: skip
    assert len(json.loads(run("quarantine", "list", "--json", "--all", "--reason", "bad_status"))) == 4
    assert json.loads(run("quarantine", "list", "--json", "--source", "another")) == []
    assert [row["number"][-1:] for row in json.loads(run("quarantine", "list", "--json", "--unit", "-"))] == ["", "5"]
    summed = {(row["unit"], row["reason"]): row for row in json.loads(run("quarantine", "summary", "--json"))}
    mine = summed["H55.12", "bad_status"]
    assert (mine["open"], mine["week"], mine["week_before"], mine["trend"], mine["resolved_week"]) == (1, 0, 2, -2, 1)
    assert mine["unit_name"] == "Sở Công Thương"
    assert summed["H55.12", "impossible_date"]["trend"] == 1
    table = run("quarantine", "summary") + run("quarantine", "list", "--limit", "2")
    assert "Sở Công Thương" in table
    assert "5 rows open" in table
    assert "5 rows, 2 shown" in table


def test_a_row_is_shown_with_its_field_masked_and_one_that_is_not_there_is_told(run: Run, bench: Bench) -> None:
    fill(bench)
    row = next(row for row in json.loads(run("quarantine", "list", "--json")) if row["number"].endswith("4"))
    shown = json.loads(run("quarantine", "show", row["id"], "--json"))
    assert (shown["field"], shown["reason"], shown["unit_name"]) == ("TrangThaiHoSo", "bad_status", "Sở Y tế")
    assert "saw '… … …'" in shown["message"]
    everything = run("quarantine", "show", row["id"]) + run("quarantine", "list", "--all")
    assert not any(trace in everything for trace in TRACES)
    assert "opscentre quarantine list --all" in run("quarantine", "show", 4711, code=2)


def test_what_was_kept_long_enough_is_let_go_of(bench: Bench) -> None:
    fill(bench)
    now = wall_ms()
    assert trim(bench.store, now) == 0
    assert trim(bench.store, now + (RESOLVED_DAYS + 1) * DAY) == 1
    assert entries(bench.store, Asked(everything=True), 10)[1] == 5
    assert trim(bench.store, now + (OPEN_DAYS + 1) * DAY) == 5
    assert summary(bench.store, Asked(), now) == []


def test_anomalies_are_gathered_from_records_moves_sources_and_compared_keys(run: Run, bench: Bench) -> None:
    intake(bench).take(records(dossier(1, NgayHenTra="20261119080000"), dossier(2, NgayHenTra="20261119080000")))
    intake(bench).take(records(dossier(2)))
    ledger = Ledger(0, bench.profile.calendar)
    for source in ("igate", "vnpt"):
        for status, at in ((2, NOW - 3 * HOUR), (9, NOW - 2 * HOUR)):
            version = {"version": at, "observed": at, "unit": "H55.12", "received": NOW - DAY}
            ledger.apply(Snapshot(source=source, number="twice", status=status, **version), NOW)
    changes = ledger.drain()
    with bench.store.begin() as connection:
        connection.execute(tables.dossiers.insert(), changes.dossiers)
        connection.execute(tables.transitions.insert(), changes.transitions)
    write_cursor(bench.store, "keys:igate", '{"at":1,"gone":7,"gone_numbers":["A","B"],"listed":3}', 1)
    said = json.loads(run("anomalies", "list", "--json"))
    counts = {(row["kind"], row["source"], row["unit"]): row["dossiers"] for row in said["counts"]}
    assert counts == {
        ("due_before_received", "igate", "H55.12"): 1,
        ("done_unprocessed", "igate", "H55.12"): 1, ("done_unprocessed", "vnpt", "H55.12"): 1,
        ("two_sources", "igate", "H55.12"): 1, ("two_sources", "vnpt", "H55.12"): 1,
        ("gone_at_source", "igate", ""): 7,
    }  # fmt: skip
    assert {row["sentence"] for row in said["counts"]} >= {"Cùng một mã hồ sơ đến từ hai nguồn"}
    assert {row["number"] for row in said["dossiers"] if row["kind"] == "gone_at_source"} == {"A", "B"}
    only = json.loads(run("anomalies", "list", "--json", "--source", "vnpt", "--unit", "H55.12"))
    assert [row["kind"] for row in only["dossiers"]] == ["done_unprocessed", "two_sources"]
    assert [row["detail"] for row in only["dossiers"]] == ["from 2 to 9", ""]
    table = run("anomalies", "list", "--kind", "due_before_received")
    assert "Ngày hẹn trả trước ngày tiếp nhận" in table
    assert "1 in all, 1 shown" in table
    assert "there are: finished_before_received" in run("anomalies", "list", "--kind", "x", code=2)
    assert anomalies(bench.store, AskedOdd(unit="01840"), 5).counts == {}


def urgent(due: int, observed: int, source: str = "igate") -> UrgentDossier:
    return UrgentDossier(source=source, number="n", unit="u", procedure_name="", status=4, received=0, due=due,
                         observed=observed)  # fmt: skip


def seen(at: int | None, **units: int) -> dict[bytes, bytes]:
    one = SourceSeen(code="igate", attempted_at=0, observed_at=None, known_at=at, ok=True, quarantined_units=units)
    return {b"igate": msgspec.json.encode(one)}


def test_the_wall_tells_late_from_late_by_sync_also_when_its_clock_runs_fast() -> None:
    wall = 1_000_000_000
    rows = [urgent(NOW - HOUR, 0), urgent(NOW - 3 * HOUR, 0), urgent(NOW - HOUR, NOW - 1), urgent(NOW - 1, 0, "other")]
    for age, speed in ((2 * HOUR, 1.0), (2 * HOUR // 10, 10.0)):
        mark_by_sync(rows, decoded(seen(wall - age)), NOW, lambda at, speed=speed: NOW - round((wall - at) * speed))
        assert [row.by_sync for row in rows] == [True, False, False, True]
    mark_by_sync(rows, decoded(seen(wall)), NOW, lambda at: NOW - wall + at)
    assert [row.by_sync for row in rows] == [False, False, False, True]


def test_what_was_heard_before_a_simulated_weekend_was_heard_on_friday() -> None:
    friday, monday = parse_local("2026-11-20T17:00"), parse_local("2026-11-23T06:30")
    clock = OfficeClock(ClockAnchor(real=1_000_000, simulated=friday, speed=60.0), Calendar())
    told = [product_time(clock, 1_000_000 + minutes * MINUTE) for minutes in (-1, 0, 2)]
    assert told == [friday - HOUR, friday, monday + HOUR], "nights and days off take no time"
    assert product_time(RealClock(), friday) == friday


def test_the_wall_has_refused_rows_by_unit_as_it_is_today() -> None:
    here: Units = load("thai-nguyen").units.current(NOW)
    former = next(unit for unit in here.by_code.values() if unit.valid_to and len(unit.successors) == 1)
    found = decoded(seen(NOW, **{"H55.12": 2, former.code: 3}))
    counts = quarantined(found, ["igate", "never"], here)
    assert counts == {"H55.12": 2, here.home(former.code): 3}
    assert quarantined(found, [], here) == {}


@pytest.mark.postgres
def test_postgresql_keeps_counts_settles_and_trims_alike(postgres_url: str) -> None:
    store = open_store(postgres_url)
    try:
        row = SetAside(source="s", reason="bad_date", place="p", message="m", digest="d", seen_at=NOW, number="n",
                       field="f", unit="u")  # fmt: skip
        odd = SetAside(source="s", reason="due_before_received", place="p", message="m", digest="e", seen_at=NOW,
                       number="n", severity="note", unit="u")  # fmt: skip
        for _ in range(2):
            set_aside(store, [row, odd])
            assert count_set_aside(store, "s") == {"u": 1}
            assert anomalies(store, AskedOdd(), 5).counts == {("due_before_received", "s", "u"): 1}
            assert settle(store, "s", {"n": frozenset({"due_before_received"})}, NOW) == 1
            assert settle(store, "s", {"n": frozenset()}, NOW) == 1
            assert not has_open(store, "s")
        (one,) = summary(store, Asked(), NOW)
        assert (one.open, one.week, one.resolved_week) == (0, 1, 1)
        assert trim(store, NOW + (RESOLVED_DAYS + 1) * DAY) == 2
        for seen in range(unmapped.MOST_WORDS + 2):
            word = Word(source="s", kind="unit", seen=str(seen % 501), first_seen=1, last_seen=seen, since=NOW - seen)
            unmapped.note_words(store, [word])
        found = {word.seen: word for word in unmapped.words(store, "s")}
        assert (len(found), found["0"].times, found["0"].since) == (501, 2, NOW - 501)
        assert found[unmapped.OTHERS].times == 1
    finally:
        store.dispose()


def test_a_source_that_cannot_be_read_again_is_named_with_what_to_do(bench: Bench) -> None:
    applied = Applied(source="import")
    word = Word(source="import", kind="status", seen="Xong", first_seen=1, last_seen=1, since=1)
    assert _read_again("import", [word], bench.settings, applied) == {}
    assert "there is no source 'import'" in applied.left
