"""The page of the sources: how each is, what a person may ask of it, and who may."""

from __future__ import annotations

import msgspec
import pytest

from dashboard.admin.pages import PAGES
from dashboard.admin.room import HOME
from dashboard.admin.sources import state_of
from layouts.words_catalogue import CATALOGUE
from opscentre.access import audit
from opscentre.clock import wall_ms
from opscentre.domain.observations import SourceSeen
from opscentre.sources import SourceConfig
from opscentre.store import requests, source_states, tables
from opscentre.store.engine import upsert
from opscentre.store.source_states import Paused, Stands
from tests.access.house import PEOPLE, House

PATH = "/admin/sources"
NOW = 1_800_000_000_000


def seen(code: str, at: int, error: str = "") -> SourceSeen:
    return SourceSeen(code=code, attempted_at=at, observed_at=at, ok=not error, error=error, taken=1234, total=5000)


def observe(house: House, one: SourceSeen) -> None:
    row = {"kind": "source", "code": one.code, "at": one.attempted_at, "value": msgspec.json.encode(one)}
    with house.engine.begin() as connection:
        upsert(connection, tables.observations, [row], update=["at", "value"])


@pytest.fixture
def code(house: House) -> str:
    from opscentre import profile as profiles
    from opscentre.sources import read_sources

    return read_sources(profiles.load("thai-nguyen"), house.settings)[0].code


@pytest.mark.parametrize(
    ("told", "stands", "paused", "state"),
    [
        (None, Stands(), None, "never"),
        (seen("a", NOW - 9_000), Stands(), None, "ok"),
        (seen("a", NOW - 61_000), Stands(), None, "late"),
        (seen("a", NOW, "timeout: x"), Stands(1, 5), None, "failing"),
        (seen("a", NOW, "authentication: x"), Stands(2, 1), None, "given-up"),
        (seen("a", NOW), Stands(), Paused("an", "x", 1), "paused"),
    ],
)
def test_a_source_is_told_of_in_one_word(
    told: SourceSeen | None, stands: Stands, paused: Paused | None, state: str
) -> None:
    config = SourceConfig(code="a", name="A", kind="dvcqg_rest", interval=20)
    assert state_of(config, told, stands, paused, NOW) == state


def test_only_an_administrator_gets_at_the_administration_and_finds_the_way_to_it(house: House) -> None:
    for login in [*PEOPLE, None]:
        for name in PAGES:
            path = f"{HOME}/{name}".rstrip("/")
            expected = 200 if login == "administrator" else 401 if login is None else 403
            assert house.ask("GET", path, login).status_code == expected, (login, path)
            asked = house.ask("POST", path, login, data={"deed": "no-such-deed"})
            assert asked.status_code == (400 if login == "administrator" else expected), (login, path)
    assert house.ask("POST", PATH, "administrator", headers={"sec-fetch-site": "cross-site"}).status_code == 403


def test_every_page_has_its_words_in_both_languages(house: House) -> None:
    for name, page in PAGES.items():
        if name:
            assert {f"admin.{name}", f"admin.{name}.about"} <= set(CATALOGUE)
        assert {deed for deed in page.DEEDS if f"{name}.done.{deed}" not in CATALOGUE} <= getattr(
            page, "SHOWN", frozenset()
        )
        path = f"{HOME}/{name}".rstrip("/")
        assert '<html lang="en">' in house.ask("GET", f"{path}?lang=en", "administrator").text


def test_a_source_says_in_plain_words_what_is_wrong_and_how_it_is_asked_again(house: House, code: str) -> None:
    now = wall_ms()
    observe(house, seen(code, now - 30_000, "authentication: 401 of https://x <b>y</b>"))
    source_states.write_stands(house.engine, code, Stands(2, 1), now)
    page = house.ask("GET", PATH, "administrator").text
    assert "Hệ thống nguồn từ chối tài khoản của ta" in page
    assert "401 of https://x &lt;b&gt;y&lt;/b&gt;" in page
    assert "Đã xử lý, thử lại" in page
    assert "1.234" in page
    observe(house, seen(code, now, "timeout: no answer"))
    source_states.write_stands(house.engine, code, Stands(1, 7, now + 20_000), now)
    page = house.ask("GET", f"{PATH}?lang=en", "administrator").text
    assert "Circuit open: probes only, 7 failures in a row" in page


def test_a_poll_is_asked_for_once_and_its_answer_is_shown(house: House, code: str) -> None:
    for _ in range(2):
        sent = house.ask("POST", PATH, "administrator", data={"deed": "run", "source": code})
        assert (sent.status_code, sent.headers["location"]) == (303, f"{PATH}?said=sources.done.run")
    page = house.ask("GET", sent.headers["location"], "administrator").text
    assert "Đã yêu cầu lấy ngay" in page
    assert 'http-equiv="refresh"' in page
    [one] = requests.take(house.engine, wall_ms())
    assert (one.kind, one.subject, one.who) == ("source.run", code, "administrator")
    requests.end(house.engine, one.id, False, "timeout: <no>", wall_ms())
    page = house.ask("GET", PATH, "administrator").text
    assert "không được — timeout: &lt;no&gt;" in page
    assert 'http-equiv="refresh"' not in page
    assert audit.entries(house.engine, limit=1, action="source.run")[0].subject == f"source:{code}"
    assert house.ask("POST", PATH, "administrator", data={"deed": "run", "source": "no-such"}).status_code == 400


def test_a_source_is_paused_with_a_reason_and_let_go_on(house: House, code: str) -> None:
    assert house.ask("POST", PATH, "administrator", data={"deed": "pause", "source": code}).status_code == 400
    reason = {"reason": "chuyển máy chủ"}
    assert house.ask("POST", PATH, "administrator", data={"deed": "pause", "source": code, **reason}).is_redirect
    assert source_states.paused(house.engine, code).reason == "chuyển máy chủ"  # type: ignore[union-attr]
    assert "tạm dừng lúc" in house.ask("GET", PATH, "administrator").text
    assert house.ask("POST", PATH, "administrator", data={"deed": "resume", "source": code}).is_redirect
    assert source_states.paused(house.engine, code) is None
    last = audit.entries(house.engine, limit=2)
    assert [(one.action, one.who) for one in last] == [
        ("source.resume", "administrator"), ("source.pause", "administrator"),
    ]  # fmt: skip
