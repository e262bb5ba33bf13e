"""Rules without a server: passwords, waits, rights, and where a sign-in may lead to."""

from __future__ import annotations

import pytest
from starlette.requests import HTTPConnection

from dashboard.gate import same_origin, scope_of
from dashboard.plain_pages import inner
from dashboard.ways.local import BY_PROXY, HERE, ThisMachine
from opscentre.access import backoff, passwords
from opscentre.access.door import check_door
from opscentre.access.people import Device, Person, Role
from opscentre.access.rights import LOOKING, RIGHTS, Action, may
from opscentre.settings import Settings, SettingsError

AN = Person(login="an.nv", name="Nguyễn Văn An", role=Role.operator)


def request(client: str = "127.0.0.1", **headers: str) -> HTTPConnection:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return HTTPConnection({"type": "http", "headers": raw, "client": (client, 1), "path": "/", "query_string": b""})


@pytest.mark.parametrize(
    ("password", "wrong"),
    [
        ("trâu ăn cỏ 12!", "short"),
        ("x" * 257, "long"),
        ("123456789012345", "common"),
        ("passwordpassword", "common"),
        ("matkhau123456789", "common"),
        ("Thái Nguyên 20262026", "common"),
        ("thainguyen2026!!", "common"),
        ("Nguyễn Văn An 1985", "common"),
        ("an.nv@thainguyen", "common"),
        ("opscentre-opscentre", "common"),
        ("aaaaaaaaaaaaaaaaaaaa", "common"),
        ("trâu ăn cỏ ngoài đồng", None),
        ("con mèo trèo cây cau", None),
        ("xK3-99pq-LLzz-w0", None),
        ("con mèo mà trèo cây cau, hỏi thăm chú chuột đi đâu vắng nhà; " * 4, None),
    ],
)
def test_a_password_is_long_and_not_what_whoever_guesses_tries_first(password: str, wrong: str | None) -> None:
    assert passwords.weakness(password, passwords.context(AN, "Thái Nguyên")) == wrong


def test_a_password_fits_however_its_accents_were_typed_and_only_its_hash_is_kept() -> None:
    kept = passwords.hashed("đường làng quanh co")
    assert kept.startswith("$argon2id$")
    assert passwords.fits("đường làng quanh co", kept)
    assert not passwords.fits("duong lang quanh co", kept)
    assert not passwords.fits("nobody has this password", None)
    assert not passwords.outdated(kept)


def test_the_wait_doubles_with_each_failure_up_to_a_quarter_of_an_hour_and_a_hundred_close_a_login() -> None:
    waits = [backoff.wait(failures, 0, 0, backoff.FREE_LOGIN) for failures in range(101)]
    assert waits[:8] == [0, 0, 0, 0, 0, 1_000, 2_000, 4_000]
    assert waits[20:100] == [backoff.LONGEST] * 80
    assert waits[100] is None
    assert backoff.wait(100, 0, 0, backoff.FREE_ADDRESS) == backoff.LONGEST
    assert backoff.wait(6, 0, 500, backoff.FREE_LOGIN) == 1_500
    assert backoff.wait(50, 0, backoff.FORGOTTEN + 1, backoff.FREE_LOGIN) == 0


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("10.0.0.7", "10.0.0.7"),
        ("::ffff:10.0.0.7", "10.0.0.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("?", "?"),
    ],
)
def test_whoever_has_one_address_of_a_line_has_them_all(address: str, counted: str) -> None:
    assert backoff.asker(address) == counted


def test_a_role_of_more_trust_may_do_all_that_the_one_below_it_may() -> None:
    assert RIGHTS[Role.viewer] < RIGHTS[Role.leader] < RIGHTS[Role.operator] < RIGHTS[Role.administrator]
    assert RIGHTS[Role.administrator] == frozenset(Action)
    assert Action.see_province not in RIGHTS[Role.department]
    assert Action.see_dossier not in RIGHTS[Role.viewer]


def test_nobody_may_do_nothing_and_a_screen_only_shows() -> None:
    assert not any(may(None, action) for action in Action)
    for dossiers, more in ((False, set()), (True, {Action.see_dossier})):
        screen = Device(code="tv-1", name="Sảnh", dossiers=dossiers)
        assert {action for action in Action if may(screen, action)} == {Action.see_wall, *more}


def test_who_comes_through_a_proxy_that_asks_nobody_looks_on() -> None:
    assert may(HERE, Action.administer_people)
    assert {action for action in Action if may(BY_PROXY, action)} <= LOOKING


@pytest.mark.parametrize(
    ("client", "headers", "here"),
    [
        ("127.0.0.1", {"host": "127.0.0.1:8050"}, True),
        ("::1", {"host": "localhost:8050"}, True),
        ("10.0.0.7", {"host": "127.0.0.1:8050"}, False),
        ("127.0.0.1", {"host": "evil.example:8050"}, False),
        ("127.0.0.1", {"host": "127.0.0.1", "x_forwarded_for": "10.0.0.7"}, False),
        ("127.0.0.1", {"host": "127.0.0.1", "forwarded": "for=10.0.0.7"}, False),
        ("127.0.0.1", {}, False),
        ("127.0.0.1", {"host": "["}, False),
    ],
)
def test_only_who_sits_at_this_machine_is_its_administrator(client: str, headers: dict[str, str], here: bool) -> None:
    assert ThisMachine().identify(request(client, **headers)) is (HERE if here else BY_PROXY)


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({"sec_fetch_site": "same-origin", "host": "a", "cookie": "x=1"}, True),
        ({"sec_fetch_site": "cross-site", "host": "a", "origin": "http://a"}, False),
        ({"sec_fetch_site": "same-site", "host": "a"}, False),
        ({"sec_fetch_site": "none", "host": "a"}, False),
        ({"origin": "http://a:8050", "host": "a:8050", "cookie": "x=1"}, True),
        ({"origin": "http://b", "host": "a"}, False),
        ({"origin": "null", "host": "a"}, False),
        ({"host": "a", "cookie": "x=1"}, False),
        ({"origin": "http://[", "host": "a"}, False),
        ({"origin": "null"}, False),
        ({"host": "a", "authorization": "Bearer x"}, True),
    ],
)
def test_what_changes_something_is_asked_by_a_page_of_ours_or_by_no_browser(headers: dict, ours: bool) -> None:
    assert same_origin(request(**headers)) is ours


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/unit/H55.12?period=year", "/unit/H55.12?period=year"),
        ("/", "/"),
        ("", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/\t/evil.example", "/"),
        ("/ok\r\nSet-Cookie: x=1", "/"),
        ("evil.example", "/"),
        ("///evil.example", "/"),
        ("/sign-out", "/"),
        ("/_dash-layout", "/"),
        ("http://[", "/"),
    ],
)
def test_a_sign_in_leads_to_pages_of_ours_only(wanted: str, led_to: str) -> None:
    assert inner(wanted) == led_to


def test_somebody_of_no_unit_sees_nothing_and_not_everything() -> None:
    nobody = Person(login="x", name="x", role=Role.department)
    assert scope_of(nobody, tuple).units == ()
    assert scope_of(None, tuple).units == ()
    assert scope_of(AN, tuple).units is None


def test_a_dashboard_that_others_can_reach_does_not_start_without_sign_in() -> None:
    with pytest.raises(SettingsError, match="OPSCENTRE_SIGN_IN=required and add an administrator"):
        check_door(Settings(host="0.0.0.0"))
    with pytest.raises(SettingsError, match=r"OPSCENTRE_TLS_LISTEN=0\.0\.0\.0 can be reached"):
        check_door(Settings(tls_listen="0.0.0.0:443"))
    check_door(Settings(host="::1", tls_listen="[::1]:8443"))
    check_door(Settings(host="0.0.0.0", sign_in="required"))
