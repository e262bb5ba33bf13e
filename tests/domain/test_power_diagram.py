"""The power diagram: every unit a cell of its own size, where it lies, and the same one every time."""

from __future__ import annotations

import math
import random
import statistics

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opscentre import profile as profiles
from opscentre.domain.geometry import KM_LATITUDE, KM_LONGITUDE, Ring, inside, signed_area
from opscentre.domain.overlap import shared_area
from opscentre.domain.power_diagram import CAPTION, Diagram, Place, as_geojson, divide

COMMUNES = [
    Place(unit.code, unit.name, unit.latitude, unit.longitude, unit.area_km2)
    for unit in profiles.load("thai-nguyen").units.lasting
    if unit.latitude is not None and unit.longitude is not None
]


@pytest.fixture(scope="module")
def diagram() -> Diagram:
    return divide(COMMUNES)


def on_plane(place: Place, diagram: Diagram) -> tuple[float, float]:
    latitude, longitude = diagram.middle
    east = (place.longitude - longitude) * KM_LONGITUDE * math.cos(math.radians(latitude))
    return east, (place.latitude - latitude) * KM_LATITUDE


def test_every_commune_has_a_cell_of_its_own_area(diagram: Diagram) -> None:
    assert list(diagram.cells) == sorted(place.code for place in COMMUNES)
    known = {place.code: place.area_km2 for place in COMMUNES if place.area_km2 is not None}
    assert len(known) == 83, "nine areas are not known"
    errors = [abs(diagram.cells[code].area / area - 1) for code, area in known.items()]
    assert statistics.median(errors) < 0.005
    assert max(errors) < 0.005


def test_a_commune_of_unknown_area_is_about_as_large_as_those_around_it(diagram: Diagram) -> None:
    for place in COMMUNES:
        if place.area_km2 is None:
            assert 20 < diagram.cells[place.code].target < 180


def test_the_cells_fill_the_outline_and_do_not_overlap(diagram: Diagram) -> None:
    whole = sum(map(signed_area, diagram.outline))
    assert sum(cell.area for cell in diagram.cells.values()) == pytest.approx(whole, rel=1e-6)
    cells = list(diagram.cells.values())
    for index, cell in enumerate(cells):
        assert shared_area(cell.pieces, diagram.outline) == pytest.approx(cell.area, rel=1e-6)
        for other in cells[:index]:
            assert shared_area(cell.pieces, other.pieces) < 1e-6


def test_every_commune_lies_in_its_own_cell_which_is_of_one_piece(diagram: Diagram) -> None:
    for place in COMMUNES:
        pieces = diagram.cells[place.code].pieces
        assert len(pieces) == 1
        assert inside(on_plane(place, diagram), pieces)


def test_the_outline_is_one_piece_that_holds_every_commune(diagram: Diagram) -> None:
    assert len(diagram.outline) == 1
    assert all(inside(on_plane(place, diagram), diagram.outline) for place in COMMUNES)


def test_wards_that_are_known_to_touch_touch(diagram: Diagram) -> None:
    # Names of neighbours in the city of Thái Nguyên, and two communes at the ends of the province that are none.
    by_name = {place.name: place.code for place in COMMUNES}
    assert touch(diagram, by_name["Phường Phan Đình Phùng"], by_name["Phường Gia Sàng"])
    assert touch(diagram, by_name["Phường Phan Đình Phùng"], by_name["Phường Quyết Thắng"])
    assert not touch(diagram, by_name["Phường Phan Đình Phùng"], by_name["Xã Bằng Vân"])


def touch(diagram: Diagram, one: str, other: str) -> bool:
    """Whether two cells share at least one corner to within a metre."""
    corners = [[corner for piece in diagram.cells[code].pieces for corner in piece] for code in (one, other)]
    return any(math.dist(a, b) < 1e-3 for a in corners[0] for b in corners[1])


def test_the_same_units_in_any_order_give_the_same_bytes() -> None:
    shuffled = random.Random(5).sample(COMMUNES, len(COMMUNES))
    assert divide(shuffled) == divide(COMMUNES)
    assert msgspec.json.encode(as_geojson(COMMUNES)) == msgspec.json.encode(as_geojson(COMMUNES))


def test_the_geojson_says_that_it_is_no_map_of_boundaries_and_is_wound_as_plotly_wants() -> None:
    document = as_geojson(COMMUNES)
    assert document["properties"]["caption"] == CAPTION == "sơ đồ, không phải bản đồ địa giới"
    assert [feature["id"] for feature in document["features"]] == [place.code for place in COMMUNES]
    for feature, place in zip(document["features"], COMMUNES, strict=True):
        assert feature["properties"]["code"] == place.code
        assert feature["geometry"]["type"] == "Polygon"
        (ring,) = feature["geometry"]["coordinates"]
        assert ring[0] == ring[-1]
        assert signed_area([tuple(point) for point in ring[:-1]]) < 0, "clockwise"
        assert all(104 < x < 107 and 21 < y < 23 for x, y in ring)
        assert inside(tuple(feature["properties"]["label"]), [ring[:-1]])


def test_an_island_gets_an_outline_of_its_own() -> None:
    land = [Place(f"l{n}", f"L{n}", 10.4 + n // 3 * 0.1, 107.0 + n % 3 * 0.1, 100.0) for n in range(9)]
    island = Place("z", "Đảo", 8.7, 106.6, 75.0)
    diagram = divide([*land, island])
    assert sorted(round(signed_area(ring)) for ring in diagram.outline) == [75, 900]
    assert diagram.cells["z"].area == pytest.approx(75, rel=1e-4)


def test_no_units_one_unit_and_units_without_any_area() -> None:
    assert divide([]) == Diagram((0.0, 0.0), [], {})
    assert divide([Place("a", "A", 21, 105, 50.0)]).cells["a"].area == pytest.approx(50)
    unknown = [Place(place.code, place.name, place.latitude, place.longitude, None) for place in COMMUNES]
    diagram = divide(unknown)
    assert len(diagram.outline) == 1
    assert all(cell.area == pytest.approx(cell.target, rel=1e-3) for cell in diagram.cells.values())


def test_two_units_of_one_code_and_an_area_of_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="share one code"):
        divide([Place("a", "A", 21, 105, 1.0), Place("a", "B", 22, 105, 1.0)])
    with pytest.raises(ValueError, match=r"unit a has an area of 0 km²"):
        divide([Place("a", "A", 21, 105, 0)])


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(20, 23), st.floats(104, 107), st.one_of(st.none(), st.floats(2, 500))),
        min_size=1,
        max_size=25,
    )
)
def test_any_units_even_in_one_place_get_cells_that_fill_their_land(
    units: list[tuple[float, float, float | None]],
) -> None:
    diagram = divide([Place(f"{index:03}", "", *unit) for index, unit in enumerate(units)])
    assert len(diagram.cells) == len(units)
    rings: list[Ring] = diagram.outline
    assert sum(cell.area for cell in diagram.cells.values()) == pytest.approx(sum(map(signed_area, rings)), rel=1e-4)
    for cell in diagram.cells.values():
        assert cell.area == pytest.approx(cell.target, rel=5e-3)
