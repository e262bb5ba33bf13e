"""The map's scene in a real Chromium, on boundaries that the real importer took in: colours, and names."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import msgspec
import pytest
from typer.testing import CliRunner

from layouts.measures import MEASURES, ordered
from layouts.place import Place
from layouts.scenes.map import EACH
from opscentre import cli, maps, paths
from opscentre.live.wall import Totals, Wall
from opscentre.profile import Profile
from tests.dashboard.conftest import Dashboard, Screen
from tests.dashboard.pictures import Board, plausible
from tests.dashboard.test_wall_in_browser import wait_for_text
from tests.parts.redis import Redis

pytestmark = pytest.mark.browser

#: The names that are to be seen: what each says, whose it is, its box and its size; and the lines that lead to them.
NAMES = """() => {
  const seen = (e) => e.checkVisibility({ visibilityProperty: true });
  const box = (e) => (({ x, y, width, height }) => [x, y, width, height])(e.getBoundingClientRect());
  const code = (e) => [...e.classList].find((one) => one.startsWith('at-')).slice(3);
  return {
    picture: box(document.querySelector('.areas')),
    names: [...document.querySelectorAll('.callout')].filter(seen).map((e) => ({
      text: e.textContent, code: code(e), worst: e.classList.contains('worst'), box: box(e),
      size: parseFloat(getComputedStyle(e.querySelector('span:not(.end-mark)')).fontSize),
      units: ['area-', 'inset-area-'].map((id) => document.getElementById(id + code(e))).filter(Boolean).map(box),
    })),
    points: [...document.querySelectorAll('.areas-point')].map(box),
  };
}"""
FILL = "(id) => getComputedStyle(document.getElementById(id).firstElementChild).fill"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, profile: Profile) -> Path:
    """A data folder with boundaries of all communes, imported: those of the computed diagram."""
    folder = tmp_path_factory.mktemp("map")
    file = folder / "boundaries.geojson"
    communes = [unit for unit in profile.units.lasting if unit.group == "III"]
    file.write_bytes(maps.diagram(communes, folder))
    done = CliRunner().invoke(cli.app, ["map", "import", str(file), "--name", "thử", "--data", str(folder)])
    assert done.exit_code in (0, 3), done.output
    return folder


@pytest.fixture(scope="module")
def drawn(
    chromium: Any, _redis_server: Redis, tmp_path_factory: pytest.TempPathFactory, filled: str, data: Path
) -> Iterator[Screen]:
    """A wall that draws the imported boundaries."""
    _redis_server.ensure()
    server = Dashboard(tmp_path_factory.mktemp("drawn"), _redis_server.url, filled, OPSCENTRE_DATA=str(data))
    server.start()
    context = chromium.new_context(viewport={"width": 1920, "height": 1080}, locale="vi-VN")
    yield Screen(context.new_page(), Board(_redis_server.url), server)
    context.close()
    server.kill()


def show(screen: Screen, wall: Wall, address: str) -> Any:
    """The page at an address, once it shows this wall and its names stand."""
    wall.totals.received_today = random.randint(10_000, 99_999)
    screen.board.show(wall)
    screen.page.goto(screen.dashboard.url + address)
    wait_for_text(screen.page, "kpi-received", f"{wall.totals.received_today:,}".replace(",", "."), 30)
    screen.page.wait_for_selector(".callout.is-placed", timeout=30_000)
    return screen.page


def overlap(one: list[float], other: list[float]) -> bool:
    (ax, ay, aw, ah), (bx, by, bw, bh) = one, other
    return ax < bx + bw and bx < ax + aw and ay < by + bh and by < ay + ah


def within(inner: list[float], outer: list[float]) -> bool:
    (ax, ay, aw, ah), (bx, by, bw, bh) = inner, outer
    return bx - 1 <= ax and by - 1 <= ay and ax + aw <= bx + bw + 1 and ay + ah <= by + bh + 1


def test_the_best_and_the_last_are_named_on_the_map_by_every_measure_on_every_screen(
    drawn: Screen, profile: Profile, place: Place
) -> None:
    wall = plausible(profile)
    hosts: set[str] = set()
    drawn.page.on("request", lambda request: hosts.add(urlparse(request.url).netloc))
    page = show(drawn, wall, "/wall/map")
    for (width, height), measure in itertools.product(((1920, 1080), (1080, 1920), (3840, 1080)), MEASURES):
        if page.viewport_size["width"] != width:
            page.set_viewport_size({"width": width, "height": height})
        while page.evaluate("document.getElementById('map').dataset.measure") != measure.key:
            page.keyboard.press("m")
        found = page.evaluate(NAMES)
        names = found["names"]
        wanted = ordered(measure, place.communes, wall.units)
        assert {(name["code"], name["worst"]) for name in names} == {
            *((unit.code, False) for unit, _ in wanted[:EACH]),
            *((unit.code, True) for unit, _ in wanted[-EACH:]),
        }, measure.key
        values = {unit.code: f"{unit.label}{measure.write(value)}" for unit, value in wanted}
        assert [name["text"] for name in names] == [values[name["code"]] for name in names]
        assert [name for name in names if not within(name["box"], found["picture"])] == [], (measure.key, width)
        pairs = itertools.combinations(names, 2)
        assert [pair for pair in pairs if overlap(pair[0]["box"], pair[1]["box"])] == [], (measure.key, width)
        assert min(name["size"] for name in names) >= 20
        led = [name for name in names if not any(within(name["box"], unit) for unit in name["units"])]
        assert len(found["points"]) == len(led), "a name that is not upon its unit has a line that leads to it"
    assert hosts == {urlparse(drawn.dashboard.url).netloc}


def test_every_unit_is_drawn_once_and_its_looks_follow_its_numbers(
    drawn: Screen, profile: Profile, place: Place
) -> None:
    wall = plausible(profile)
    drawn.page.set_viewport_size({"width": 1920, "height": 1080})
    good, none, old = "05443", "01960", "05455"
    wall.units[good] = Totals(finished_on_time_30d=100)
    assert wall.slow is not None
    wall.slow.stale_units = [old]
    page = show(drawn, wall, "/wall/map?measure=ontime")
    page.emulate_media(reduced_motion="reduce")
    areas = page.evaluate("[...document.querySelectorAll('.areas-whole .area')].map((e) => e.id)")
    assert sorted(areas) == sorted(f"area-{unit.code}" for unit in place.communes)
    green = page.evaluate(FILL, f"area-{good}")
    assert "areas-whole-none" in page.evaluate(FILL, f"area-{none}"), "no data is hatched"
    shown = "(selector) => getComputedStyle(document.querySelector(selector)).display !== 'none'"
    assert page.evaluate(shown, f"#area-{old} .area-old"), "numbers that may be old are striped"
    assert not page.evaluate(shown, f"#area-{good} .area-old")
    assert page.evaluate("getComputedStyle(document.getElementById('map-ontime-stale')).display") != "none"
    assert not page.evaluate(shown, f"#area-{good} .area-mark.bad")
    wall.units[good] = Totals(finished_on_time_30d=10, finished_overdue_30d=90)
    drawn.board.show(msgspec.structs.replace(wall))
    page.wait_for_selector(f"#area-{good}.ontime-bad", state="attached", timeout=30_000)
    assert page.evaluate(FILL, f"area-{good}") not in (green, page.evaluate(FILL, f"area-{none}"))
    assert page.evaluate(shown, f"#area-{good} .area-mark.bad"), "what is out of order bears a mark"
    page.wait_for_selector(f".callout.worst.is-placed.at-{good}", timeout=30_000)


def test_names_keep_apart_and_in_their_room_wherever_the_units_lie(drawn: Screen) -> None:
    page = drawn.page.context.new_page()
    page.add_script_tag(path=str(paths.ASSETS / "labels.js"))
    dice = random.Random(5)
    room = {"x": 10, "y": 20, "width": 900, "height": 500}
    spread = [(dice.uniform(10, 910), dice.uniform(20, 520)) for _ in range(18)]
    crowd = [(400 + index, 300 - index) for index in range(6)]
    corner = [(10, 20), (910, 20), (10, 520), (910, 520), (12, 22), (909, 518)]
    inset = {"x": 600, "y": 300, "width": 300, "height": 200}
    for points in (spread[:6], spread[6:12], spread[12:], crowd, corner):
        labels = [{"at": at, "width": 200, "height": 40, "room": room, "barred": [inset]} for at in points]
        found = page.evaluate("(labels) => window.opscentre.labels.place(labels)", labels)
        boxes = [[one["x"], one["y"], 200, 40] for one in found]
        assert not any(overlap(one, other) for one, other in itertools.combinations(boxes, 2))
        assert all(within(box, list(room.values())) and not overlap(box, list(inset.values())) for box in boxes)
        assert [one["line"][0] for one in found] == [list(at) for at in points]
        again = page.evaluate("(labels) => window.opscentre.labels.place(labels)", labels)
        assert again == found, "the same give the same"
    units = [(300, 250), (430, 250), (300, 330), (430, 330)]
    bodies = [[(x + 10 * i, y + 10 * j) for i in range(-5, 6) for j in range(-3, 4)] for x, y in units]
    labels = [
        {"at": at, "width": 200, "height": 40, "room": room, "body": body}
        for at, body in zip(units, bodies, strict=True)
    ]
    found = page.evaluate("(labels) => window.opscentre.labels.place(labels)", labels)
    named = [[x, y, 0, 0] for body in bodies for x, y in body]
    assert not any(overlap(point, [one["x"], one["y"], 200, 40]) for one in found for point in named)
    page.close()
