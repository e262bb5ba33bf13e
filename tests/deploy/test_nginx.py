"""The way in, as it is shipped: a real nginx before two real dashboards."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from opscentre import profile as profiles
from opscentre.store import schema
from opscentre.store.engine import connect
from tests.conftest import part_or_skip
from tests.dashboard.conftest import Dashboard
from tests.dashboard.pictures import Board, plausible
from tests.parts import nginx as nginx_part
from tests.parts.nginx import Nginx
from tests.parts.process import free_port, wait_until
from tests.parts.redis import Redis
from tests.store.later import EXPANDS, later_revisions

#: Seconds for which nginx leaves a dashboard out that did not answer (deploy/nginx/opscentre.conf.template).
FAIL_TIMEOUT = 3.0


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
    nginx: Nginx, dashboards: list[Dashboard], certificate: tuple[Path, Path], plain_port: int,
    tmp_path: Path,
) -> None:  # fmt: skip
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

        # An upgrade: the tables of the next release, then one dashboard after the other. Nobody notices.
        revisions = later_revisions(tmp_path / "next", EXPANDS)
        with Visits(visitor) as visits:
            database = connect(f"sqlite:///{tmp_path}/opscentre.db")
            schema.bring_up_to_date(database, revisions)
            database.dispose()
            for replaced in dashboards:
                replaced.stop()
                seen = visits.count
                wait_until(lambda seen=seen: visits.count > seen + 3, 20, "visits while one dashboard is away")
                replaced.start()
                # As docs/upgrade.md says: the next one only once nginx sends visitors to this one again.
                time.sleep(FAIL_TIMEOUT + 0.5)
        assert visits.failed == []
        assert "the database is at the newer revision" in dashboards[0].log.read_text(encoding="utf-8")

        for gone, left in (dashboards, dashboards[::-1]):
            gone.kill()
            wait_until(lambda: visitor.get("/healthz").status_code == 200, 10, "the dashboard that is left answers")
            assert seconds_to_events(visitor, 2) < 10
            gone.start()
            assert left.running


class Visits:
    """Looks at two pages again and again, and keeps every answer that a visitor would notice."""

    def __init__(self, visitor: httpx.Client) -> None:
        self.count = 0
        self.failed: list[str] = []
        self._visitor = visitor
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._visit, daemon=True)

    def __enter__(self) -> Visits:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(20)

    def _visit(self) -> None:
        while not self._over.wait(0.02):
            for address in ("/wall", "/healthz"):
                try:
                    answer = self._visitor.get(address)
                except httpx.HTTPError as error:
                    self.failed.append(f"{address}: {error!r}")
                    continue
                if answer.status_code != httpx.codes.OK:
                    self.failed.append(f"{address}: {answer.status_code}")
                self.count += 1


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
