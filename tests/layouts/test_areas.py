"""Areas as the map draws them: islands brought near, a point inside each unit, and what the scene says of them."""

from __future__ import annotations

import math

import pytest

from layouts.cards import tilemap
from layouts.figures.areas import draw
from layouts.figures.outlying import bounds, brought_near
from layouts.place import place_of
from layouts.scenes import map
from opscentre import profile as profiles
from opscentre.domain.geometry import inside
from opscentre.live.wall import Totals
from tests.dashboard.pictures import plausible
from tests.layouts.test_scenes import square

PROFILE = profiles.load("thai-nguyen")
Ring = list[tuple[float, float]]


def block(x: float, y: float, size: float) -> list[Ring]:
    return [[(x, y), (x + size, y), (x + size, y + size), (x, y + size)]]


def test_units_far_from_all_others_are_drawn_near_them_in_a_frame() -> None:
    mainland = {f"{x}{y}": block(x, y, 1) for x in range(4) for y in range(4)}
    near, frames = brought_near(mainland | {"cape": block(5, 1, 1), "island": block(-20, 14, 0.5)})
    assert {code: near[code] for code in mainland} == mainland
    assert near["cape"] == block(5, 1, 1), "off the coast, and large enough where it is"
    assert len(frames) == 1
    left, top, wide, high = bounds([near["island"]])
    assert (round(wide, 6), round(high, 6)) == (0.5, 0.5)
    assert left + wide < 0, "still in the west, and not upon the mainland"
    assert left > -2
    assert (frames[0][0] < left, frames[0][1] < top) == (True, True)


def test_islands_as_wide_as_the_mainland_are_drawn_smaller() -> None:
    islands = {"one": block(100, 0, 1), "other": block(102.5, 0, 0.5)}
    near, frames = brought_near({"main": block(0, 0, 4), **islands})
    assert len(frames) == 1, "they are one group"
    assert bounds([near["one"], near["other"]])[2] == pytest.approx(0.3 * 4)
    assert frames[0][0] > 4


def test_far_units_in_two_directions_get_a_frame_each() -> None:
    _, frames = brought_near({"main": block(0, 0, 4), "a": block(40, 0, 1), "b": block(-40, 30, 1)})
    (ax, ay, aw, ah), (bx, by, bw, bh) = frames
    assert not (ax < bx + bw and bx < ax + aw and ay < by + bh and by < ay + ah)


def test_every_unit_has_a_point_well_inside_it_whatever_its_shape() -> None:
    hook = [[0, 0], [9, 0], [9, 9], [8, 9], [8, 1], [0, 1], [0, 0]]
    rim = [[0, 20], [9, 20], [9, 29], [0, 29], [0, 20]]
    hole = [[1, 21], [8, 21], [8, 28], [1, 28], [1, 21]]
    features = [
        {"id": "hook", "geometry": {"type": "Polygon", "coordinates": [hook]}},
        {"id": "rim", "geometry": {"type": "Polygon", "coordinates": [rim, hole]}},
        square("square", 20, 0, 8),
    ]
    drawn = draw({"features": features}, "")
    for code, path in drawn.paths.items():
        rings = [
            [(float(x), float(y)) for x, y in (point.split(" ") for point in ring.removesuffix("Z").split("L"))]
            for ring in path.split("M")[1:]
        ]
        assert inside(drawn.anchors[code], rings), code
    left, top, wide, high = bounds([rings])
    assert math.dist(drawn.anchors["square"], (left + wide / 2, top + high / 2)) < wide / 10


def spots(codes: list[str]) -> dict:
    return {"features": [square(code, 105 + index % 10, 21 + index // 10, 1) for index, code in enumerate(codes)]}


def test_names_on_the_map_say_whose_they_are_and_go_when_there_is_nobody_to_name() -> None:
    codes = [unit.code for unit in place_of(PROFILE).communes]
    drawn = place_of(PROFILE, areas=draw(spots(codes), ""))
    wall = plausible(PROFILE)
    for unit in wall.units:
        wall.units[unit] = Totals()
    wall.units["05443"] = Totals(finished_on_time_30d=90, finished_overdue_30d=10, in_process=1)
    changes = map.patch(wall, drawn)
    assert changes["map-ontime-best-0-callout"].cls == "callout only ontime best is-warn at-05443"
    assert changes["map-ontime-best-0-callout-name"].text == PROFILE.units["05443"].label
    assert changes["map-ontime-best-0-callout-value"].text == "90,1%"
    assert changes["map-ontime-worst-0-callout"].cls == "callout is-empty", "one unit is not the best and the last"
    assert "map-ontime-best-0-callout" not in map.patch(wall, place_of(PROFILE)), "hexagons bear names of their own"


def test_units_of_a_failing_source_are_striped_on_every_map_and_in_its_legend() -> None:
    wall, place = plausible(PROFILE), place_of(PROFILE)
    assert wall.slow is not None
    for stale, cls in (([], "is-absent"), (["H55.06"], "is-absent"), (["05443"], "")):
        wall.slow.stale_units = stale
        changes = map.patch(wall, place) | tilemap.patch(wall, place)
        assert (changes["map-ontime-stale"].cls, changes["tiles-stale"].cls) == (cls, cls)
        for tile in ("map-05443", "tile-05443"):
            assert ("is-stale" in (changes[tile].cls or "")) == (cls == "")


def test_units_of_a_source_are_striped_the_moment_it_fails_is_late_or_is_paused() -> None:
    wall, place = plausible(PROFILE), place_of(PROFILE)
    assert wall.slow is not None
    wall.slow.stale_units, source = [], wall.sources[2]
    wall.slow.sources_of_units = {"05443": [source.code], "05710": [wall.sources[3].code]}

    def striped() -> list[str]:
        changes = tilemap.patch(wall, place)
        return [key for key, change in changes.items() if "is-stale" in (change.cls or "")]

    assert striped() == []
    source.ok = False
    assert striped() == ["tile-05443"]
    source.ok, source.observed_at = True, wall.made_at - 60_000
    assert striped() == ["tile-05443"]
    source.observed_at, source.paused_since = wall.made_at, wall.now
    assert striped() == ["tile-05443"]


def test_boundaries_of_districts_colour_the_districts_and_say_that_communes_are_not_in_them() -> None:
    old = profiles.load("ba-ria-vung-tau")
    districts = tuple(unit for unit in old.units.lasting if unit.kind == "district")
    place = place_of(old, areas=draw(spots([unit.code for unit in districts[1:]]), "Địa giới: x"), mapped=districts)
    changes = map.patch(plausible(old), place)
    assert {key for key in changes if key.startswith("area-")} == {f"area-{unit.code}" for unit in districts}
    caption = map._caption(place)
    assert caption == f"Địa giới: x · chưa có địa giới: {districts[0].name} · {map.DISTRICTS}"
