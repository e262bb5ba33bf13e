"""Signing in and out: sessions that are told once, end by themselves, and are nobody else's."""

from __future__ import annotations

import asyncio
import time

import httpx
import pytest
from sqlalchemy import select, update

from dashboard import api
from opscentre.access import passwords
from opscentre.access.people import Person
from opscentre.access.sign_in import Refused, by_password
from opscentre.clock import wall_ms
from opscentre.store import people, sessions
from opscentre.store.people_tables import sessions as table
from opscentre.store.sessions import Limits, limits_of
from tests.access.house import PASSWORD, House

TLS = {"base": "https://ioc.example", "headers": {"host": "ioc.example"}}
PAGE = {"accept": "text/html,application/xhtml+xml"}


def enter(house: House, login: str, password: str = PASSWORD, **given: str):
    return house.ask("POST", "/sign-in", data={"login": login, "password": password, **given})


def test_a_page_leads_to_the_sign_in_and_from_there_to_where_one_wanted_to_go(house: House) -> None:
    away = house.ask("GET", "/unit/H55.12?period=year", headers=PAGE)
    assert (away.status_code, away.headers["location"]) == (303, "/sign-in?next=%2Funit%2FH55.12%3Fperiod%3Dyear")
    page = house.ask("GET", away.headers["location"])
    assert page.status_code == 200
    assert 'name="next" value="/unit/H55.12?period=year"' in page.text
    assert "<script" not in page.text
    entered = enter(house, " Leader ", next="/unit/H55.12?period=year")
    assert (entered.status_code, entered.headers["location"]) == (303, "/unit/H55.12?period=year")
    assert enter(house, "leader", next="https://evil.example/").headers["location"] == "/"


def test_whatever_a_page_fetches_is_told_that_nobody_is_signed_in(house: House) -> None:
    for path in ("/stream", "/api/wall", "/api/board", "/_dash-layout", "/export/overdue.csv", "/no-such-thing"):
        assert house.ask("GET", path).status_code == 401, path
    assert house.ask("POST", "/_dash-update-component", json={}).status_code == 401


def test_a_cookie_is_out_of_reach_of_scripts_and_over_tls_of_neighbouring_hosts(house: House) -> None:
    plain = enter(house, "leader").headers["set-cookie"]
    assert plain.startswith("opscentre-session=")
    assert "HttpOnly" in plain
    assert "SameSite=lax" in plain
    assert "Secure" not in plain
    tls = house.ask("POST", "/sign-in", data={"login": "leader", "password": PASSWORD}, **TLS)
    cookie = tls.headers["set-cookie"]
    assert cookie.startswith("__Host-opscentre-session=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= {part.strip() for part in cookie.split(";")}
    assert "Domain" not in cookie
    # Over TLS a cookie without the prefix is nobody's.
    token = cookie.split("=", 1)[1].split(";")[0]
    stray = {"host": "ioc.example", "cookie": f"opscentre-session={token}"}
    assert house.ask("GET", "/api/board", base="https://ioc.example", headers=stray).status_code == 401


def test_only_the_hash_of_a_token_is_kept_and_each_sign_in_has_a_new_one(house: House) -> None:
    first = enter(house, "leader").headers["set-cookie"].split("=", 1)[1].split(";")[0]
    again = house.ask(
        "POST", "/sign-in", data={"login": "leader", "password": PASSWORD},
        headers={"cookie": f"opscentre-session={first}"},
    )  # fmt: skip
    second = again.headers["set-cookie"].split("=", 1)[1].split(";")[0]
    assert first != second
    with house.engine.connect() as connection:
        kept = set(connection.execute(select(table.c.token)).scalars())
    assert not {first, second} & kept
    # The one that the browser had before is over.
    assert sessions.fingerprint(first) not in kept
    assert sessions.fingerprint(second) in kept


def test_who_signs_out_is_out_and_the_browser_forgets_what_it_kept(house: House) -> None:
    cookie = enter(house, "leader").headers["set-cookie"].split(";")[0]
    assert house.ask("GET", "/api/board", headers={"cookie": cookie}).status_code == 200
    out = house.ask("POST", "/sign-out", headers={"cookie": cookie})
    assert (out.status_code, out.headers["location"]) == (303, "/sign-in")
    assert out.headers["clear-site-data"] == '"storage"'
    assert "Max-Age=0" in out.headers["set-cookie"]
    assert house.ask("GET", "/api/board", headers={"cookie": cookie}).status_code == 401


def test_another_site_cannot_sign_anybody_in_or_out_or_send_a_callback(house: House) -> None:
    for path in ("/sign-in", "/sign-out", "/_dash-update-component"):
        for headers in ({"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}):
            assert house.ask("POST", path, "leader", headers=headers).status_code == 403


def test_a_session_ends_when_it_is_not_used_and_after_a_day_of_work_in_any_case(house: House) -> None:
    limits, begun = Limits(idle=60_000 * 60, longest=3_600_000 * 12), 1_700_000_000_000
    with house.engine.begin() as connection:
        token = sessions.begin(connection, "operator", "password", "", "", begun)

    def there(at: int, used: bool = True) -> bool:
        return sessions.person(house.engine, token, limits, begun + at, used=used) is not None

    minute = 60_000
    assert there(59 * minute, used=False)
    # Looking whether it is still there is no use of it.
    assert not there(61 * minute, used=False)
    for at in range(50, 12 * 60, 50):
        assert there(at * minute)
    assert not there(12 * 60 * minute)


def test_a_person_who_is_disabled_or_given_another_role_is_so_at_once(house: House) -> None:
    leader = people.find(house.engine, "leader")
    assert leader is not None
    assert house.ask("GET", "/api/board", "leader").status_code == 200
    try:
        with house.engine.begin() as connection:
            people.set_disabled(connection, "leader", wall_ms())
        assert house.ask("GET", "/api/board", "leader").status_code == 401
        assert by_password(house.engine, "leader", PASSWORD, "10.9.9.9", wall_ms()) == Refused("wrong")
    finally:
        with house.engine.begin() as connection:
            people.set_disabled(connection, "leader", None)
    assert house.ask("GET", "/api/board", "leader").status_code == 200


def test_failures_make_wait_by_login_and_by_address_and_a_success_begins_anew(house: House) -> None:
    now = wall_ms()

    def attempt(login: str, password: str, address: str, at: int = now) -> Person | Refused:
        return by_password(house.engine, login, password, address, at)

    for _ in range(5):
        assert attempt("viewer", "wrong", "10.0.0.1") == Refused("wrong")
    assert attempt("viewer", PASSWORD, "10.0.0.2") == Refused("wait", 1_000)
    assert isinstance(attempt("viewer", PASSWORD, "10.0.0.2", now + 1_001), Person)
    assert attempt("viewer", "wrong", "10.0.0.1", now + 1_002) == Refused("wrong")
    with house.engine.begin() as connection:
        people.count_failure(connection, ["address:10.0.0.3"] * 31, now)
    assert attempt("viewer", PASSWORD, "10.0.0.3") == Refused("wait", 2_000)
    with house.engine.begin() as connection:
        people.count_failure(connection, ["login:nobody"] * 100, now)
    # Nobody learns from it who is known.
    assert attempt("nobody", "wrong", "10.0.0.4") == Refused("closed")


def test_an_attempt_counts_before_its_password_is_looked_at(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    now, found = wall_ms(), []
    with house.engine.begin() as connection:
        people.count_failure(connection, ["login:many"] * 4, now)

    def slowly(*_: object) -> bool:
        # While the fifth attempt is under way, a sixth comes.
        if not found:
            found.append(None)
            found.append(by_password(house.engine, "many", "wrong", "10.3.0.1", now))
        return False

    monkeypatch.setattr("opscentre.access.passwords.fits", slowly)
    assert by_password(house.engine, "many", "wrong", "10.3.0.2", now) == Refused("wrong")
    assert found[1] == Refused("wait", 1_000)


def test_strangers_who_fail_in_somebodys_name_keep_them_out_nowhere_but_at_new_browsers(house: House) -> None:
    def browsers(answer: httpx.Response) -> str:
        return next(c for c in answer.headers.get_list("set-cookie") if c.startswith("opscentre-browser-"))

    kept = browsers(enter(house, "leader"))
    assert {"HttpOnly", "SameSite=lax"} <= {part.strip() for part in kept.split(";")}
    own, others = ({"cookie": one.split(";")[0]} for one in (kept, browsers(enter(house, "viewer"))))

    def attempt(password: str = PASSWORD, **headers: str) -> int:
        return house.ask(
            "POST", "/sign-in", data={"login": "leader", "password": password}, headers=headers
        ).status_code

    with house.engine.begin() as connection:
        people.count_failure(connection, ["login:leader"] * 100 + ["address:127.0.0.1"] * 100, wall_ms())
    try:
        assert attempt() == 429
        name = own["cookie"].split("=")[0]
        assert attempt(cookie=f"{name}={others['cookie'].split('=')[1]}") == 429
        assert attempt(cookie=f"{name}=x.y") == 429
        assert attempt(**own) == 303
        # It is no way around the waits: who fails at this browser waits at this browser.
        mark = own["cookie"].split("=")[1].split(".")[0]
        assert attempt("wrong", **own) == 401
        with house.engine.begin() as connection:
            assert people.failures(connection, [f"browser:{mark}"], wall_ms())[f"browser:{mark}"][0] == 1
            people.count_failure(connection, [f"browser:{mark}"] * 10, wall_ms())
        assert attempt(**own) == 429
        with house.engine.begin() as connection:
            people.forget_failures(connection, [f"browser:{mark}"])
            kept_as = passwords.hashed(PASSWORD)
            people.set_password(connection, "leader", kept_as, wall_ms())
            people.count_failure(connection, ["login:leader"] * 100, wall_ms())
        assert attempt(**own) == 429, "another password makes it worthless"
    finally:
        with house.engine.begin() as connection:
            people.forget_failures(connection, ["login:leader", "address:127.0.0.1"])


def test_the_page_says_what_was_wrong_and_how_long_to_wait(house: House) -> None:
    wrong = enter(house, "operator", "wrong")
    assert wrong.status_code == 401
    assert "Tên đăng nhập hoặc mật khẩu không đúng." in wrong.text
    assert 'value="operator"' in wrong.text
    assert "wrong" not in wrong.text.split('id="password"')[1].split(">")[0]
    with house.engine.begin() as connection:
        people.count_failure(connection, ["login:operator"] * 12, wall_ms())
    waiting = house.ask("POST", "/sign-in?lang=en", data={"login": "operator", "password": PASSWORD})
    assert waiting.status_code == 429
    assert (
        "Too many failed attempts. Try again in 4" in waiting.text.replace("\n", " ") or "Try again in" in waiting.text
    )
    assert int(waiting.headers["retry-after"]) > 100
    with house.engine.begin() as connection:
        people.forget_failures(connection, ["login:operator"])
    assert enter(house, "", "x").status_code == 400


def test_an_unknown_login_is_refused_no_faster_than_a_known_one(house: House) -> None:
    def seconds(login: str) -> float:
        begun = time.perf_counter()
        assert by_password(house.engine, login, "x" * 20, f"10.1.{len(login)}.1", wall_ms()) == Refused("wrong")
        return time.perf_counter() - begun

    seconds("nobody-first")
    known = min(seconds("administrator") for _ in range(2))
    unknown = min(seconds(f"nobody-{number}") for number in range(2))
    # A hash takes tens of milliseconds; without one the answer would come in two.
    assert unknown > known / 3


def test_a_password_is_hashed_anew_when_its_parameters_are_of_yesterday(house: House) -> None:
    from argon2 import PasswordHasher

    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with house.engine.begin() as connection:
        people.set_password(connection, "department-1", weak, wall_ms())
    assert isinstance(by_password(house.engine, "department-1", PASSWORD, "10.2.0.1", wall_ms()), Person)
    known = people.find(house.engine, "department-1")
    assert known is not None
    assert known.password != weak


def test_old_sessions_are_cleared_away(house: House) -> None:
    limits = limits_of(house.settings)
    with house.engine.begin() as connection:
        token = sessions.begin(connection, "viewer", "password", "", "", wall_ms() - limits.longest - 1)
        connection.execute(update(table).where(table.c.login == "viewer").values(seen_at=wall_ms()))
    enter(house, "viewer")
    with house.engine.connect() as connection:
        kept = set(connection.execute(select(table.c.token)).scalars())
    assert sessions.fingerprint(token) not in kept


@pytest.mark.parametrize("body", ["", "login=x", "x" * 20_000])
def test_a_form_that_is_none_is_refused(house: House, body: str) -> None:
    sent = house.ask("POST", "/sign-in", content=body, headers={"content-type": "application/x-www-form-urlencoded"})
    assert sent.status_code == 400


def test_one_sees_where_one_is_signed_in_and_ends_it_there(house: House) -> None:
    elsewhere = enter(house, "operator").headers["set-cookie"].split(";")[0]
    page = house.ask("GET", "/account", "operator")
    assert "Trực Ban" in page.text
    assert "thiết bị này" in page.text
    assert page.text.count("Đăng xuất thiết bị") == 1
    # Of another person's session nothing is known, and nothing ended.
    with house.engine.connect() as connection:
        leaders = connection.execute(select(table.c.id).where(table.c.login == "leader")).scalars().first()
    house.ask("POST", "/account/sessions", "operator", data={"id": leaders})
    with house.engine.connect() as connection:
        assert connection.execute(select(table.c.id).where(table.c.id == leaders)).scalar() == leaders
    assert house.ask("POST", "/account/sessions", "operator").status_code == 303
    assert house.ask("GET", "/api/board", headers={"cookie": elsewhere}).status_code == 401
    assert house.ask("GET", "/account", "operator").status_code == 200


def test_one_changes_ones_password_by_the_present_one_and_other_devices_are_out(house: House) -> None:
    elsewhere = enter(house, "department-2").headers["set-cookie"].split(";")[0]

    def change(old: str, new: str, again: str) -> tuple[int, str]:
        sent = {"old": old, "new": new, "again": again}
        answer = house.ask("POST", "/account/password", "department-2", data=sent)
        return answer.status_code, answer.text

    new = "con mèo trèo cây cau"
    for given, said in (
        (("wrong", new, new), "Mật khẩu hiện tại không đúng."),
        ((PASSWORD, new, "x"), "không giống nhau"),
        ((PASSWORD, "ngắn", "ngắn"), "cần ít nhất 15 ký tự"),
        ((PASSWORD, "thainguyen2026!!", "thainguyen2026!!"), "dễ đoán"),
    ):
        status, text = change(*given)
        assert status >= 400
        assert said in text
    assert change(PASSWORD, new, new)[0] == 303
    assert house.ask("GET", "/api/board", headers={"cookie": elsewhere}).status_code == 401
    assert house.ask("GET", "/api/board", "department-2").status_code == 200
    assert enter(house, "department-2").status_code == 401
    assert enter(house, "department-2", new).status_code == 303


def test_a_callback_that_fails_is_told_to_the_log_with_its_traceback_and_to_nobody_else(
    house: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the inside of a fault")

    monkeypatch.setattr("dashboard.desk.Desk.show", broken)
    asked = {"output": "page.children", "outputs": {"id": "page", "property": "children"}, "changedPropIds": [],
             "inputs": [{"id": "address", "property": name, "value": value}
                        for name, value in (("pathname", "/table"), ("search", ""))]}  # fmt: skip
    answer = house.ask("POST", "/_dash-update-component", "leader", json=asked)
    assert (answer.status_code, "inside of a fault" in answer.text) == (500, False)
    assert "a callback failed" in caplog.text
    assert "RuntimeError: the inside of a fault" in caplog.text


def test_an_open_stream_ends_when_its_session_is_revoked(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "AGAIN", 0.0)

    def shut_out() -> None:
        with house.engine.begin() as connection:
            sessions.revoke(connection, login="leader")

    async def scene() -> str:
        begun = asyncio.Event()

        def until(part: str) -> bool:
            if "event:" in part:
                begun.set()
            return False

        feed = asyncio.create_task(house.feed.run())
        stream = asyncio.create_task(house.heard("leader", until))
        try:
            async with asyncio.timeout(20):
                await begun.wait()
            await asyncio.to_thread(shut_out)
            # It comes to its end by itself.
            return await stream
        finally:
            feed.cancel()
            await asyncio.gather(feed, return_exceptions=True)

    assert "event:" in asyncio.run(scene())
    house.forget("leader")
    assert house.ask("GET", "/api/board", "leader").status_code == 200
