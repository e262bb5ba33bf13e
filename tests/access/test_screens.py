"""Screens: paired by a code, shown what they may, known by a cookie, revoked; and the wall for everybody, if wanted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis
from sqlalchemy import select

from opscentre.access import audit
from opscentre.clock import wall_ms
from opscentre.live.pairing import Codes
from opscentre.profile import Profile
from opscentre.store import people, sessions
from opscentre.store.access_tables import wall_devices
from opscentre.store.engine import open_store
from tests.access.house import PEOPLE, House, furnish
from tests.dashboard import desks
from tests.dashboard.conftest import Dashboard
from tests.dashboard.pictures import Board, plausible
from tests.parts.process import wait_until
from tests.parts.redis import Redis

HTML = {"accept": "text/html"}


@pytest.fixture(autouse=True)
def _no_rates(redis_server: Redis) -> None:
    client = redis.Redis.from_url(redis_server.url)
    for key in client.scan_iter("opscentre:1:rate:*"):
        client.delete(key)


def waiting(house: House, secret: str | None = None) -> tuple[str, str]:
    """The code that a screen shows, and its secret."""
    cookie = {"cookie": f"opscentre-screen={secret}"} if secret else {}
    answer = house.ask("GET", "/pair?next=/wall/late", headers=HTML | cookie)
    code = re.search(r"(\d{3}) (\d{3})</p>", answer.text)
    kept = re.search(r"opscentre-screen=([^;]+); HttpOnly", answer.headers["set-cookie"])
    assert code is not None
    assert kept is not None
    return code[1] + code[2], kept[1]


def pair(house: House, code: str, login: str = "operator", **given: str) -> httpx.Response:
    return house.ask("POST", "/screens", login, data={"code": code, "name": "Sảnh tầng 1"} | given)


def as_screen(house: House, path: str, secret: str, **headers: str) -> httpx.Response:
    return house.ask("GET", path, headers=headers | {"cookie": f"opscentre-screen={secret}"})


def test_a_screen_is_paired_by_its_code_shows_the_wall_and_nothing_else_and_is_revoked(house: House) -> None:
    sent = house.ask("GET", "/wall/late?rotate=30", headers=HTML)
    assert (sent.status_code, sent.headers["location"]) == (303, "/pair?next=%2Fwall%2Flate%3Frotate%3D30")
    code, secret = waiting(house)
    assert waiting(house, secret) == (code, secret), "a screen that looks again keeps its code"
    assert as_screen(house, "/wall", secret).status_code == 401
    assert pair(house, f"{code[:3]} {code[3:]}").headers["location"] == "/screens"
    on = as_screen(house, "/pair?next=/wall/late", secret, **HTML)
    assert (on.status_code, on.headers["location"]) == (303, "/wall/late")
    for path in ("/wall", "/wall/late", "/api/page", "/_dash-layout"):
        assert as_screen(house, path, secret).status_code == 200, path
    for path in (
        "/",
        "/table",
        "/list/overdue",
        "/dossier/mot-cua/1",
        "/export/overdue.csv",
        "/screens",
        "/api/board",
        "/mails",
    ):
        assert as_screen(house, path, secret).status_code == 403, path
    signing = as_screen(house, "/table", secret, **HTML)
    assert (signing.status_code, signing.headers["location"]) == (303, "/sign-in?next=%2Ftable")
    for path in ("/", "/table", "/search?q=QQ"):
        shown = house.ask("POST", "/_dash-update-component", headers={"cookie": f"opscentre-screen={secret}"},
                          json=opened(path))  # fmt: skip
        assert "Không có quyền xem" in json.dumps(shown.json(), ensure_ascii=False), path
    for method, path in (("POST", "/screens"), ("POST", "/screens/revoke")):
        refused = house.ask(method, path, headers={"cookie": f"opscentre-screen={secret}"}, data={"code": code})
        assert refused.status_code == 403
    with house.engine.connect() as connection:
        row = connection.execute(select(wall_devices).where(wall_devices.c.name == "Sảnh tầng 1")).one()
    assert secret not in str(row)
    assert (row.paired_by, row.dossiers, row.seen_at is not None) == ("operator", False, True)
    listed = house.ask("GET", "/screens", "operator").text
    assert all(text in listed for text in ("Sảnh tầng 1", "chỉ số liệu tổng hợp", "Thu hồi"))
    assert house.ask("POST", "/screens/revoke", "operator", data={"code": row.code}).status_code == 303
    assert as_screen(house, "/wall", secret).status_code == 401
    other, fresh = waiting(house, secret)
    assert (other != code, fresh != secret) == (True, True), "a revoked secret pairs no second time"
    done = [(entry.who, entry.action) for entry in audit.entries(house.engine, limit=2)]
    assert done == [("operator", "screen.revoke"), ("operator", "screen.pair")]


def test_a_screen_tells_dossiers_only_where_that_was_chosen(
    house: House, redis_server: Redis, profile: Profile
) -> None:
    shown = plausible(profile)
    house.application.state.feed.wall = shown
    for chosen, told in (({}, False), ({"dossiers": "yes"}, True)):
        shown.made_at = wall_ms()
        code, secret = waiting(house)
        assert pair(house, code, **chosen).status_code == 303
        answer = as_screen(house, "/api/wall", secret)
        assert answer.status_code == 200
        assert (shown.overdue[0].number in answer.text) is told


def test_only_who_runs_the_room_pairs_screens_and_a_wrong_code_is_told_so_often_only(house: House) -> None:
    code, _ = waiting(house)
    for login in ("viewer", "department-1", "leader"):
        assert pair(house, code, login).status_code == 403
    assert house.ask("POST", "/screens", data={"code": code, "name": "x"}).status_code == 401
    planted = pair(house, "000000" if code != "000000" else "000001", name="<script>alert(1)</script>")
    assert (planted.status_code, "<script>" in planted.text, "Không có màn hình nào" in planted.text) == (
        404,
        False,
        True,
    )
    for wrong in ({"code": "12345"}, {"code": "abcdef"}, {"name": " "}, {"name": "x" * 81}):
        assert pair(house, **({"code": code} | wrong)).status_code == 400  # type: ignore[arg-type]
    codes = [pair(house, f"99999{n}").status_code for n in range(10)]
    assert codes.index(429) == 9
    assert pair(house, code).status_code == 429, "also the right one, for a while"
    assert [house.ask("GET", "/pair").status_code for _ in range(11)][-2:] == [429, 429]


def test_a_code_passes_and_is_used_once(redis_server: Redis) -> None:
    codes = Codes(redis_server.url)
    code = codes.offer("digest")
    assert (codes.of("digest"), len(code)) == (code, 6)
    assert 590 < redis.Redis.from_url(redis_server.url).ttl(f"opscentre:1:pairing:{code}") <= 600
    assert (codes.take(code), codes.take(code)) == ("digest", None)


def test_a_public_wall_is_shown_to_all_without_dossiers_and_nothing_else_is(
    tmp_path: Path, redis_server: Redis, profile: Profile
) -> None:
    house = furnish(tmp_path, profile, redis_server.url, public_wall="on")
    for path in ("/wall", "/wall/late", "/api/page", "/_dash-layout"):
        assert house.ask("GET", path).status_code == 200, path
    for path in ("/table", "/api/wall", "/api/board", "/list/overdue", "/export/overdue.csv", "/mails", "/screens"):
        assert house.ask("GET", path).status_code == 401, path
    for path in ("/", "/list/overdue", "/table"):
        asked = house.ask("POST", "/_dash-update-component", json=opened(path))
        assert asked.status_code == 200
        assert "Không có quyền xem" in json.dumps(asked.json(), ensure_ascii=False), path
    house.engine.dispose()


def opened(path: str) -> dict[str, Any]:
    """What a browser sends to be given a page."""
    path, _, query = path.partition("?")
    values = {"pathname": path, "search": f"?{query}" if query else ""}
    inputs = [{"id": "address", "property": name, "value": value} for name, value in values.items()]
    outputs = {"id": "page", "property": "children"}
    return {"output": "page.children", "outputs": outputs, "changedPropIds": [], "inputs": inputs}


@pytest.fixture
def served(redis_server: Redis, tmp_path: Path, profile: Profile) -> Iterator[Dashboard]:
    """A dashboard that people have to sign in to."""
    database = f"sqlite:///{tmp_path}/opscentre.db"
    desks.fill(database, profile, 60)
    server = Dashboard(tmp_path, redis_server.url, database, OPSCENTRE_SIGN_IN="required")
    server.start()
    yield server
    server.kill()


@pytest.mark.browser
def test_in_a_browser_a_screen_turns_into_the_wall_when_it_is_paired_and_back_when_it_is_revoked(
    chromium: Any, served: Dashboard, tmp_path: Path, redis_server: Redis, profile: Profile
) -> None:
    board, shown = Board(redis_server.url), plausible(profile)
    board.show(shown)
    engine = open_store(f"sqlite:///{tmp_path}/opscentre.db")
    with engine.begin() as connection:
        people.add(connection, PEOPLE["operator"], "", wall_ms())
        token = sessions.begin(connection, "operator", "password", "test", "127.0.0.1", wall_ms())
    screen = chromium.new_context(viewport={"width": 1920, "height": 1080}, locale="vi-VN")
    desk = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="vi-VN")
    desk.add_cookies([{"name": "opscentre-session", "value": token, "url": served.url}])
    wall, page = screen.new_page(), desk.new_page()
    wall.goto(f"{served.url}/wall")
    code = wall.locator(".pair-code").inner_text()
    page.goto(f"{served.url}/screens")
    page.fill("#code", code)
    page.fill("#name", "Sảnh tầng 1")
    page.click("button.is-main")
    page.locator("tbody th", has_text="Sảnh tầng 1").wait_for()
    wall.wait_for_url("**/wall", timeout=30_000)
    total = f"{shown.totals.received_today:,}".replace(",", ".")
    wait_until(lambda: wall.locator("#kpi-received").inner_text() == total, 30, "this test's wall")
    assert not any(dossier.number in wall.content() for dossier in (*shown.overdue, *shown.due_soon))
    assert [cookie["httpOnly"] for cookie in screen.cookies() if cookie["name"] == "opscentre-screen"] == [True]
    page.click("td button")
    page.locator("h2").wait_for()
    wall.goto(f"{served.url}/wall")
    assert wall.locator(".pair-code").inner_text() != code
    screen.close()
    desk.close()
    engine.dispose()
