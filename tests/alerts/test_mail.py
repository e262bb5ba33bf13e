"""What a mail says and how: subject, table, file beside it, and nothing that a dossier's fields could smuggle in."""

from __future__ import annotations

import csv
import io
import os
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from string import Formatter

import msgspec
import pytest

from alerts import rendering
from alerts.letter import LISTED, DossierItem, Letter, Notice, answer_link
from alerts.tongue import CATALOGUE, Tongue
from opscentre.domain.moments import HOUR, parse_local
from tests.alerts.postoffice import Arrived

NOW = parse_local("2026-11-21T08:05")
DAY = 8 * HOUR


def item(number: str, late: int, unit: str = "Sở Công Thương", **given: object) -> DossierItem:
    facts: dict[str, object] = {
        "reception": False,
        "procedure": "1.001612",
        "procedure_name": "Đăng ký thành lập hộ kinh doanh",
        "state": "Đang xử lý",
    }
    due = NOW - late - 60 * HOUR
    return DossierItem(source="s", number=number, unit=unit, late=late, due=due, **(facts | given))


def letter(*dossiers: DossierItem, **given: object) -> Letter:
    facts: dict[str, object] = {
        "id": "0123456789abcdef0123456789abcdef", "brand": "Thái Nguyên IOC", "greeting": "Bộ phận Một cửa",
        "unit": "Sở Công Thương", "moment": NOW, "severity": "warning", "notices": (), "dossiers": dossiers,
    }  # fmt: skip
    return Letter(**(facts | given))  # type: ignore[arg-type]


def arrived(sent: Letter, to: str = "desk@a.example") -> Arrived:
    """The mail as its recipient's program reads it."""
    made = rendering.mail(sent, sender="Trung tâm điều hành <ioc@a.example>", to=to, domain="a.example", sent=NOW)
    return Arrived(0, to, BytesParser(EmailMessage, policy=policy.default).parsebytes(made.as_bytes()))


SAMPLE = letter(
    item("H55.12-261102-0007", 11 * DAY + 3 * HOUR, notes=("Quá hạn từ 10 ngày làm việc", "Chưa có phiếu xin lỗi")),
    item("H55.12-261110-0031", 2 * DAY, procedure_name="Cấp Giấy chứng nhận cửa hàng đủ điều kiện bán lẻ xăng dầu"),
    item("H55.12-261112-0102", 45 * 60_000, reception=True, state="Mới đăng ký"),
    *(item(f"H55.12-261118-01{index:02}", -(index + 2) * HOUR, notes=("Sắp đến hạn",)) for index in range(5)),
)  # fmt: skip
SYSTEMS = letter(
    unit="", greeting="Tổ kỹ thuật", severity="critical",
    notices=(
        Notice(title="Mất kết nối", what="Trục liên thông LGSP", since="07:58 21/11/2026", detail="connection refused",
               severity="critical", over=False),
        Notice(title="Đồng bộ chậm", what="Một cửa xã phía Nam", since="07:30 21/11/2026",
               detail="chậm 1 giờ 20 phút (trung vị)", severity="warning", over=False),
        Notice(title="Mất kết nối", what="Cổng DVC tỉnh", since="08:01 21/11/2026", detail="", severity="critical",
               over=True),
    ),
)  # fmt: skip


def test_the_subject_says_it_all():
    assert SAMPLE.subject == "[Thái Nguyên IOC] Sở Công Thương: 3 hồ sơ quá hạn, 5 sắp đến hạn (21/11)"
    assert letter(item("a", -HOUR)).subject == "[Thái Nguyên IOC] Sở Công Thương: 1 hồ sơ sắp đến hạn (21/11)"
    chair = letter(item("a", HOUR), item("b", HOUR, unit="Sở Y tế"), unit="", greeting="Chủ tịch")
    assert chair.subject == "[Thái Nguyên IOC] Chủ tịch: 2 hồ sơ quá hạn ở 2 đơn vị (21/11)"
    assert SYSTEMS.subject == (
        "[Thái Nguyên IOC] Tổ kỹ thuật: Mất kết nối – Trục liên thông LGSP, Đồng bộ chậm – Một cửa xã phía Nam, "
        "đã hết: Mất kết nối – Cổng DVC tỉnh (21/11)"
    )
    assert arrived(SAMPLE).subject == SAMPLE.subject


ENGLISH = letter(
    item("H55.12-261102-0007", 11 * DAY + 3 * HOUR, "Trade", procedure_name="Permit", state="In process", slip=True,
         notes=("Overdue by 10 working days",)),
    item("H55.12-261112-0102", 45 * 60_000, "Health", procedure_name="Permit", state="Filed online", reception=True),
    item("H55.12-261118-0101", -2 * HOUR, "Health", procedure_name="Permit", state="In process"),
    language="en", brand="TN IOC", unit="", greeting="Chair", dashboard="https://a.example",
    answer="https://a.example/answer/x", heading="morning", slips=(),
    notices=(
        Notice(title="Backlog", what="Trade", since="07:58", detail="", severity="warning", over=False),
        Notice(title="Link down", what="x", since="07:58", detail="", severity="warning", over=True),
    ),
)  # fmt: skip


def test_whoever_reads_english_gets_a_mail_without_a_vietnamese_word():
    mail = arrived(ENGLISH)
    assert mail.subject == (
        "[TN IOC] Chair, morning digest: 2 dossiers overdue, 1 due soon in 2 units, Backlog – Trade, "
        "over: Link down – x (21/11)"
    )
    (attached,) = mail.mail.iter_attachments()
    assert attached.get_filename() == "dossiers-20261121-0805.csv"
    rows = list(csv.reader(io.StringIO(attached.get_content()), delimiter="\t"))
    assert (rows[0][5], rows[1][5], rows[3][5]) == ("Late (+) / left (−), working hours", "91.0", "-2.0")
    assert "11 working days 3 h late" in mail.text
    assert "45 min of working time late (not received yet)" in mail.text
    for text in (mail.subject, mail.text, mail.html, attached.get_content()):
        assert {sign for sign in text if sign.isalpha() and not sign.isascii()} == set()


def test_the_link_of_an_english_mail_leads_to_an_english_page():
    assert answer_link("https://a.example/", "t", "en") == "https://a.example/answer/t?lang=en"
    assert answer_link("https://a.example", "t", "vi") == "https://a.example/answer/t"


def test_both_languages_of_the_catalogue_take_the_same_values():
    names = {
        key: [sorted(name for _, name, _, _ in Formatter().parse(text) if name) for text in texts]
        for key, texts in CATALOGUE.items()
    }
    assert {key: two for key, two in names.items() if two[0] != two[1]} == {}
    assert Tongue("en").count("overdue", 1) == "1 dossier overdue"
    assert (Tongue("en").decimal(1234.56), Tongue("vi").decimal(1234.56)) == ("1,234.6", "1.234,6")


def test_plain_text_html_and_the_file_name_every_dossier():
    mail = arrived(SAMPLE)
    numbers = [one.number for one in SAMPLE.dossiers]
    assert mail.numbers == numbers
    assert [number for number in numbers if number not in mail.html] == []
    assert "trễ 11 ngày 3 giờ làm việc" in mail.text
    assert "trễ 11 ngày 3 giờ làm việc" in mail.html.replace("\u00a0", " ")
    (attached,) = mail.mail.iter_attachments()
    rows = list(csv.DictReader(io.StringIO(attached.get_content()), delimiter="\t"))
    assert [row["Số hồ sơ"] for row in rows] == numbers
    assert rows[0]["Thủ tục"] == "Đăng ký thành lập hộ kinh doanh"
    assert attached.get_filename() == "ho-so-20261121-0805.csv"
    assert mail.mail["Message-ID"] == "<0123456789abcdef0123456789abcdef@a.example>"
    assert str(mail.mail["From"]) == "Trung tâm điều hành <ioc@a.example>"
    assert mail.mail["Auto-Submitted"] == "auto-generated"


def test_a_long_list_is_cut_in_the_mail_and_whole_in_the_file():
    many = letter(*(item(f"d{index:04}", DAY) for index in range(LISTED + 1234)))
    mail = arrived(many)
    assert len(mail.numbers) == LISTED
    assert "… và 1.234 hồ sơ khác trong tệp đính kèm." in mail.text
    (attached,) = mail.mail.iter_attachments()
    assert attached.get_content().count("\r\n") == LISTED + 1235 or attached.get_content().count("\n") == LISTED + 1235


EVIL = "x\r\nBcc: thief@evil.example\r\n\r\n<script>alert(1)</script>{{ 7 * 7 }}{% raw %}=cmd|' /C calc'!A0"


@pytest.mark.parametrize("field", ["number", "procedure_name", "unit", "state", "brand"])
def test_no_field_reaches_a_header_the_markup_or_the_template(field: str):
    given = {"number": "d", "late": DAY} | ({field: EVIL} if field != "brand" else {})
    evil = letter(item(**given), unit="", **({"brand": EVIL} if field == "brand" else {"greeting": EVIL}))  # type: ignore[arg-type]
    mail = arrived(evil)
    assert "Bcc" not in mail.mail
    assert [name for name in mail.mail if name.lower().startswith("bcc")] == []
    assert "<script>" not in mail.html
    assert "49" not in mail.html.replace("#4", "")
    assert mail.mail["To"] == "desk@a.example"
    assert "\n" not in mail.subject


def test_what_a_spreadsheet_would_run_is_made_text():
    told = rendering.table(letter(item("=HYPERLINK(1)", DAY), item("@x", -HOUR), item("-12", DAY)))
    rows = list(csv.reader(io.StringIO(told.decode("utf-16")), delimiter="\t"))
    assert [row[0] for row in rows[1:]] == ["'=HYPERLINK(1)", "'@x", "'-12"]
    assert rows[2][5] == "-1,0"


def test_a_letter_has_no_field_for_a_citizen():
    known = {field.name for field in msgspec.structs.fields(DossierItem)}
    assert known == {
        "source", "number", "unit", "procedure", "procedure_name", "due", "late", "reception", "state", "notes",
        "slip",
    }  # fmt: skip


@pytest.mark.browser
@pytest.mark.parametrize("width", [600, 390])
def test_a_mail_fits_a_mail_program_and_a_phone(chromium, tmp_path: Path, width: int):
    for name, sent in (("dossiers", SAMPLE), ("systems", SYSTEMS), ("english", ENGLISH)):
        page = chromium.new_page(viewport={"width": width, "height": 900})
        asked: list[str] = []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.set_content(rendering.html(sent))
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        folder = Path(os.environ.get("OPSCENTRE_PICTURES", str(tmp_path)))
        page.screenshot(path=str(folder / f"mail-{name}-{width}.png"), full_page=True)
        assert asked == [], "a mail fetches nothing"
        page.close()
