"""Probes of each kind over real sockets: what is well, and what is said of what is not."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collectors.links.answer import LARGEST_TRANSCRIPT, Answer, excerpt
from collectors.links.attempt import attempt
from collectors.links.connecting import read_certificate
from collectors.links.probes.icmp import NOT_ALLOWED
from collectors.links.settings import require_address
from opscentre.clock import wall_ms
from opscentre.domain.moments import DAY
from opscentre.link_settings import LinkConfig
from opscentre.settings import SettingsError
from tests.collectors.link_servers import Web, name_server, web_with_certificate


@pytest.fixture
def web() -> Iterator[Web]:
    made = Web()
    yield made
    made.close()


def ask(kind: str, address: str, **settings: Any) -> Answer:
    """Probe once."""
    given = {"timeout": 5.0, **settings}
    return attempt(LinkConfig(code="a", name="A", kind=kind, address=address, **given))  # type: ignore[arg-type]


def test_a_page_is_up_with_latency_and_transcript(web: Web) -> None:
    web.body = 'Trang chủ, điện thoại 0912345678, {"password": "bí mật"}'.encode()
    found = ask("http", f"{web.url}trang?key=abc")
    assert (found.reason, found.asked) == ("", True)
    assert found.latency_ms is not None
    assert 0 < found.latency_ms < 5000
    talk = found.transcript
    assert (talk.asked, talk.address, talk.status) == (f"GET {web.url}trang", web.address, "HTTP 200 OK")
    assert talk.said == 'Trang chủ, điện thoại ‹#›, {"password": ‹…›}'
    assert list(talk.timings) == ["resolved", "connected", "answered"]
    assert web.paths == ["/trang?key=abc"]


@pytest.mark.parametrize(
    ("status", "settings", "reason"),
    [
        (404, {}, ""),
        (503, {}, "http_status"),
        (404, {"expect_status": ["200-299"]}, "http_status"),
        (401, {"expect_status": ["200-299", 401]}, ""),
        (200, {"expect_text": "Cổng dịch vụ"}, ""),
        (200, {"expect_text": "Cổng khác"}, "text_missing"),
        # The same letters, composed otherwise.
        (200, {"expect_text": "Co\u0302\u0309ng"}, ""),
    ],
)
def test_status_and_text_are_what_is_expected_or_said(web: Web, status: int, settings: Any, reason: str) -> None:
    web.status, web.body = status, "Cổng dịch vụ công".encode()
    found = ask("http", web.url, **settings)
    assert (found.reason, found.latency_ms is None) == (reason, bool(reason))
    if reason == "http_status":
        assert found.detail == f"HTTP {status}"


def test_a_redirect_is_followed_on_its_own_host_and_never_to_another(web: Web) -> None:
    elsewhere = Web()
    web.status, web.body = 302, b"here"
    web.headers = {"Location": "/home"}
    assert ask("http", web.url, expect_text="here").reason == ""
    assert web.paths == ["/", "/home"]
    web.headers = {"Location": elsewhere.url}
    assert ask("http", web.url).reason == ""
    assert ask("http", web.url, expect_text="here").detail == "it sends to another host, 127.0.0.1, which is not asked"
    web.headers = {"Location": "file:///etc/passwd"}
    assert ask("http", web.url).reason == "redirect"
    web.headers = {"Location": "/"}
    assert ask("http", web.url).detail == "it sends on and on, more than 3 times"
    assert elsewhere.paths == []
    elsewhere.close()


def test_a_body_without_end_is_read_to_a_bound(web: Web) -> None:
    web.body = b"x" * 5_000_000
    found = ask("http", web.url, expect_text="y")
    assert found.reason == "text_missing"
    assert len(found.transcript.encoded()) < LARGEST_TRANSCRIPT


@pytest.mark.parametrize("way", ["silent", "drop by drop"])
def test_a_link_that_keeps_one_waiting_is_given_up_in_time(web: Web, way: str) -> None:
    web.hang.clear() if way == "silent" else setattr(web, "drip", True)
    begun = time.monotonic()
    found = ask("http", web.url, timeout=0.3)
    assert (found.reason, found.detail) == ("timeout", "no answer within 0.3 s")
    # Drop by drop it would take fifty seconds.
    assert time.monotonic() - begun < 5


def test_what_is_no_http_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def talk() -> None:
            with server.accept()[0] as peer:
                peer.recv(1000)
                peer.sendall(b"SSH-2.0-OpenSSH\r\n\r\n")

        threading.Thread(target=talk, daemon=True).start()
        found = ask("http", f"http://127.0.0.1:{server.getsockname()[1]}/")
    assert found.reason == "bad_answer"


def test_a_tcp_port_is_up_while_it_accepts(free_port: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert ask("tcp", f"localhost:{server.getsockname()[1]}").reason == ""
    refused = ask("tcp", f"127.0.0.1:{free_port}")
    assert (refused.reason, refused.detail) == ("refused", "nobody listens there: Connection refused")
    assert ask("tcp", "khong-co.invalid:80").reason == "no_such_host"


def test_a_certificate_is_read_on_every_handshake(tmp_path: Path) -> None:
    pem = tmp_path / "near.pem"
    with web_with_certificate(pem, days=9) as secure:
        for kind, address in (("https", f"https://{secure.address}/"), ("tls", secure.address)):
            found = ask("http" if kind == "https" else "tls", address, ca_file=str(pem))
            assert found.reason == "", found.detail
            certificate = found.transcript.certificate
            assert certificate is not None
            assert 8 * DAY < certificate.expires_at - wall_ms() < 9 * DAY
            assert certificate.names == ["localhost", "127.0.0.1"]
            assert found.transcript.tls.startswith("TLSv1.")
            assert "tls" in found.transcript.timings
    assert read_certificate(b"not a certificate") is None
    with web_with_certificate(pem, days=20) as renewed:
        assert ask("tls", renewed.address, ca_file=str(pem)).reason == ""


@pytest.mark.parametrize(
    ("days", "names", "trusted", "reason", "told"),
    [
        (9, True, False, "tls_untrusted", r"vouched for by itself only \(CN=cong\.example\.vn\); name it in ca_file"),
        (-2, True, True, "tls_expired", r"its certificate ended on \d\d/\d\d/\d{4}"),
        (9, False, True, "tls_wrong_name", r"its certificate is for cong\.example\.vn, not for 127\.0\.0\.1"),
    ],
)
def test_what_is_wrong_with_a_certificate_is_said_precisely(
    tmp_path: Path, days: int, names: bool, trusted: bool, reason: str, told: str
) -> None:
    pem = tmp_path / "made.pem"
    with web_with_certificate(pem, days, "cong.example.vn", loopback=names) as secure:
        found = ask("tls", secure.address, ca_file=str(pem) if trusted else "")
    assert found.reason == reason
    assert re.search(told, found.detail), found.detail
    assert found.transcript.certificate is not None


def test_a_port_without_tls_and_a_missing_authority_are_told(web: Web, tmp_path: Path) -> None:
    assert ask("tls", web.address).reason == "tls_failed"
    found = ask("tls", web.address, ca_file=str(tmp_path / "none.pem"))
    assert (found.asked, found.reason) == (False, "not_probed")
    assert "none.pem cannot be used (No such file or directory); want a PEM file" in found.detail


def test_a_name_resolves_to_what_it_should(free_port: int) -> None:
    with name_server({"cong.example.vn": "203.0.113.7", "sau.example.vn": "2001:db8::7"}) as server:
        found = ask("dns", "cong.example.vn", server=server)
        assert (found.reason, found.transcript.status, found.transcript.said) == ("", "NOERROR", "203.0.113.7")
        assert found.transcript.address == server
        assert ask("dns", "sau.example.vn", server=server, expect_addresses=["2001:DB8::7"]).reason == ""
        wrong = ask("dns", "cong.example.vn", server=server, expect_addresses=["203.0.113.9"])
        assert wrong.detail == "cong.example.vn leads to 203.0.113.7; want 203.0.113.9"
        none = ask("dns", "khac.example.vn", server=server)
        assert (none.reason, none.detail) == ("dns_no_such_name", "there is no name khac.example.vn")
    assert ask("dns", "cong.example.vn", server=f"127.0.0.1:{free_port}", timeout=0.5).reason in (
        "timeout",
        "dns_refused",
    )


def test_a_ping_is_answered_or_what_to_allow_is_said_and_never_that_the_link_is_down() -> None:
    found = ask("icmp", "127.0.0.1")
    if found.asked:
        assert found.latency_ms is not None
    else:
        assert (found.reason, found.detail) == ("icmp_not_allowed", NOT_ALLOWED)


def test_an_excerpt_holds_no_token() -> None:
    assert excerpt("token=abc; Bearer eyJhbGciOiJIUzI1NiJ9 mat_khau: 'x y' công-khai") == (
        "token=‹…›; Bearer ‹…› mat_khau: ‹…› công-khai"
    )


@pytest.mark.parametrize(
    ("kind", "address", "told"),
    [
        ("http", "127.0.0.1:80", "want http://HOST/… or https://HOST/…"),
        ("http", "https://me:s3cret@h.vn/a", "saw a user or password before h.vn; want https://h.vn/a, a probe signs"),
        ("tcp", "http://x", "saw 'http://x'; want HOST:PORT"),
        ("tcp", "x:", "want HOST:PORT"),
        ("tls", "x:0", "want HOST:PORT"),
        ("dns", "x:53", "saw 'x:53'; want the name of a host alone, without port or path"),
        ("icmp", "http://x", "want the name of a host alone"),
    ],
)
def test_an_address_that_does_not_fit_its_kind_is_told(kind: str, address: str, told: str) -> None:
    entry = LinkConfig(code="a", name="A", kind=kind, address=address)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match=r"links.toml, link a, address: saw") as raised:
        require_address(entry, "links.toml, link a")
    assert told in str(raised.value)
    assert "s3cret" not in str(raised.value)
