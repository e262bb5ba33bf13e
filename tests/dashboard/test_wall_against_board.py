"""A real installation's wall and table in Chromium against the board that its API tells: the same numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest

from bench.stream.changes import NOW, changes
from bench.web.installation import Installation
from layouts.text import number, percent
from opscentre.domain.moments import date_of, day_number
from opscentre.profile import Profile
from tests.parts.process import wait_until

pytestmark = pytest.mark.browser

#: 600 lives of dossiers, cut off where some are under way, at every fifth unit, so that each has enough for a place.
CHANGES, EVERY = 5_600, 5
TEXTS = """() => Object.fromEntries([...document.querySelectorAll(".wall [id]")]
  .filter((one) => !one.closest(".is-out, .is-empty, .is-absent")).map((one) => [one.id, one.textContent]))"""
#: The table's lines: the cells of each.
LINES = """() => [...document.querySelectorAll(".progress tbody tr:not(.section)")]
  .map((line) => [...line.cells].map((cell) => cell.textContent))"""
#: Its columns of numbers as the board names them.
COLUMNS = {
    "received": ("total", "carried_over", "in_period", "online", "counter", "postal"),
    "finished": ("total", "early", "on_time", "overdue"),
    "in_process": ("total", "in_time", "overdue"),
    "paused": ("total", "in_time", "overdue"),
}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, profile: Profile) -> Iterator[Installation]:
    """Redis, SQL, a stream worker that counted these changes, and a dashboard."""
    made = Installation(tmp_path_factory.mktemp("wall"), NOW)
    try:
        codes = [unit.code for unit in profile.units.current(NOW).all][::EVERY]
        made.take(
            msgspec.structs.replace(one, unit=codes[int(one.number[-7:]) % len(codes)]) for one in changes(CHANGES)
        )
        made.start_dashboard()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def texts(chromium: Any, installed: Installation) -> dict[str, str]:
    """What every element of the wall says that is not hidden for want of something to say."""
    context = chromium.new_context(viewport={"width": 1920, "height": 1080}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{installed.url}/wall")
    total = asked(installed)["total"]
    wait_until(
        lambda: page.evaluate("document.getElementById('kpi-received')?.textContent") ==
        number(total["received"]["in_period"]), 30, "the day's dossiers on the wall",
    )  # fmt: skip
    found = page.evaluate(TEXTS)
    context.close()
    return found


def asked(installed: Installation, days: int = 1) -> dict[str, Any]:
    """The board of the days up to today."""
    today = day_number(NOW)
    period = {"from": date_of(today - days + 1).isoformat(), "to": date_of(today + 1).isoformat()}
    return httpx.get(f"{installed.url}/api/board", params=period).json()


def units(board: dict[str, Any]) -> dict[str, Any]:
    """Its rows by unit."""
    return {row["unit"]["code"]: row for row in board["rows"]}


def share(part: int, whole: int) -> str:
    """A share as the wall writes it."""
    return percent(part / whole) if whole else "—"


def on_time(row: dict[str, Any]) -> tuple[int, int]:
    """Of a row over the last 30 days: dossiers finished or under way, and those of them on time."""
    finished, process = row["finished"], row["in_process"]
    return finished["total"] + process["total"], finished["total"] - finished["overdue"] + process["in_time"]


def test_the_provinces_numbers_are_the_boards_on_every_scene_that_shows_them(
    installed: Installation, texts: dict[str, str]
) -> None:
    total = asked(installed)["total"]
    received, finished, process, paused = (total[name] for name in ("received", "finished", "in_process", "paused"))
    # All of them are there to be mistaken for one another.
    assert len({received["in_period"], finished["total"], process["total"], process["overdue"], paused["total"]}) == 5
    balance = received["in_period"] - finished["total"]
    wanted = {
        "kpi-received": received["in_period"], "kpi-process": process["total"], "kpi-overdue": process["overdue"],
        "kpi-paused": paused["total"], "kpi-finished": finished["total"], "late-process": process["overdue"],
        "late-paused": paused["total"], "day-received": received["in_period"], "day-finished": finished["total"],
        "day-online": received["online"], "day-postal": received["postal"], "map-overdue-value": process["overdue"],
    }  # fmt: skip
    assert {name: texts[name] for name in wanted} == {name: number(value) for name, value in wanted.items()}
    assert texts["day-balance"] == (f"+{number(balance)}" if balance > 0 else number(balance))
    assert texts["kpi-finished-sub"] == f"đúng hạn {share(finished['total'] - finished['overdue'], finished['total'])}"
    assert texts["map-online-value"] == share(received["online"], received["in_period"])
    whole, good = on_time(asked(installed, days=30)["total"])
    assert texts["map-ontime-value"] == share(good, whole)


def test_every_units_numbers_are_the_boards_on_the_hexagons_the_map_and_the_leaderboards(
    installed: Installation, texts: dict[str, str]
) -> None:
    today, month = units(asked(installed)), units(asked(installed, days=30))
    compared = {"tile": 0, "map": 0, "rank": 0}
    for code, row in month.items():
        whole, good = on_time(row)
        if f"tile-{code}-share" in texts:
            assert texts[f"tile-{code}-share"] == share(good, whole).rstrip("%"), code
            compared["tile"] += whole > 0
        if f"map-{code}-overdue" in texts:
            assert texts[f"map-{code}-overdue"] == (number(row["in_process"]["overdue"]) if whole else "—"), code
            assert texts[f"map-{code}-ontime"] == share(good, whole).rstrip("%"), code
            came = today[code]["received"]
            assert texts[f"map-{code}-online"] == share(came["online"], came["in_period"]).rstrip("%"), code
            compared["map"] += whole > 0
        for board in ("rank-dept", "rank-comm"):
            if f"{board}-{code}-value" in texts:
                assert texts[f"{board}-{code}-value"] == share(good, whole), code
                assert number(whole) in texts[f"{board}-{code}-volume"], code
                compared["rank"] += 1
    assert min(compared.values()) >= 15, compared


@pytest.mark.parametrize(("period", "days"), [("today", 1), ("month", 20)])
def test_every_cell_of_the_table_is_the_boards(chromium: Any, installed: Installation, period: str, days: int) -> None:
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(f"{installed.url}/table?period={period}")
    page.wait_for_selector(".progress tr.total")
    lines = page.evaluate(LINES)
    context.close()
    board = asked(installed, days)
    wanted = {row["unit"]["name"]: row for row in board["rows"]} | {"Toàn tỉnh": board["total"]}
    shown = {name: cells for _, name, *cells in lines}
    assert len(shown) == len(lines) > 100
    assert shown == {
        name: [number(row[group][column]) for group, columns in COLUMNS.items() for column in columns]
        for name, row in wanted.items()
        if name in shown or row["received"]["total"]
    }
