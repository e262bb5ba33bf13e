"""``opscentre score``: from given ratios, and from the dossiers in SQL."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from opscentre import cli
from opscentre.domain.dossier import Snapshot
from opscentre.domain.fold import DossierState, fold
from opscentre.domain.moments import parse_local
from opscentre.domain.observations import SourceSeen
from opscentre.store.engine import open_store
from opscentre.store.journal import Entries, write

#: Code → [numerator, denominator]; the points are worked out by hand below.
INPUTS = {
    "1.1": [9, 10],
    "1.2": [1, 1],
    "1.4": [990, 1000],
    "2.1": [31_044, 31_067],
    "3.1": [570, 1900],
    "3.3": [13_781, 14_198],
    "3.6": [400, 1000],
    "4.2": [600, 1000],
    "4.x": [0, 0],
    "5.4": [89, 100],
}
POINTS = {
    "1.1": 5.4, "1.2": 4.0, "1.4": 5.94, "2.1": 19.99, "3.1": 1.5, "3.3": 4.0, "3.6": 2.4, "4.2": 3.0, "5.4": 5.93,
}  # fmt: skip

Run = Callable[..., str]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``opscentre score`` with arguments in this process; what it printed."""

    def call(*arguments: object) -> str:
        monkeypatch.setattr(sys, "argv", ["opscentre", "score", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        assert ended.value.code in (0, None), said.err
        assert said.err == ""
        return said.out

    return call


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``opscentre score`` with what it must refuse; its one line without the command's name."""

    def call(*arguments: object) -> str:
        monkeypatch.setattr(sys, "argv", ["opscentre", "score", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        assert ended.value.code == 2
        assert said.out == ""
        assert said.err.count("\n") == 1, said.err
        return said.err.strip().removeprefix("opscentre: ")

    return call


def file_of(folder: Path, content: object, name: str = "inputs.json") -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_given_ratios_become_points_groups_and_a_total(run, tmp_path):
    found = json.loads(run("--inputs", file_of(tmp_path, INPUTS), "--on", "2025-08-29", "--json"))
    assert {
        code: entry["points"] for code, entry in found["indicators"].items() if entry["points"] is not None
    } == POINTS
    assert found["indicators"]["3.1"] == {"ratio": 0.3, "points": 1.5, "max": 4}
    assert found["indicators"]["4.x"] == {"ratio": None, "points": None, "max": 2}
    assert found["groups"] == {
        "transparency": {"points": 15.34, "max": 18, "reachable": 16},
        "progress": {"points": 19.99, "max": 20, "reachable": 20},
        "online": {"points": 5.5, "max": 12, "reachable": 8},
        "payment": {"points": 2.4, "max": 10, "reachable": 6},
        "digitisation": {"points": 3.0, "max": 22, "reachable": 4},
        "satisfaction": {"points": 5.93, "max": 18, "reachable": 6},
    }
    assert found["total"] == 52.16
    assert found["reachable"] == 60
    assert found["no_data"] == [
        "1.3", "3.2", "3.5a", "3.5b", "4.1", "4.x", "4.3", "4.4", "4.5a", "4.5b", "5.2", "5.3",
    ]  # fmt: skip


def test_the_table_is_in_vietnamese_and_says_what_is_missing(run, tmp_path):
    shown = run("--inputs", file_of(tmp_path, INPUTS), "--on", "2025-08-29", "--explain")
    assert "31.044" in shown
    assert "99,93%" in shown
    assert "52,16" in shown
    assert "chưa có số liệu" in shown
    assert "Điểm chưa đầy đủ, 12 chỉ số chưa có số liệu: 1.3 TTHC công khai đầy đủ nội dung;" in shown
    assert "Tăng điểm nhiều nhất ở đâu" in shown


def test_csv_is_read_like_json(run, tmp_path):
    rows = "\n".join(f"{code},{part},{whole}" for code, (part, whole) in INPUTS.items())
    path = file_of(tmp_path, f"code,numerator,denominator\n{rows}\n", "inputs.csv")
    assert json.loads(run("--inputs", path, "--json"))["total"] == 52.16


def test_what_would_raise_the_score_most_comes_first(run, tmp_path):
    found = json.loads(run("--inputs", file_of(tmp_path, INPUTS), "--explain", "--json"))["gaps"]
    assert found[:2] == [
        {"code": "4.1", "missing": 6.0, "needed": None},
        {"code": "5.2", "missing": 6.0, "needed": None},
    ]
    assert {"code": "3.6", "missing": 3.6, "needed": 600} in found
    assert {"code": "3.1", "missing": 2.5, "needed": 950} in found


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("2.1: 5", "not JSON: Extra data (line 1, column 4); want an object like"),
        ("", "not JSON: Expecting value (line 1, column 1); want an object like"),
        ("[" * 100_000, "not JSON of inputs: nested too deeply, or a number too long; want an object like"),
        ([1, 2], 'the document is a list; want an object like {"2.1": [950, 1000], "3.6": [40, 80]}'),
        ({"9.9": [1, 2]}, '"9.9" is no indicator in force; want one of 1.1, 1.2, 1.3, 1.4, 2.1,'),
        ({"2.1": 5}, '"2.1": saw the number 5, want [numerator, denominator], like "2.1": [950, 1000]'),
        ({"2.1": [1, 2, 3]}, '"2.1": saw a list of 3, want [numerator, denominator]'),
        ({"2.1": None}, '"2.1": saw null, want [numerator, denominator]'),
        ({"2.1": {"a": 1, "b": 2}}, '"2.1": saw an object, want [numerator, denominator]'),
        ({"2.1": ["1", 2]}, '"2.1": numerator: saw the text "1", want a number from 0 on'),
        ({"2.1": [1, True]}, '"2.1": denominator: saw true, want a number from 0 on'),
        ('{"2.1": [1, NaN]}', '"2.1": denominator: saw the number nan, want a number from 0 on'),
        ({"2.1": [-1, 2]}, '"2.1": numerator -1: want a number from 0 to'),
        ({"2.1": [3, 2]}, '"2.1": numerator 3 is greater than denominator 2; want [part, whole]'),
        ('{"2.1": [1, 2], "2.1": [2, 2]}', '"2.1" is there twice; keep one'),
        ('{"2.1": [1, 1e999999]}', '"2.1": denominator 1E+999999: want a number from 0 to'),
    ],
)
def test_inputs_that_cannot_be_used_are_one_line_and_exit_2(refused, tmp_path, content, told):
    path = file_of(tmp_path, content)
    assert refused("--inputs", path).startswith(f"{path}: {told}")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "the first line is nothing, want code,numerator,denominator"),
        ("code;numerator\n", "the first line is code;numerator, want code,numerator,denominator"),
        ("code,numerator,denominator\n2.1,5\n", "line 2: want 3 values (code, numerator, denominator)"),
        (
            "code,numerator,denominator\n2.1,five,6\n",
            'line 2: numerator: saw "five", want a number from 0 on, like 950',
        ),
    ],
)
def test_a_csv_that_cannot_be_used_is_told_with_its_line(refused, tmp_path, content, told):
    path = file_of(tmp_path, content, "inputs.csv")
    assert refused("--inputs", path) == f"{path}: {told}"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "want either --inputs FILE, or --data DIR with --from and --to"),
        (["--data", "."], "want either --inputs FILE, or --data DIR with --from and --to"),
        (
            ["--inputs", "a", "--data", ".", "--by", "unit"],
            "--inputs with --data, --by: --inputs holds the whole score",
        ),
        (["--inputs", "none.json"], "none.json: cannot be read (No such file or directory)"),
        (["--inputs", "a", "--on", "29/08/2025"], "--on 29/08/2025: want a day like 2025-08-29"),
        (["--inputs", "a", "--on", "2020-01-01"], "no indicator is in force on 2020-01-01"),
        (["--inputs", "a", "--profile", "nowhere"], "profile 'nowhere': no "),
        (
            ["--data", "no-such-folder", "--from", "2026-11-01", "--to", "2026-12-01"],
            "--data no-such-folder: no opscentre.db there",
        ),
        (
            ["--data", ".", "--from", "2026-11-01", "--to", "2026-11-01"],
            "--to 2026-11-01 is not after --from 2026-11-01",
        ),
        (["--data", ".", "--from", "2099-11-01", "--to", "2099-12-01"], "--from 2099-11-01 is not before "),
        (["--data", ".", "--from", "november", "--to", "2099-12-01"], "'november' is not a local time"),
        (["--data", ".", "--from", "2025-11-01", "--to", "2025-12-01", "--by", "field"], "--by field: want unit"),
    ],
)
def test_arguments_that_cannot_be_used_are_one_line_and_exit_2(refused, arguments, told):
    assert refused(*arguments).startswith(told)


def dossier(number: int, unit: str, status: int, **facts: Any) -> Snapshot:
    moments = ("received", "due", "finished")
    return Snapshot(
        source=facts.pop("source", "sct"),
        number=f"{unit}-{number}",
        status=status,
        observed=parse_local("2026-11-20T10:00"),
        version=1,
        unit=unit,
        **{name: parse_local(value) if name in moments else value for name, value in facts.items()},
    )


def stored(folder: Path, snapshots: list[Snapshot], sources: list[SourceSeen] = ()) -> Path:
    """A data folder whose database holds these dossiers."""
    engine = open_store(f"sqlite:///{folder / 'opscentre.db'}")
    states = [fold(None, snapshot)[0] for snapshot in snapshots]
    seen = {("source", one.code): (one.attempted_at, msgspec.json.encode(one)) for one in sources}
    write(engine, Entries(dossiers=[_row(state) for state in states], observations=seen))
    engine.dispose()
    return folder


def _row(state: DossierState) -> dict[str, Any]:
    known = state.snapshot
    return {
        "source": known.source, "number": known.number, "partition": 0, "unit": known.unit, "unit_seen": "",
        "status": known.status, "received": known.received, "due": known.due, "finished": known.finished,
        "open_due": None, "reception_due": None, "state": msgspec.json.encode(state),
    }  # fmt: skip


RECEIVED = {"received": "2026-11-10T09:00", "due": "2026-11-20T10:00"}
DONE = {**RECEIVED, "finished": "2026-11-19T16:00"}
PERIOD = ("--from", "2026-11-01", "--to", "2026-12-01", "--at", "2026-11-20T10:00")


@pytest.fixture
def province(tmp_path: Path) -> Path:
    """Twenty dossiers of a department, twelve of a commune, two of another, one of nobody."""
    good = {"channel": 2, "results": (1, 1), "digitised": True, "payment": 1, "fees": (1, 1), "vneid": True}
    late = {**RECEIVED, "due": "2026-11-12T09:00"}
    department = [dossier(i, "H55.12", 9, **DONE, **good) for i in range(16)]
    department += [dossier(i, "H55.12", 4, **late, payment=3, fees=(1, 1)) for i in range(16, 20)]
    commune = [dossier(i, "01840", 9, **DONE, source="communes") for i in range(12)]
    few = [dossier(i, "05665", 9, **DONE, **good, source="communes") for i in range(2)]
    return stored(
        tmp_path,
        [*department, *commune, *few, dossier(0, "unmapped", 4, **RECEIVED)],
        [
            SourceSeen(code="sct", attempted_at=9, observed_at=9, ok=True),
            SourceSeen(code="communes", attempted_at=9, observed_at=5, ok=False, error="timeout"),
        ],
    )


def test_dossiers_in_sql_feed_the_score(run, province):
    found = json.loads(run("--data", province, *PERIOD, "--json"))
    shown = {code: (entry.get("numerator"), entry.get("denominator")) for code, entry in found["indicators"].items()}
    assert shown["2.1"] == (31, 35)
    assert shown["3.3"] == (18, 35)
    assert shown["3.6"] == (18, 22)
    assert shown["4.1"] == (18, 30)
    assert shown["4.2"] == (18, 30)
    assert shown["4.3"] == (0, 35)
    assert shown["4.5b"] == (18, 35)
    assert shown["1.1"] == (None, None)
    assert found["indicators"]["2.1"]["points"] == 17.71
    assert found["indicators"]["3.3"]["points"] == 4.0
    assert found["indicators"]["4.2"]["points"] == 3.0
    assert found["partial"] == ["5.4"]
    assert "1.4" in found["no_data"]
    assert found["on"] == "2026-11-20"
    assert found["processing_times"] == [
        {"procedure": "", "name": "", "finished": 30, "mean_working_hours": 61.0},
    ]


def test_figures_stand_in_for_what_dossiers_cannot_tell(run, province, tmp_path):
    figures = file_of(tmp_path, {"1.1": [10, 10], "1.4": [30, 32], "5.4": [18, 20]}, "figures.json")
    found = json.loads(run("--data", province, *PERIOD, "--figures", figures, "--json"))
    assert found["indicators"]["1.1"]["points"] == 6.0
    assert found["indicators"]["1.1"]["origin"] == "figures"
    # The province's own systems received more than the national portal knows.
    assert (found["indicators"]["1.4"]["numerator"], found["indicators"]["1.4"]["denominator"]) == (30, 35)
    assert found["indicators"]["5.4"]["points"] == 6.0
    assert found["partial"] == []


def test_units_are_ranked_by_their_share_of_what_they_can_reach(run, province):
    found = json.loads(run("--data", province, *PERIOD, "--by", "unit", "--json"))
    rows = [(row["unit"]["code"], row["rank"], row["volume"], row["stale"]) for row in found["units"]]
    assert rows == [
        ("H55.12", 1, 20, False),
        ("01840", 2, 12, True),
        ("05665", None, 2, True),
        ("unmapped", None, 1, False),
    ]
    assert found["stale_units"] == ["01840", "05665"]
    department = found["units"][0]
    # 16 of 20 in time.
    assert department["indicators"]["2.1"]["points"] == 16.0
    assert sum(row["indicators"]["2.1"]["denominator"] for row in found["units"]) == 35


def test_the_tables_of_a_province_name_units_and_stale_sources(run, province):
    shown = run("--data", province, *PERIOD, "--by", "unit", "--explain")
    assert "Thái Nguyên, 01/11/2026 → 01/12/2026, tính đến 10:00 20/11/2026" in shown
    assert "Sở Công Thương" in shown
    assert "(số liệu có thể cũ)" in shown
    assert "5.4 mới trừ hồ sơ quá hạn" in shown
    assert "2.2 Thời gian giải quyết trung bình" in shown


def test_nothing_received_is_no_data_and_not_zero_percent(run, province):
    found = json.loads(run("--data", province, "--from", "2025-01-01", "--to", "2025-02-01", "--json"))
    assert all(entry["ratio"] is None for entry in found["indicators"].values())
    assert (found["total"], found["reachable"], found["percent_of_reachable"]) == (0.0, 0, None)


def test_the_command_itself_prints_json_alone(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "opscentre", "score", "--inputs", file_of(tmp_path, INPUTS), "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["total"] == 52.16
