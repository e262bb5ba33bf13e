"""Taking in workbooks, JSON and archives from a drop folder; bombs, damage, locks, full disks and closed folders."""

from __future__ import annotations

import csv
import datetime as dt
import fcntl
import gzip
import io
import json
import os
import tempfile
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from collectors.errors import BadData
from collectors.file_drop.collector import DropCollector, make
from collectors.file_drop.reader import look_at, read_rows, records_of
from collectors.file_drop.settings import DropSettings
from collectors.file_drop.sheet import Book, rows_of
from collectors.file_drop.workbook import _parts_of
from opscentre.domain.moments import parse_compact
from opscentre.settings import SettingsError
from tests.collectors.parts import Bench, given
from tests.collectors.records import TRACES, dossier

FIELDS = ["MaHoSo", "TrangThaiHoSo", "NgayTiepNhan", "NgayHenTra", "DonViXuLy", "ChuHoSo", "SoDienThoai", "Email"]


@pytest.fixture
def folder(bench: Bench) -> Path:
    made = bench.folder / "drop"
    made.mkdir()
    return made


def collector(bench: Bench, **more: Any) -> DropCollector:
    return make(given(bench, "file_drop", {"folder": "drop", "settle": 0} | more))


def text_of(numbers: range) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(FIELDS)
    writer.writerows([dossier(n)[field] for field in FIELDS] for n in numbers)
    return out.getvalue()


def workbook(*rows: list[Any], above: int = 0, sheet: str = "Hồ sơ") -> bytes:
    book = Workbook()
    cover = book.active
    cover.title, cover.sheet_state = "Ẩn", "hidden"
    made = book.create_sheet(sheet)
    for n in range(above):
        made.append([f"BÁO CÁO NGÀY {n}"])
    made.append(FIELDS)
    for row in rows:
        made.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def row(number: int, received: Any, **more: Any) -> list[Any]:
    return [{**dossier(number), "NgayTiepNhan": received, **more}[field] for field in FIELDS]


def zipped(files: dict[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def rejected_because(folder: Path) -> str:
    return "".join(path.read_text(encoding="utf-8") for path in (folder / "rejected").glob("*.txt"))


def test_dates_of_a_workbook_are_read_as_dates_as_text_and_as_bare_numbers(bench: Bench, folder: Path) -> None:
    wanted = parse_compact("20261120093011")
    at = dt.datetime(2026, 11, 20, 9, 30, 11)  # noqa: DTZ001 - a workbook's dates have no zone
    days = (at - dt.datetime(1899, 12, 30)).total_seconds() / 86400  # noqa: DTZ001
    written = [at, "20261120093011", "20/11/2026 09:30:11", "2026-11-20 09:30:11", 20261120093011, days]
    (folder / "a.xlsx").write_bytes(workbook(*(row(n, value) for n, value in enumerate(written)), above=3))
    assert collector(bench).poll() == (6, 0)
    assert {snapshot.received for snapshot in bench.snapshots()} == {wanted}
    assert bench.numbers() == [f"{n:04d}" for n in range(6)]


def test_a_workbook_without_times_or_with_a_day_that_does_not_exist(bench: Bench, folder: Path) -> None:
    rows = [row(1, dt.date(2026, 11, 20)), row(2, "31/02/2026"), row(3, "hôm qua"), row(4, "20/11/2026")]
    (folder / "a.xlsx").write_bytes(workbook(*rows))
    assert collector(bench).poll() == (2, 2)
    assert {snapshot.received for snapshot in bench.snapshots()} == {parse_compact("20261120000000")}
    assert [reason for _, reason, _, _ in bench.quarantine()] == ["impossible_date", "bad_date"]
    assert "a.xlsx, record 2 (row 3): NgayTiepNhan" in bench.quarantine()[0][3]


def test_cells_that_look_like_formulas_are_data(bench: Bench, folder: Path) -> None:
    number = '=HYPERLINK("x")&1'
    lines = text_of(range(2)).replace("H55.12-261120-0001", '"' + number.replace('"', '""') + '"')
    (folder / "a.csv").write_text(lines, encoding="utf-8", newline="")
    book = Workbook()
    book.active.append(FIELDS)
    book.active.append(row(7, "20261120093011", MaHoSo="+84-7"))
    book.active.cell(2, 1).data_type = "s"
    out = io.BytesIO()
    book.save(out)
    (folder / "b.xlsx").write_bytes(out.getvalue())
    assert collector(bench).poll() == (3, 0)
    assert {"H55.12-261120-0000", number, "+84-7"} == {snapshot.number for snapshot in bench.snapshots()}


def test_a_sheet_is_found_by_its_name_and_the_first_that_is_not_hidden_otherwise(bench: Bench, folder: Path) -> None:
    (folder / "a.xlsx").write_bytes(workbook(row(1, "20261120093011")))
    assert collector(bench, sheet="Ẩn").poll() == (0, 1)
    assert "lack the headers" in rejected_because(folder)
    (folder / "a.xlsx").write_bytes(workbook(row(2, "20261120093011")))
    assert collector(bench, sheet="Khác").poll() == (0, 1)
    (folder / "a.xlsx").write_bytes(workbook(row(3, "20261120093011")))
    assert collector(bench).poll() == (1, 0)


def test_a_workbook_is_known_by_its_content_whatever_it_is_called(bench: Bench, folder: Path) -> None:
    (folder / "a.csv").write_bytes(workbook(row(1, "20261120093011")))
    assert collector(bench).poll() == (1, 0)


@pytest.mark.parametrize("name", ["a.json", "a.json.gz", "a.zip"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_json_is_taken_in_its_shapes_with_a_broken_record_set_aside(
    bench: Bench, folder: Path, name: str, encoding: str
) -> None:
    text = json.dumps({"data": [dossier(1), dossier(2, TrangThaiHoSo="77"), dossier(3)]}, ensure_ascii=False)
    raw = text.encode(encoding)
    packed = {"a.json": raw, "a.json.gz": gzip.compress(raw), "a.zip": zipped({"a.json": raw})}[name]
    (folder / name).write_bytes(packed)
    assert collector(bench).poll() == (2, 1)
    assert bench.numbers() == ["0001", "0003"]
    assert {snapshot.unit for snapshot in bench.snapshots()} == {"H55.12"}


def test_every_form_in_one_archive_is_taken_and_a_hopeless_member_costs_only_itself(bench: Bench, folder: Path) -> None:
    content = zipped({
        "one.csv": text_of(range(3)), "sub/two.csv": text_of(range(3, 5)), "three.xlsx": workbook(row(5, "1/1/2026")),
        "four.json": json.dumps([dossier(6)]), "bad.csv": "Nguyễn Hư Cấu;0912345678\n", "readme.doc": "x",
        "__MACOSX/x.csv": "x", "empty.csv": "",
    })  # fmt: skip
    (folder / "a.zip").write_bytes(content)
    assert collector(bench).poll() == (7, 2)
    assert bench.numbers() == [f"{n:04d}" for n in range(7)]
    assert sorted(path.name for path in (folder / "processed").iterdir()) == ["a.zip", "a.zip.txt"]
    told = (folder / "processed" / "a.zip.txt").read_text(encoding="utf-8")
    assert "bad.csv cannot be read" in told
    assert "Hư Cấu" not in told


def bomb() -> bytes:
    return zipped({"a.csv": b"MaHoSo,TrangThaiHoSo\n" + b"0" * 30_000_000})


def locked_by_password() -> bytes:
    raw = bytearray(zipped({"a.csv": text_of(range(2))}))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(signature) + flags] |= 1
    return bytes(raw)


def damaged() -> bytes:
    raw = bytearray(zipped({"a.csv": os.urandom(5000).hex()}))
    raw[2000] ^= 0xFF
    return bytes(raw)


@pytest.mark.parametrize(
    ("name", "content", "more", "told"),
    [
        ("a.zip", bomb, {}, "more than 200 times its size"),
        ("a.csv.gz", lambda: gzip.compress(b"0" * 30_000_000), {}, "more than 200 times its size"),
        ("a.zip", bomb, {"most_ratio": 100_000, "most_megabytes": 20}, "more than 20 MB"),
        ("a.csv.gz", lambda: gzip.compress(os.urandom(2_000_000)), {"most_megabytes": 1}, "more than 1 MB"),
        ("a.zip", lambda: zipped({f"f{n}.csv": "x" for n in range(9)}), {"most_members": 8}, "holds 9 files"),
        ("a.zip", lambda: zipped({"../../a.csv": text_of(range(2))}), {}, "named so as to lie outside"),
        ("a.zip", lambda: zipped({"/etc/a.csv": text_of(range(2))}), {}, "named so as to lie outside"),
        ("a.zip", locked_by_password, {}, "it has a password"),
        ("a.zip", damaged, {}, "the archive is damaged"),
        ("a.zip", lambda: zipped({"a.csv": text_of(range(9))})[:-60], {}, "the archive is damaged"),
        ("a.csv.gz", lambda: gzip.compress(text_of(range(9)).encode())[:-20], {}, "the archive is damaged"),
        ("a.zip", lambda: zipped({"a.csv": zipped({"b.csv": "x"})}), {}, "an archive within an archive"),
        ("a.csv.gz", lambda: gzip.compress(gzip.compress(b"x")), {}, "within an archive"),
        ("a.zip", lambda: zipped({"a.doc": "x"}), {}, "holds no file of dossiers"),
        ("a.xlsx", lambda: zipped({"xl/workbook.xml": "<x/>"}), {}, "no workbook that can be read"),
        ("a.xlsx", lambda: workbook(row(1, "x"))[:-40], {}, "the archive is damaged"),
        ("a.json", lambda: b"{" * 100, {}, "none of its 1 records"),
    ],
)
def test_an_archive_out_of_bounds_is_rejected_whole_and_nothing_of_it_is_taken(
    bench: Bench, folder: Path, name: str, content: Any, more: dict[str, Any], told: str
) -> None:
    (folder / name).write_bytes(content())
    before = {path for path in bench.folder.parent.rglob("*") if path.is_file()}
    result = collector(bench, **more).poll()
    assert (result.taken, result.rejected) == (0, 1)
    assert told in rejected_because(folder)
    assert bench.snapshots() == []
    after = {path for path in bench.folder.parent.rglob("*") if path.is_file()}
    assert {path.name for path in after - before} <= {name, f"{name}.txt"}


def test_a_rejected_file_may_be_dropped_again_and_is_read_again(bench: Bench, folder: Path) -> None:
    (folder / "a.csv").write_text(text_of(range(2)), encoding="utf-8")
    columns = {"MaHoSo": "Số", "TrangThaiHoSo": "Trạng thái"}
    assert collector(bench, columns=columns).poll() == (0, 1)
    (folder / "rejected" / "a.csv").rename(folder / "a.csv")
    assert collector(bench).poll() == (2, 0)


def test_a_file_whose_writer_holds_a_lock_is_left_alone(bench: Bench, folder: Path) -> None:
    (folder / "a.csv").write_text(text_of(range(2)), encoding="utf-8")
    with (folder / "a.csv").open("ab") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        assert collector(bench).poll() == (0, 0)
    assert collector(bench).poll() == (2, 0)


def test_an_old_date_of_a_copy_does_not_make_it_complete(bench: Bench, folder: Path) -> None:
    (folder / "a.csv").write_text(text_of(range(2)), encoding="utf-8")
    os.utime(folder / "a.csv", (0, 0))
    assert collector(bench, settle=60.0).poll() == (0, 0)


def test_a_file_that_grows_while_it_is_read_stays_and_is_read_again(bench: Bench, folder: Path) -> None:
    path = folder / "a.csv"
    path.write_text(text_of(range(3)), encoding="utf-8", newline="")
    reading = collector(bench)
    take = reading._intake.take

    def slowly(records: Iterator[Any], *more: Any) -> Any:
        taken = take(records, *more)
        with path.open("a", encoding="utf-8", newline="") as writer:
            writer.write(text_of(range(3, 5)).split("\r\n", 1)[1])
        reading._intake.take = take  # type: ignore[method-assign]
        return taken

    reading._intake.take = slowly  # type: ignore[method-assign]
    assert reading.poll() == (3, 0)
    assert path.exists()
    assert reading.poll() == (5, 0)
    assert set(bench.numbers()) == {f"{n:04d}" for n in range(5)}


def test_on_a_full_disk_a_rejected_file_stays_with_a_clear_word_and_goes_once_there_is_room(
    bench: Bench, folder: Path
) -> None:
    (folder / "a.csv").write_text("x", encoding="utf-8")
    (folder / "rejected").mkdir()
    (folder / "rejected" / "a.csv.txt").symlink_to("/dev/full")
    reading = collector(bench)
    with pytest.raises(BadData, match=r"a\.csv cannot be moved .*No space left on device\); make room"):
        reading.poll()
    assert (folder / "a.csv").exists()
    (folder / "rejected" / "a.csv.txt").unlink()
    assert collector(bench).poll() == (0, 0)
    assert "lacks the headers" in rejected_because(folder)
    assert len(bench.quarantine()) == 1


def test_a_taken_file_that_cannot_be_moved_is_not_taken_again(bench: Bench, folder: Path) -> None:
    (folder / "a.csv").write_text(text_of(range(2)), encoding="utf-8")
    (folder / "processed").write_text("in the way")
    for reading in (collector(bench), collector(bench)):
        with pytest.raises(BadData, match="cannot be moved"):
            reading.poll()
    (folder / "processed").unlink()
    assert collector(bench).poll() == (0, 0)
    assert len(bench.snapshots()) == 2
    assert (folder / "processed" / "a.csv").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user who may not read the folder")
def test_a_folder_and_a_file_that_may_not_be_read_are_told(bench: Bench) -> None:
    def as_nobody() -> str:
        os.seteuid(65534)
        try:
            with pytest.raises(BadData) as caught:
                reading.poll()
            return str(caught.value)
        finally:
            os.seteuid(0)

    # Not below the test's own folder: others may not even enter that.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        reading = collector(bench, folder=name)
        (folder / "a.csv").write_text(text_of(range(2)), encoding="utf-8")
        (folder / "a.csv").chmod(0o600)
        assert "a.csv cannot be opened (Permission denied); let this user read it" in as_nobody()
        folder.chmod(0o700)
        assert f"{folder} cannot be listed (Permission denied); let this user read and enter it" in as_nobody()
        assert reading.poll() == (2, 0)


def test_a_folder_that_is_a_file_is_told(bench: Bench) -> None:
    (bench.folder / "drop").write_text("x")
    with pytest.raises(BadData, match="is no folder but a file"):
        collector(bench).poll()


def test_a_line_without_an_end_is_one_broken_row_and_the_excel_mark_line_is_understood(
    bench: Bench, folder: Path
) -> None:
    lines = text_of(range(3)).splitlines(keepends=True)
    lines.insert(2, "x" * 3_000_000 + "\r\n")
    (folder / "a.csv").write_text("sep=,\r\n" + "".join(lines), encoding="utf-8", newline="")
    assert collector(bench).poll() == (3, 1)
    assert [reason for _, reason, _, _ in bench.quarantine()] == ["too_long"]
    assert "(line 4)" in bench.quarantine()[0][3]


@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.xlsx", "a.zip", "a.csv.gz"])
def test_nothing_personal_is_written_anywhere_from_any_form(bench: Bench, folder: Path, name: str) -> None:
    rows = [dossier(1), dossier(2, NgayTiepNhan="019088001234"), dossier(3, TrangThaiHoSo="hu.cau@example.vn"),
            dossier(4, MaHoSo="Nguyễn Hư Cấu"), dossier(5, DonViXuLy="0912345678 hu.cau@example.vn")]  # fmt: skip
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerows([FIELDS, *([one[field] for field in FIELDS] for one in rows)])
    raw = text.getvalue().encode()
    book = Workbook()
    for cells in [FIELDS, *([one[field] for field in FIELDS] for one in rows)]:
        book.active.append(cells)
    out = io.BytesIO()
    book.save(out)
    content = {"a.csv": raw, "a.json": json.dumps({"data": rows}).encode(), "a.xlsx": out.getvalue(),
               "a.zip": zipped({"a.csv": raw}), "a.csv.gz": gzip.compress(raw)}[name]  # fmt: skip
    (folder / name).write_bytes(content)
    assert collector(bench).poll() == (2, 3)
    (folder / "processed" / name).unlink()
    written = bench.everything_written()
    assert b"H55.12-261120-0001" in written
    assert [trace for trace in TRACES if trace.encode() in written] == []


def rows_of_big(count: int) -> Iterator[bytes]:
    yield (",".join(FIELDS) + "\n").encode()
    for n in range(count):
        yield f"H55-{n:06d},4,20261120073000,20261127073000,Sở Công Thương,Nguyễn Hư Cấu,0912345678,x@y.vn\n".encode()


@pytest.mark.parametrize("form", ["csv.gz", "json", "xlsx"])
def test_a_hundred_thousand_rows_are_read_in_flat_memory(tmp_path: Path, form: str) -> None:
    count, path = 100_000, tmp_path / f"big.{form}"
    if form == "xlsx":
        book = Workbook(write_only=True)
        sheet = book.create_sheet()
        for line in rows_of_big(count // 10):
            sheet.append(line.decode().rstrip().split(","))
        book.save(path)
        count //= 10
    elif form == "json":
        one = json.dumps(dossier(1), ensure_ascii=False)
        with path.open("w", encoding="utf-8") as file:
            file.write('{"data":[' + ",\n".join(one.replace("-0001", f"-{n}") for n in range(count)) + "]}")
    else:
        with gzip.open(path, "wb") if form.endswith("gz") else path.open("wb") as packed:
            packed.writelines(rows_of_big(count))
    settings = DropSettings(folder=".", most_ratio=1000)
    tracemalloc.start()
    try:
        (look,) = look_at(path, settings)
        assert sum(not record.fault for record in records_of(look, settings)) == count
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 24_000_000, f"{peak / 1e6:.1f} MB"


def test_the_samples_can_be_read() -> None:
    samples = Path(make.__code__.co_filename).parent / "samples"
    assert {path.name: len(list(read_rows(path, {}))) for path in samples.iterdir()} == {
        "dossiers.csv": 2,
        "dossiers.json": 1,
    }


def test_bounds_below_one_are_told(bench: Bench) -> None:
    with pytest.raises(SettingsError, match="most_ratio: saw 0; want 1 or more"):
        collector(bench, most_ratio=0)


def test_a_sheet_is_read_cell_by_cell_as_openpyxl_reads_it(tmp_path: Path) -> None:
    made = Workbook()
    sheet = made.active
    moment = dt.datetime(2026, 11, 20, 9, 30, 10)  # noqa: DTZ001 - a workbook's dates have no zone
    for place, value in {
        "B2": "x", "D2": 3.5, "A4": moment, "B4": True, "C4": "=1+1", "AB4": "xa",
        "E4": dt.date(2026, 1, 2), "F4": dt.time(3, 4), "G4": 12345678901, "H4": " Đắk Lắk ", "A5": "<&>\"'",
    }.items():  # fmt: skip
        sheet[place] = value
    made.save(tmp_path / "a.xlsx")
    book = load_workbook(tmp_path / "a.xlsx", read_only=True, data_only=True)
    wanted = {n: list(row) for n, row in enumerate(book.worksheets[0].iter_rows(values_only=True), 1)}
    found = dict(rows_of(book.worksheets[0]._get_source(), _parts_of(book, book.worksheets[0]), 256))
    book.close()
    assert {n: row + [None] * (len(wanted[n]) - len(row)) for n, row in found.items()} == {
        n: wanted[n] for n in (2, 4, 5)
    }


@pytest.mark.parametrize("sheet", [
    '<!DOCTYPE x [<!ENTITY e "1">]><worksheet><row><c><v>&e;</v></c></row></worksheet>',
    "<worksheet><row><c r='1'><v>1</v></c></row></worksheet>",
    "<worksheet><row><c t='s'><v>7</v></c></row></worksheet>",
    "<worksheet><row><c><v>1</v></row></worksheet>",
    f"<worksheet><row><c t='str'><v>{'x' * 3_000_000}</v></c></row></worksheet>",
])  # fmt: skip
def test_a_damaged_sheet_is_refused(sheet: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        list(rows_of(io.BytesIO(sheet.encode()), Book([], frozenset(), lambda number, _: number), 256))


def test_of_an_inline_text_its_parts_are_read_and_no_reading_aid_or_formula() -> None:
    sheet = b"""<x:worksheet xmlns:x="a"><x:row r="3"><x:c t="inlineStr"><x:is><x:r><x:t>S\xe1\xbb\x9f </x:t></x:r>
    <x:r><x:t>Y t\xe1\xba\xbf</x:t></x:r><x:rPh><x:t>aid</x:t></x:rPh></x:is></x:c><x:c><x:f>1+1</x:f><x:v>2</x:v></x:c>
    </x:row></x:worksheet>"""
    assert list(rows_of(io.BytesIO(sheet), Book([], frozenset(), lambda n, _: n), 256)) == [(3, ["Sở Y tế", 2])]
