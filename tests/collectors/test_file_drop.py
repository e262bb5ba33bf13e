"""Taking in dropped CSV files: complete ones only, each once, broken rows set aside, hopeless files rejected."""

from __future__ import annotations

import csv
import io
import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from collectors.errors import BadData
from collectors.file_drop.collector import DropCollector, make
from collectors.placeholders import Addresses
from collectors.polling import SourcePoll
from collectors.telegraph import Telegraph
from opscentre.domain.observations import SourceSeen
from opscentre.pipe.base import PipeError
from opscentre.settings import SettingsError
from tests.collectors.parts import Bench, FailingOnce, given
from tests.collectors.records import TRACES, dossier

HEADER = ["MaHoSo", "ChuHoSo", "DinhDanhCHS", "Email", "SoDienThoai", "NgayTiepNhan", "NgayHenTra",
          "TrangThaiHoSo", "DonViXuLy", "DanhSachTienDo", "NgayCapNhat"]  # fmt: skip


def table(*rows: dict[str, Any], delimiter: str = ",") -> str:
    """Dossiers as CSV text."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(HEADER)
    for row in rows:
        values = [row.get(field, "") for field in HEADER]
        writer.writerow([json.dumps(v, ensure_ascii=False) if isinstance(v, list) else v for v in values])
    return text.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "drop"
    made.mkdir()
    return made


def collector(bench: Bench, producer: Any = None, **more: Any) -> DropCollector:
    return make(given(bench, "file_drop", {"folder": "drop", "settle": 0, **more}, producer=producer or bench.producer))


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_file_is_taken_with_and_without_mark_and_put_away(
    bench: Bench, folder: Path, mark: str, delimiter: str
) -> None:
    text = mark + table(*(dossier(n) for n in range(5)), delimiter=delimiter)
    (folder / "a.csv").write_text(text, encoding="utf-8", newline="")
    assert collector(bench).poll() == (5, 0)
    assert bench.numbers() == ["0000", "0001", "0002", "0003", "0004"]
    assert bench.snapshots()[0].progress
    assert [path.name for path in folder.iterdir()] == ["processed"]
    assert [path.name for path in (folder / "processed").iterdir()] == ["a.csv"]


def test_the_same_file_again_does_nothing_under_any_name_and_after_a_restart(bench: Bench, folder: Path) -> None:
    text = table(dossier(1), dossier(2))
    reading = collector(bench)
    (folder / "a.csv").write_text(text, newline="")
    assert reading.poll().taken == 2
    for name in ("a.csv", "b.csv"):
        (folder / name).write_text(text, newline="")
        assert reading.poll() == collector(bench).poll() == (0, 0)
    assert len(bench.snapshots()) == 2
    assert len(list((folder / "processed").iterdir())) == 3


def test_other_content_under_the_same_name_is_taken(bench: Bench, folder: Path) -> None:
    reading = collector(bench)
    for n in (1, 2):
        (folder / "a.csv").write_text(table(dossier(n)), newline="")
        assert reading.poll().taken == 1
    assert len(list((folder / "processed").iterdir())) == 2


def test_what_is_not_finished_and_what_is_not_meant_is_left_alone(bench: Bench, folder: Path) -> None:
    for name in (".a.csv.part", ".b.csv", "c.csv.part", "other.doc", "bhxh-1.csv.tmp"):
        (folder / name).write_text(table(dossier(1)), newline="")
    (folder / "rename-me.part").write_text(table(dossier(2)), newline="")
    reading = collector(bench)
    assert reading.poll() == (0, 0)
    (folder / "rename-me.part").rename(folder / "done.csv")
    assert reading.poll().taken == 1
    assert bench.numbers() == ["0002"]


def test_a_file_that_still_grows_is_waited_for_where_the_writer_does_not_rename(bench: Bench, folder: Path) -> None:
    (folder / "a.csv").write_text(table(dossier(1)), newline="")
    assert collector(bench, settle=60.0).poll() == (0, 0)


def test_when_the_pipe_fails_the_file_stays_and_is_taken_the_next_time(bench: Bench, folder: Path) -> None:
    (folder / "a.csv").write_text(table(*(dossier(n) for n in range(4))), newline="")
    reading = collector(bench, producer=FailingOnce(bench.producer))
    with pytest.raises(PipeError):
        reading.poll()
    assert (folder / "a.csv").exists()
    assert reading.poll().taken == 4
    assert len(bench.snapshots()) == 4


def test_each_broken_row_is_set_aside_with_file_record_and_field(bench: Bench, folder: Path) -> None:
    lines = table(*(dossier(n) for n in range(9))).splitlines(keepends=True)
    lines[2] = lines[2].replace(",4,", ",11,")
    lines[4] = '"' + lines[4]
    lines[6] = lines[6].rstrip("\r\n") + ",one,two,many\r\n"
    lines[8] = lines[8].replace("Sở Công Thương", "S\udcff Công Thương")
    data = "".join(lines).encode("utf-8", "surrogateescape")
    (folder / "a.csv").write_bytes(data)
    result = collector(bench).poll()
    assert (result.taken, result.rejected) == (5, 4)
    assert bench.numbers() == ["0000", "0002", "0004", "0006", "0008"]
    assert [reason for _, reason, _, _ in bench.quarantine()] == ["bad_status", "bad_csv", "bad_csv", "bad_encoding"]
    assert "a.csv, record 2 (line 3): TrangThaiHoSo: saw '11'" in bench.quarantine()[0][3]


def test_a_quoted_cell_may_run_over_lines_and_a_quote_left_open_costs_one_row(bench: Bench, folder: Path) -> None:
    good = table(dossier(1, ChuHoSo="two\nlines"), dossier(2), dossier(3)).splitlines(keepends=True)
    at = next(index for index, line in enumerate(good) if "0002" in line)
    good[at] = good[at].replace("Nguyễn Hư Cấu", '"Nguyễn Hư Cấu')
    (folder / "a.csv").write_text("".join(good), newline="")
    assert collector(bench).poll() == (2, 1)
    assert bench.numbers() == ["0001", "0003"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b"PK\x03\x04\x00\x00", "the archive is damaged"),
        (b"\xd0\xcf\x11\xe0\x00", "old Excel file"),
        (b"MaHoSo\x00,TrangThaiHoSo\n", "it is no text"),
        ("Nguyễn Hư Cấu;0912345678\n".encode(), "lacks the headers MaHoSo, TrangThaiHoSo"),
        (table(dossier(1, TrangThaiHoSo="0"), dossier(2, MaHoSo="")).encode(), "none of its 2 records"),
    ],
)
def test_a_file_of_which_nothing_can_be_read_is_rejected_with_the_reason_beside_it(
    bench: Bench, folder: Path, content: bytes, reason: str
) -> None:
    (folder / "bad.csv").write_bytes(content)
    result = collector(bench).poll()
    assert result.taken == 0
    assert result.rejected >= 1
    assert sorted(path.name for path in (folder / "rejected").iterdir()) == ["bad.csv", "bad.csv.txt"]
    told = (folder / "rejected" / "bad.csv.txt").read_text(encoding="utf-8")
    assert reason in told
    assert not any(trace in told for trace in TRACES)


def test_a_file_with_only_a_header_is_an_empty_report_and_no_fault(bench: Bench, folder: Path) -> None:
    (folder / "a.csv").write_text(table(), newline="")
    assert collector(bench).poll() == (0, 0)
    assert (folder / "processed" / "a.csv").exists()


def test_headers_of_the_vendor_are_mapped(bench: Bench, folder: Path) -> None:
    text = "Số,Trạng thái,Tiếp nhận,Họ tên\nD-0001,4,20261120073000,Nguyễn Hư Cấu\n"
    (folder / "a.csv").write_text(text, encoding="utf-8-sig")
    columns = {"MaHoSo": "Số", "TrangThaiHoSo": "Trạng thái", "NgayTiepNhan": "Tiếp nhận"}
    assert collector(bench, columns=columns).poll() == (1, 0)


def test_a_folder_that_is_missing_is_told_with_its_path(bench: Bench) -> None:
    with pytest.raises(BadData, match="drop is no folder; create it"):
        collector(bench).poll()


def test_nothing_personal_is_written_anywhere(bench: Bench, folder: Path) -> None:
    rows = [dossier(1), dossier(2, NgayTiepNhan="019088001234"), dossier(3, TrangThaiHoSo="hu.cau@example.vn")]
    (folder / "a.csv").write_text(table(*rows) + '"Nguyễn Hư Cấu,0912345678\n', encoding="utf-8", newline="")
    collector(bench).poll()
    (folder / "processed" / "a.csv").unlink()
    written = bench.everything_written()
    assert b"H55.12-261120-0001" in written
    assert [trace for trace in TRACES if trace.encode() in written] == []


@pytest.mark.parametrize(
    ("settings", "told"),
    [({"folder": "x", "encoding": "latin-1"}, "encoding"), ({"folder": "x", "delimiter": "|"}, "delimiter"),
     ({"folder": ""}, "want a folder"), ({"folder": "x", "columns": {"Email": "e"}}, "columns: saw 'Email'")],
)  # fmt: skip
def test_settings_that_cannot_work_are_told(bench: Bench, settings: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        make(given(bench, "file_drop", settings))


def test_what_is_known_of_a_drop_folder_is_as_old_as_its_last_file_however_often_it_is_polled(
    bench: Bench, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = itertools.count(1_000)
    for module in ("polling", "file_drop.collector"):
        monkeypatch.setattr(f"collectors.{module}.wall_ms", lambda: next(times))
    plan = given(bench, "file_drop", {"folder": "drop", "settle": 0})

    def poll() -> SourceSeen:
        one = SourcePoll(plan, Addresses(bench.folder / "simulator.json", plan.stopping), Telegraph(bench.producer))
        seen = one.attempt()
        assert seen is not None
        return seen

    assert poll().known_at is None
    (folder / "a.csv").write_text(table(dossier(1)), newline="")
    known = poll().known_at
    # Polled on, also by another process: nothing new is known.
    later = poll()
    assert later.observed_at is not None
    assert known is not None
    assert later.known_at == known < later.observed_at
