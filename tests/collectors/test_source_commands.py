"""``opscentre source``: what each command prints, its exit code, that looking leaves no trace, that no secret shows."""

from __future__ import annotations

import json
import logging
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from collectors import registry
from collectors.placeholders import Addresses
from collectors.polling import SourcePoll
from collectors.source_check import BECOMES
from collectors.telegraph import Telegraph
from opscentre import cli
from opscentre.domain.dossier import Snapshot
from opscentre.domain.dvcqg import FIELDS
from opscentre.domain.observations import SourceSeen
from opscentre.sources import SourceConfig
from opscentre.store import tables
from opscentre.store.intake import read_cursor
from opscentre.store.source_lag import percentile
from tests.collectors.department import Department
from tests.collectors.parts import NOW, Bench, given
from tests.collectors.records import TRACES, dossier

SECRET = "pl4nted-s3cret/x&y"
SOURCES = """
[[source]]
code = "igate"
name = "Một cửa"
kind = "dvcqg_rest"

[source.settings]
url = "{url}"
client_id = "me"
client_secret_env = "IGATE_SECRET"
timeout = 2.0

[[source]]
code = "gone"
name = "Đã tắt"
kind = "dvcqg_rest"
settings = {{ url = "http://127.0.0.1:{port}" }}
"""


class Said(NamedTuple):
    """What a command printed and ended with."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The output as JSON."""
        return json.loads(self.out)


Run = Callable[..., Said]


@pytest.fixture
def department() -> Iterator[Department]:
    made = Department()
    made.secret = SECRET
    yield made
    made.close()


@pytest.fixture
def run(
    bench: Bench,
    department: Department,
    free_port: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Run ``opscentre source`` in this process on the bench's folder."""
    conf = bench.folder / "conf"
    conf.mkdir()
    (conf / "sources.toml").write_text(SOURCES.format(url=department.url, port=free_port), encoding="utf-8")
    monkeypatch.setenv("OPSCENTRE_SOURCES", str(conf))
    monkeypatch.setenv("OPSCENTRE_DATA", str(bench.folder))
    monkeypatch.setenv("IGATE_SECRET", SECRET)

    def call(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["opscentre", "source", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return Said(int(ended.value.code or 0), said.out, said.err)

    return call


def test_list_names_every_source_where_it_is_and_whether_its_secret_is_set(
    run: Run, department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = run("list", "--json")
    assert (said.code, said.err) == (0, "")
    rows = [(row["code"], row["address"], row["secret"]) for row in said.document]
    assert rows[0] == ("igate", department.url, "set")
    monkeypatch.delenv("IGATE_SECRET")
    said = run("list")
    assert said.code == 3
    assert "missing" in said.out


@pytest.mark.parametrize(
    "url", ["http://u:pl4nted@h:1/x", "postgresql+psycopg://u:pl4nt/ed@h/x", "oracle://u:pl4@nted@h"]
)
def test_a_password_in_an_address_is_not_shown_though_it_does_not_belong_there(
    run: Run, bench: Bench, url: str
) -> None:
    block = f'[[source]]\ncode = "a"\nname = "A"\nkind = "{{}}"\n[source.settings]\nurl = "{url}"\n'
    kinds = {"http": block.format("dvcqg_rest")}
    text = kinds.get(url[:4], block.format("sql_view") + 'view = "v"\n')
    (bench.folder / "conf" / "sources.toml").write_text(text, encoding="utf-8")
    said = [run("list"), run("list", "--json"), run("check", "a"), run("run", "a", "--once")]
    assert [each.code for each in said] == [0, 0, 2, 2]
    everything = "".join(each.out + each.err for each in said)
    assert "pl4" not in everything
    assert "nted" not in everything


def test_check_shows_what_records_become_without_personal_data_and_writes_nothing(
    run: Run, bench: Bench, department: Department
) -> None:
    department.put(*(dossier(n, seconds=n) for n in range(9)))
    said = run("check", "igate", "--json")
    assert (said.code, said.err) == (0, "")
    look = said.document
    assert look["records"] == 3
    mapping = {entry["field"]: entry for entry in look["mapping"]}
    assert mapping["MaHoSo"]["values"] == [f"H55.12-261120-000{n}" for n in range(3)]
    assert mapping["NgayTiepNhan"]["becomes"] == "received"
    assert mapping["NgayTiepNhan"]["values"][0] == "2026-11-20 07:30:00"
    assert {"ChuHoSo", "DinhDanhCHS", "TrichYeuHoSo"} <= set(look["unread"])
    printed = said.out + run("check", "igate").out
    assert [trace for trace in TRACES if trace in printed] == []
    assert department.asked[0] == ("", 1)
    assert bench.snapshots() == []
    assert bench.quarantine() == []
    assert read_cursor(bench.store, "igate") is None


def test_check_tells_what_is_wrong_with_records_and_ends_with_3(run: Run, bench: Bench, department: Department) -> None:
    assert run("check", "igate").code == 3
    department.put(dossier(1, TrangThaiHoSo="17"), dossier(2, DonViXuLy="Sở Lạ"))
    said = run("check", "igate")
    assert said.code == 3
    assert "[bad_status]" in said.out
    assert "[unknown_unit]" in said.out
    assert bench.quarantine() == []
    department.body = b"<html>maintenance</html>"
    said = run("check", "igate")
    assert (said.code, said.out) == (3, "")
    assert said.err.startswith("opscentre: source igate: bad data: ")


@pytest.mark.parametrize("command", [("check",), ("run", "--once")])
def test_what_a_person_can_mend_is_one_line_and_exit_code_2(run: Run, command: tuple[str, ...]) -> None:
    first, *rest = command
    for code, told in (
        ("gone", "connection: no connection to http://127.0.0.1"),
        ("none", "there is no source 'none'"),
    ):
        said = run(first, code, *rest)
        assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
        assert told in said.err


def test_run_once_polls_for_good_and_says_what_it_took(run: Run, bench: Bench, department: Department) -> None:
    department.put(*(dossier(n, seconds=n) for n in range(4)), dossier(9, TrangThaiHoSo="17"))
    said = run("run", "igate", "--once", "--json")
    assert said.code == 3
    assert said.document == {"code": "igate", "ok": True, "taken": 4, "set_aside": 1, "error": ""}
    assert bench.numbers() == ["0000", "0001", "0002", "0003"]
    [seen] = [each for each in bench.observations() if isinstance(each, SourceSeen)]
    assert (seen.ok, seen.total) == (True, 4)
    again = run("run", "igate", "--once")
    assert (again.code, again.out) == (0, "igate: 0 records taken, 0 set aside\n")


def test_run_wants_to_be_told_that_it_is_once(run: Run) -> None:
    said = run("run", "igate")
    assert said.code == 2
    assert "--once" in said.err


def snapshot_row(number: str, unit: str, unit_seen: str) -> dict[str, Any]:
    state = msgspec.json.encode(Snapshot(source="igate", number=number, status=4, observed=NOW))
    return {"source": "igate", "number": number, "partition": 0, "unit": unit, "unit_seen": unit_seen, "status": 4,
            "state": state}  # fmt: skip


def changed(number: str, at: int, seen: int, to: int = 4) -> dict[str, Any]:
    return {"source": "igate", "number": number, "kind": "status", "at": at, "to_status": to, "unit": "x", "seen": seen}


def test_status_tells_polls_cursors_refusals_spellings_and_delays(
    run: Run, bench: Bench, department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    department.put(dossier(1), dossier(2, TrangThaiHoSo="17"))
    run("run", "igate", "--once")
    monkeypatch.setattr("collectors.cli_source.now_on", lambda _data: NOW)
    seen = [each for each in bench.observations() if isinstance(each, SourceSeen)][-1]
    begun = NOW - 3_600_000
    backlog = changed("A", begun - 86_400_000, begun)
    with bench.store.begin() as connection:
        row = {"kind": "source", "code": "igate", "at": NOW, "value": msgspec.json.encode(seen)}
        connection.execute(tables.observations.insert(), [row])
        rows = [snapshot_row("A", "unmapped", "Sở Lạ"), snapshot_row("B", "unmapped", "Sở Lạ"),
                snapshot_row("C", "H55.12", "")]  # fmt: skip
        connection.execute(tables.dossiers.insert(), rows)
        waits = [changed(f"N{n}", begun + n * 1000, begun + n * 1000 + n * 100) for n in range(1, 101)]
        connection.execute(tables.transitions.insert(), [backlog, *waits])
    said = run("status", "--json")
    assert said.code == 3
    igate, gone = said.document
    assert (igate["ok"], igate["total"], igate["quarantine"]) == (True, 1, {"bad_status": 1})
    assert igate["unmapped"] == {"Sở Lạ": 2}
    assert igate["lag"] == {"changes": 100, "p50_s": 5.0, "p95_s": 9.5}
    assert 0 <= igate["cursor_age_s"] < 600
    assert 0 <= igate["observed_age_s"] < 600
    assert (gone["ok"], gone["observed_at"], gone["lag"]["p50_s"]) == (None, None, None)
    table = run("status").out
    assert "5.0/9.5 s" in table
    assert "never polled" in table


def test_reconcile_fetches_names_what_is_gone_and_shows_in_the_status(
    run: Run, bench: Bench, department: Department
) -> None:
    department.put(*(dossier(n, seconds=n) for n in range(5)))
    run("run", "igate", "--once")
    with bench.store.begin() as connection:
        connection.execute(tables.dossiers.insert(), [snapshot_row("H55.12-261120-0777", "H55.12", "")])
    said = run("reconcile", "igate", "--json")
    assert said.code == 3
    assert {name: said.document[name] for name in ("listed", "here", "missing", "fetched", "gone")} == {
        "listed": 5, "here": 1, "missing": 5, "fetched": 5, "gone": 1,
    }  # fmt: skip
    assert said.document["gone_numbers"] == ["H55.12-261120-0777"]
    assert "gone: H55.12-261120-0777" in run("reconcile", "igate").out
    assert run("status", "--json").document[0]["reconciliation"]["gone"] == 1
    assert run("reconcile", "gone").code == 2


def test_backfill_reads_a_period_again(run: Run, bench: Bench, department: Department) -> None:
    department.put(*(dossier(n, seconds=n) for n in range(5)), dossier(9, seconds=3, TrangThaiHoSo="17"))
    said = run("backfill", "igate", "--from", "2026-11-20 08:00:01", "--to", "2026-11-20 08:00:04", "--json")
    assert (said.code, said.err) == (3, "")
    assert said.document == {"code": "igate", "read": 4, "sent": 3, "rejected": 1, "reasons": {"bad_status": 1}}
    assert bench.numbers() == ["0001", "0002", "0003"]
    said = run("backfill", "igate", "--from", "2026-11-21", "--to", "2026-11-22")
    assert (said.code, said.out) == (0, "igate: 0 records read, 0 sent, 0 set aside\n")
    for start, end in (("2026-11-22", "2026-11-21"), ("yesterday", "2026-11-21")):
        assert run("backfill", "igate", "--from", start, "--to", end).code == 2


def test_percentiles_are_by_nearest_rank() -> None:
    assert [percentile([1, 2, 3, 4], part) for part in (0.25, 0.5, 0.75, 0.95)] == [1, 2, 3, 4]
    assert percentile([7], 0.5) == 7


@pytest.mark.parametrize("kind", list(registry.KINDS))
def test_new_prints_a_block_that_can_be_read_whether_commented_or_not(run: Run, kind: str) -> None:
    said = run("new", kind, "--code", "so-moi", "--name", 'Sở "Mới"')
    assert said.code == 0
    [plain] = tomllib.loads(said.out)["source"]
    registry.check(msgspec.convert(plain, SourceConfig), "new")
    lines = [
        line.removeprefix("# ") if " = " in line or line.startswith("# [") else line for line in said.out.split("\n")
    ]
    [full] = tomllib.loads("\n".join(line for line in lines if not line.startswith("# ")))["source"]
    registry.check(msgspec.convert(full, SourceConfig), "new")
    assert full["name"] == 'Sở "Mới"'
    assert set(full["behaviour"]) >= {"backoff_first", "bytes_per_poll"}
    assert run("new", kind, "--code", "so-moi", "--name", "x", "--json").document["block"].startswith("[[source]]")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("ftp", "--code", "a", "--name", "A"), "saw 'ftp'; there are: dvcqg_rest"),
        (("sql_view", "--code", "Ồ", "--name", "A"), "--code: saw 'Ồ'"),
        (("sql_view", "--code", "igate", "--name", "A"), "choose another"),
    ],
)
def test_new_refuses_what_cannot_be(run: Run, arguments: tuple[str, ...], told: str) -> None:
    said = run("new", *arguments)
    assert (said.code, said.out) == (2, "")
    assert told in said.err


def test_every_field_of_the_contract_has_its_meaning() -> None:
    assert set(BECOMES) == set(FIELDS)
    assert set(BECOMES.values()) <= set(Snapshot.__struct_fields__)


def test_a_planted_secret_is_in_no_output_log_or_table(
    run: Run, bench: Bench, department: Department, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    department.put(dossier(1))
    said = [run(*words) for words in (("list",), ("list", "--json"), ("check", "igate"), ("run", "igate", "--once"))]
    # A system that says back what it was told, in its message and in a record.
    department.body = json.dumps({"error_code": "97", "message": f"secret {SECRET} of me is wrong"}).encode()
    said += [run("check", "igate"), run("check", "igate", "--json"), run("run", "igate", "--once")]
    department.body = None
    department.secret = "another"
    department.tokens.clear()
    said += [run("run", "igate", "--once"), run("check", "igate"), run("status"), run("status", "--json")]
    assert {each.code for each in said} == {0, 2, 3}
    text = "".join(each.out + each.err for each in said) + caplog.text
    token = "token-1"
    assert [word for word in (SECRET, "pl4nted", token) if word in text] == []
    bench.store.dispose()
    written = bench.everything_written()
    assert b"igate" in written
    assert [word for word in (SECRET, "pl4nted", token) if word.encode() in written] == []


def test_a_source_that_was_given_up_is_polled_again_once_the_command_succeeds(
    run: Run, bench: Bench, department: Department
) -> None:
    settings = {"url": department.url, "client_id": "me", "client_secret_env": "SECRET"}
    plan = given(bench, "dvcqg_rest", settings, environment={"SECRET": SECRET})
    role = SourcePoll(plan, Addresses(bench.folder / "simulator.json", plan.stopping), Telegraph(bench.producer))
    department.secret = "locked"
    role.run()
    assert run("run", "igate", "--once").code == 2
    asked = department.sign_ins
    role.run()
    assert department.sign_ins == asked
    department.secret = SECRET
    department.put(dossier(1))
    role.run()
    assert department.sign_ins == asked
    assert run("run", "igate", "--once").code == 0
    department.put(dossier(2))
    role.run()
    assert bench.numbers() == ["0001", "0002"]
    role.close()


def test_a_source_that_was_given_up_is_polled_again_once_its_secrets_file_changes(
    bench: Bench, department: Department, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "secret"
    file.write_text("old one\n")
    settings = {"url": department.url, "client_id": "me", "client_secret_env": "SECRET"}
    plan = given(bench, "dvcqg_rest", settings, environment={"SECRET_FILE": str(file)})
    role = SourcePoll(plan, Addresses(bench.folder / "simulator.json", plan.stopping), Telegraph(bench.producer))
    department.put(dossier(1))
    for _ in range(3):
        role.run()
    assert department.sign_ins == 1
    file.write_text(SECRET + "\n")
    role.run()
    assert bench.numbers() == ["0001"]
    assert "not polled again until someone acts" in caplog.text
    role.close()
