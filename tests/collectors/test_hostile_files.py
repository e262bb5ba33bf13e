"""Dropped files that mean harm: entities that grow or read other files, and archives that unpack to far more."""

from __future__ import annotations

import gzip
import io
import time
import zipfile
from pathlib import Path

import msgspec
import pytest
from openpyxl import Workbook

from collectors.file_drop.parts import TooMuch
from collectors.file_drop.reader import look_at, read_rows, records_of
from collectors.file_drop.settings import DropSettings
from collectors.splitter import UnreadableFile

COLUMNS = {"MaHoSo": "Mã hồ sơ", "TrangThaiHoSo": "Trạng thái"}
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
PARTS = ("xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml")


def workbook() -> dict[str, bytes]:
    """The files of a workbook of one dossier."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(COLUMNS.values()))
    sheet.append(["H55-1", "4"])
    packed = io.BytesIO()
    book.save(packed)
    with zipfile.ZipFile(packed) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("kind", ["grows", "reads"])
def test_entities_of_a_workbook_neither_grow_nor_read_a_file_of_ours(part: str, kind: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hush", encoding="utf-8")
    declared = f'<!ENTITY l0 "ha">{LAUGHS}' if kind == "grows" else f'<!ENTITY l8 SYSTEM "file://{secret}">'
    files = {"xl/sharedStrings.xml": b"<sst></sst>", **workbook()}
    head, _, rest = files[part].decode().rpartition("?>")
    root, close, inner = rest.lstrip().partition(">")
    files[part] = f"{head}{'?>' if head else ''}<!DOCTYPE x [{declared}]>{root}{close}&l8;{inner}".encode()
    path = pack(tmp_path / "a.xlsx", files)
    begun = time.process_time()
    with pytest.raises(UnreadableFile, match=r"declares entities|sheet is damaged"):
        list(read_rows(path, COLUMNS))
    assert time.process_time() - begun < 2


def test_a_sound_workbook_is_read(tmp_path: Path) -> None:
    records = list(read_rows(pack(tmp_path / "a.xlsx", workbook()), COLUMNS))
    assert [record.value for record in records] == [{"MaHoSo": "H55-1", "TrangThaiHoSo": "4"}]


def test_archives_that_unpack_to_far_more_are_left_whole(tmp_path: Path) -> None:
    settings = msgspec.convert({"folder": ".", "columns": COLUMNS, "most_megabytes": 30}, DropSettings)
    zeros = bytes(40_000_000)
    packed = tmp_path / "a.csv.gz"
    packed.write_bytes(gzip.compress(zeros, 1))
    sheet = {**workbook(), "xl/worksheets/sheet1.xml": zeros}
    bombs = [
        packed,
        pack(tmp_path / "a.zip", {"a.csv": zeros}),
        pack(tmp_path / "a.xlsx", sheet),
        pack(tmp_path / "b.zip", {"a.xlsx": pack(tmp_path / "inner.xlsx", sheet).read_bytes()}),
        pack(tmp_path / "many.zip", {f"{number}.csv": b"x" for number in range(settings.most_members + 1)}),
        pack(tmp_path / "out.zip", {"../../a.csv": b"x"}),
    ]
    for path in bombs:
        with pytest.raises(TooMuch):
            look_at(path, settings)


def test_an_archive_whose_table_of_contents_lies_about_its_size_gives_no_more_than_it_says(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", {"a.csv": b"x" * 20_000_000})
    # The size, in the local head and in the table of contents.
    content = path.read_bytes().replace((20_000_000).to_bytes(4, "little"), (50).to_bytes(4, "little"))
    path.write_bytes(content)
    settings = msgspec.convert({"folder": ".", "columns": COLUMNS}, DropSettings)
    (look,) = look_at(path, settings)
    if not look.hopeless:
        with pytest.raises(UnreadableFile):
            list(records_of(look, settings))
