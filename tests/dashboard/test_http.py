"""The dashboard over HTTP: headers, health, the board's period, the stream, and how fast it stops."""

from __future__ import annotations

import itertools
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec
import psutil
import pytest
from plotly.offline import get_plotlyjs

from layouts.scenes import SCENES
from layouts.wall import CHARTS
from opscentre.domain.moments import parse_local
from opscentre.live.wall import Totals
from opscentre.profile import Profile
from tests.dashboard.conftest import Dashboard
from tests.dashboard.pictures import Board, plausible
from tests.parts.process import wait_until
from tests.parts.scrape import scrape


@contextmanager
def listening(dashboard: Dashboard, seconds: float = 30) -> Iterator[list[tuple[float, str, dict]]]:
    """A screen that only listens: (when, event, data) of every message so far."""
    heard: list[tuple[float, str, dict]] = []
    client = httpx.Client(timeout=seconds)

    def listen() -> None:
        event = ""
        try:
            with client.stream("GET", f"{dashboard.url}/stream") as answer:
                for line in answer.iter_lines():
                    if line.startswith("event: "):
                        event = line[7:]
                    elif line.startswith("data: "):
                        heard.append((time.monotonic(), event, json.loads(line[6:])))
        except httpx.HTTPError as error:
            heard.append((time.monotonic(), "end", {"error": str(error)}))
        else:
            heard.append((time.monotonic(), "end", {}))

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    wait_until(lambda: bool(heard), 5, "a first message on the stream")
    yield heard
    client.close()


def test_pages_may_run_only_scripts_of_this_host(dashboard: Dashboard) -> None:
    for path in ("/", "/wall", "/stream-not-there", "/assets/live.js", "/api/wall"):
        policy = httpx.get(dashboard.url + path).headers["content-security-policy"]
        scripts = next(rule for rule in policy.split("; ") if rule.startswith("script-src"))
        assert "unsafe" not in scripts
        assert scripts.startswith("script-src 'self' 'sha256-")
        assert "http" not in policy


def test_pages_are_there_and_other_paths_are_not(dashboard: Dashboard) -> None:
    for path in ("/", "/wall", "/wall/late"):
        answer = httpx.get(dashboard.url + path)
        assert (answer.status_code, '<html lang="vi">' in answer.text) == (200, True)
    content = httpx.get(f"{dashboard.url}/api/page").text
    assert all(f'data-scene="{key}"' in content for key in SCENES)
    for path in ("/nowhere", "/wall/nowhere", "/api/areas", "/api/nothing", "/docs", "/openapi.json"):
        assert httpx.get(dashboard.url + path).status_code == 404, path


def test_health_and_the_present_wall(dashboard: Dashboard, board: Board, profile: Profile) -> None:
    shown = plausible(profile)
    board.show(shown)
    present = f"{dashboard.url}/api/wall"
    wait_until(lambda: httpx.get(present).json()["totals"] == msgspec.to_builtins(shown.totals), 3, "the shown wall")
    health = httpx.get(f"{dashboard.url}/healthz", headers={"X-Request-Id": "walk-1"})
    assert (health.status_code, health.headers["x-request-id"]) == (200, "walk-1")
    assert (health.json()["status"], health.json()["state"]) == ("ok", "live")
    ready = httpx.get(f"{dashboard.url}/readyz", headers={"X-Request-Id": "<b>"})
    assert (ready.status_code, ready.json()["reasons"]) == (200, {})
    assert re.fullmatch("[0-9a-f]{12}", ready.headers["x-request-id"])
    assert httpx.get(f"http://127.0.0.1:{dashboard.metrics}/readyz").json() == ready.json()
    with listening(dashboard):
        told = scrape(dashboard.metrics)
    assert told.of("opscentre_dashboard_screens") == 1
    assert told.of("opscentre_dashboard_pictures_total") >= 1
    assert 0 <= told.of("opscentre_dashboard_picture_age_seconds") < 60
    assert told.of("opscentre_dashboard_board_unreadable") == 0
    wall = httpx.get(f"{dashboard.url}/api/wall").json()
    assert len(wall["units"]) == 108
    assert len(wall["overdue"]) == 40


def test_the_board_takes_days_and_today_by_default(dashboard: Dashboard) -> None:
    board = f"{dashboard.url}/api/board"
    asked = httpx.get(board, params={"from": "2026-11-01", "to": "2026-12-01"})
    assert asked.status_code == 200
    assert (asked.json()["start"], asked.json()["end"]) == (parse_local("2026-11-01"), parse_local("2026-12-01"))
    today = httpx.get(board).json()
    assert today["end"] - today["start"] == 86_400_000
    assert today["start"] <= time.time() * 1000 < today["end"]


def test_a_period_that_the_live_board_does_not_reach_is_answered_from_sql(dashboard: Dashboard) -> None:
    answer = httpx.get(f"{dashboard.url}/api/board", params={"from": "2019-11-01", "to": "2019-12-01"})
    assert answer.status_code == 200
    found = answer.json()
    assert (found["state"], found["start"]) == ("history", parse_local("2019-11-01"))
    assert abs(found["now"] - time.time() * 1000) < 60_000


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from=21/11/2026", "from='21/11/2026' is not a day; want YYYY-MM-DD"),
        ("from=2026-02-30", "from='2026-02-30' is not a day"),
        ("from=20261121", "from='20261121' is not a day"),
        ("from=2026-11-21&to=2026-11-21", "the period is empty; 'to' is the day after the last one"),
        ("from=1990-01-01&to=2026-01-01", "more than ten years"),
    ],
)
def test_a_wrong_period_is_refused_with_what_is_wanted(dashboard: Dashboard, query: str, said: str) -> None:
    answer = httpx.get(f"{dashboard.url}/api/board?{query}")
    assert answer.status_code == 400
    assert said in answer.json()["error"]


def test_a_rebuilding_board_says_so(dashboard: Dashboard, board: Board, profile: Profile) -> None:
    wall = plausible(profile)
    wall.state = "rebuilding"
    board.show(wall)
    assert httpx.get(f"{dashboard.url}/api/board").json()["state"] == "rebuilding"


def test_a_screen_hears_something_every_second_and_unchanged_pictures_are_not_sent_again(
    dashboard: Dashboard, board: Board, profile: Profile
) -> None:
    wall = plausible(profile, late=4)
    wall.due_soon = wall.due_soon[:3]
    assert wall.slow is not None
    wall.slow.figures = []
    # Nor leaderboards of which some rows would take turns.
    wall.slow.score = None
    few = set(list(wall.units)[:5])
    wall.units = {code: totals if code in few else Totals() for code, totals in wall.units.items()}
    board.show(wall)
    with listening(dashboard) as heard:
        wait_until(lambda: heard[-1][1] == "beat", 5, "a beat")
        begun = len(heard)
        time.sleep(4.5)
        times, events = [entry[0] for entry in heard], [entry[1] for entry in heard]
        assert events[0] == "picture"
        assert len(events) >= 5
        assert max(b - a for a, b in itertools.pairwise(times)) < 1.6
        # The profile's systems have more rows than the wall has room for, and their pages turn.
        changed = [set(entry[2]["body"]["patch"]) for entry in heard[begun:] if entry[1] != "beat"]
        assert len(changed) <= 1
        assert not [name for names in changed for name in names if not name.startswith("net-system")]
        numbers = [entry[2]["head"]["sequence"] for entry in heard]
        assert numbers == sorted(set(numbers))


def test_a_storm_of_changes_is_at_most_ten_pictures_a_second_and_ends_in_the_newest(
    dashboard: Dashboard, board: Board, profile: Profile
) -> None:
    wall = plausible(profile)
    with listening(dashboard) as heard:
        began = time.monotonic()
        while time.monotonic() - began < 2:
            wall.totals.received_today += 1
            board.show(wall)
            time.sleep(0.005)
        time.sleep(0.5)
        wanted = f"{wall.totals.received_today:,}".replace(",", ".")
        pictures = [entry for entry in heard if entry[1] in ("picture", "change")]
        assert pictures[-1][2]["body"]["patch"]["kpi-received"]["text"] == wanted
        in_the_storm = [entry for entry in pictures if began <= entry[0] <= began + 2]
        assert 3 <= len(in_the_storm) <= 21


def test_it_stops_within_two_seconds_with_open_streams_and_says_nothing_wild(
    dashboard: Dashboard, board: Board, profile: Profile
) -> None:
    board.show(plausible(profile))
    with listening(dashboard) as first, listening(dashboard), listening(dashboard):
        process = dashboard.process
        assert process is not None
        began = time.monotonic()
        process.terminate()
        process.wait(10)
        assert time.monotonic() - began < 2
        wait_until(lambda: first[-1][1] == "end", 2, "the stream's end")
        assert first[-1][2] == {}, "the stream ended in order"
    lines = Path(dashboard.log).read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if " dashboard " not in line] == []
    assert "Traceback" not in "\n".join(lines)


def test_it_stays_small(dashboard: Dashboard, board: Board, profile: Profile) -> None:
    board.show(plausible(profile))
    with listening(dashboard):
        httpx.get(f"{dashboard.url}/wall")
        time.sleep(2)
        assert dashboard.process is not None
        # The process is Python itself: "env" has become it.
        assert psutil.Process(dashboard.process.pid).memory_info().rss < 160 * 2**20


def test_the_chart_library_comes_packed_to_those_who_can_unpack_it_and_is_kept_for_a_year(dashboard: Dashboard) -> None:
    packed = httpx.get(dashboard.url + CHARTS)
    plain = httpx.get(dashboard.url + CHARTS, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) / 3
    assert packed.text == plain.text
    hint, library = plain.text.split("\n", 1)
    assert hint == "//# allFunctionsCalledOnLoad"
    assert library == get_plotlyjs()
    for answer in (packed, plain):
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["vary"] == "Accept-Encoding"
