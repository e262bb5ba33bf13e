"""Probing links over real sockets: up, two failures to down, back again, unknown while our own uplink is gone."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from collectors.links.collector import LinkProbe, Uplink, open_http
from collectors.links.settings import require_address
from opscentre.settings import SettingsError
from opscentre.sources import LinkConfig, SelfCheck
from tests.collectors.parts import Bench


class Web:
    """An HTTP server that answers with the status it is told, or not at all."""

    def __init__(self) -> None:
        self.status = 200
        self.hang = threading.Event()
        self.hang.set()
        web = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:
                """Nothing is printed."""

            def do_GET(self) -> None:
                web.hang.wait(5)
                self.send_response(web.status)
                self.end_headers()

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


@pytest.fixture
def web() -> Iterator[Web]:
    made = Web()
    yield made
    made.hang.set()
    made.server.shutdown()
    made.server.server_close()


def probe(bench: Bench, kind: str, address: str, check: SelfCheck | None = None, timeout: float = 2.0) -> LinkProbe:
    config = LinkConfig(code="cong", name="Cổng", kind=kind, address=address, timeout=timeout)  # type: ignore[arg-type]
    http = open_http()
    return LinkProbe(config, store=bench.store, http=http, uplink=Uplink(check, http))


def test_a_link_that_answers_is_up_with_its_latency_since_the_first_answer(bench: Bench, web: Web) -> None:
    link = probe(bench, "http", web.url)
    first, second = link.probe(), link.probe()
    assert (first.state, second.state) == ("up", "up")
    assert second.since == first.since == first.checked_at
    assert second.latency_ms is not None
    assert 0 < second.latency_ms < 2000


def test_one_failure_is_a_lost_packet_and_two_are_down_since_the_first_of_them(bench: Bench, web: Web) -> None:
    link = probe(bench, "http", web.url)
    up = link.probe()
    web.status = 503
    lost, down, still = link.probe(), link.probe(), link.probe()
    assert (lost.state, lost.since, lost.latency_ms) == ("up", up.since, None)
    assert (down.state, down.since, down.detail) == ("down", lost.checked_at, "HTTP 503")
    assert (still.state, still.since) == ("down", lost.checked_at)
    web.status = 404
    back = link.probe()
    assert (back.state, back.since) == ("up", back.checked_at)


def test_a_flapping_link_that_never_fails_twice_running_stays_up(bench: Bench, web: Web) -> None:
    link = probe(bench, "http", web.url)
    begun = link.probe().since
    for status in (503, 200) * 4:
        web.status = status
        seen = link.probe()
        assert (seen.state, seen.since) == ("up", begun)


def test_a_link_that_hangs_is_given_up_after_its_timeout(bench: Bench, web: Web) -> None:
    web.hang.clear()
    link = probe(bench, "http", web.url, timeout=0.2)
    assert link.probe().detail == "no answer within 0.2 s"
    assert link.probe().state == "down"


def test_a_tcp_port_is_up_while_it_accepts(bench: Bench) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    address = f"127.0.0.1:{listener.getsockname()[1]}"
    link = probe(bench, "tcp", address)
    assert link.probe().state == "up"
    listener.close()
    assert [link.probe().state, link.probe().state] == ["up", "down"]


def test_while_our_own_uplink_is_gone_links_are_unknown_and_not_down(bench: Bench, web: Web, free_port: int) -> None:
    own = SelfCheck(kind="tcp", address=f"127.0.0.1:{free_port}", timeout=0.5)
    link = probe(bench, "http", web.url, own)
    assert link.probe().state == "up"
    web.status = 500
    first, second = link.probe(), link.probe()
    assert (first.state, second.state, second.since) == ("unknown", "unknown", first.checked_at)
    assert second.detail == "our own uplink does not work"


def test_with_a_working_uplink_a_dead_link_is_down(bench: Bench, web: Web, free_port: int) -> None:
    link = probe(bench, "tcp", f"127.0.0.1:{free_port}", SelfCheck(kind="http", address=web.url))
    assert [link.probe().state, link.probe().state] == ["unknown", "down"]


def test_state_and_since_outlive_a_restart(bench: Bench, web: Web) -> None:
    link = probe(bench, "http", web.url)
    link.probe()
    web.status = 500
    link.probe()
    down = link.probe()
    again = probe(bench, "http", web.url).probe()
    assert (again.state, again.since) == ("down", down.since)


@pytest.mark.parametrize(
    ("kind", "address"), [("http", "127.0.0.1:80"), ("tcp", "http://x"), ("tcp", "x:"), ("tcp", "x:0")]
)
def test_an_address_that_does_not_fit_its_kind_is_told(kind: str, address: str) -> None:
    entry = LinkConfig(code="a", name="A", kind=kind, address=address)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match=r"links.toml, link a, address: saw"):
        require_address(entry, "links.toml, link a")
