"""What the dashboard's answers hold against strangers: headers everywhere, bounds, paths that lead nowhere else."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from dashboard.limits import MOST_BYTES, Limits
from dashboard.security import framers, policy
from opscentre.settings import SettingsError
from tests.dashboard.conftest import Dashboard

#: One of each sort: pages, their parts, static files, data, streams' neighbours, forms, and what is not there.
ROUTES = (
    "/", "/wall", "/table", "/dossier/mot-cua/x", "/assets/live.js", "/assets/icon.svg", "/assets/none.js",
    "/_dash-layout", "/_dash-dependencies", "/api/wall", "/api/board", "/api/board?from=x", "/api/page", "/healthz",
    "/readyz", "/mails", "/mails/none.eml", "/export/overdue.csv", "/export/none.csv", "/manifest.webmanifest",
    "/worker.js", "/nowhere", "/sign-in",
)  # fmt: skip
WANTED = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@pytest.fixture(scope="module")
def served(_redis_server, tmp_path_factory: pytest.TempPathFactory, filled: str) -> Iterator[Dashboard]:
    """One dashboard for the module."""
    _redis_server.ensure()
    server = Dashboard(tmp_path_factory.mktemp("served"), _redis_server.url, filled)
    server.start()
    yield server
    server.kill()


def raw(server: Dashboard, request: bytes) -> bytes:
    """What the server sends back to these very bytes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(request)
        answer = b""
        while chunk := connection.recv(65_536):
            answer += chunk
            if b"\r\n\r\n" in answer and (b"connection: close" not in request.lower()):
                break
    return answer


@pytest.mark.parametrize("path", ROUTES)
def test_every_answer_has_every_header(served: Dashboard, path: str) -> None:
    answer = httpx.get(served.url + path)
    assert {name: answer.headers[name] for name in WANTED} == WANTED
    assert "camera=()" in answer.headers["permissions-policy"]
    rules = answer.headers["content-security-policy"].split("; ")
    scripts = next(rule for rule in rules if rule.startswith("script-src"))
    assert "unsafe" not in scripts
    assert ("frame-ancestors 'self'" if path.startswith("/mails/") else "frame-ancestors 'none'") in rules
    assert ("sandbox allow-popups allow-popups-to-escape-sandbox" in rules) == path.startswith("/mails/")
    assert "strict-transport-security" not in answer.headers
    assert "server" not in answer.headers
    shared = path.startswith(("/assets/", "/manifest", "/worker"))
    assert ("no-store" in answer.headers.get("cache-control", "")) != shared


def test_behind_tls_browsers_are_told_to_stay_there(served: Dashboard) -> None:
    for path in ("/wall", "/assets/live.js", "/nowhere"):
        answer = httpx.get(served.url + path, headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "10.0.0.7"})
        assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_frames_are_for_the_named_origins_only_and_a_name_cannot_smuggle_a_rule() -> None:
    assert framers("") == ()
    assert policy([], framers("https://a.example http://b.example:8080")).endswith(
        "frame-ancestors https://a.example http://b.example:8080"
    )
    for wrong in ("*", "https://a.example;script-src", "https://a.example/path", "javascript:x", "https://*"):
        with pytest.raises(SettingsError, match="OPSCENTRE_FRAMED_BY: saw"):
            framers(wrong)


def test_a_large_body_is_refused_whether_its_size_is_told_or_not(served: Dashboard) -> None:
    told = httpx.post(f"{served.url}/_dash-update-component", content=b"x" * (MOST_BYTES + 1))
    assert told.status_code == 413
    assert told.headers["x-content-type-options"] == "nosniff"

    def dribble() -> Iterator[bytes]:
        for _ in range(MOST_BYTES // 50_000 + 2):
            yield b"x" * 50_000

    as_json = {"Content-Type": "application/json"}
    dribbled = httpx.post(f"{served.url}/_dash-update-component", content=dribble(), headers=as_json)
    assert dribbled.status_code == 413
    head = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Long: " + b"x" * 200_000 + b"\r\n\r\n"
    assert raw(served, head).split(b"\r\n")[0].split()[1] in (b"400", b"431")


def test_a_fault_of_ours_is_told_without_its_inside(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("postgresql://u:hush@h/d")

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(Limits(broken))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as browser:
            return await browser.get("/")

    answer = asyncio.run(ask())
    assert (answer.status_code, answer.json()) == (500, {"error": "an error of the server; its log tells more"})
    assert "RuntimeError" in caplog.text


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"output":"x"}', b'{"output":"page.children","inputs":[{}]}'])
def test_a_callback_that_makes_no_sense_is_refused_without_a_word_of_ours(served: Dashboard, body: bytes) -> None:
    answer = httpx.post(
        f"{served.url}/_dash-update-component", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code >= 400
    assert not [word for word in ("Traceback", "site-packages", "/dashboard/") if word in answer.text]
    assert "content-security-policy" in answer.headers


DASH = "/_dash-component-suites/dash/"
TRAVERSALS = (
    "..",
    "../..",
    "%2e%2e",
    "..%2f..",
    "%2e%2e%2f%2e%2e",
    "....//",
    "..\\..",
    "..%5c..",
    "%00",
    "/etc/passwd",
)


@pytest.mark.parametrize("base", ["/assets/", "/mails/", "/export/", "/wall/", "/answer/", DASH, "/unit/", "/"])
def test_no_path_leads_out_of_what_is_served(served: Dashboard, base: str) -> None:
    for step in TRAVERSALS:
        for target in ("pyproject.toml", "opscentre/settings.py", "etc/passwd"):
            path = f"{base}{step}/{target}".encode()
            answer = raw(served, b"GET " + path + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            assert not [found for found in (b"[project]", b"root:x:", b"class Settings") if found in answer], path
            # A page's own address may hold anything: it is served the one page. Dash fails where it knows no file.
            assert answer.split()[1] in (b"400", b"404") or base in ("/unit/", "/", DASH), path
            if answer.split()[1] == b"500":
                assert b"An internal server error occurred." in answer


@pytest.mark.parametrize("place", ["path", "query", "cookie", "origin"])
def test_what_a_visitor_sends_makes_no_header_of_its_own(served: Dashboard, place: str) -> None:
    evil = "%0d%0aX-Planted:%20yes%0d%0a"
    lines = {
        "path": f"GET /nowhere{evil} HTTP/1.1\r\n", "query": f"GET /export/overdue.csv?lang={evil} HTTP/1.1\r\n",
        "cookie": "GET /export/overdue.csv HTTP/1.1\r\nCookie: lang=en%0d%0aX-Planted: yes\r\n",
        "origin": f"GET /sign-in?next={evil} HTTP/1.1\r\nOrigin: http://x%0d%0aX-Planted: yes\r\n",
    }  # fmt: skip
    answer = raw(served, f"{lines[place]}Host: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
    assert b"x-planted: yes" not in answer.split(b"\r\n\r\n")[0].lower()


def test_an_answer_that_is_not_a_page_is_not_taken_for_one(served: Dashboard) -> None:
    for path in ("/nowhere/<script>alert(1)</script>", "/export/<script>.csv", "/api/board?from=<script>alert(1)"):
        answer = httpx.get(served.url + path)
        assert answer.status_code in (400, 404)
        assert not answer.headers["content-type"].startswith("text/html")


def test_the_log_holds_no_secret(served: Dashboard) -> None:
    httpx.get(f"{served.url}/api/board", headers={"Authorization": "Bearer hush-hush", "Cookie": "session=hush-hush"})
    httpx.get(f"{served.url}/nowhere?token=hush-hush")
    assert "hush-hush" not in Path(served.log).read_text(encoding="utf-8")
