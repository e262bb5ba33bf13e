"""Telling encodings apart and reading Vietnamese names from each of them."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from collectors.file_drop.collector import make
from collectors.file_drop.encoding import Detector, utf8_chunks
from collectors.file_drop.reader import read_rows
from collectors.file_drop.syllables import is_syllable
from collectors.file_drop.tcvn3 import TABLE, raise_capitals, read
from collectors.written_dates import as_compact
from opscentre.domain.units import Units
from tests.collectors.parts import Bench, given

DEPARTMENTS = ("Sở Nội vụ", "Sở Tư pháp", "Sở Tài chính", "Sở Công Thương", "Sở Nông nghiệp và Môi trường",
               "Sở Xây dựng", "Sở Khoa học và Công nghệ", "Sở Văn hóa, Thể thao và Du lịch",
               "Sở Giáo dục và Đào tạo", "Sở Y tế", "Thanh tra tỉnh")  # fmt: skip
NAMES = ("Nguyễn Thị Hạnh", "Lê Đức Thọ", "Phạm Quỳnh Giang", "Vũ Ngọc Khuê", "Đặng Thuỳ Trâm", "Hoàng Ưng Hữu",
         "Trương Mỹ Huyền", "Ngô Bảo Châu", "Lò Văn Giểng", "Bùi Xuân Phái", "Hồ Sĩ Dưỡng")  # fmt: skip
_BYTES = {letter: code for code, letter in TABLE.items() if ord(letter) < 0xD800 or ord(letter) > 0xDFFF}


def tcvn3(text: str) -> bytes:
    """As an old program with an ABC font stores it: toned capitals as small letters."""
    plain = [c if ord(c) < 128 or c in _BYTES else c.lower() for c in text]
    return bytes(_BYTES.get(c, ord(c)) for c in plain)


def windows_1258(text: str) -> bytes:
    """As Windows stores it: letters without tones, each followed by its tone."""
    out = []
    for letter in text:
        parts = unicodedata.normalize("NFD", letter)
        tone = next((mark for mark in parts if mark in "\u0300\u0301\u0303\u0309\u0323"), "")
        bare = unicodedata.normalize("NFC", parts.replace(tone, "") if tone else parts)
        out.append((bare + tone).encode("cp1258"))
    return b"".join(out)


ENCODERS = {
    "utf-8": lambda text: text.encode(),
    "utf-8-sig": lambda text: text.encode("utf-8-sig"),
    "utf-8, decomposed": lambda text: unicodedata.normalize("NFD", text).encode(),
    "utf-16": lambda text: text.encode("utf-16"),
    "utf-16, big end first": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "utf-16, no mark": lambda text: text.encode("utf-16-le"),
    "windows-1258": windows_1258,
    "tcvn3": tcvn3,
}


def found(raw: bytes, chunk: int = 1 << 16) -> str:
    detector = Detector()
    for at in range(0, len(raw), chunk):
        detector.feed(raw[at : at + chunk])
    return detector.encoding()


@pytest.mark.parametrize("written", ENCODERS)
def test_departments_and_names_are_read_from_every_encoding_by_itself(bench: Bench, written: str) -> None:
    rows = [
        f"H55.12-261120-{n:04d};4;20261120073000;{unit};{NAMES[n % len(NAMES)]};x" for n, unit in enumerate(DEPARTMENTS)
    ]
    text = "\r\n".join(["Mã hồ sơ;Trạng thái;Tiếp nhận;Đơn vị;Chủ hồ sơ;Ghi chú", *rows]) + "\r\n"
    folder = bench.folder / "drop"
    folder.mkdir()
    (folder / "a.csv").write_bytes(ENCODERS[written](text))
    columns = {"MaHoSo": "Mã hồ sơ", "TrangThaiHoSo": "Trạng thái", "NgayTiepNhan": "Tiếp nhận",
               "DonViXuLy": "Đơn vị", "TenTTHC": "Chủ hồ sơ"}  # fmt: skip
    # Read as a procedure's name, for no other text is free: behind the intake a person's name would be masked.
    read = [record.value for record in read_rows(folder / "a.csv", columns)]
    assert [row["TenTTHC"] for row in read] == [NAMES[n % len(NAMES)] for n in range(len(DEPARTMENTS))]
    settings = {"folder": "drop", "settle": 0, "columns": columns}
    assert make(given(bench, "file_drop", settings)).poll() == (len(DEPARTMENTS), 0)
    by_number = {snapshot.number: snapshot for snapshot in bench.snapshots()}
    units: Units = bench.profile.units
    for n, unit in enumerate(DEPARTMENTS):
        snapshot = by_number[f"H55.12-261120-{n:04d}"]
        assert snapshot.unit == units.resolve(unit, snapshot.received or 0) != "unmapped", unit


@pytest.mark.parametrize("chunk", [7, 64, 1 << 16])
@pytest.mark.parametrize("written", ENCODERS)
def test_json_of_every_encoding_becomes_the_same_utf_8(written: str, chunk: int) -> None:
    text = "{" + " ".join((*NAMES, *DEPARTMENTS)) + "}"
    raw = ENCODERS[written](text)
    encoding = found(raw)
    chunks = (raw[at : at + chunk] for at in range(0, len(raw), chunk))
    out = b"".join(utf8_chunks(chunks, encoding)).decode("utf-8-sig")
    assert unicodedata.normalize("NFC", out) == text
    assert written.startswith("utf-8") or out == text


@pytest.mark.parametrize("written", [name for name in ENCODERS if name in ("windows-1258", "tcvn3", "utf-8")])
def test_a_single_name_is_enough_to_tell(written: str) -> None:
    for name in NAMES:
        assert found(b"x;" + ENCODERS[written](f"Ng {name} x") + b";1") == written, name


def test_a_letter_cut_by_a_chunk_is_no_fault() -> None:
    raw = ("x " + " ".join(NAMES) + " x").encode()
    assert {found(raw, chunk) for chunk in range(1, 9)} == {"utf-8"}


def test_broken_utf_8_stays_utf_8_so_that_only_the_broken_rows_are_set_aside() -> None:
    assert found(("\n".join(NAMES) + "\n").encode() + b"S\xff C\xf4ng\n") == "utf-8"
    assert found(b"a;b\n1;\xff\xfe\xfd\n") == "utf-8"


def test_every_letter_of_the_abc_fonts_is_in_the_table_once() -> None:
    small = "àảãáạăằẳẵắặâầẩẫấậđèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵ"
    letters = [letter for letter in TABLE.values() if letter.isalpha()]
    assert sorted(letters) == sorted(small + "ĂÂĐÊÔƠƯ")
    assert read(b"Nguy\xd4n V\xa8n \xb8nh, \xa7\xf8c L\xacng") == "Nguyễn Văn ánh, Đức Lơng"


@pytest.mark.parametrize(
    ("stored", "meant"),
    [("NGUYễN VăN Hà", "NGUYỄN VĂN HÀ"), ("NGUYễN VăN HùNG", "NGUYỄN VĂN HÙNG"), ("Lê", "Lê"), ("Lê Vũ", "Lê Vũ"),
     ("Sở Y tế", "Sở Y tế"), ("Sở KH&CN", "Sở KH&CN"), ("UBND Xã PHú LạC", "UBND XÃ PHÚ LẠC"), ("ABC", "ABC")],
)  # fmt: skip
def test_toned_capitals_are_restored_only_where_the_whole_cell_is_in_capitals(stored: str, meant: str) -> None:
    assert raise_capitals(stored) == meant


@pytest.mark.parametrize("word", ["nghiêng", "Quỳnh", "THUYỀN", "gì", "giếng", "khuỷu", "Đắk", "yêu", "ưỡn"])
def test_syllables_are_known(word: str) -> None:
    assert is_syllable(word)


@pytest.mark.parametrize("word", ["nguyÔn", "Hµ", "têên", "ngq", "ấn̉", "bcd", "Ð"])
def test_what_a_wrong_encoding_makes_of_them_is_no_syllable(word: str) -> None:
    assert not is_syllable(word)


@pytest.mark.parametrize(
    ("written", "compact"),
    [("20/11/2026 09:30", "20261120093000"), ("5/1/2026", "20260105000000"), ("05-01-2026 7:05:09", "20260105070509"),
     ("5.1.2026", "20260105000000"), ("2026-11-20T09:30:10", "20261120093010"), ("2026-11-20", "20261120000000"),
     ("2026-11-20T02:30:10Z", "20261120093010"), ("2026-11-20T09:30:10.5+07:00", "20261120093010"),
     ("20261120093011", "20261120093011"), ("31/02/2026", "20260231000000"), ("hôm qua", "hôm qua"), ("", ""),
     ("20/11/26", "20/11/26"), ("20/11-2026", "20/11-2026"), (None, None), (7, 7)],
)  # fmt: skip
def test_dates_as_people_write_them_are_read_day_first(written: object, compact: object) -> None:
    assert as_compact(written) == compact


def test_the_guide_names_every_encoding(bench: Bench) -> None:
    readme = (Path(make.__code__.co_filename).parent / "README.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in readme for name in ("utf-8", "utf-8-sig", "utf-16", "windows-1258", "tcvn3"))
