"""The way in, as it is shipped: a real nginx before two real dashboards."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from opscentre import profile as profiles
from tests.conftest import part_or_skip
from tests.dashboard.conftest import Dashboard
from tests.dashboard.pictures import Board, plausible
from tests.parts import nginx as nginx_part
from tests.parts.nginx import Nginx
from tests.parts.process import free_port, wait_until
from tests.parts.redis import Redis


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of this machine's own, and its key."""
    return nginx_part.certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def dashboards(redis_server: Redis, tmp_path: Path) -> Iterator[list[Dashboard]]:
    """Two of them, drawing one board."""
    Board(redis_server.url).show(plausible(profiles.load("thai-nguyen")))
    both = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        both.append(Dashboard(tmp_path / name, redis_server.url, f"sqlite:///{tmp_path}/opscentre.db"))
        both[-1].start()
    yield both
    for each in both:
        each.kill()


@pytest.fixture
def plain_port() -> int:
    return free_port()


@pytest.fixture
def nginx(
    dashboards: list[Dashboard], certificate: tuple[Path, Path], plain_port: int, tmp_path: Path
) -> Iterator[Nginx]:
    values = {
        "DASHBOARD_1": f"127.0.0.1:{dashboards[0].port}",
        "DASHBOARD_2": f"127.0.0.1:{dashboards[1].port}",
        "SERVER_NAME": "localhost",
        "HTTP_LISTEN": f"127.0.0.1:{plain_port}",
        "CERTIFICATE": str(certificate[0]),
        "CERTIFICATE_KEY": str(certificate[1]),
    }
    server = part_or_skip("nginx", lambda: Nginx(tmp_path, values))
    server.start()
    yield server
    server.kill()


def test_it_serves_over_tls_streams_at_once_and_outlives_either_dashboard(
    nginx: Nginx, dashboards: list[Dashboard], certificate: tuple[Path, Path], plain_port: int
) -> None:
    trusted = ssl.create_default_context(cafile=str(certificate[0]))
    with httpx.Client(base_url=f"https://127.0.0.1:{nginx.port}", verify=trusted, timeout=10) as visitor:
        page = visitor.get("/wall")
        assert page.status_code == 200
        assert page.headers["strict-transport-security"].startswith("max-age=")
        assert "default-src" in page.headers["content-security-policy"]
        assert page.headers["server"] == "nginx"
        assert visitor.get("/metrics").status_code == 404

        redirect = httpx.get(f"http://127.0.0.1:{plain_port}/wall?rotate=30")
        assert (redirect.status_code, redirect.headers["location"]) == (308, "https://127.0.0.1/wall?rotate=30")

        assert seconds_to_events(visitor, 4) < 10

        answering = {visitor.get("/healthz").status_code for _ in range(4)}
        assert answering == {200}
        for gone, left in (dashboards, dashboards[::-1]):
            gone.kill()
            wait_until(lambda: visitor.get("/healthz").status_code == 200, 10, "the dashboard that is left answers")
            assert seconds_to_events(visitor, 2) < 10
            gone.start()
            assert left.running


def seconds_to_events(visitor: httpx.Client, count: int) -> float:
    """How long it takes until so many events have come through; a buffering proxy would keep them for minutes."""
    begun = time.monotonic()
    with visitor.stream("GET", "/stream") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            count -= line.startswith("event:")
            if not count:
                break
    return time.monotonic() - begun
