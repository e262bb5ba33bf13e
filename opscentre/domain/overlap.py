"""Where lines cross, and how much area two regions share: exact, by strips between their corners. No I/O.

Pure Python on purpose: a check that runs once an import needs no compiled geometry library, and a strip sweep over the
common part of two neighbours' bounding boxes takes milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from opscentre.domain.geometry import Point, Ring, edges

#: (lower end's x, y, upper end's x, y, to which region it belongs)
_Side = tuple[float, float, float, float, int]
Box = tuple[float, float, float, float]


def bounding_box(rings: Sequence[Ring]) -> Box:
    """The least and greatest x and y: (left, low, right, high)."""
    xs = [x for ring in rings for x, _ in ring]
    ys = [y for ring in rings for _, y in ring]
    return min(xs), min(ys), max(xs), max(ys)


def boxes_meet(one: Box, other: Box) -> bool:
    """Whether two bounding boxes share any area."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def crosses_itself(ring: Ring) -> Point | None:
    """A point where two sides of a ring cross, the lowest one; ``None`` where none do. Touching is not crossing."""
    sides = [_side(one, other, index) for index, (one, other) in enumerate(edges(ring)) if one != other]
    return min(_crossings(sides), key=lambda point: (point[1], point[0]), default=None)


def shared_area(one: Sequence[Ring], other: Sequence[Ring]) -> float:
    """The area that lies in both regions (each a list of rings, odd numbers of which are inside)."""
    box, other_box = bounding_box(one), bounding_box(other)
    if not boxes_meet(box, other_box):
        return 0.0
    low, high, right = max(box[1], other_box[1]), min(box[3], other_box[3]), min(box[2], other_box[2])
    sides = [
        side
        for region, rings in enumerate((one, other))
        for ring in rings
        for side in (_side(a, b, region) for a, b in edges(ring))
        # What lies to the left still tells inside from outside.
        if side[1] < side[3] and side[3] > low and side[1] < high and min(side[0], side[2]) <= right
    ]
    heights = {low, high, *(y for _, y in _crossings(sides))}
    heights.update(y for side in sides for y in (side[1], side[3]))
    strips = sorted(y for y in heights if low <= y <= high)
    sides.sort(key=lambda side: side[1])
    active: list[_Side] = []
    total, coming = 0.0, 0
    for bottom, top in pairwise(strips):
        active = [side for side in active if side[3] > bottom]
        while coming < len(sides) and sides[coming][1] <= bottom:
            if sides[coming][3] > bottom:
                active.append(sides[coming])
            coming += 1
        total += _shared_in_strip(active, bottom, top)
    return total


def _side(one: Point, other: Point, region: int) -> _Side:
    (x, y), (xo, yo) = (one, other) if one[1] <= other[1] else (other, one)
    return x, y, xo, yo, region


def _x_at(side: _Side, y: float) -> float:
    x, low, x_high, high, _ = side
    return x + (x_high - x) * (y - low) / (high - low)


def _shared_in_strip(active: Sequence[_Side], bottom: float, top: float) -> float:
    """The common area between two heights; no two sides cross there."""
    ends = sorted((_x_at(side, bottom) + _x_at(side, top), side[4]) for side in active)
    within = [False, False]
    area = start = 0.0
    for doubled, region in ends:
        if all(within):
            area += doubled - start
        within[region] = not within[region]
        start = doubled
    return area * (top - bottom) / 2


def _crossings(sides: Sequence[_Side]) -> Iterator[Point]:
    """The points where sides of different numbers cross inside both."""
    active: list[_Side] = []
    for side in sorted(sides, key=lambda side: side[1]):
        active = [other for other in active if other[3] > side[1]]
        left, right = min(side[0], side[2]), max(side[0], side[2])
        for other in active:
            if other[4] == side[4] or min(other[0], other[2]) > right or max(other[0], other[2]) < left:
                continue
            if (point := _crossing(side, other)) is not None:
                yield point
        active.append(side)


def _crossing(one: _Side, other: _Side) -> Point | None:
    x, y, xe, ye, _ = one
    u, v, ue, ve, _ = other
    dx, dy, du, dv = xe - x, ye - y, ue - u, ve - v
    turn = dx * dv - dy * du
    if turn == 0:
        return None
    along = ((u - x) * dv - (v - y) * du) / turn
    across = ((u - x) * dy - (v - y) * dx) / turn
    # Ends that touch within rounding are corners, not crossings.
    if 1e-9 < along < 1 - 1e-9 and 1e-9 < across < 1 - 1e-9:
        return x + along * dx, y + along * dy
    return None
