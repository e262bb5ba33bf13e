"""Rings: area, clipping, crossings, and the area that two regions share, held to counts on a grid."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opscentre.domain.geometry import Point, Ring, centroid, clip, inside, signed_area, tidy, wound
from opscentre.domain.overlap import bounding_box, boxes_meet, crosses_itself, shared_area

SQUARE: Ring = [(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0)]
#: A comb: three teeth upwards from a bar.
COMB: Ring = [(0, 0), (5, 0), (5, 3), (4, 3), (4, 1), (3, 1), (3, 3), (2, 3), (2, 1), (1, 1), (1, 3), (0, 3)]


def star(seed: int, corners: int, at: Point = (0.0, 0.0)) -> Ring:
    """A ring without crossings: corners in the order of their angle, at uneven distances."""
    rng = random.Random(seed)
    # No two neighbours half a turn apart, so that the origin lies inside.
    angles = [(index + 0.45 * rng.random()) / corners * math.tau for index in range(corners)]
    lengths = [rng.uniform(1, 5) for _ in angles]
    return [
        (at[0] + r * math.cos(angle), at[1] + r * math.sin(angle)) for r, angle in zip(lengths, angles, strict=True)
    ]


def test_area_tells_the_way_round_and_survives_far_from_the_origin() -> None:
    assert signed_area(SQUARE) == 16
    assert signed_area(SQUARE[::-1]) == -16
    assert signed_area([(x + 1e7, y + 1e7) for x, y in SQUARE]) == 16
    assert signed_area([]) == 0


def test_a_ring_is_turned_round_but_begins_where_it_began() -> None:
    turned = wound(SQUARE, clockwise=True)
    assert signed_area(turned) == -16
    assert turned[0] == SQUARE[0]
    assert wound(SQUARE, clockwise=False) is SQUARE


def test_the_centre_of_mass_and_of_a_ring_without_mass() -> None:
    assert centroid([(x + 100, y) for x, y in SQUARE]) == (102, 2)
    assert centroid([(0.0, 0.0), (2.0, 0.0)]) == (1, 0)


def test_a_line_cuts_a_comb_into_its_teeth() -> None:
    teeth = clip(COMB, 0, -1, -2)  # y >= 2
    assert sorted(bounding_box([tooth])[0] for tooth in teeth) == [0, 2, 4]
    assert [abs(signed_area(tooth)) for tooth in teeth] == [1, 1, 1]
    assert [signed_area(piece) for piece in clip(COMB, 0, 1, 2)] == [8]
    assert clip(COMB, 0, 1, 5) == [COMB]
    assert clip(COMB, 0, 1, -1) == []


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(3, 25), st.floats(0, math.tau), st.floats(-4, 4))
def test_the_two_sides_of_any_line_make_up_the_ring(seed: int, corners: int, angle: float, off: float) -> None:
    ring = star(seed, corners)
    a, b = math.cos(angle), math.sin(angle)
    below, above = clip(ring, a, b, off), clip(ring, -a, -b, -off)
    assert sum(map(signed_area, below + above)) == pytest.approx(signed_area(ring), abs=1e-6)
    assert all(a * x + b * y <= off + 1e-6 for piece in below for x, y in piece)


def test_points_that_repeat_are_left_out() -> None:
    assert tidy([(0, 0), (0, 0), (1, 0), (1, 1), (1, 1 + 1e-12), (0, 0)]) == [(0, 0), (1, 0), (1, 1)]


def test_a_bow_tie_crosses_itself_and_a_comb_does_not() -> None:
    assert crosses_itself([(0, 0), (2, 2), (2, 0), (0, 2)]) == (1, 1)
    assert crosses_itself(COMB) is None
    assert crosses_itself([(0, 0), (2, 0), (1, 1), (2, 2), (0, 2), (1, 1)]) is None, "touching in a corner"


def test_shared_area_of_squares_holes_and_neighbours() -> None:
    def square(x: float, y: float, size: float) -> Ring:
        return [(x, y), (x + size, y), (x + size, y + size), (x, y + size)]

    assert shared_area([square(0, 0, 2)], [square(1, 1, 2)]) == 1
    assert shared_area([square(0, 0, 2)], [square(0, 0, 2)[::-1]]) == 4
    assert shared_area([square(0, 0, 2)], [square(2, 0, 2)]) == 0
    assert shared_area([square(0, 0, 2)], [square(5, 5, 2)]) == 0
    assert not boxes_meet(bounding_box([square(0, 0, 2)]), bounding_box([square(2, 0, 2)]))
    enclave, around = square(1, 1, 2), [square(0, 0, 4), square(1, 1, 2)]
    assert shared_area([enclave], around) == 0
    assert shared_area([square(0.5, 0.5, 2)], around) == pytest.approx(4 - 1.5**2)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.integers(3, 20), st.integers(3, 20), st.floats(-4, 4))
def test_shared_area_agrees_with_counting_points(seed: int, corners: int, other_corners: int, shift: float) -> None:
    one, other = star(seed, corners), star(seed + 1, other_corners, (shift, shift / 3))
    steps = [n / 8 for n in range(-40, 40)]
    counted = sum(inside((x, y), [one]) and inside((x, y), [other]) for x in steps for y in steps) / 64
    found = shared_area([one], [other])
    assert found == pytest.approx(counted, abs=1.5)
    assert found == pytest.approx(shared_area([other], [one]), abs=1e-6)
    whole = [(-20.0, -20.0), (20.0, -20.0), (20.0, 20.0), (-20.0, 20.0)]
    assert shared_area([one], [whole]) == pytest.approx(signed_area(one), abs=1e-6)
