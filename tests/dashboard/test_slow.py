"""What the wall counts by the minute: from real SQL, in a process of its own, and what a failure of it costs."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import text

from dashboard.slow import SlowFeed
from opscentre import profile as profiles
from opscentre.clock import ClockAnchor, wall_ms
from opscentre.domain.counting import open_moments
from opscentre.domain.fold import DossierState, fold
from opscentre.domain.moments import DAY, HOUR, parse_local
from opscentre.domain.observations import SourceSeen
from opscentre.settings import Settings
from opscentre.slow import count
from opscentre.store.engine import open_store
from opscentre.store.figures import FedFigure, write_figures
from opscentre.store.journal import Entries, write
from tests.commands.test_score import DONE, RECEIVED, dossier, stored
from tests.dashboard.pictures import GRADES
from tests.streams.books import history

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
    lag = msgspec.structs.replace(fed, code="sync-lag", as_of=fed.as_of - DAY, value=12.5, unit="phút")
    write_figures(store, [fed, lag])
    found = count(store, profiles.load("thai-nguyen"), NOW)
    store.dispose()
    assert found.places_yesterday == {"H55.07": 1, "H55.12": 2, "01840": 1}, "communes have places of their own"
    assert found.online_places_yesterday == {}, "nothing was received yesterday"
    assert found.stale_units == ["H55.12"]
    assert found.sources_of_units["H55.12"], "whose numbers are old when a source fails"
    assert (found.services.received, found.services.postal) == (39, 12)
    assert found.services.by_level["toàn trình"] > 50
    assert {ratio.code: (ratio.part, ratio.whole) for ratio in found.services.ratios}["3.3"] == (0, 39)
    assert found.services.targets[0].reached == "6,7"
    assert found.figures[0].value == "1.234"
    assert (found.figures[0].as_of, found.figures[0].age_days) == ("07:30 20/11/2026", 0)
    assert (found.measured["input:sync-lag"].value, found.measured["input:sync-lag"].unit) == ("12,5", "phút")
    assert found.measured["figure:bts"].value == "1.650"
    assert "input:sync-backlog" not in found.measured, "nobody sent one"
    assert any(figure.value == "31.067" and figure.source.startswith("Báo cáo 4041") for figure in found.figures)
    assert found.score is not None
    assert [group.code for group in found.score.groups][:2] == ["transparency", "progress"]
    assert [unit.code for unit in found.score.units if unit.rank] != []
    assert found.score.grades[0] == "Xuất sắc"


def test_the_score_of_the_end_of_yesterday_stands_beside_todays(data: Path) -> None:
    store = open_store(Settings(data=data).database_url)
    found = count(store, profiles.load("thai-nguyen"), NOW)
    assert found.score is not None
    units = {unit.code: unit for unit in found.score.units}
    # At midnight four dossiers were late already, as they are now.
    department = units["H55.12"]
    assert (department.volume, department.percent, department.yesterday) == (
        16,
        department.yesterday,
        department.percent,
    )
    assert department.grade == next(
        word for word, floor in GRADES if department.percent is not None and department.percent >= floor
    )
    assert found.score_places_yesterday == found.places_yesterday
    yesterday = count(store, profiles.load("thai-nguyen"), parse_local("2026-11-19T15:00")).score
    # One hour before the results were ready, and one after: the day's work is the difference.
    evening = count(store, profiles.load("thai-nguyen"), parse_local("2026-11-19T17:00")).score
    assert yesterday is not None
    assert evening is not None
    before, after = ({one.code: one for one in score.units}["H55.07"] for score in (yesterday, evening))
    assert (before.yesterday, after.yesterday) == (before.percent, before.percent)
    assert after.percent != after.yesterday
    first = count(store, profiles.load("thai-nguyen"), parse_local("2026-12-01T10:00"))
    store.dispose()
    assert first.score is not None
    assert {unit.yesterday for unit in first.score.units} == {None}, "the month began today"
    assert first.score_places_yesterday == {}


def test_late_by_sync_equals_a_recount_in_sql(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'opscentre.db'}")
    profile = profiles.load("thai-nguyen")
    states: dict[tuple[str, str], DossierState] = {}
    for source in ("nghe", "im", "chua"):
        for snapshot in history(150, seed=len(source), source=source):
            states[snapshot.key], _ = fold(states.get(snapshot.key), snapshot)
    rows = []
    for state in states.values():
        known = state.snapshot
        due, reception = open_moments(state, NOW, profile.calendar)
        rows.append({
            "source": known.source, "number": known.number, "partition": 0, "unit": known.unit, "unit_seen": "",
            "status": known.status, "received": known.received, "due": known.due, "finished": known.finished,
            "open_due": due, "reception_due": reception, "state": msgspec.json.encode(state),
        })  # fmt: skip
    now, wall = NOW + 3 * DAY, wall_ms()
    # The product runs at ten times the speed: one source was heard just now, one 7 hours ago of real time, one never.
    heard = {"nghe": wall, "im": wall - 7 * HOUR}
    seen = {
        ("source", code): (
            wall,
            msgspec.json.encode(SourceSeen(code=code, attempted_at=wall, observed_at=at, known_at=at, ok=True)),
        )
        for code, at in heard.items()
    }
    write(engine, Entries(dossiers=rows, observations=seen))
    found = count(engine, profile, now, product=lambda at: now - 10 * (wall - at)).late_by_sync
    recount = text("""
        SELECT unit, sum(open_due IS NOT NULL), sum(reception_due IS NOT NULL) FROM dossiers
        WHERE coalesce(open_due, reception_due) < :now
          AND coalesce(open_due, reception_due) >= max(
            CASE source WHEN 'nghe' THEN :now WHEN 'im' THEN :now - 70 * 3600000 ELSE 0 END,
            CAST(json_extract(CAST(state AS TEXT), '$[0].observed') AS INTEGER))
        GROUP BY unit""")
    with engine.connect() as connection:
        wanted = {unit: (late, waiting) for unit, late, waiting in connection.execute(recount, {"now": now})}
        late = connection.execute(text("SELECT count(*) FROM dossiers WHERE coalesce(open_due, reception_due) < :now"),
                                  {"now": now}).scalar_one()  # fmt: skip
    engine.dispose()
    assert {unit: (one.processing, one.reception) for unit, one in found.items()} == wanted
    assert 0 < sum(map(sum, wanted.values())) < late, "some are late for good"
    assert min(sum(column) for column in zip(*wanted.values(), strict=True)) > 0, "by both clocks"


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
