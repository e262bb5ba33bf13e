"""The desk's pages in a real Chromium on a tablet: touch, back, keyboard, screen reader, notes, and no server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from sqlalchemy import Engine, insert

from opscentre.answers import Signer
from opscentre.clock import wall_ms
from opscentre.profile import Profile
from opscentre.store.alert_tables import notification_lines, notifications
from tests.access.house import alerted
from tests.access.matrix import ADMINISTRATION
from tests.dashboard import desks
from tests.dashboard.conftest import Dashboard
from tests.dashboard.desks import WILD
from tests.parts.process import wait_until
from tests.parts.redis import Redis

pytestmark = pytest.mark.browser

NOVEMBER = "period=custom&first=2026-11-01&last=2026-11-30"
PAGES = (
    "/", f"/table?level=I&{NOVEMBER}", f"/unit/H55.12?{NOVEMBER}", "/list/overdue", "/list/silent?lang=en",
    "/search?q=2611",
    f"/dossier/mot-cua/{WILD}", f"/figure/share.on_time?{NOVEMBER}", f"/compare?units=H55.12&units=H55.05&{NOVEMBER}",
    "/list/nothing", "/walls", "/alerts", f"/alerts/overdue/mot-cua/{WILD}", "/alerts/units",
)  # fmt: skip
#: The page behind a mail's link: the mail, the key that signs links, and the address without its token.
MAIL, KEY, ANSWER = "b" * 32, "a key of this test", "/answer/"
#: Pages that work without script.
PLAIN = (*ADMINISTRATION, "/mails", ANSWER)
#: What a finger must hit, and is too small for it: [what, width, height].
SMALL = """() => [...document.querySelectorAll('a[href], button, select, input, textarea, summary')]
  .filter(e => e.offsetParent && !e.matches('.skip'))
  .map(e => e.closest('label:has(input)') || e)
  .map(e => [e.outerHTML.slice(0, 90), e.getBoundingClientRect()])
  .filter(([, box]) => box.height < 43.9 || box.width < 43.9)
  .map(([what, box]) => [what, box.width, box.height])"""
#: Whether the menu stands in one row that shows all of it.
ONE_ROW = """() => [...document.querySelectorAll('.pages')].every((menu) => menu.scrollWidth <= menu.clientWidth
  && new Set([...menu.children].map((e) => e.offsetTop)).size === 1)"""
#: Whether there is a ring about what the keyboard stands on, or about the field that holds it.
RINGED = """() => [document.activeElement, document.activeElement.closest('.dash-input-container')].some((e) => e
  && getComputedStyle(e).outlineStyle === 'solid' && parseFloat(getComputedStyle(e).outlineWidth) >= 3)"""
WIDER = "() => document.documentElement.scrollWidth - innerWidth"


@pytest.fixture(scope="module")
def served(_redis_server: Redis, tmp_path_factory: pytest.TempPathFactory, profile: Profile) -> Iterator[Dashboard]:
    """One dashboard for the module, with an alert."""
    _redis_server.ensure()
    folder = tmp_path_factory.mktemp("desk")
    url = f"sqlite:///{folder}/desk.db"
    engine = desks.fill(url, profile)
    alerted(engine, {WILD: "H55.12"})
    _told(engine)
    engine.dispose()
    server = Dashboard(folder, _redis_server.url, url, OPSCENTRE_SECRET_LINKS=KEY)
    server.start()
    yield server
    server.kill()


def _told(engine: Engine) -> None:
    """The mail that told of the alert."""
    mail = {
        "id": MAIL,
        "recipient": "desk@H55.12",
        "topic": "dossiers",
        "domain": "a.example",
        "severity": "warning",
        "state": "sent",
        "rank": 1,
        "created_at": 0,
        "not_before": 0,
        "try_at": 0,
        "subject": "1 hồ sơ quá hạn",
    }
    line = {"recipient": "desk@H55.12", "rule": "overdue", "key": f"mot-cua/{WILD}", "episode": 1, "step": 0,
            "notification": MAIL, "at": 0, "state": "told"}  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(notifications), mail)
        connection.execute(insert(notification_lines), line)


@pytest.fixture
def tablet(chromium: Any) -> Iterator[Any]:
    """An empty page of 1024 × 768, touched."""
    context = chromium.new_context(viewport={"width": 1024, "height": 768}, locale="vi-VN", has_touch=True)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def reader(chromium: Any) -> Iterator[Any]:
    """A page that goes through all the others, one after the other."""
    context = chromium.new_context(viewport={"width": 1024, "height": 768}, locale="vi-VN", has_touch=True)
    yield context.new_page()
    context.close()


def show(page: Any, address: str) -> None:
    """Go to an address and wait until its page is there."""
    page.goto(address)
    arrived(page)


def arrived(page: Any, title: str = "") -> None:
    """Wait for a page, of that title where one is given."""
    page.locator("#desk h1", has_text=title).wait_for(timeout=20_000)
    page.wait_for_function("() => document.title === document.getElementById('desk').dataset.title", timeout=20_000)


def test_from_the_overview_to_a_dossier_by_touch_and_all_the_way_back(tablet: Any, served: Dashboard) -> None:
    hosts, complaints = set(), []
    tablet.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    tablet.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    tablet.on("pageerror", lambda error: complaints.append(str(error)))
    show(tablet, f"{served.url}/table?{NOVEMBER}")
    tablet.tap(".progress thead th a >> text=Quá hạn >> nth=0")
    tablet.locator(".progress th[aria-sort=descending]").wait_for()
    tablet.evaluate("scrollTo(0, 400)")
    tablet.tap(".progress tbody th.name a >> text=Sở Công Thương")
    arrived(tablet, "Sở Công Thương")
    for _ in range(2):
        link = tablet.locator(".progress tbody tr:not(.total) th.name a").first
        name = link.inner_text()
        link.tap()
        arrived(tablet, name)
    tablet.tap(".dossiers .number a >> nth=0")
    arrived(tablet, "Hồ sơ ")
    assert tablet.evaluate("document.activeElement.tagName") == "H1", "a screen reader goes on at the new title"
    assert "first=2026-11-01" in tablet.url, "the period goes along"
    for _ in range(4):
        tablet.go_back()
    arrived(tablet, "Bảng tiến độ")
    assert tablet.locator(".progress tbody tr").count() > 100
    assert "rank=finished.overdue" in tablet.url
    wait_until(lambda: tablet.evaluate("scrollY") > 100, 10, "back leads to the row that was left")
    assert hosts == {f"127.0.0.1:{served.port}"}
    assert complaints == []


def test_filters_and_the_language_are_in_the_address(tablet: Any, served: Dashboard) -> None:
    show(tablet, f"{served.url}/list/overdue?period=month")
    tablet.select_option("#filter-channel", "2")
    tablet.tap("text=Xem >> nth=-1")
    tablet.wait_for_url("**channel=2**")
    arrived(tablet)
    assert tablet.evaluate("document.getElementById('filter-channel').value") == "2"
    tablet.tap("text=English")
    arrived(tablet, "Overdue")
    assert "channel=2" in tablet.url
    assert tablet.evaluate("document.documentElement.lang") == "en"
    tablet.locator("#notice-text", has_text=re.compile("COLLECTORS|NO DATA|LIVE|REBUILDING")).wait_for()
    show(tablet, f"{served.url}/")
    assert tablet.locator("text=Right now").count() == 1, "the cookie remembers the language"
    tablet.fill("#search-q", WILD)
    tablet.keyboard.press("Enter")
    tablet.wait_for_url("**/search?**")
    tablet.locator(".dossiers .number a").wait_for()


def test_a_phone_folds_filters_away_and_leads_to_the_columns_that_it_cannot_show(
    tablet: Any, served: Dashboard
) -> None:
    tablet.set_viewport_size({"width": 390, "height": 844})
    show(tablet, f"{served.url}/table?channel=2&{NOVEMBER}")
    assert not tablet.is_visible("#filter-channel")
    assert tablet.locator(".progress tr.total").bounding_box()["y"] < 844, "the first number is on the first screen"
    tablet.tap(".filter-open >> text=Trực tuyến")
    assert tablet.is_visible("#filter-channel")
    assert tablet.evaluate(SMALL) == []
    overdue = tablet.locator("tr.total td").nth(13)
    assert overdue.bounding_box()["x"] > 390
    tablet.tap(".table-groups >> text=Đang giải quyết")
    wait_until(lambda: overdue.bounding_box()["x"] + 44 < 390, 10, "the columns that were asked for")


def test_a_keyboard_skips_the_head_and_opens_what_it_stands_on(tablet: Any, served: Dashboard) -> None:
    show(tablet, f"{served.url}/table?{NOVEMBER}")
    tablet.keyboard.press("Tab")
    assert tablet.evaluate("document.activeElement.className") == "skip"
    tablet.keyboard.press("Enter")
    assert tablet.evaluate("document.activeElement.id") == "content"
    tablet.focus(".desk-name")
    stops = [tablet.keyboard.press("Tab") or tablet.evaluate(RINGED) for _ in range(25)]
    assert all(stops), "where the keyboard stands is seen"
    tablet.focus(".progress tr:not(.total) th.name a")
    name = tablet.evaluate("document.activeElement.textContent")
    tablet.keyboard.press("Enter")
    arrived(tablet, name)


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/export/overdue.csv", 200, 'attachment; filename="overdue-'),
        ("/export/table.xlsx?period=week&lang=en", 200, 'attachment; filename="table-'),
        ("/export/overdue.pdf", 404, "no file overdue.pdf"),
        ("/export/nothing.csv", 404, "no file nothing.csv"),
        ("/export/table.csv?period=decade", 400, "period='decade'; want today"),
        (f"/slip/mot-cua/{quote(WILD)}.pdf", 200, 'attachment; filename="phieu-xin-loi-HYPERLINK-1.pdf"'),
        (f"/slip/mot-cua/{quote(WILD)}.docx", 200, "wordprocessingml"),
        (f"/slip/mot-cua/{quote(WILD)}.exe", 404, "Không có tệp này."),
        ("/slip/mot-cua/none%2Fof%2Fthese.pdf", 404, "Không có phiếu xin lỗi"),
        ("/manifest.webmanifest", 200, "application/manifest+json"),
        ("/worker.js", 200, "text/javascript"),
    ],
)
def test_files_are_served_as_what_they_are(served: Dashboard, path: str, status: int, said: str) -> None:
    answer = httpx.get(served.url + path)
    assert answer.status_code == status
    assert said in answer.text + " ".join(answer.headers.values())


@pytest.mark.parametrize("address", [*PAGES, *PLAIN])
def test_a_page_works_for_fingers_keyboards_and_screen_readers(reader: Any, served: Dashboard, address: str) -> None:
    reader.set_viewport_size({"width": 1024, "height": 768})
    if address in PLAIN:
        token = Signer(KEY).token(MAIL, wall_ms()) if address == ANSWER else ""
        reader.goto(f"{served.url}{address}{token}")
        assert address != ANSWER or reader.locator(".answer-named li").inner_text() == WILD
    else:
        show(reader, served.url + address)
    assert reader.evaluate(SMALL) == []
    assert reader.evaluate(WIDER) <= 0
    found = Axe().run(reader)
    grave = [one for one in found.response["violations"] if one["impact"] in ("serious", "critical")]
    assert [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in grave] == []
    reader.set_viewport_size({"width": 820, "height": 1180})
    assert reader.evaluate(ONE_ROW), "a tablet held upright shows the whole menu"
    reader.set_viewport_size({"width": 390, "height": 844})
    assert reader.evaluate(WIDER) <= 0, "readable on a phone"


def test_a_note_is_written_on_this_machine_and_shown_as_text(tablet: Any, served: Dashboard) -> None:
    show(tablet, f"{served.url}/unit/H55.12")
    tablet.fill("#note-text", "<img src=x onerror=alert(1)> báo cáo trước 17:00")
    tablet.tap("#note-send")
    tablet.locator("#note-said", has_text="tên người ghi").wait_for()
    tablet.fill("#note-author", "Chủ tịch tỉnh")
    tablet.tap("#note-send")
    tablet.locator(".note-text", has_text="<img src=x").wait_for()
    assert tablet.input_value("#note-text") == ""
    show(tablet, f"{served.url}/unit/H55.12")
    assert "Chủ tịch tỉnh" in tablet.inner_text(".note")


def test_without_its_server_the_last_picture_is_shown_with_its_age_and_never_as_live(
    tablet: Any, dashboard: Dashboard
) -> None:
    show(tablet, f"{dashboard.url}/")
    tablet.evaluate("() => navigator.serviceWorker.ready")
    wait_until(lambda: tablet.evaluate("() => !!navigator.serviceWorker.controller"), 10, "the worker's control")
    # Seen once through the worker, it is kept.
    show(tablet, f"{dashboard.url}/list/overdue")
    count = tablet.inner_text(".count")
    tablet.goto(f"{dashboard.url}/admin/people")
    dashboard.kill()
    tablet.goto(f"{dashboard.url}/list/overdue")
    arrived(tablet, "Quá hạn")
    assert tablet.inner_text(".count") == count
    banner = tablet.locator(".offline", has_text="NGOẠI TUYẾN · hình đã lưu lúc")
    banner.wait_for()
    assert "trước" in banner.inner_text()
    assert "TRỰC TIẾP" not in tablet.inner_text("body")
    dashboard.start()
    tablet.reload()
    arrived(tablet, "Quá hạn")
    assert tablet.locator(".offline").count() == 0
