"""Hex tiles: every commune its own hexagon, one solid shape, neighbours near one another."""

from __future__ import annotations

import datetime as dt
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layouts.place import place_of
from opscentre import profile as profiles
from opscentre.domain.tiles import Spot, Tiling, arrange, assign, centre, holes, is_connected, neighbours, project

PLACE = place_of(profiles.load("thai-nguyen"))
#: By how much this province is drawn broader on the first scene, to fill its panel.
STRETCH = 1.9
COMMUNES = [
    Spot(unit.code, unit.latitude, unit.longitude)
    for unit in PLACE.communes
    if unit.latitude is not None and unit.longitude is not None
]
BY_NAME = {unit.label: unit.code for unit in PLACE.communes}


@pytest.fixture(scope="module")
def tiling() -> Tiling:
    return PLACE.tiling


def test_every_commune_has_one_tile_of_its_own(tiling: Tiling) -> None:
    assert set(tiling.cells) == {spot.code for spot in COMMUNES}
    assert len(set(tiling.cells.values())) == 92


def test_the_shape_is_one_piece_without_holes_and_fills_its_frame(tiling: Tiling) -> None:
    assert is_connected(tiling.cells.values())
    assert holes(tiling.cells.values()) == set()
    assert {row for _, row in tiling.cells.values()} == set(range(tiling.rows))
    assert min(column for column, _ in tiling.cells.values()) == 0
    assert 92 / (tiling.columns * tiling.rows) > 0.6


def test_the_order_of_the_units_does_not_matter(tiling: Tiling) -> None:
    shuffled = random.Random(3).sample(COMMUNES, len(COMMUNES))
    assert arrange(shuffled, STRETCH) == tiling


def test_tiles_stay_near_where_the_communes_are(tiling: Tiling) -> None:
    ordered = sorted(COMMUNES, key=lambda spot: spot.code)
    points = project(ordered, STRETCH)
    places = [centre(tiling.cells[spot.code]) for spot in ordered]
    shift = [sum(p[axis] - q[axis] for p, q in zip(places, points, strict=True)) / 92 for axis in (0, 1)]
    moves = [math.hypot(p[0] - q[0] - shift[0], p[1] - q[1] - shift[1]) for p, q in zip(places, points, strict=True)]
    assert sum(moves) / 92 < 1.0, "mean displacement in hexagon widths"
    assert max(moves) < 4.0


def test_the_north_is_above_and_the_west_is_left(tiling: Tiling) -> None:
    north, south = (tiling.cells[BY_NAME[name]][1] for name in ("Bằng Vân", "Trung Thành"))
    west, east = (tiling.cells[BY_NAME[name]][0] for name in ("Phú Đình", "Dân Tiến"))
    assert north < south
    assert west < east


def test_the_wards_of_the_capital_touch(tiling: Tiling) -> None:
    wards = [tiling.cells[BY_NAME[name]] for name in ("Phan Đình Phùng", "Quyết Thắng", "Gia Sàng", "Tích Lương")]
    assert is_connected(wards)


def test_hexagons_fill_their_panels_and_a_few_keep_the_proportions_of_their_province() -> None:
    old = profiles.load("ba-ria-vung-tau")
    past = place_of(profiles.load("thai-nguyen"), dt.date(2025, 6, 1)).broad
    assert (PLACE.broad.columns, PLACE.broad.rows) == (13, 9), "narrow, and drawn broader"
    assert (place_of(old).tiling.columns, place_of(old).tiling.rows) == (11, 12), "broad enough as it is"
    assert (past.columns, past.rows) == (3, 4)


def test_no_units_and_one_unit() -> None:
    assert arrange([]) == Tiling(columns=0, rows=0, cells={})
    assert arrange([Spot("a", 21.0, 105.0)]).cells == {"a": (0, 0)}


def test_two_units_of_one_code_are_refused() -> None:
    with pytest.raises(ValueError, match="share one code"):
        arrange([Spot("a", 21.0, 105.0), Spot("a", 22.0, 105.0)])


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(20, 23, allow_nan=False), st.floats(104, 107, allow_nan=False)), min_size=1, max_size=40
    ),
    st.floats(0.5, 2.5),
)
def test_any_province_becomes_one_solid_shape(points: list[tuple[float, float]], stretch: float) -> None:
    spots = [Spot(str(index), latitude, longitude) for index, (latitude, longitude) in enumerate(points)]
    tiling = arrange(spots, stretch)
    assert len(set(tiling.cells.values())) == len(spots)
    assert is_connected(tiling.cells.values())
    assert holes(tiling.cells.values()) == set()
    assert tiling == arrange(spots[::-1], stretch)


def test_assignment_is_the_cheapest() -> None:
    points, places = [(0.0, 0.0), (1.0, 0.0), (2.0, 0.0)], [(1.1, 0.0), (2.1, 0.0), (0.1, 0.0)]
    assert assign(points, places) == [2, 0, 1]
    with pytest.raises(ValueError, match="2 units for 1 cells"):
        assign([(0, 0), (1, 1)], [(0, 0)])


def test_cells_touch_one_another_both_ways() -> None:
    for cell in ((4, 4), (4, 5)):
        assert len(set(neighbours(cell))) == 6
        assert all(cell in neighbours(near) for near in neighbours(cell))
        x, y = centre(cell)
        assert all(math.isclose(math.hypot(a - x, b - y), 1) for a, b in map(centre, neighbours(cell)))
