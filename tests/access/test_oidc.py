"""Signing in with a real provider over real sockets: claims become role and units, and nobody else gets in."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import oidc_provider_mock
import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey, RSAKey
from sqlalchemy import select, update

from dashboard.oidc import NotSignedIn, OidcSignIn
from opscentre.access import audit
from opscentre.access.people import Role
from opscentre.clock import wall_ms
from opscentre.oidc_file import read_provider
from opscentre.profile import Profile
from opscentre.settings import SettingsError
from opscentre.store import people
from opscentre.store.people_tables import sign_in_journeys
from tests.access.house import UNITS, House, furnish
from tests.parts.redis import Redis

FILE = """
[oidc]
name = "Đăng nhập bằng tài khoản tỉnh"
issuer = "{issuer}"
client_id = "opscentre"
client_secret_env = "{secret}"
public_url = "http://127.0.0.1:8050"

[[oidc.rules]]
claim = "realm_access.roles"
value = "ioc-truc-ban"
role = "operator"

[[oidc.rules]]
claim = "groups"
value = "so-cong-thuong"
role = "department"
units = ["H55.12"]
"""


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """A provider's address."""
    with oidc_provider_mock.run_server_in_thread() as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(scope="module")
def house(
    _redis_server: Redis, tmp_path_factory: pytest.TempPathFactory, profile: Profile, issuer: str
) -> Iterator[House]:
    """The dashboard, with its people and a provider."""
    _redis_server.ensure()
    folder = tmp_path_factory.mktemp("oidc")
    (folder / "oidc.toml").write_text(FILE.format(issuer=issuer, secret="TEST_SECRET_OIDC"), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEST_SECRET_OIDC", "hush")
        found = furnish(folder, profile, _redis_server.url, oidc=str(folder / "oidc.toml"))
    yield found
    found.engine.dispose()


def known_to(issuer: str, sub: str, **claims: Any) -> None:
    """Have the provider know somebody."""
    claims = {"preferred_username": sub} | claims
    assert httpx.put(f"{issuer}/users/{sub}", json=claims).status_code == httpx.codes.NO_CONTENT


def leave(house: House, wanted: str = "/") -> tuple[str, str]:
    """Where the browser is sent, and the cookie that it takes along."""
    away = house.ask("GET", f"/sign-in/oidc?next={wanted}")
    assert away.status_code == 303, away.text
    return away.headers["location"], away.headers["set-cookie"].split(";")[0]


def consent(url: str, sub: str) -> str:
    """The person says yes at the provider; the path and the query that it sends the browser back to."""
    sent = httpx.post(url, data={"sub": sub})
    back = urlsplit(sent.headers["location"])
    assert f"{back.scheme}://{back.netloc}{back.path}" == "http://127.0.0.1:8050/sign-in/oidc/back"
    return f"{back.path}?{back.query}"


def enter(house: House, sub: str, wanted: str = "/") -> httpx.Response:
    url, cookie = leave(house, wanted)
    return house.ask("GET", consent(url, sub), headers={"cookie": cookie})


def session(answer: httpx.Response) -> dict[str, str]:
    """The cookie of the session that began."""
    found = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("opscentre-session="))
    return {"cookie": found.split(";")[0]}


def test_claims_become_role_and_units_and_the_person_goes_where_they_wanted(house: House, issuer: str) -> None:
    assert "Đăng nhập bằng tài khoản tỉnh" in house.ask("GET", "/sign-in").text
    known_to(issuer, "binh", name="Trần Thị Bình", groups=["so-cong-thuong", "khác"])
    entered = enter(house, "binh", "/unit/H55.12")
    assert (entered.status_code, entered.headers["location"]) == (303, "/unit/H55.12")
    account = house.ask("GET", "/account", headers=session(entered)).text
    assert "Trần Thị Bình" in account
    assert "Sở Công Thương" in account
    assert "không có mật khẩu ở đây" in account
    # Another group the next time is another role, of the same person.
    known_to(issuer, "binh", name="Trần Thị Bình", realm_access={"roles": ["ioc-truc-ban"]})
    assert enter(house, "binh").status_code == 303
    known = people.find(house.engine, "binh")
    assert known is not None
    assert (known.person.role, known.person.units) == (Role.operator, None)


def test_who_fits_no_rule_any_more_gets_in_no_more_and_is_out_everywhere(house: House, issuer: str) -> None:
    known_to(issuer, "cuong", groups=["so-cong-thuong"])
    there = session(enter(house, "cuong"))
    assert house.ask("GET", "/api/board", headers=there).status_code == 200
    known_to(issuer, "cuong", groups=[])
    refused = enter(house, "cuong")
    assert refused.status_code == 403
    assert "chưa được cấp quyền" in refused.text
    assert house.ask("GET", "/api/board", headers=there).status_code == 401
    known_to(issuer, "stranger")
    assert enter(house, "stranger").status_code == 403


def test_a_provider_cannot_make_somebody_a_person_of_ours_nor_let_in_who_is_disabled(house: House, issuer: str) -> None:
    known_to(issuer, "administrator", groups=["so-cong-thuong"])
    assert enter(house, "administrator").status_code == 403
    ours = people.find(house.engine, "administrator")
    assert ours is not None
    assert (ours.person.role, ours.subject) == (Role.administrator, None)
    known_to(issuer, "dung", groups=["so-cong-thuong"])
    assert enter(house, "dung").status_code == 303
    with house.engine.begin() as connection:
        people.set_disabled(connection, "dung", wall_ms())
    assert enter(house, "dung").status_code == 403


def test_the_code_is_bound_to_a_verifier_and_a_journey_to_its_browser_once(house: House, issuer: str) -> None:
    known_to(issuer, "em", groups=["so-cong-thuong"])
    url, cookie = leave(house)
    asked = parse_qs(urlsplit(url).query)
    with house.engine.connect() as connection:
        row = connection.execute(select(sign_in_journeys).where(sign_in_journeys.c.state == asked["state"][0])).one()
    challenge = base64.urlsafe_b64encode(hashlib.sha256(row.verifier.encode()).digest()).rstrip(b"=").decode()
    assert (asked["code_challenge"], asked["code_challenge_method"]) == ([challenge], ["S256"])
    assert asked["nonce"] == [row.nonce]
    assert asked["response_type"] == ["code"]
    assert row.token not in cookie
    back = consent(url, "em")
    assert house.ask("GET", back).status_code == 403
    _, other = leave(house)
    assert house.ask("GET", back, headers={"cookie": other}).status_code == 403
    assert house.ask("GET", back, headers={"cookie": cookie}).status_code == 303
    assert house.ask("GET", back, headers={"cookie": cookie}).status_code == 403
    # A token that was made for another journey.
    url, cookie = leave(house)
    with house.engine.begin() as connection:
        connection.execute(update(sign_in_journeys).values(nonce="another"))
    refused = house.ask("GET", consent(url, "em"), headers={"cookie": cookie})
    assert refused.status_code == 403
    assert "Không xác nhận được danh tính" in refused.text


def test_a_person_who_says_no_at_the_provider_is_back_at_the_sign_in(house: House) -> None:
    url, cookie = leave(house)
    state = parse_qs(urlsplit(url).query)["state"][0]
    back = f"/sign-in/oidc/back?error=access_denied&state={state}"
    assert house.ask("GET", back, headers={"cookie": cookie}).status_code == 403


@pytest.mark.parametrize("more", ["state=ký-hiệu", "iss=https://evil.example&code=x&state={state}"])
def test_an_answer_of_nobody_we_asked_is_refused_whatever_letters_it_holds(house: House, more: str) -> None:
    url, cookie = leave(house)
    state = parse_qs(urlsplit(url).query)["state"][0]
    answer = house.ask("GET", f"/sign-in/oidc/back?{more.format(state=state)}", headers={"cookie": cookie})
    assert answer.status_code == 403


@pytest.mark.parametrize("login", ["local", "visitor", "token:12345678", "an\nnv"])
def test_a_provider_can_give_nobody_a_name_that_means_something_else_here(
    house: House, issuer: str, login: str
) -> None:
    known_to(issuer, "giang", preferred_username=login, groups=["so-cong-thuong"])
    assert enter(house, "giang").status_code == 403
    assert people.find_subject(house.engine, f"{issuer} giang") is None


def test_what_claims_make_of_somebody_stands_in_the_audit_log_once(house: House, issuer: str) -> None:
    known_to(issuer, "hoa", groups=["so-cong-thuong"])
    assert [enter(house, "hoa").status_code for _ in range(2)] == [303, 303]
    known_to(issuer, "hoa", realm_access={"roles": ["ioc-truc-ban"]})
    assert enter(house, "hoa").status_code == 303
    done = [(entry.action, entry.detail) for entry in audit.entries(house.engine, limit=10, who="role:oidc")]
    assert done[:2] == [
        ("person.change", '{"role":"operator","units":"all"}'),
        ("person.add", '{"role":"department","units":["H55.12"]}'),
    ]


def test_who_begins_journeys_without_end_is_told_when_to_come_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.oidc.MOST_JOURNEYS", 0)
    away = house.ask("GET", "/sign-in/oidc")
    assert (away.status_code, int(away.headers["retry-after"]) > 0) == (429, True)


class Odd(BaseHTTPRequestHandler):
    """Answers every question with what the server was given to say."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.server.said)  # type: ignore[attr-defined]

    def log_message(self, *_: object) -> None:
        """Nothing of it is of interest."""


def test_a_provider_that_answers_nonsense_is_away_and_no_fault_of_ours(
    house: House, profile: Profile, tmp_path: Path
) -> None:
    with ThreadingHTTPServer(("localhost", 0), Odd) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        issuer = f"http://localhost:{server.server_port}"
        (tmp_path / "oidc.toml").write_text(FILE.format(issuer=issuer, secret=""), "utf-8")
        other = furnish(tmp_path, profile, house.settings.redis_url, oidc=str(tmp_path / "oidc.toml"))
        for said in ("[]", "no JSON", "{}", json.dumps({"issuer": issuer})):
            server.said = said.encode()  # type: ignore[attr-defined]
            assert other.ask("GET", "/sign-in/oidc").status_code == 502, said
        other.engine.dispose()
        server.shutdown()


def way(folder: Path, issuer: str, house: House) -> OidcSignIn:
    (folder / "oidc.toml").write_text(FILE.format(issuer=issuer, secret=""), encoding="utf-8")
    return OidcSignIn(house.engine, read_provider(folder / "oidc.toml", UNITS), UNITS, None, None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("other", "signed"),
    [
        ({"iss": "https://evil.example"}, "RS256"),
        ({"aud": "another"}, "RS256"),
        ({"aud": ["opscentre", "another"]}, "RS256"),
        ({"azp": "another"}, "RS256"),
        ({"nonce": "another"}, "RS256"),
        ({"exp": 1}, "RS256"),
        ({"iat": None}, "RS256"),
        ({"sub": None}, "RS256"),
        ({}, "HS256"),
        ({}, "none"),
        ({}, "another key"),
    ],
)
def test_a_token_that_is_not_for_us_or_not_the_providers_opens_nothing(
    tmp_path: Path, house: House, other: dict[str, Any], signed: str
) -> None:
    key, now = RSAKey.generate_key(2048), int(time.time())
    claims = {"iss": "https://sso.example", "aud": "opscentre", "sub": "x", "nonce": "n", "exp": now + 60, "iat": now}
    signing = way(tmp_path, "https://sso.example", house)
    keys = KeySet([key])
    good = jwt.encode({"alg": "RS256"}, claims, key)
    assert signing._checked(good, keys, "n")["sub"] == "x"
    claims = {name: value for name, value in (claims | other).items() if value is not None}
    if signed == "none":
        head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
        bad = f"{head}.{good.split('.')[1]}."
    elif signed == "HS256":
        # The provider's public key taken for a secret that is shared.
        bad = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(str(key.as_dict(private=False)["n"])))
    else:
        bad = jwt.encode({"alg": "RS256"}, claims, key if signed == "RS256" else RSAKey.generate_key(2048))
    with pytest.raises((JoseError, NotSignedIn, ValueError)):
        signing._checked(bad, keys, "n")


def test_a_provider_that_does_not_answer_leaves_the_password(
    house: House, profile: Profile, tmp_path: Path, free_port: int
) -> None:
    (tmp_path / "oidc.toml").write_text(FILE.format(issuer=f"http://localhost:{free_port}", secret=""), "utf-8")
    other = furnish(tmp_path, profile, house.settings.redis_url, oidc=str(tmp_path / "oidc.toml"))
    away = other.ask("GET", "/sign-in/oidc")
    assert away.status_code == 502
    assert "Hệ thống xác thực không trả lời" in away.text
    assert 'name="password"' in away.text
    other.engine.dispose()


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('issuer = "http://localhost:1"', 'issuer = "http://sso.example"', "issuer = 'http://sso.example'; want https"),
        ('"H55.12"', '"H55.x"', "rule 2: 'H55.x' is no unit of the profile"),
        ('units = ["H55.12"]', "", "rule 2: a department is of no unit"),
        ('role = "operator"', 'role = "king"', "Invalid enum value 'king'"),
        ('client_id = "opscentre"', "", "missing required field `client_id`"),
    ],
)
def test_a_file_that_cannot_be_used_says_what_is_wrong(tmp_path: Path, before: str, after: str, said: str) -> None:
    text = FILE.format(issuer="http://localhost:1", secret="")
    assert before in text
    (tmp_path / "oidc.toml").write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(SettingsError) as wrong:
        read_provider(tmp_path / "oidc.toml", UNITS)
    assert said in str(wrong.value)
    with pytest.raises(SettingsError, match="cannot be read"):
        read_provider(tmp_path / "none.toml", UNITS)


def test_a_client_without_its_secret_does_not_start(tmp_path: Path, house: House) -> None:
    (tmp_path / "oidc.toml").write_text(FILE.format(issuer="http://localhost:1", secret="NO_SUCH_SECRET"), "utf-8")
    provider = read_provider(tmp_path / "oidc.toml", UNITS)
    with pytest.raises(SettingsError, match="the variable NO_SUCH_SECRET is not set"):
        OidcSignIn(house.engine, provider, UNITS, None, None)  # type: ignore[arg-type]
