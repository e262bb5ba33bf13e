"""A dashboard of a test's own, the board it draws, and a page of the wall in a real browser."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from layouts.place import Place, place_of
from opscentre import paths
from opscentre import profile as profiles
from opscentre.figures_file import read_systems
from opscentre.profile import Profile
from tests.dashboard import desks
from tests.dashboard.pictures import Board
from tests.parts.process import Server, free_port
from tests.parts.redis import Redis


class Dashboard(Server):
    """The dashboard in a process of its own, reading the wall that ``Board`` shows."""

    name = "dashboard"

    def __init__(self, folder: Path, redis_url: str, database: str, **environment: str) -> None:
        super().__init__(folder)
        self._environment = [f"{name}={value}" for name, value in environment.items()]
        self._redis_url = redis_url
        self._database = database
        #: Where it tells of itself to Prometheus.
        self.metrics = free_port()

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        return [
            "env", f"PYTHONPATH={paths.ROOT}", *self._environment,
            sys.executable, "-m", "tests.dashboard.serve", self._redis_url, str(self.port), self._database,
            f"127.0.0.1:{self.metrics}",
        ]  # fmt: skip

    def ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz").status_code in (httpx.codes.OK, httpx.codes.SERVICE_UNAVAILABLE)
        except httpx.HTTPError:
            return False


@pytest.fixture(scope="session")
def profile() -> Profile:
    return profiles.load("thai-nguyen")


@pytest.fixture(scope="session")
def place(profile: Profile) -> Place:
    return place_of(profile, systems=read_systems(profile.folder))


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory, profile: Profile) -> str:
    """The URL of a database with some hundred dossiers."""
    url = f"sqlite:///{tmp_path_factory.mktemp('desk')}/desk.db"
    desks.fill(url, profile)
    return url


@pytest.fixture
def board(redis_server: Redis) -> Board:
    """The board that the dashboard of this test draws."""
    return Board(redis_server.url)


@pytest.fixture
def dashboard(redis_server: Redis, tmp_path: Path, filled: str) -> Iterator[Dashboard]:
    """A running dashboard."""
    server = Dashboard(tmp_path, redis_server.url, filled)
    server.start()
    yield server
    server.kill()


class Screen(NamedTuple):
    """A wall in a browser that many tests look at, one after the other, and what feeds it."""

    page: Any
    board: Board
    dashboard: Dashboard


@pytest.fixture(scope="module")
def screen(
    chromium: Any, _redis_server: Redis, tmp_path_factory: pytest.TempPathFactory, filled: str
) -> Iterator[Screen]:
    """One dashboard and one page of 1920 × 1080 for a whole module."""
    _redis_server.ensure()
    server = Dashboard(tmp_path_factory.mktemp("screen"), _redis_server.url, filled)
    server.start()
    context = chromium.new_context(viewport={"width": 1920, "height": 1080}, locale="vi-VN")
    yield Screen(context.new_page(), Board(_redis_server.url), server)
    context.close()
    server.kill()


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    """An empty page of 1920 × 1080."""
    context = chromium.new_context(viewport={"width": 1920, "height": 1080}, locale="vi-VN")
    yield context.new_page()
    context.close()
