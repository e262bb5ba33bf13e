"""Reading one dossier record: what is taken, what is noted, what is refused, and what never gets out."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opscentre.domain import dvcqg
from opscentre.domain.dossier import UNMAPPED, Apology, Progress, Supplement
from opscentre.domain.masking import masked, quoted
from opscentre.domain.moments import DAY, parse_compact
from opscentre.domain.units import Unit, Units

UNITS = Units(
    [Unit("H55.12", "Sở Công Thương", "department", "I"), Unit("05443", "Phường Phan Đình Phùng", "ward", "III")]
)
OBSERVED = parse_compact("20261121120000")
EXAMPLE = {
    "MaHoSo": "H55.12-261120-0007", "MaTTHC": "2.000488.000.00.00.H55", "KenhThucHien": "2", "LoaiDoiTuong": "2",
    "NgayNopHoSo": "20261120081502", "NgayTiepNhan": "20261120093011", "NgayHenTra": "20261127093011",
    "TrangThaiHoSo": "2", "DonViXuLy": "Sở Công Thương", "HoSoCoThanhPhanSoHoa": "1", "DuocThanhToanTrucTuyen": "1",
}  # fmt: skip


def parse(**changes: object) -> dvcqg.Parsed:
    record = {**EXAMPLE, **changes}
    return dvcqg.parse(record, source="igate", observed=OBSERVED, units=UNITS)


def refuse(**changes: object) -> dvcqg.Refusal:
    with pytest.raises(dvcqg.Refusal) as caught:
        parse(**changes)
    return caught.value


def reasons(parsed: dvcqg.Parsed) -> list[str]:
    return [note.reason for note in parsed.notes]


def test_the_example_of_the_contract_is_read_field_by_field() -> None:
    snapshot, notes = parse()
    assert notes == ()
    assert snapshot.key == ("igate", "H55.12-261120-0007")
    assert (snapshot.status, snapshot.channel, snapshot.subject) == (2, 2, 2)
    assert snapshot.procedure == "2.000488.000.00.00.H55"
    assert (snapshot.unit, snapshot.unit_seen) == ("H55.12", "")
    assert snapshot.submitted == parse_compact("20261120081502")
    assert snapshot.received == parse_compact("20261120093011")
    assert snapshot.due == parse_compact("20261127093011")
    assert (snapshot.digitised, snapshot.vneid, snapshot.payment) == (True, False, 1)
    assert snapshot.observed == OBSERVED


def test_numbers_may_be_numbers_and_empty_strings_are_absent() -> None:
    snapshot, notes = parse(
        TrangThaiHoSo=4, KenhThucHien=3, LoaiDoiTuong="", NgayHenTra="", NgayTra=None, NgayTuChoi="  ",
        NgayKetThucXuLy=20261121080000, HinhThuc=1, TaiKhoanDuocXacThucVoiVNeID=True,
    )  # fmt: skip
    assert notes == ()
    assert (snapshot.status, snapshot.channel, snapshot.subject, snapshot.return_by) == (4, 3, 0, 1)
    assert (snapshot.due, snapshot.returned, snapshot.refused) == (None, None, None)
    assert snapshot.finished == parse_compact("20261121080000")
    assert snapshot.vneid


def test_a_unit_is_found_by_code_and_by_its_official_name_in_any_case() -> None:
    for seen in ("H55.12", "sở  công thương", "05443", "UBND Phường Phan Đình Phùng"):
        assert parse(DonViXuLy=seen).snapshot.unit != UNMAPPED


def test_an_unknown_unit_is_taken_listed_and_noted() -> None:
    parsed = parse(DonViXuLy="Sở Không Có" + "x" * 500)
    assert parsed.snapshot.unit == UNMAPPED
    assert parsed.snapshot.unit_seen.startswith("Sở Không Có")
    assert len(parsed.snapshot.unit_seen) == 200
    assert reasons(parsed) == ["unknown_unit"]
    assert "units.csv" in parsed.notes[0].message
    assert reasons(parse(DonViXuLy=None)) == ["unknown_unit"]


def test_an_absent_channel_is_the_counter_and_an_unknown_one_too_but_noted() -> None:
    assert parse(KenhThucHien=None).snapshot.channel == 1
    assert reasons(parse(KenhThucHien=None)) == []
    parsed = parse(KenhThucHien="7")
    assert parsed.snapshot.channel == 1
    assert reasons(parsed) == ["unknown_channel"]
    assert parsed.notes[0].vocabulary


def test_a_code_that_is_none_is_left_empty_and_noted() -> None:
    parsed = parse(MaTTHC="Cấp giấy phép", MaLinhVuc="0912345678")
    assert (parsed.snapshot.procedure, parsed.snapshot.field) == ("", "")
    assert reasons(parsed) == ["unknown_value", "unknown_value"]


def test_documents_fees_and_results_are_counted_and_nothing_else_of_them_is_kept() -> None:
    parsed = parse(
        TaiLieuNop=[
            {
                "DuocSoHoa": "1",
                "DuocTaiSuDung": "1",
                "TenTepDinhKem": "cccd-nguyen-van-a.pdf",
                "Link": "http://x/in.pdf",
            },
            {"DuocSoHoa": 1, "DuocLayTuKhoDMQG": "1"},
            {"DuocSoHoa": "0"},
        ],
        DanhSachLePhi=[{"Gia": "50.000"}, {"Gia": "0"}, {"Gia": 0}, {}],
        DanhSachGiayToKetQua=[
            {"MaGiayToKetQua": "A", "DuongDanTepTinKetQua": "http://x/result.pdf"},
            {"MaGiayToKetQua": "B", "DuongDanTepTinKetQua": ""},
            {"MaGiayToKetQua": "C", "DuongDanTepTinKetQua": "http://x/in.pdf"},
        ],
    )
    snapshot = parsed.snapshot
    assert snapshot.documents == (3, 2, 1, 1)
    assert snapshot.fees == (4, 1)
    assert snapshot.results == (3, 1)
    assert reasons(parsed) == ["input_as_result"]
    assert b"pdf" not in msgspec.json.encode(snapshot)


def test_progress_out_of_order_and_sent_twice_comes_out_sorted_and_once() -> None:
    rows = [
        {"ThoiDiemXuLy": "20261120110000", "TrangThai": "4", "NguoiXuLy": "Trần Thị B"},
        {"ThoiDiemXuLy": "20261120093011", "TrangThai": 2},
        {"ThoiDiemXuLy": "20261120110000", "TrangThai": 4},
    ]
    expected = (Progress(parse_compact("20261120093011"), 2), Progress(parse_compact("20261120110000"), 4))
    assert parse(DanhSachTienDo=rows).snapshot.progress == expected
    assert parse(DanhSachTienDo=rows[::-1]).snapshot.progress == expected


def test_a_step_without_time_or_with_an_unknown_status_is_left_out_and_noted() -> None:
    parsed = parse(DanhSachTienDo=[{"TrangThai": "4"}, {"ThoiDiemXuLy": "20261120110000", "TrangThai": "11"}])
    assert parsed.snapshot.progress == ()
    assert reasons(parsed) == ["incomplete_progress", "incomplete_progress"]


def test_supplements_keep_both_due_moments_and_a_repeated_one_counts_once() -> None:
    asked = {"NgayBoSung": "20261121080000", "NgayHenTraTruoc": "20261127093011", "NgayHenTraMoi": "20261201093011"}
    snapshot = parse(DanhSachHoSoBoSung=[asked, {"NgayBoSung": "20261120100000"}, dict(asked), {}]).snapshot
    assert snapshot.supplements == (
        Supplement(parse_compact("20261120100000")),
        Supplement(
            parse_compact("20261121080000"), None, parse_compact("20261127093011"), parse_compact("20261201093011")
        ),
    )


def test_apology_slips_are_read_where_a_source_has_them() -> None:
    assert not parse().snapshot.apologies_told
    slip = {"NgayXinLoi": "20261121080000", "NgayHenTraMoi": "20261130093011", "LyDo": "thiếu biên chế", "NguoiKy": "A"}
    snapshot = parse(DanhSachPhieuXinLoi=[slip, dict(slip), {}]).snapshot
    assert snapshot.apologies_told
    assert snapshot.apologies == (Apology(parse_compact("20261121080000"), None, parse_compact("20261130093011")),)
    assert snapshot.version == parse_compact("20261121080000")
    assert parse(DanhSachPhieuXinLoi=[]).snapshot.apologies_told


def test_lists_may_come_as_json_text_from_a_view_or_a_csv_file() -> None:
    snapshot = parse(DanhSachTienDo='[{"ThoiDiemXuLy":"20261120093011","TrangThai":"2"}]', TaiLieuNop="").snapshot
    assert snapshot.progress == (Progress(parse_compact("20261120093011"), 2),)
    assert refuse(DanhSachTienDo="[{").reason == "bad_value"
    assert refuse(TaiLieuNop=["text"]).reason == "bad_value"


def test_the_version_is_the_sources_modification_time_where_it_gives_one() -> None:
    snapshot = parse(NgayCapNhat="20261120093500").snapshot
    assert snapshot.version == snapshot.modified == parse_compact("20261120093500")


def test_without_a_modification_time_the_version_is_the_newest_moment_vouched_for_and_never_a_due_date() -> None:
    snapshot = parse(
        DanhSachTienDo=[{"ThoiDiemXuLy": "20261121080000", "TrangThai": "4"}],
        DanhSachHoSoBoSung=[{"NgayBoSung": "20261120150000", "NgayTiepNhanBoSung": "20261121093000",
                             "NgayHenTraMoi": "20261121110000"}],
    ).snapshot  # fmt: skip
    assert snapshot.modified is None
    assert snapshot.version == parse_compact("20261121093000")
    assert parse().snapshot.version == parse_compact("20261120093011")


@pytest.mark.parametrize("field", ["NgayCapNhat", "NgayKetThucXuLy"])
def test_a_moment_in_the_future_cannot_freeze_a_dossier(field: str) -> None:
    parsed = parse(**{field: "20361120093500"})
    assert parsed.snapshot.version == parse_compact("20261120093011")
    assert parsed.snapshot.modified is None
    assert reasons(parsed) == ["future_moment"]
    assert parsed.notes[0].field == field


def test_contradictions_are_taken_and_noted() -> None:
    assert reasons(parse(TrangThaiHoSo="9", NgayKetThucXuLy="20261119093011")) == ["finished_before_received"]
    waiting = [{"NgayBoSung": "20261120100000"}]
    assert reasons(parse(TrangThaiHoSo="9", DanhSachHoSoBoSung=waiting)) == ["done_while_paused"]


@pytest.mark.parametrize(
    ("changes", "reason", "field"),
    [
        ({"MaHoSo": ""}, "missing_field", "MaHoSo"),
        ({"MaHoSo": "   "}, "missing_field", "MaHoSo"),
        ({"MaHoSo": None}, "missing_field", "MaHoSo"),
        ({"MaHoSo": "9" * 129}, "bad_value", "MaHoSo"),
        ({"MaHoSo": ["H55"]}, "bad_value", "MaHoSo"),
        ({"MaHoSo": "H55\x00"}, "bad_value", "MaHoSo"),
        ({"MaHoSo": "Nguyễn Văn A"}, "bad_value", "MaHoSo"),
        ({"TrangThaiHoSo": ""}, "missing_field", "TrangThaiHoSo"),
        ({"TrangThaiHoSo": "11"}, "bad_status", "TrangThaiHoSo"),
        ({"TrangThaiHoSo": 0}, "bad_status", "TrangThaiHoSo"),
        ({"TrangThaiHoSo": True}, "bad_status", "TrangThaiHoSo"),
        ({"TrangThaiHoSo": "1_0"}, "bad_status", "TrangThaiHoSo"),
        ({"TrangThaiHoSo": "xong"}, "bad_status", "TrangThaiHoSo"),
        ({"TrangThaiHoSo": "9" * 6000}, "bad_status", "TrangThaiHoSo"),
        ({"NgayTiepNhan": "2026-11-20"}, "bad_date", "NgayTiepNhan"),
        ({"NgayTiepNhan": "٢٠٢٦١١٢٠٠٩٣٠١١"}, "bad_date", "NgayTiepNhan"),
        ({"NgayHenTra": "20261332000000"}, "impossible_date", "NgayHenTra"),
        ({"NgayHenTra": "20261120246000"}, "impossible_date", "NgayHenTra"),
        ({"NgayHenTra": "02021120080000"}, "impossible_date", "NgayHenTra"),
        ({"NgayCapNhat": {}}, "bad_date", "NgayCapNhat"),
        ({"NgayTiepNhan": ""}, "missing_field", "NgayTiepNhan"),
        ({"DanhSachTienDo": [{"ThoiDiemXuLy": "x", "TrangThai": "2"}]}, "bad_date", "DanhSachTienDo[1].ThoiDiemXuLy"),
        ({"DanhSachHoSoBoSung": {}, "TaiLieuNop": {"a": 1}}, "bad_value", "TaiLieuNop"),
        ({"DanhSachTienDo": [{}] * 1001}, "bad_value", "DanhSachTienDo"),
    ],
)
def test_a_record_that_would_make_a_count_wrong_is_refused(changes: dict[str, object], reason: str, field: str) -> None:
    refusal = refuse(**changes)
    assert (refusal.reason, refusal.field) == (reason, field)
    assert refusal.number == ("" if field == "MaHoSo" else EXAMPLE["MaHoSo"])
    assert field in refusal.message
    assert len(refusal.message) < 220


def test_filed_and_refused_dossiers_need_no_reception() -> None:
    for status in ("1", "3"):
        assert parse(TrangThaiHoSo=status, NgayTiepNhan="").snapshot.received is None


@pytest.mark.parametrize("record", [None, [], "text", 7])
def test_what_is_no_object_is_refused(record: object) -> None:
    with pytest.raises(dvcqg.Refusal) as caught:
        dvcqg.parse(record, source="igate", observed=OBSERVED, units=UNITS)
    assert caught.value.reason == "not_an_object"


PERSONAL = ["019088001234", "0912345678", "0912.345.678", "+84 912 345 678", "a.nguyen@example.vn", "Nguyễn Văn An"]


@pytest.mark.parametrize("planted", PERSONAL)
def test_personal_data_gets_out_of_no_field(planted: str) -> None:
    personal = ("ChuHoSo", "DinhDanhCHS", "Email", "Fax", "SoDienThoai", "TrichYeuHoSo", "NguoiXuLy", "GhiChu", "Khac")
    everywhere = dict.fromkeys(personal, planted)
    rows = {"DanhSachTienDo": [{"ThoiDiemXuLy": "20261120093011", "TrangThai": "2", "NoiDungXuLy": planted}],
            "TaiLieuNop": [{"TenTepDinhKem": planted}], "DanhSachGiayToKetQua": [{"DuongDanTepTinKetQua": planted}],
            "DanhSachLePhi": [{"Gia": planted}]}  # fmt: skip
    parsed = parse(**everywhere, **rows)
    assert planted.encode() not in msgspec.json.encode(parsed)


@pytest.mark.parametrize("planted", PERSONAL)
@pytest.mark.parametrize("field", ["NgayTiepNhan", "NgayCapNhat", "TrangThaiHoSo"])
def test_a_personal_value_in_the_wrong_column_is_not_quoted(planted: str, field: str) -> None:
    refusal = refuse(**{field: planted})
    for piece in planted.split():
        assert len(piece) < 2 or piece not in refusal.message


@pytest.mark.parametrize("planted", PERSONAL[:-1])
@pytest.mark.parametrize("field", ["DonViXuLy", "TenTTHC", "MaLinhVuc", "KenhThucHien", "HinhThuc"])
def test_numbers_and_addresses_of_persons_are_masked_in_texts_that_are_kept(planted: str, field: str) -> None:
    parsed = parse(**{field: f"Sở {planted} Công"})
    assert planted not in msgspec.json.encode(parsed).decode()


def test_a_mistyped_date_stays_readable_in_the_message() -> None:
    for value in ("20261332000000", "202611200930", "2026-11-20 09:30:11", "20/11/2026", "2026-11-20T09:30:11.5+07:00"):
        assert value in quoted(value)
    assert quoted("null") == "'null'"


def test_codes_of_procedures_and_dossiers_are_not_mistaken_for_phone_numbers() -> None:
    for code in ("2.000488.000.00.00.H55", "1.012345.000.00.00.H55", "000.00.12.H55", "BTP-TTI-123456"):
        assert masked(code) == code


SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)
ENTRY = st.dictionaries(st.sampled_from(["ThoiDiemXuLy", "TrangThai", "NgayBoSung", "Gia", "DuocSoHoa"]), SCALAR)


def outcome(changes: dict[str, object]) -> dvcqg.Parsed | dvcqg.Refusal:
    try:
        return parse(**changes)
    except dvcqg.Refusal as refusal:
        return refusal


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(dvcqg.FIELDS), SCALAR | ENTRY | st.lists(ENTRY, max_size=2), max_size=6))
def test_whatever_a_record_holds_it_is_parsed_or_refused(changes: dict[str, object]) -> None:
    seen = outcome(changes)
    if isinstance(seen, dvcqg.Refusal):
        assert seen.reason
        assert msgspec.json.encode(seen.message)
    else:
        assert 0 <= seen.snapshot.version <= OBSERVED + DAY
        assert msgspec.json.encode(seen)
