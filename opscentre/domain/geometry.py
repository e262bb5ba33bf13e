"""Plane geometry of rings: area, clipping by a line, crossings, and the area that two regions share. No I/O.

A ring is a list of points without the first one repeated at the end. A region is a list of rings of which every point
inside an odd number counts as inside (outer rings and holes alike).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

Point = tuple[float, float]
Ring = list[Point]
Segment = tuple[float, float, float, float]

#: Kilometres in one degree of latitude, and of longitude at the equator.
KM_LATITUDE, KM_LONGITUDE = 110.574, 111.320


def signed_area(ring: Sequence[Point]) -> float:
    """The area of a ring, positive when it runs counter-clockwise (x to the right, y up)."""
    if not ring:
        return 0.0
    # Measured from the first corner: far from the origin the products would swallow the digits that matter.
    x0, y0 = ring[0]
    total = 0.0
    for (xa, ya), (xb, yb) in edges(ring):
        total += (xa - x0) * (yb - y0) - (xb - x0) * (ya - y0)
    return total / 2


def edges(ring: Sequence[Point]) -> Iterator[tuple[Point, Point]]:
    """The sides of a ring, the closing one last."""
    yield from pairwise(ring)
    if ring:
        yield ring[-1], ring[0]


def wound(ring: Ring, clockwise: bool) -> Ring:
    """The ring running the wanted way round, beginning at the same point."""
    if (signed_area(ring) < 0) == clockwise:
        return ring
    return [ring[0], *ring[:0:-1]]


def centroid(ring: Sequence[Point]) -> Point:
    """The centre of mass of a ring's inside; the mean of its corners where it has no area."""
    x0, y0 = ring[0]
    area = x = y = 0.0
    for (xa, ya), (xb, yb) in edges(ring):
        cross = (xa - x0) * (yb - y0) - (xb - x0) * (ya - y0)
        area += cross
        x += (xa + xb - 2 * x0) * cross
        y += (ya + yb - 2 * y0) * cross
    if abs(area) < 1e-12:
        return sum(p[0] for p in ring) / len(ring), sum(p[1] for p in ring) / len(ring)
    return x0 + x / (3 * area), y0 + y / (3 * area)


def inside(at: Point, rings: Iterable[Sequence[Point]]) -> bool:
    """Whether a point lies inside an odd number of rings."""
    x, y = at
    odd = False
    for ring in rings:
        for (xa, ya), (xb, yb) in edges(ring):
            if (ya > y) != (yb > y) and x < xa + (y - ya) * (xb - xa) / (yb - ya):
                odd = not odd
    return odd


def clip(ring: Ring, a: float, b: float, c: float) -> list[Ring]:
    """The pieces of a simple ring where ``a·x + b·y <= c``: none, one, or several where the line cuts it apart."""
    sides = [a * x + b * y - c for x, y in ring]
    if max(sides) <= 0:
        return [ring]
    if min(sides) > 0:
        return []
    chains: list[Ring] = []
    start = next(i for i in range(len(ring)) if sides[i - 1] > 0 >= sides[i])
    chain: Ring | None = None
    for step in range(len(ring) + 1):
        i = (start + step) % len(ring)
        before, here = sides[i - 1], sides[i]
        if before <= 0 < here and chain is not None:
            chain.append(_crossing(ring[i - 1], ring[i], before, here))
            chains.append(chain)
            chain = None
        elif here <= 0 < before and step < len(ring):
            chain = [_crossing(ring[i - 1], ring[i], before, here)]
        if here <= 0 and chain is not None and step < len(ring):
            chain.append(ring[i])
    return _joined(chains, (-b, a))


def _crossing(one: Point, other: Point, before: float, after: float) -> Point:
    part = before / (before - after)
    return one[0] + (other[0] - one[0]) * part, one[1] + (other[1] - one[1]) * part


def _joined(chains: list[Ring], along: Point) -> list[Ring]:
    """Chains that begin and end on a line, closed along it: each end goes to the neighbour in the line's order."""
    ends = []
    for index, chain in enumerate(chains):
        for last, (x, y) in ((False, chain[0]), (True, chain[-1])):
            ends.append((x * along[0] + y * along[1], index, last))
    ends.sort()
    partner = {}
    for (_, *one), (_, *other) in zip(ends[::2], ends[1::2], strict=True):
        partner[tuple(one)], partner[tuple(other)] = tuple(other), tuple(one)
    pieces = []
    left = set(range(len(chains)))
    while left:
        first = index = min(left)
        piece: Ring = []
        while index in left:
            left.discard(index)
            piece += chains[index]
            index = partner[(index, True)][0]
        if index == first and len(piece) > 2:
            pieces.append(tidy(piece))
    return [piece for piece in pieces if len(piece) > 2]


def tidy(ring: Ring, within: float = 1e-9) -> Ring:
    """The ring without points that repeat the one before."""
    kept: Ring = []
    for point in ring:
        if not kept or math.dist(point, kept[-1]) > within:
            kept.append(point)
    while len(kept) > 1 and math.dist(kept[0], kept[-1]) <= within:
        kept.pop()
    return kept
