"""``opscentre import``: files of every kind down the whole path, with a real stream worker."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collectors.cli import import_command
from collectors.importing import NothingMoves, import_files, wait_until_counted
from opscentre.runtime.worker import counting
from opscentre.settings import Settings, SettingsError
from tests.collectors.parts import Bench
from tests.collectors.records import TRACES, dossier

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A data folder with a stream worker on it."""
    with counting(Settings(data=tmp_path_factory.mktemp("data"))) as settings:
        yield settings


class Run:
    """One run of the command: its exit code, its summary, what it told on stderr."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.summary: dict[str, Any] = json.loads(out)
        self.err = err


@pytest.fixture
def run(running: Settings, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest) -> Any:
    """Imports files under a source of the test's own."""
    source = request.node.name.replace("_", "-")[5:45].rstrip("-[]").replace("[", "-")

    def call(*files: Path) -> Run:
        code = import_command(list(files), source=source, settings=running)
        captured = capsys.readouterr()
        return Run(code, captured.out, captured.err)

    return call


def write(folder: Path, name: str, content: object) -> Path:
    path = folder / name
    data = content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()
    path.write_bytes(data)
    return path


def test_all_good_is_all_taken_and_a_second_time_unchanged(run: Any, tmp_path: Path) -> None:
    path = write(tmp_path, "a.json", {"isUpdating": False, "data": [dossier(n) for n in range(700)]})
    first, second = run(path), run(path)
    assert first.code == second.code == 0
    assert first.summary == {"read": 700, "accepted": 700, "unchanged": 0, "rejected": 0, "reasons": {}}
    assert second.summary == {"read": 700, "accepted": 0, "unchanged": 700, "rejected": 0, "reasons": {}}


def test_a_list_and_lines_and_a_byte_order_mark_are_taken_in_one_run(run: Any, tmp_path: Path) -> None:
    rows = [dossier(n) for n in range(6)]
    seen = run(
        write(tmp_path, "list.json", rows[:2]),
        write(tmp_path, "lines.jsonl", "\n".join(map(json.dumps, rows[2:4])).encode()),
        write(tmp_path, "mark.json", b"\xef\xbb\xbf" + json.dumps({"data": rows[4:]}).encode()),
    )
    assert (seen.code, seen.summary["accepted"]) == (0, 6)


def test_every_bad_record_is_told_and_costs_no_good_one(run: Any, tmp_path: Path) -> None:
    good = [json.dumps(dossier(n)) for n in range(4)]
    bad = [json.dumps(dossier(10, TrangThaiHoSo="11")), json.dumps(dossier(11, MaHoSo="")),
           json.dumps(dossier(12, NgayHenTra="20261131000000")), '{"MaHoSo": "H55", }', "null"]  # fmt: skip
    rows = [good[0], *bad[:3], good[1], bad[3], good[2], bad[4], good[3], good[3]]
    seen = run(write(tmp_path, "mixed.json", ("[" + ",\n".join(rows) + "]").encode()))
    assert seen.code == 3
    assert seen.summary == {
        "read": 10, "accepted": 4, "unchanged": 1, "rejected": 5,
        "reasons": {"bad_status": 1, "missing_field": 1, "impossible_date": 1, "bad_json": 1, "not_an_object": 1},
    }  # fmt: skip
    assert "mixed.json, record 2 (byte" in seen.err
    assert "TrangThaiHoSo: saw '11'" in seen.err
    assert not any(trace in seen.err for trace in TRACES)


def test_of_a_truncated_file_what_stands_before_the_cut_is_taken(run: Any, tmp_path: Path) -> None:
    whole = json.dumps({"data": [dossier(n) for n in range(5)]}).encode()
    seen = run(write(tmp_path, "cut.json", whole[:-200]))
    assert seen.code == 3
    assert (seen.summary["accepted"], seen.summary["reasons"]) == (4, {"truncated_file": 1})


def test_only_the_record_with_bytes_that_are_not_utf8_is_refused(run: Any, tmp_path: Path) -> None:
    data = json.dumps([dossier(1), dossier(2, ChuHoSo="xyzzy"), dossier(3)]).encode().replace(b"xyzzy", b"x\xff\xfey")
    seen = run(write(tmp_path, "latin.json", data))
    assert (seen.code, seen.summary["accepted"], seen.summary["reasons"]) == (3, 2, {"bad_encoding": 1})


def test_an_unknown_unit_is_counted_and_named(run: Any, tmp_path: Path) -> None:
    seen = run(write(tmp_path, "unit.json", [dossier(1, DonViXuLy="Sở Lạ"), dossier(2)]))
    assert (seen.code, seen.summary["accepted"], seen.summary["unmapped"]) == (0, 2, {"Sở Lạ": 1})


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"MaHoSo,TrangThaiHoSo\n1,2\n", b"[nonsense and more", b"{"])
def test_what_cannot_be_read_at_all_ends_with_code_two(run: Any, tmp_path: Path, content: bytes) -> None:
    seen = run(write(tmp_path, "noise.json", content))
    assert seen.code == 2
    assert seen.summary["accepted"] == 0
    assert sum(seen.summary["reasons"].values()) == 1
    assert "noise.json" in seen.err


def test_a_file_that_cannot_be_read_beside_a_good_one_ends_with_code_three(run: Any, tmp_path: Path) -> None:
    seen = run(write(tmp_path, "noise.json", b"PK"), write(tmp_path, "good.json", [dossier(1)]))
    assert (seen.code, seen.summary["accepted"], seen.summary["reasons"]) == (3, 1, {"unreadable_file": 1})


def test_a_missing_file_or_a_folder_is_told_before_anything_is_imported(run: Any, tmp_path: Path) -> None:
    good = write(tmp_path, "good.json", [dossier(1)])
    for wrong, told in ((tmp_path / "none.json", "there is no such file"), (tmp_path, "not a file")):
        seen = run(good, wrong)
        assert seen.code == 2
        assert seen.summary["read"] == 0
        assert str(wrong) in seen.err
        assert told in seen.err


def test_after_twenty_refusals_the_rest_is_only_counted(run: Any, tmp_path: Path) -> None:
    seen = run(write(tmp_path, "bad.json", [dossier(n, TrangThaiHoSo="0") for n in range(33)]))
    assert seen.code == 3
    assert seen.err.count("refused [bad_status]") == 20
    assert "and 13 more; see the quarantine table" in seen.err


def test_a_source_code_that_cannot_be_one_is_refused(running: Settings, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--source: saw 'Sở A'"):
        import_command([tmp_path], source="Sở A", settings=running)


def test_without_a_worker_the_wait_ends_with_a_clear_error(bench: Bench, tmp_path: Path) -> None:
    path = write(tmp_path, "a.json", [dossier(1)])
    with pytest.raises(NothingMoves, match="1 dossiers are in the pipe"):
        import_files(
            [path], settings=bench.settings, profile=bench.profile, source="x", store=bench.store,
            producer=bench.producer, clock=bench.clock,
            wait=lambda *args: wait_until_counted(*args, stalled_after=0.2),
        )  # fmt: skip


MEASURED = """
import resource, sys
from pathlib import Path
from collectors.importing import import_files
from tests.collectors.parts import Bench
bench = Bench(Path(sys.argv[1]))
def run(path):
    import_files([Path(path)], settings=bench.settings, profile=bench.profile, source="x", store=bench.store,
                 producer=bench.producer, clock=bench.clock, wait=lambda *args: None)
    return peak()
def peak():
    # On Linux ru_maxrss begins at the size of the process that started this one: the test run's, not ours.
    status = Path("/proc/self/status")
    if not status.is_file():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM"))
small = run(sys.argv[2])
print(small, run(sys.argv[3]), sep=" ")
"""


def test_a_big_file_takes_no_more_memory_than_a_small_one(tmp_path: Path) -> None:
    row = json.dumps(dossier(1, GhiChu="x" * 2000)).encode()
    small, big = tmp_path / "small.json", tmp_path / "big.json"
    for path, rows in ((small, 1500), (big, 22_000)):
        with path.open("wb") as file:
            file.write(b'{"isUpdating": false, "data": [')
            file.writelines(row.replace(b"-0001", b"-%06d" % n) + (b"," if n + 1 < rows else b"") for n in range(rows))
            file.write(b"]}")
    assert big.stat().st_size > 60_000_000
    made = subprocess.run(
        [sys.executable, "-c", MEASURED, str(tmp_path / "data"), str(small), str(big)],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    after_small, after_big = map(int, made.stdout.split())
    unit = 1024 if sys.platform != "darwin" else 1
    assert (after_big - after_small) * unit < 12_000_000
    assert after_big * unit < 160_000_000
