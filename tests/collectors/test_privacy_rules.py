"""What is kept of free texts, numbers, codes, file names and messages, rule by rule."""

from __future__ import annotations

import io
import sqlite3
import zipfile

import pytest
from sqlalchemy import create_engine, text

from collectors.base import Given
from collectors.errors import CollectError, as_failure, first_line, http_error
from collectors.file_drop.parts import told
from collectors.splitter import UnreadableFile
from collectors.sql_view.collector import make
from opscentre import profile
from opscentre.domain.kept_text import file_label, is_number, kept_name
from opscentre.procedures_file import read_procedures
from tests.collectors.parts import Bench, given

PROVINCE = profile.load("thai-nguyen")


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Nguyễn Hư Cấu", "…"),
        ("NGUYỄN HƯ CẤU", "…"),
        ("nguyễn hư cấu", "…"),
        ("Nguyen Hu Cau", "…"),
        ("NguyenHuCau", "…"),
        ("Sở Lạ", "Sở Lạ"),
        ("UBND xã Tân Cương Lạ", "UBND xã Tân Cương Lạ"),
        ("Sở Công Thương - Nguyễn Hư Cấu", "Sở Công Thương - …"),
        ("Sở Công Thương Nguyễn Hư Cấu 0912345678", "Sở Công Thương … ‹#›"),
        ("Phòng TN&MT (Trần Thị Kín)", "Phòng TN&MT (…)"),
        ("Cấp lại giấy phép cho Bà Kín Đáo", "Cấp lại giấy phép cho …"),
        ("CẤP LẠI GIẤY PHÉP CHO LÊ THỊ KÍN", "CẤP LẠI GIẤY PHÉP CHO …"),
        ("Số nhà 3 ngõ 5, xóm Đoài", "…, …"),
        ("đường Lương Ngọc Quyến, thành phố Thái Nguyên", "…, thành phố Thái Nguyên"),
        ("https://mang.example.vn/hu.cau?sdt=1", "…"),
    ],
)
def test_of_a_text_the_words_of_offices_and_procedures_are_kept_and_persons_are_not(written: str, kept: str) -> None:
    assert kept_name(written) == kept


def test_every_procedure_and_nearly_every_unit_of_the_province_is_kept_as_it_is_written() -> None:
    catalogue = read_procedures(PROVINCE.folder / "procedures.csv")
    texts = {text for one in catalogue for text in (one.name, one.field_name)}
    assert len(texts) > 100
    assert [text for text in texts if kept_name(text) != text] == []
    # Two wards have the names of persons. They are known by their codes; only as an unknown unit they would be masked.
    masked = {unit.name for unit in PROVINCE.units.all if kept_name(unit.name) != unit.name}
    assert masked <= {"Phường Phan Đình Phùng", "Xã Trần Phú"}


@pytest.mark.parametrize(
    "number",
    ["H55.12-261120-0007", "000.00.12.H55-261120-0001", "HS 12 2026", "ĐKKD-2026-01", "65f1a2b3c4d5e6f708091011",
     "BTP-TTI-123456", "000012345", "+84-7", "0001-261120", "2.000488.000.00.00.H55"],
)  # fmt: skip
def test_numbers_and_codes_of_dossiers_are_kept(number: str) -> None:
    assert is_number(number)


@pytest.mark.parametrize(
    "planted",
    ["Nguyễn Hư Cấu", "019088001234", "0912345678", "0912.345.678", "+84 912 345 678", "H55-0912345678", "090123456",
     "H55.12 Nguyễn Hư Cấu", "NguyenHuCau", "Le-Van-Kin-1", "LeVanKin", "hu.cau@example.vn", "https://a.vn/x"],
)  # fmt: skip
def test_a_persons_name_or_number_is_no_dossiers_number(planted: str) -> None:
    assert not is_number(planted)


def test_of_a_file_name_known_words_are_shown_and_a_persons_become_a_mark() -> None:
    assert file_label("ho-so-20261120.csv", "1a2b3c4d") == "ho-so-20261120.csv"
    assert file_label("latin.json", "1a2b3c4d") == "latin.json"
    assert file_label("so-cong-thuong.csv", "1a2b3c4d", ["*-cong-thuong.csv"]) == "so-cong-thuong.csv"
    for name in ("Nguyễn Hư Cấu.csv", "nguyen-hu-cau.csv", "NguyenHuCau.csv", "Cấu.csv"):
        assert file_label(name, "1a2b3c4d") == "….csv (1a2b3c4d)"
    assert file_label("ho so 019088001234.csv") == "ho so ‹#›.csv"


def test_a_damaged_archive_does_not_name_the_file_in_it() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("Hư Cấu.csv", "x" * 50)
    spoilt = out.getvalue().replace(b"xxxx", b"xyxx")
    with pytest.raises(UnreadableFile) as caught, told(), zipfile.ZipFile(io.BytesIO(spoilt)) as archive:
        archive.read("Hư Cấu.csv")
    assert "Cấu" not in str(caught.value)


def test_what_an_answer_or_a_fault_quotes_is_left_out() -> None:
    assert http_error(ValueError("illegal header line: bytearray(b'X: Hu Cau')")) == "illegal header line"
    assert first_line(sqlite3.OperationalError("no such table: v_ho_so")) == "no such table: v_ho_so"
    assert first_line(ValueError("Incorrect value: 'Hư Cấu' for column 'han'"), ["han"]) == (
        "Incorrect value: … for column 'han'"
    )
    failure = as_failure(KeyError("Nguyễn Hư Cấu"))
    assert "Cấu" not in str(failure)
    assert "KeyError" in str(failure)


@pytest.mark.postgres
def test_a_value_that_a_database_cannot_read_is_not_quoted(bench: Bench, postgres_url: str) -> None:
    engine = create_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE ho_so (so TEXT, han TEXT, sua TIMESTAMP)"))
        connection.execute(text("INSERT INTO ho_so VALUES ('A-1', 'Nguyễn Hư Cấu 0912345678', now())"))
        connection.execute(text("CREATE VIEW v AS SELECT so, CAST(han AS TIMESTAMP) AS han, sua FROM ho_so"))
    engine.dispose()
    columns = {"MaHoSo": "so", "NgayHenTra": "han", "NgayCapNhat": "sua"}
    one: Given = given(bench, "sql_view", {"url": postgres_url, "view": "v", "columns": columns})
    collector = make(one)
    with pytest.raises(CollectError) as caught:
        collector.poll()
    collector.close()
    assert "a value in it cannot be read" in str(caught.value)
    assert not any(piece in str(caught.value) for piece in ("Cấu", "0912345678"))
