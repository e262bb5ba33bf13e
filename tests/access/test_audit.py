"""The audit log: whatever is done to its rows is found, at the first of them, and nobody's appending forks it."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError
from starlette.applications import Starlette
from typer.testing import CliRunner

from dashboard import desk_export
from dashboard.gate import answering
from dashboard.ways.local import HERE
from opscentre import cli, paths
from opscentre import profile as profiles
from opscentre.access import audit, profile_files
from opscentre.access.audit import NOTHING, Anchor, Entry
from opscentre.settings import Settings
from opscentre.store import queries_dossier
from opscentre.store.engine import open_store, reading
from tests.dashboard import desks

FIELDS = ("moment", "who", "action", "subject", "detail", "previous", "hash")


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return open_store(f"sqlite:///{tmp_path}/opscentre.db")


def chain(length: int) -> list[Entry]:
    rows: list[Entry] = []
    for number in range(1, length + 1):
        row = Entry(
            number=number, moment=1_000 * number, who="an", action="note.add", subject="unit:H55.12", detail="{}",
            previous=rows[-1].hash if rows else NOTHING, hash="",
        )  # fmt: skip
        rows.append(msgspec.structs.replace(row, hash=row.digest()))
    return rows


def note(engine: Engine, times: int = 1, who: str = "an") -> None:
    for _ in range(times):
        audit.append(engine, who=who, action="note.add", subject="unit:H55.12", detail={"characters": 7})


@given(st.integers(0, 12))
def test_a_chain_that_nobody_touched_holds(length: int) -> None:
    rows = chain(length)
    anchors = [Anchor(row.number, row.hash) for row in rows]
    assert audit.check(rows, anchors) == (anchors[-1] if rows else Anchor(0, NOTHING), None)


@given(st.integers(1, 12), st.data())
def test_whatever_is_done_to_one_row_is_found_at_that_row(length: int, data: st.DataObject) -> None:
    rows = chain(length)
    place = data.draw(st.integers(0, length - 1))
    name = data.draw(st.sampled_from(FIELDS))
    old = getattr(rows[place], name)
    rows[place] = msgspec.structs.replace(rows[place], **{name: old + (1 if isinstance(old, int) else "x")})
    last, found = audit.check(rows)
    assert (last.number, found and found.number, found and found.kind) == (place, place + 1, "changed")


@given(st.integers(2, 12), st.data())
def test_a_row_changed_with_its_hash_made_anew_breaks_the_chain_after_it(length: int, data: st.DataObject) -> None:
    rows = chain(length)
    place = data.draw(st.integers(0, length - 2))
    other = msgspec.structs.replace(rows[place], who="binh")
    rows[place] = msgspec.structs.replace(other, hash=other.digest())
    found = audit.check(rows)[1]
    assert found is not None
    assert (found.number, found.kind) == (place + 2, "order")


@given(st.integers(3, 12), st.data())
def test_rows_taken_out_or_reordered_are_found_at_the_first_of_them(length: int, data: st.DataObject) -> None:
    rows = chain(length)
    first = data.draw(st.integers(0, length - 2))
    second = data.draw(st.integers(first + 1, length - 1))
    without = rows[:first] + rows[second:]
    found = audit.check(without)[1]
    assert found is not None
    assert (found.number, found.kind) == (first + 1, "missing")
    swapped = list(rows)
    swapped[first], swapped[second] = rows[second], rows[first]
    assert (audit.check(swapped)[1] or found).number == first + 1
    # With numbers and hashes made to fit, only the links tell.
    renumbered = [msgspec.structs.replace(row, number=place) for place, row in enumerate(swapped, 1)]
    renumbered = [msgspec.structs.replace(row, hash=row.digest()) for row in renumbered]
    told = audit.check(renumbered)[1]
    assert told is not None
    assert (told.number, told.kind) == (first + 1, "order")


@given(st.integers(1, 12), st.data())
def test_a_cut_at_the_end_and_a_log_written_anew_are_found_by_an_anchor_and_only_by_one(
    length: int, data: st.DataObject
) -> None:
    rows = chain(length)
    anchor = Anchor(rows[-1].number, rows[-1].hash)
    left = data.draw(st.integers(0, length - 1))
    assert audit.check(rows[:left])[1] is None
    found = audit.check(rows[:left], [anchor])[1]
    assert found is not None
    assert (found.number, found.kind) == (left + 1, "cut")
    anew: list[Entry] = []
    for row in rows:
        row = msgspec.structs.replace(row, who="binh", previous=anew[-1].hash if anew else NOTHING)
        anew.append(msgspec.structs.replace(row, hash=row.digest()))
    assert audit.check(anew)[1] is None
    assert (audit.check(anew, [anchor])[1] or found).number == length


APPENDING = """
import sys
from opscentre.access import audit
from opscentre.store.engine import open_store, reading
from tests.dashboard import desks
engine = open_store(sys.argv[1])
for number in range(15):
    # Also on a connection that was opened to read.
    store = reading(engine) if number % 2 else engine
    with store.begin() as connection:
        audit.record(connection, moment=number, who=sys.argv[2], action="note.add", subject="unit:H55.12", detail={})
"""


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_processes_that_append_at_once_make_one_chain_that_the_database_refuses_to_change(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path}/o.db" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    engine = open_store(url)
    processes = [subprocess.Popen([sys.executable, "-c", APPENDING, url, who], cwd=paths.ROOT) for who in ("a", "b")]
    assert [process.wait(120) for process in processes] == [0, 0]
    last, found = audit.check(audit.everything(engine))
    assert (last.number, found) == (30, None)
    for statement in ("UPDATE audit_log SET who = 'x' WHERE number = 3", "DELETE FROM audit_log WHERE number = 30"):
        with pytest.raises(DatabaseError, match="append-only"), engine.begin() as connection:
            connection.execute(text(statement))
    engine.dispose()


def test_a_row_holds_no_citizens_data_and_an_odd_one_is_refused(engine: Engine) -> None:
    audit.append(
        engine, who="an\n", action="list.export", subject="list:overdue\x00",
        detail={"q": "0912345678 nguyen@example.vn", "units": ["012345678901"], "hash": "1" * 64},
    )  # fmt: skip
    (row,) = audit.entries(engine, limit=5)
    assert (row.who, row.subject) == ("an ", "list:overdue ")
    assert msgspec.json.decode(row.detail) == {"q": "‹#› ‹@›", "units": ["‹#›"], "hash": "1" * 64}
    with pytest.raises(ValueError, match="want THING.VERB"):
        audit.append(engine, who="an", action="looked", subject="", detail={})
    with pytest.raises(ValueError, match="want at most 8000"):
        audit.append(engine, who="an", action="a.b", subject="", detail={str(n): "x" * 190 for n in range(50)})


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli.app, ["audit", *arguments])
    return done.exit_code, done.output


def test_the_command_lists_and_says_at_which_row_the_log_breaks(engine: Engine, tmp_path: Path) -> None:
    data, anchors = ["--data", str(tmp_path)], tmp_path / "anchors"
    assert run("verify", *data) == (0, "the audit log is empty\n")
    note(engine, 3)
    queries_dossier.write_note(engine, "dossier", "mot-cua", "7", "An", "Gọi lại trước 15 giờ", 0, who="an.nguyen")
    code, said = run("list", *data, "--action", "note.add", "--who", "an.nguyen")
    assert (code, "dossier:mot-cua/7" in said, "1 shown" in said) == (0, True, True)
    assert "Gọi lại" not in said
    code, said = run("verify", *data, "--anchor-file", str(anchors))
    assert (code, "4 rows hold, 0 anchors met" in said) == (0, True)
    assert anchors.read_text(encoding="utf-8").strip() in said
    assert run("verify", *data, "--anchor", "4")[0] == 2
    with engine.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_log_no_delete"))
        connection.execute(text("DELETE FROM audit_log WHERE number = 4"))
    assert run("verify", *data)[0] == 0
    code, said = run("verify", *data, "--anchor-file", str(anchors))
    assert (code, said.startswith("BROKEN at row 4 (cut)")) == (1, True)


def test_a_start_records_each_file_of_the_profile_that_changed_since_the_last(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(paths.CONFIG / "thai-nguyen", tmp_path / "thai-nguyen")
    shutil.copy(paths.CONFIG / "indicators.toml", tmp_path)
    monkeypatch.setattr(paths, "CONFIG", tmp_path)
    settings = Settings()

    def start() -> list[str]:
        return profile_files.note_changes(engine, settings, "stream")

    assert start() == []
    first = {row.subject for row in audit.entries(engine, limit=99, action="profile.change")}
    assert {"file:thai-nguyen/calendar.csv", "file:thai-nguyen/alerts.toml", "file:indicators.toml"} <= first
    assert start() == []
    assert len(audit.entries(engine, limit=99)) == len(first)
    calendar = tmp_path / "thai-nguyen" / "calendar.csv"
    calendar.write_text(calendar.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    (tmp_path / "thai-nguyen" / "aliases.csv").unlink()
    assert start() == ["file:thai-nguyen/aliases.csv", "file:thai-nguyen/calendar.csv"]
    assert start() == []
    newest = audit.entries(reading(engine), limit=1)[0]
    detail = msgspec.json.decode(newest.detail)
    assert (newest.who, newest.action) == ("role:stream", "profile.change")
    assert (len(detail["sha256"]), detail["sha256"] != detail["before"]) == (64, True)


def test_a_dossier_looked_at_a_note_and_an_export_stand_in_the_log_under_who_did_it(tmp_path: Path) -> None:
    desk = desks.desk(tmp_path, profiles.load("thai-nguyen"))
    server = Starlette()
    for path, handler in desk_export.routes(desk):
        server.add_route(path, handler)
    with answering(HERE):
        desk.show(f"/dossier/mot-cua/{quote(desks.WILD, safe='')}", "")
        desk.show("/dossier/mot-cua/not-there", "")
        desk.add_note(("unit", "H55.12", ""), "Nguyễn An", "Xem lại")

    async def export() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="http://desk") as browser:
            return await browser.get("/export/overdue.csv?unit=H55.12&q=0912345678")

    assert asyncio.run(export()).status_code == 200
    found = [(row.who, row.action, row.subject, row.detail) for row in audit.entries(desk.engine, limit=9)]
    assert found == [
        ("nobody", "list.export", "overdue.csv", '{"period":"month","unit":"H55.12"}'),
        ("local", "note.add", "unit:H55.12", '{"characters":7}'),
        ("local", "dossier.view", f"dossier:mot-cua/{desks.WILD}", "{}"),
    ]
