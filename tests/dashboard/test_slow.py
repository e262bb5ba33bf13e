"""What the wall counts by the minute: from real SQL, in a process of its own, and what a failure of it costs."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from dashboard.slow import SlowFeed
from opscentre import profile as profiles
from opscentre.clock import ClockAnchor, wall_ms
from opscentre.domain.moments import parse_local
from opscentre.domain.observations import SourceSeen
from opscentre.settings import Settings
from opscentre.slow import count
from opscentre.store.engine import open_store
from opscentre.store.figures import FedFigure, write_figures
from tests.commands.test_score import DONE, RECEIVED, dossier, stored

NOW = parse_local("2026-11-20T10:00")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two departments and a commune; the first has late dossiers, and a source that failed."""
    late = {**RECEIVED, "due": "2026-11-12T09:00"}
    dossiers = [dossier(i, "H55.12", 4, **late) for i in range(4)]
    dossiers += [dossier(i, "H55.12", 9, **DONE, channel=3) for i in range(4, 16)]
    dossiers += [dossier(i, "H55.07", 9, **DONE, source="so", channel=2) for i in range(12)]
    dossiers += [dossier(i, "01840", 9, **DONE, source="xa", channel=1) for i in range(11)]
    return stored(tmp_path, dossiers, [SourceSeen(code="sct", attempted_at=9, observed_at=5, ok=False, error="x")])


def test_places_score_figures_and_services_are_counted_from_sql(data: Path) -> None:
    store = open_store(Settings(data=data).database_url)
    fed = FedFigure(
        code="tro-ly-ao", as_of=parse_local("2026-11-20T07:30"), value=1234.0, unit="câu", source="ioc", seen_at=9
    )
    write_figures(store, [fed])
    found = count(store, profiles.load("thai-nguyen"), NOW)
    store.dispose()
    assert found.places_yesterday == {"H55.07": 1, "H55.12": 2, "01840": 1}, "communes have places of their own"
    assert found.online_places_yesterday == {}, "nothing was received yesterday"
    assert found.stale_units == ["H55.12"]
    assert (found.services.received, found.services.postal) == (39, 12)
    assert found.services.by_level["toàn trình"] > 50
    assert {ratio.code: (ratio.part, ratio.whole) for ratio in found.services.ratios}["3.3"] == (0, 39)
    assert found.services.targets[0].reached == "6,7"
    assert found.figures[0].value == "1.234"
    assert (found.figures[0].as_of, found.figures[0].age_days) == ("07:30 20/11/2026", 0)
    assert any(figure.value == "31.067" and figure.source.startswith("Báo cáo 4041") for figure in found.figures)
    assert found.score is not None
    assert [group.code for group in found.score.groups][:2] == ["transparency", "progress"]
    assert [unit.code for unit in found.score.units if unit.rank] != []


def test_yesterdays_places_by_online_share_are_of_what_was_received_yesterday(tmp_path: Path) -> None:
    yesterday = {"received": "2026-11-19T09:00"}
    dossiers = [dossier(i, "H55.12", 4, **yesterday, channel=1 + i % 2) for i in range(6)]
    dossiers += [dossier(i, "H55.07", 4, **yesterday, source="so", channel=2) for i in range(5)]
    dossiers += [dossier(i, "H55.05", 4, **yesterday, source="it", channel=2) for i in range(4)]
    dossiers += [dossier(i, "H55.12", 4, received="2026-11-20T08:00", source="nay", channel=2) for i in range(9)]
    data = stored(tmp_path, dossiers, [])
    store = open_store(Settings(data=data).database_url)
    found = count(store, profiles.load("thai-nguyen"), NOW)
    store.dispose()
    assert found.online_places_yesterday == {"H55.07": 1, "H55.12": 2}, "four dossiers are too few for a place"


def test_a_process_of_its_own_counts_and_ends(data: Path) -> None:
    clock = msgspec.json.encode(ClockAnchor(wall_ms(), NOW, 1.0)).decode()
    feed = SlowFeed(Settings(data=data, clock=clock))
    asyncio.run(feed.take())
    assert feed.newest is not None
    assert feed.newest.places_yesterday["H55.07"] == 1
    assert NOW <= feed.newest.now < NOW + 600_000


def test_what_cannot_be_counted_is_logged_in_one_line(data: Path, caplog: pytest.LogCaptureFixture) -> None:
    feed = SlowFeed(Settings(data=data, profile="nowhere"))
    asyncio.run(feed.take())
    assert feed.newest is None
    told = [record.getMessage() for record in caplog.records if record.name == "dashboard.slow"]
    assert len(told) == 1
    assert "profile 'nowhere'" in told[0]


def test_counting_ends_with_the_dashboard_that_began_it() -> None:
    code = "import os; from dashboard.slow import end_with; end_with(os.getppid() + 1)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 1
