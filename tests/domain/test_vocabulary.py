"""A source's own words: what a mapping table makes of them, and what of an unknown word may be shown."""

from __future__ import annotations

import pytest

from opscentre.domain import dvcqg
from opscentre.domain.desk_words import is_whole, shown
from opscentre.domain.dossier import UNMAPPED, Progress
from opscentre.domain.moments import parse_compact
from opscentre.domain.vocabulary import Unmapped, Vocabulary, Word, is_code, is_national
from tests.domain.test_dvcqg import EXAMPLE, OBSERVED, UNITS, reasons

TABLE = Vocabulary(
    [Word("status", "Đang xử lý", "4"), Word("status", "11", "5"), Word("status", "2", "4"), Word("status", "-1", "3"),
     Word("channel", "Trực tuyến", "2"), Word("channel", "(empty)", "3"), Word("unit", "P. Thương mại", "H55.12"),
     Word("unit", "017", "05443"), Word("procedure", "TT-07", "2.000488")]
)  # fmt: skip


def parse(**changes: object) -> dvcqg.Parsed:
    return dvcqg.parse({**EXAMPLE, **changes}, source="igate", observed=OBSERVED, units=UNITS, vocabulary=TABLE)


def test_the_words_of_a_table_are_read_by_their_codes_however_they_are_spelled() -> None:
    step = {"ThoiDiemXuLy": "20261120100000", "TrangThai": "đang  XỬ LÝ"}
    snapshot, notes = parse(
        TrangThaiHoSo=11, KenhThucHien="TRỰC TUYẾN", DonViXuLy="P.Thương Mại", MaTTHC="tt-07", DanhSachTienDo=[step]
    )
    assert notes == ()
    assert (snapshot.status, snapshot.channel, snapshot.unit, snapshot.procedure) == (5, 2, "H55.12", "2.000488")
    assert snapshot.progress == (Progress(parse_compact("20261120100000"), 4),)


def test_a_table_wins_over_the_contract_and_gives_absent_values_a_meaning_too() -> None:
    assert parse(TrangThaiHoSo="2", KenhThucHien="").snapshot.status == 4
    assert parse(KenhThucHien=None).snapshot.channel == 3
    assert parse(DonViXuLy="017").snapshot.unit == "05443"


def test_numbers_are_compared_as_they_stand() -> None:
    assert parse(TrangThaiHoSo="-1", NgayTuChoi="20261120100000").snapshot.status == 3
    assert parse(TrangThaiHoSo="1").snapshot.status == 1


def test_what_no_table_knows_names_the_word_that_could_be_mapped() -> None:
    parsed = parse(DonViXuLy="Sở Lạ", KenhThucHien="Bưu chính công ích", MaTTHC="TT-08")
    assert reasons(parsed) == ["unknown_unit", "unknown_procedure", "unknown_channel"]
    assert {note.unmapped for note in parsed.notes} == {
        Unmapped("unit", "Sở Lạ"), Unmapped("procedure", "TT-08"), Unmapped("channel", "Bưu chính công ích"),
    }  # fmt: skip
    assert parsed.snapshot.unit == UNMAPPED
    with pytest.raises(dvcqg.Refusal) as refused:
        parse(TrangThaiHoSo="Chờ thẩm định")
    assert refused.value.unmapped == Unmapped("status", "Chờ thẩm định")
    # The message is shown where the list of words is not: it keeps no words at all.
    assert "thẩm" not in refused.value.message


@pytest.mark.parametrize(
    "text",
    ["Đang xử lý", "11", "DXL", "TN", "Trực tuyến", "DANG_XU_LY", "dang xu ly", "ONL", "S11", "Đã trả kết quả",
     "Chờ duyệt", "4a", "Qua bưu chính công ích"],
)  # fmt: skip
def test_a_desks_own_words_are_shown(text: str) -> None:
    assert shown(text) == text
    assert is_whole(shown(text))


@pytest.mark.parametrize(
    "text",
    ["Nguyễn Hư Cấu", "Lý Thành Công", "Dang Phong", "An", "Tran Van A", "NAM", "Đặng Văn Ký", "019088001234",
     "hu.cau@example.vn", "0912345678", "Đang xử lý cho Nguyễn Hư Cấu"],
)  # fmt: skip
def test_what_could_name_a_person_is_not_shown(text: str) -> None:
    told = shown(text)
    assert not is_whole(told)
    assert not any(len(word) > 1 and word in told for word in text.split())


def test_what_is_no_text_is_named_by_its_kind() -> None:
    assert (shown(["x"]), shown({"a": 1}), shown(None), shown("  ")) == ("a list", "an object", "(empty)", "(empty)")


@pytest.mark.parametrize(
    ("kind", "code", "good"),
    [("unit", "H55.12", True), ("unit", "H55.99", False), ("status", "10", True), ("status", "0", False),
     ("status", "04", False), ("channel", "3", True), ("channel", "4", False), ("procedure", "2.000815", True),
     ("procedure", "2.000815.000.00.00.H55", True), ("procedure", "TT-07", False)],
)  # fmt: skip
def test_a_code_is_what_its_kind_can_have(kind, code, good) -> None:
    assert is_code(kind, code, UNITS.by_code) is good


def test_a_procedure_of_national_form_needs_no_table() -> None:
    assert is_national("1.012345")
    assert not is_national("1.12345")
