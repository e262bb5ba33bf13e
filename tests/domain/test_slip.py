"""What an apology slip says, of which dossiers there is one, and the files that are made of it."""

from __future__ import annotations

import io
import zipfile

import msgspec
import pypdfium2
import pytest
from docx import Document

from opscentre.domain.dossier import Apology, Snapshot
from opscentre.domain.fold import fold
from opscentre.domain.moments import HOUR, parse_local
from opscentre.domain.slip import NoSlip, Slip, is_offered, slip_of
from opscentre.slip.docx import docx
from opscentre.slip.pdf import pdf
from opscentre.slip.store import file_name
from opscentre.slip.wording import wording
from tests.alerts.scene import BUILDING, PROFILE, WARD, snapshot

NOW = parse_local("2026-11-25T09:05")
EVIL = "=cmd()|'x' <img src='http://127.0.0.1:9/'/> &amp; <b>{{7*7}}</b>\x00\r\n\u202e\ud800"


def made(number: str = "H55.06-261110-0007", unit: str = BUILDING, now: int = NOW, **given: object) -> Slip:
    promised = given.pop("promised", None)
    known = snapshot(number, unit, **({"due": "2026-11-20T16:30"} | given))
    calendar = PROFILE.calendar.of(unit)
    return slip_of(fold(None, known)[0], PROFILE.units[unit], "Thái Nguyên", calendar, now, promised=promised)  # type: ignore[arg-type]


def words_of(file: bytes) -> str:
    """The text layer of the only page of a PDF, as one line."""
    read = pypdfium2.PdfDocument(file)
    assert len(read) == 1
    assert [round(side) for side in read[0].get_size()] == [595, 842]
    return " ".join(read[0].get_textpage().get_text_range().split())


def words_of_docx(file: bytes) -> str:
    read = Document(io.BytesIO(file))
    cells = [cell.text for table in read.tables for row in table.rows for cell in row.cells]
    return " ".join(" ".join([*cells, *(one.text for one in read.paragraphs)]).split())


SAID = (
    "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "ỦY BAN NHÂN DÂN TỈNH THÁI NGUYÊN",
    "SỞ XÂY DỰNG", "PHIẾU XIN LỖI VÀ HẸN LẠI NGÀY TRẢ KẾT QUẢ", "Thái Nguyên, ngày … tháng … năm 2026",
    "Kính gửi: ông/bà, tổ chức", "Ngày 10 tháng 11 năm 2026, Sở Xây dựng đã tiếp nhận", "H55.06-261110-0007",
    "Đăng ký thành lập hộ kinh doanh", "16 giờ 30 phút ngày 20 tháng 11 năm 2026",
    "quá hạn 2 ngày 2 giờ làm việc (một ngày làm việc tính 8 giờ)", "Lý do chậm:", "Ngày hẹn trả kết quả mới:",
    "(Ký, ghi rõ họ tên và đóng dấu)",
)  # fmt: skip


@pytest.mark.parametrize(("make", "read"), [(pdf, words_of), (docx, words_of_docx)])
def test_a_slip_is_one_page_that_says_everything_with_its_accents(make, read):
    said = read(make(made()))
    assert [text for text in SAID if text not in said] == []
    again = read(make(made(promised=parse_local("2026-11-28T00:00"))))
    assert "Ngày hẹn trả kết quả mới: ngày 27 tháng 11 năm 2026." in again


@pytest.mark.parametrize(("make", "read"), [(pdf, words_of), (docx, words_of_docx)])
def test_what_a_source_writes_is_text_and_never_more_than_a_page(make, read):
    wild = made(number=EVIL[:60] + "0" * 60, procedure_name=EVIL * 40)
    unit = msgspec.structs.replace(wild, unit="Ủy ban " + "dài dòng " * 17, above="")
    said = read(make(unit))
    assert "<img src='http://127.0.0.1:9/'/> &amp; <b>{{7*7}}</b>" in said
    assert "\x00" not in said


def test_a_file_loads_nothing_from_elsewhere_and_is_the_same_each_time():
    assert pdf(made()) == pdf(made())
    assert b"/URI" not in pdf(made(procedure_name=EVIL))
    with zipfile.ZipFile(io.BytesIO(docx(made(procedure_name=EVIL)))) as parts:
        assert b"External" not in b"".join(parts.read(name) for name in parts.namelist() if name.endswith(".rels"))
        text = parts.read("word/document.xml").decode()
    assert "instrText" not in text
    assert "fldSimple" not in text


def test_a_commune_speaks_for_itself_and_an_agency_of_the_state_has_no_committee_above_it():
    ward = wording(made(unit=WARD))
    assert (ward.above, ward.above_bold, ward.unit) == ("ỦY BAN NHÂN DÂN", True, "PHƯỜNG PHAN ĐÌNH PHÙNG")
    assert ward.place_and_day.startswith("Phan Đình Phùng, ngày")
    assert ward.apology.startswith("Ủy ban nhân dân phường Phan Đình Phùng xin lỗi")
    assert wording(made(unit="H55.15")).above == ""


def test_before_the_due_moment_a_slip_says_that_it_will_be_missed():
    early = made(now=parse_local("2026-11-20T15:00"))
    assert early.late == 0
    assert "Hồ sơ chưa thể có kết quả đúng thời hạn nêu trên." in wording(early).told


def test_a_promise_that_the_source_tells_wins_and_one_that_has_passed_is_none():
    told = Apology(parse_local("2026-11-20T10:00"), due_after=parse_local("2026-11-27T17:00"))
    elsewhere = parse_local("2026-12-02T00:00")
    assert made(apologies=(told,), promised=elsewhere).promised == told.due_after
    broken = msgspec.structs.replace(told, due_after=parse_local("2026-11-24T17:00"))
    assert made(apologies=(broken,), promised=elsewhere).promised == elsewhere
    assert made(apologies=(broken,)).promised is None
    assert made(promised=NOW - HOUR).promised is None


@pytest.mark.parametrize(("status", "due"), [(1, "2026-11-20T16:30"), (5, "2026-11-20T16:30"), (9, None), (4, None)])
def test_whom_nobody_owes_an_apology_has_no_slip(status: int, due: str | None):
    with pytest.raises(NoSlip, match="nobody is owed an apology"):
        made(status=status, due=due)


@pytest.mark.parametrize(
    ("moment", "offered"), [("2026-11-19T16:29", False), ("2026-11-19T16:30", True), ("2026-11-25T09:00", True)]
)
def test_a_slip_is_offered_from_a_working_day_before_the_due_moment_on(moment: str, offered: bool):
    known: Snapshot = snapshot("d", BUILDING, due="2026-11-20T16:30")
    assert is_offered(fold(None, known)[0], PROFILE.calendar, parse_local(moment)) is offered


def test_a_file_has_a_name_that_every_system_takes():
    assert file_name("H55.12-261102-0007", "pdf") == "phieu-xin-loi-H55.12-261102-0007.pdf"
    assert file_name('../a"\r\nb', "pdf") == "phieu-xin-loi-a---b.pdf"
    assert file_name("đ", "docx") == "phieu-xin-loi-ho-so.docx"
