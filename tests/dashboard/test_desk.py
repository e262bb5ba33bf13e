"""The desk's pages: figures equal to the look-back cell by cell, all state in addresses, files that open well."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import openpyxl
import pytest
from dash.development.base_component import Component
from sqlalchemy import insert, select

from dashboard.desk import PAGES, Desk
from dashboard.desk_export import MOST, as_csv, as_xlsx, list_sheet, plain, table_sheet
from dashboard.gate import answering
from dashboard.ways.local import HERE
from layouts.desk import compare
from layouts.desk.compare import Compared
from layouts.desk.progress import COLUMNS, numbers
from opscentre import paths
from opscentre.board import look_back
from opscentre.clock import wall_ms
from opscentre.domain import sheets
from opscentre.domain.counting import table_row
from opscentre.domain.listing import LISTS, period_of
from opscentre.domain.moments import HOUR, date_of, day_number
from opscentre.domain.observations import SourceSeen
from opscentre.domain.status import Status
from opscentre.domain.text import number as vi_number
from opscentre.profile import Profile
from opscentre.store import journal, tables
from opscentre.store.engine import open_store, reading
from opscentre.store.queries_dossier import BadNote
from tests.dashboard import desks
from tests.dashboard.desks import NOW, WILD

PAUSED = select(tables.dossiers).where(tables.dossiers.c.status == Status.SUPPLEMENT).limit(1)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, profile: Profile) -> Desk:
    return desks.desk(tmp_path_factory.mktemp("desk"), profile)


def parts(component: Any) -> Iterator[Component]:
    """Every component of a page."""
    if isinstance(component, (list, tuple)):
        for one in component:
            yield from parts(one)
    elif isinstance(component, Component):
        yield component
        yield from parts(getattr(component, "children", None))


def text(component: Any) -> str:
    """What a page says, tables laid out by the screen left out."""
    if isinstance(component, (list, tuple)):
        return " ".join(text(one) for one in component)
    if isinstance(component, Component):
        return text(getattr(component, "children", None))
    return "" if component is None else str(component)


def shown(page: Component) -> list[list[Any]]:
    """The lines of a page's progress table."""
    (found,) = [one for one in parts(page) if "data-table" in one.to_plotly_json()["props"]]
    return json.loads(found.to_plotly_json()["props"]["data-table"])["lines"]


def links(page: Component) -> list[str]:
    return [one.href for one in parts(page) if getattr(one, "href", None) and one.href.startswith("/")]


@pytest.mark.parametrize("name", ["today", "week", "month", "quarter", "6m", "9m", "year"])
def test_the_table_equals_the_look_back_cell_by_cell(desk: Desk, profile: Profile, name: str) -> None:
    period = period_of(name, date_of(day_number(NOW)))
    wanted = look_back(desk.engine, profile, period.start_ms, period.end_ms, NOW)
    assert desk.counts.document(period.start_ms, period.end_ms, NOW) == wanted
    by_name = {row["unit"]["name"]: row for row in wanted["rows"]} | {"Toàn tỉnh": wanted["total"]}
    lines = [line for line in shown(desk.show("/table", f"?period={name}")) if line[0] != "section"]
    assert [line[2] for line in lines] == ["Toàn tỉnh", *(row["unit"]["name"] for row in wanted["rows"])]
    for _, _, unit, _, _, cells in lines:
        row = by_name[unit]
        assert cells == [v for group in ("received", "finished", "in_process", "paused") for v in row[group].values()]


def test_fields_and_procedures_add_up_to_their_unit(desk: Desk) -> None:
    (whole,) = [line for line in shown(desk.show("/table", "?period=year&unit=H55.12")) if line[0] == "total"]
    for path in ("/unit/H55.12", "/table?by=procedure&unit=H55.12"):
        page, _, query = path.partition("?")
        total, *rows = shown(desk.show(page, f"?period=year&{query}"))
        assert total[5] == whole[5]
        assert [sum(column) for column in zip(*(row[5] for row in rows), strict=True)] == whole[5]


def test_one_gets_from_the_overview_to_a_dossier_and_back_by_links_alone(desk: Desk) -> None:
    address = "/"
    for wanted, depth in (("/table", 1), ("/unit/", 2), ("/unit/", 3), ("/unit/", 4), ("/dossier/", 3)):
        path, _, query = address.partition("?")
        page = desk.show(path, f"?{query}")
        there = links(page)
        if "data-table" in str(page):
            there += [line[3] for line in shown(page) if line[0] == ""]
        address = next(link for link in there if link.startswith(wanted) and link.split("?")[0].count("/") == depth)
    path, _, query = address.partition("?")
    page = desk.show(path, f"?{query}")
    assert "Hồ sơ" in text(page)
    crumbs = next(one for one in parts(page) if getattr(one, "className", "") == "crumbs")
    assert [link.split("?")[0].count("/") for link in links(crumbs)] == [1, 2, 3, 4]


def test_every_link_of_every_page_leads_to_a_page(desk: Desk) -> None:
    known, waiting = set(), ["/", "/table?by=field", "/table?by=procedure", "/compare?units=H55.12&units=H55.05"]
    while waiting:
        address = waiting.pop()
        path, _, query = address.partition("?")
        page = desk.show(path, f"?{query}")
        assert "Không có trang này" not in text(page), address
        assert "Địa chỉ không dùng được" not in text(page), address
        there = links(page)
        if "data-table" in str(page):
            there += [f"/figure/{group}.{name}?{line[4]}" for line in shown(page)[:1]
                      for group, names in COLUMNS for name in names]  # fmt: skip
            there += [line[3] for line in shown(page) if line[0] == "" and line[3]]
        for link in there:
            # One of a kind: what differs beyond is which unit, dossier or period it is of.
            kind = (
                link.split("?")[0].count("/"),
                link.split("/")[1].split("?")[0],
                link.split("?")[0].split(".")[-1][:9],
            )
            if kind not in known and not link.startswith(("/wall", "/export", "/slip", "/admin", "/account")):
                known.add(kind)
                waiting.append(link)
    assert len(known) > 50


def test_every_filter_of_an_address_comes_back_in_its_links(desk: Desk) -> None:
    view = desk.view("/list/silent", "?unit=H55.12&field=-&channel=2&sort=new&days=30&period=quarter&lang=en")
    again = desk.view("/list/silent", view.here().partition("?")[2])
    assert again == view
    assert (
        desk.view("/table", "?rank=paused.total").here(by="field") == "/table?period=month&by=field&rank=paused.total"
    )
    # Number pads have no slash.
    assert desk.view("/table", "?first=01032026&last=31.3.2026") == desk.view(
        "/table", "?first=2026-03-01&last=31/3/2026"
    )
    custom = desk.view("/table", "?first=01/03/2026&last=2026-03-31")
    assert (custom.period.name, str(custom.period.first), str(custom.period.end)) == (
        "custom",
        "2026-03-01",
        "2026-04-01",
    )
    assert desk.view("/table", custom.here().partition("?")[2]) == custom


def test_channel_and_level_go_along_into_a_unit_and_back_out(desk: Desk) -> None:
    way = links(desk.show("/unit/H55.12", "?period=year&channel=2&level=I"))
    deeper = [line[3] for line in shown(desk.show("/unit/H55.12", "?period=year&channel=2&level=I")) if line[3]]
    for start in ("/table?period=year", "/list/overdue?period=year"):
        assert any(link.startswith(start) and "channel=2" in link and "level=I" in link for link in way), start
    assert deeper
    assert all("channel=2" in link for link in deeper)
    # A table of one field leads to that field of a unit, not to all of the unit.
    field = deeper[0].split("?")[0].rpartition("/")[2]
    rows = shown(desk.show("/table", f"?period=year&field={field}"))
    assert f"/unit/H55.12/{field}?period=year" in [line[3] for line in rows if line[0] == ""]


def test_a_tile_of_a_unit_says_as_many_as_its_list_under_the_same_filter(desk: Desk) -> None:
    page = desk.show("/unit/H55.12", "?channel=2")
    tile = next(one for one in parts(page) if "/list/paused" in str(getattr(one, "href", "")))
    path, _, query = tile.href.partition("?")
    there = desk.show(path, f"?{query}")
    count = next(one for one in parts(there) if getattr(one, "className", "") == "count")
    assert text(tile).split()[-1] == text(count).split()[0]


def test_a_search_leads_to_units_fields_and_procedures_by_their_names(desk: Desk) -> None:
    page = desk.show("/search", "?q=ba be&period=year")
    assert "/unit/01906?period=year" in links(page)
    assert "Không có hồ sơ nào có mã chứa “ba be”." in text(page)
    code, name = next(iter(desk.counts.fields.items()))
    assert f"/table?period=month&by=procedure&field={code}" in links(desk.show("/search", f"?q={quote(name)}"))
    assert "Không có gì chứa “qqqq”." in text(desk.show("/search", "?q=qqqq"))
    assert "1 dossier whose number contains “hyper”" in text(desk.show("/search", "?q=hyper&lang=en"))
    assert "1 hồ sơ có mã chứa “ＨＹＰＥＲ”" in text(desk.show("/search", "?q=ＨＹＰＥＲ"))


def test_a_table_is_ordered_by_the_column_that_its_address_names(desk: Desk) -> None:
    column = [f"{group}.{name}" for group, names in COLUMNS for name in names].index("in_process.total")
    plain = [line for line in shown(desk.show("/table", "?level=III")) if line[0] == ""]
    ranked = [line for line in shown(desk.show("/table", "?level=III&rank=in_process.total")) if line[0] == ""]
    # Equal ones keep the order of the form.
    assert [line[2] for line in ranked] == [line[2] for line in sorted(plain, key=lambda line: -line[5][column])]
    assert ranked[0][5][column] > ranked[-1][5][column]
    assert "“rank” là “share.on_time”" in text(desk.show("/table", "?rank=share.on_time"))


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/table?first=31/02/2026&last=01/03/2026", "“31/02/2026” không phải một ngày"),
        ("/table?first=02/03/2026&last=01/03/2026", "ngày cuối không được trước ngày đầu"),
        ("/table?channel=9", "“channel” là “9”; cần: 1–3"),
        ("/table?period=decade&lang=en", "“period” is “decade”; want: today, week"),
        ("/list/overdue?after=x", "Mở lại danh sách từ đầu"),
        ("/list/nothing", "Không có trang này"),
        ("/unit/H55.999", "Không có trang này"),
        ("/dossier/mot-cua/none", "Không có trang này"),
        ("/figure/none", "Không có trang này"),
    ],
)
def test_an_address_that_cannot_be_used_says_why(desk: Desk, address: str, said: str) -> None:
    path, _, query = address.partition("?")
    assert said in text(desk.show(path, f"?{query}"))


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize(
    "address",
    ["/", "/table", "/table?by=field", "/unit/H55.12", *(f"/list/{name}" for name in LISTS), "/search?q=2611",
     "/search?q=x",     "/compare?units=H55.12&units=H55.05", "/compare",
     "/figure/finished.overdue", "/figure/share.on_time?unit=H55.12",
     f"/dossier/mot-cua/{WILD}", "/unit/unmapped"],
)  # fmt: skip
def test_every_page_is_made_in_both_languages(desk: Desk, address: str, lang: str) -> None:
    path, _, query = address.partition("?")
    page = desk.show(path, f"?{query}&lang={lang}")
    assert page.lang == lang
    assert getattr(page, "data-title").endswith(desk.place.title)
    assert "None" not in text(page)
    ids = [one.id for one in parts(page) if getattr(one, "id", None)]
    assert len(ids) == len(set(ids))


def test_a_leader_sees_the_language_of_the_cookie_unless_the_address_names_one(desk: Desk) -> None:
    assert desk.view("/", "", "en").lang == "en"
    assert desk.view("/", "?lang=vi", "en").lang == "vi"
    assert desk.view("/", "", "xx").lang == "vi"


def test_a_figure_says_its_formula_its_parts_and_its_sources(desk: Desk) -> None:
    said = text(desk.show("/figure/share.on_time", "?period=month&unit=H55.12"))
    for wanted in ("Cách tính", "Tử số", "Mẫu số", "Đã giải quyết", "20/11/2026 10:00", "Sở Công Thương"):
        assert wanted in said


def test_a_figure_says_of_each_source_whether_it_is_in_time(tmp_path: Path, profile: Profile, desk: Desk) -> None:
    engine, wall = open_store(f"sqlite:///{tmp_path}/seen.db"), wall_ms()
    kept = {"dung": {"paused_since": wall - HOUR}, "hong": {"ok": False}, "cham": {}, "kip": {"observed_at": wall}}
    seen = {
        code: SourceSeen(**{"code": code, "attempted_at": wall, "observed_at": wall - HOUR, "ok": True, **told})
        for code, told in kept.items()
    }
    observed = {("source", code): (wall, msgspec.json.encode(one)) for code, one in seen.items()}
    journal.write(engine, journal.Entries(observations=observed))
    there = Desk(reading(engine), profile, desk.place, desk.clock, intervals=dict.fromkeys(seen, 60.0))
    said = text(there.show("/figure/share.on_time", ""))
    for code, word in (("dung", "đang tạm dừng"), ("hong", "đang lỗi"), ("cham", "trễ"), ("kip", "kịp thời")):
        assert re.search(f"{code}[^·]*?trước[ ·]*{word}", said), (code, said[-400:])


def test_offline_the_desks_own_pages_are_kept_and_no_other() -> None:
    script = (paths.ASSETS / "worker.js").read_text("utf-8")
    kept = re.compile(re.search(r"const DESK = /(.*)/;", script)[1].replace("\\/", "/"))  # type: ignore[index]
    assert {page for page in PAGES if kept.match(f"/{page}")} == set(PAGES)
    others = ("/wall", "/wall/map", "/admin", "/admin/people", "/screens", "/slip/a/b.pdf", "/account", "/tables", "/x")
    assert [path for path in others if kept.match(path)] == []


def test_a_comparison_without_a_year_before_says_once_why(desk: Desk) -> None:
    said = text(desk.show("/compare", "?units=H55.12&units=H55.05&period=month"))
    assert said.count("năm trước") == 1
    assert "Không có số liệu cùng kỳ năm trước (01/11/2025 – 20/11/2025): kho số liệu bắt đầu từ" in said


def test_a_comparison_tells_each_figure_of_the_year_before_and_the_difference(desk: Desk) -> None:
    now, before = table_row([0, 9, *[0] * 9]), table_row([0] * 11)
    page = compare.layout(
        desk.view("/compare", ""), desk.place, [Compared("*", "Toàn tỉnh", now, before)], "", "D", NOW
    )
    said = " ".join(text(page).split())
    assert "Cùng kỳ năm trước: D." in said
    assert "Tiếp nhận trong kỳ 9 năm trước 0 (+9)" in said
    assert "Tỷ lệ nộp trực tuyến 100% năm trước —" in said


def test_a_comparison_begins_with_the_province_and_its_own_year_before(desk: Desk) -> None:
    whole = desk.counts.document(period_of("month", date_of(day_number(NOW))).start_ms, NOW, NOW)["total"]
    found = desk.show("/compare", "?period=month")
    received = f"Tiếp nhận trong kỳ {vi_number(whole['received']['in_period'])}"
    assert received in " ".join(text(found).split())
    assert "/figure/received.in_period?period=month" in links(found)


def test_a_dossiers_page_tells_its_clock_its_dues_and_what_happened(desk: Desk) -> None:
    with desk.engine.connect() as connection:
        paused = connection.execute(PAUSED).one()
    said = text(desk.show(f"/dossier/{paused.source}/{paused.number}", ""))
    for wanted in ("Đồng hồ giải quyết", "Đứng", "Yêu cầu bổ sung giấy tờ", "Ngày hẹn trả khi tiếp nhận",
                   "không lưu dữ liệu của công dân", "Thấy lần cuối ở nguồn"):  # fmt: skip
        assert wanted in said


def test_a_dossiers_page_says_when_what_was_noticed_first_is_no_longer_kept(desk: Desk) -> None:
    forgotten = "Những lần ghi nhận đầu tiên đã quá thời hạn lưu giữ"
    address = f"/dossier/mot-cua/{WILD}"
    assert forgotten in text(desk.show(address, ""))
    seen = {"source": "mot-cua", "number": WILD, "kind": "status", "at": 1, "to_status": 4, "unit": "H55.12", "seen": 1}
    with desk.engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
        connection.execute(insert(tables.transitions), seen)
    assert forgotten not in text(desk.show(address, ""))


def test_a_late_dossiers_page_offers_its_apology_slip_and_a_paused_ones_does_not(desk: Desk) -> None:
    late = desk.show(f"/dossier/mot-cua/{WILD}", "")
    assert "Phiếu xin lỗi và hẹn lại ngày trả kết quả" in text(late)
    assert [link for link in links(late) if link.startswith("/slip/")] == [
        f"/slip/mot-cua/{quote(WILD)}.pdf", f"/slip/mot-cua/{quote(WILD)}.docx",
    ]  # fmt: skip
    with desk.engine.connect() as connection:
        paused = connection.execute(PAUSED).one()
    assert not [link for link in links(desk.show(f"/dossier/{paused.source}/{paused.number}", "")) if "slip" in link]


def test_notes_are_shown_with_their_unit_and_refused_when_they_are_empty(desk: Desk) -> None:
    desk.add_note(("unit", "H55.12", ""), "Chủ tịch", "Báo cáo trước <b>17:00</b>")
    with answering(HERE):
        said = text(desk.show("/unit/H55.12", ""))
    assert "Báo cáo trước <b>17:00</b>" in said
    assert "Chủ tịch" in said
    assert "không được xác thực" in said
    assert "17:00" not in text(desk.show("/unit/H55.05", ""))
    with pytest.raises(BadNote):
        desk.add_note(("unit", "H55.12", ""), "", "x")


def read_csv(raw: bytes) -> list[list[str]]:
    """The rows of a file as a spreadsheet splits them."""
    return list(csv.reader(io.StringIO(raw.decode(sheets.CHARSET), newline=""), delimiter=sheets.DELIMITER))


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "\nx", "＝1+1"])
def test_no_spreadsheet_takes_a_cell_for_a_formula(cell: str) -> None:
    assert plain(cell) == f"'{cell}"
    assert plain(f"x{cell}") == f"x{cell}"


def test_a_list_as_csv_opens_in_excel_wherever_its_region_is_set_to(desk: Desk) -> None:
    sheet = list_sheet(desk, desk.view("/list/overdue", ""), "overdue")
    raw = b"".join(as_csv(sheet))
    assert raw.startswith(b"\xff\xfe"), "neither a comma nor a semicolon decides, and every letter is read"
    title, heads, *rows = read_csv(raw)
    assert title[0].startswith("Quá hạn · Toàn tỉnh · Số liệu lúc 20/11/2026 10:00")
    assert heads[:3] == ["Mã hồ sơ", "Nguồn", "Đơn vị"]
    wild = next(row for row in rows if WILD in row[0])
    assert (wild[0], wild[4]) == (f"'{WILD}", "'+<b>x</b>")
    assert wild[8] == "2026-11-19 10:00", "a day that no region reads as another"
    assert len(rows) == desk.counts.document(0, NOW + 86_400_000, NOW)["total"]["in_process"]["overdue"]


def test_a_list_as_a_workbook_has_dates_and_no_formula(desk: Desk) -> None:
    sheet = list_sheet(desk, desk.view("/list/overdue", "?unit=H55.12&channel=2&lang=en"), "overdue")
    book = openpyxl.load_workbook(io.BytesIO(b"".join(as_xlsx(sheet))))
    (page,) = book.worksheets
    cells = [cell for row in page.iter_rows() for cell in row if cell.value is not None]
    assert not [cell for cell in cells if cell.data_type == "f"]
    dates = [cell for cell in cells if cell.is_date]
    assert dates[0].number_format == "dd/mm/yyyy hh:mm"
    assert page.title == "Overdue"
    assert " · Online · " in page["A1"].value, "a file says what it is of: it travels without its address"


def test_the_table_as_a_file_has_the_18_columns_and_the_pages_numbers(desk: Desk) -> None:
    view = desk.view("/table", "?period=month")
    rows = read_csv(b"".join(as_csv(table_sheet(desk, view))))
    assert len(rows[2]) == 18
    assert [int(cell) for cell in rows[3][2:]] == numbers(desk.progress(view)[1])
    assert MOST == 100_000


@pytest.mark.postgres
def test_postgresql_counts_and_lists_as_sqlite_does(postgres_url: str, profile: Profile, desk: Desk) -> None:
    engine = desks.fill(postgres_url, profile)
    other = Desk(engine, profile, desk.place, desk.clock, desk.sources)
    for name in ("week", "6m", "year"):
        period = period_of(name, date_of(day_number(NOW)))
        wanted = desk.counts.document(period.start_ms, period.end_ms, NOW)
        assert other.counts.document(period.start_ms, period.end_ms, NOW) == wanted
    for address in (*(f"/list/{name}" for name in LISTS), "/list/paused?sort=new&level=III", "/search?q=hyperlink"):
        path, _, query = address.partition("?")
        assert text(other.show(path, f"?{query}")) == text(desk.show(path, f"?{query}"))
    engine.dispose()
