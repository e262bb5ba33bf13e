"""A plausible outline around places whose sizes are known: where their areas would reach if each lay round its point.

No boundary is known or needed. Every place spreads a hill as wide as its area; the outline is the contour line of all
hills together that holds as much area as the places have. Places far from the others (an island) get one of their own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from opscentre.domain.geometry import Point, Ring, centroid, inside, signed_area

#: Grid cells along the longer side of what is drawn.
CELLS = 110
#: How much wider than its own circle a place's hill is: more makes smoother outlines, less keeps bays and capes.
WIDTH = 1.3
#: Points of the contour closer than this to the line between their neighbours are left out, in grid cells.
SMOOTH = 0.2


#: A side of the grid: column and row of its lower left end, and 1 where it runs upwards.
_Key = tuple[int, int, int]


class Outline:
    """One piece of land: its ring (counter-clockwise) and which of the places lie on it."""

    def __init__(self, ring: Ring, places: list[int]) -> None:
        self.ring = ring
        self.places = places


def outlines(points: Sequence[Point], areas: Sequence[float]) -> list[Outline]:
    """Pieces of land around the points, each exactly as large as the areas of the points on it, largest first.

    Raises ``ValueError`` for an area that is not above 0.
    """
    if any(not area > 0 for area in areas):
        raise ValueError(f"outline: every area must be above 0; the least is {min(areas)}")
    if not points:
        return []
    grid = _Grid(points, areas)
    level = grid.level(sum(areas))
    rings = [ring for ring in grid.contours(level) if signed_area(ring) > 0]
    found = []
    left = list(range(len(points)))
    for ring in sorted(rings, key=signed_area, reverse=True):
        here = [index for index in left if inside(points[index], [ring])]
        if here:
            left = [index for index in left if index not in here]
            found.append(Outline(_sized(ring, sum(areas[i] for i in here), [points[i] for i in here]), here))
    return found


class _Grid:
    """The heights of all hills on a square grid that reaches beyond the outermost of them."""

    def __init__(self, points: Sequence[Point], areas: Sequence[float]) -> None:
        self._hills = [(x, y, WIDTH * WIDTH * area / math.pi) for (x, y), area in zip(points, areas, strict=True)]
        margin = 3 * math.sqrt(max(areas))
        self._left, self._low = (min(p[axis] for p in points) - margin for axis in (0, 1))
        width, height = (max(p[axis] for p in points) - min(p[axis] for p in points) + 2 * margin for axis in (0, 1))
        # Fine enough for the smallest place too, as long as the grid stays of a size that takes a second or two.
        finest = max(width, height) / (4 * CELLS)
        self.step = max(finest, min(max(width, height) / CELLS, math.sqrt(min(areas)) / 3))
        self._columns, self._rows = (math.ceil(length / self.step) + 1 for length in (width, height))
        self._heights = [[0.0] * self._columns for _ in range(self._rows)]
        for hill in self._hills:
            self._raise(*hill)

    def _raise(self, x: float, y: float, spread: float) -> None:
        # Beyond 16 spreads a hill is lower than the seventh decimal.
        reach = 4 * math.sqrt(spread)
        first, last = self._column(x - reach), self._column(x + reach) + 1
        across = [math.exp(-((self._x(c) - x) ** 2) / spread) for c in range(first, last)]
        for row in range(self._row(y - reach), self._row(y + reach) + 1):
            along = math.exp(-((self._y(row) - y) ** 2) / spread)
            heights = self._heights[row]
            for column, height in enumerate(across, start=first):
                heights[column] += height * along

    def _x(self, column: int) -> float:
        return self._left + column * self.step

    def _y(self, row: int) -> float:
        return self._low + row * self.step

    def _column(self, x: float) -> int:
        return min(max(round((x - self._left) / self.step), 0), self._columns - 1)

    def _row(self, y: float) -> int:
        return min(max(round((y - self._low) / self.step), 0), self._rows - 1)

    def level(self, area: float) -> float:
        """The height above which so much area lies; low enough that every hill's top rises above it."""
        heights = sorted((height for row in self._heights for height in row), reverse=True)
        wanted = heights[min(len(heights) - 1, round(area / self.step**2))]
        return min(wanted, 0.9)

    def contours(self, level: float) -> list[Ring]:
        """The contour lines of a height as closed rings, higher ground to the left."""
        follows: dict[_Key, _Key] = {}
        at: dict[_Key, Point] = {}
        for row in range(self._rows - 1):
            for column in range(self._columns - 1):
                corners = ((column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1))
                heights = [self._heights[r][c] - level for c, r in corners]
                highs = [height > 0 for height in heights]
                if all(highs) or not any(highs):
                    continue
                begins: list[tuple[int, _Key]] = []
                ends: list[tuple[int, _Key]] = []
                for side in range(4):
                    one, other = side, (side + 1) % 4
                    if highs[one] != highs[other]:
                        key = self._side(corners[one], corners[other])
                        at[key] = self._between(corners[one], corners[other], heights[one], heights[other])
                        # Round the square counter-clockwise: where high ground ends, a line with it on its left begins.
                        (ends if highs[other] else begins).append((side, key))
                for begin, key in begins:
                    # At a saddle the nearest end cuts off the low corner: the high ones stay joined.
                    end = min((side - begin) % 4 for side, _ in ends)
                    follows[key] = next(target for side, target in ends if (side - begin) % 4 == end)
        return _rings(follows, at, SMOOTH * self.step)

    @staticmethod
    def _side(one: tuple[int, int], other: tuple[int, int]) -> _Key:
        (column, row), (other_column, other_row) = min(one, other), max(one, other)
        return column, row, int(other_column == column and other_row != row)

    def _between(self, one: tuple[int, int], other: tuple[int, int], high: float, low: float) -> Point:
        part = high / (high - low)
        x, y = self._x(one[0]), self._y(one[1])
        return x + (self._x(other[0]) - x) * part, y + (self._y(other[1]) - y) * part


def _rings(follows: dict[_Key, _Key], at: dict[_Key, Point], within: float) -> list[Ring]:
    rings = []
    while follows:
        start = key = min(follows)
        ring: Ring = []
        while key in follows:
            ring.append(at[key])
            key = follows.pop(key)
        if key == start and len(ring) > 3:
            rings.append(_simplified(ring, within))
    return rings


def _simplified(ring: Ring, within: float) -> Ring:
    """The ring without points that lie nearly on the way between others (Douglas and Peucker)."""
    far = max(range(len(ring)), key=lambda index: math.dist(ring[0], ring[index]))
    return _thin(ring[: far + 1], within)[:-1] + _thin([*ring[far:], ring[0]], within)[:-1]


def _thin(line: Ring, within: float) -> Ring:
    kept = {0, len(line) - 1}
    spans = [(0, len(line) - 1)]
    while spans:
        first, last = spans.pop()
        (xa, ya), (xb, yb) = line[first], line[last]
        length = math.dist(line[first], line[last]) or 1.0
        far, most = 0, within
        for index in range(first + 1, last):
            x, y = line[index]
            off = abs((xb - xa) * (y - ya) - (yb - ya) * (x - xa)) / length
            if off > most:
                far, most = index, off
        if far:
            kept.add(far)
            spans += [(first, far), (far, last)]
    return [line[index] for index in sorted(kept)]


def _sized(ring: Ring, area: float, points: Sequence[Point]) -> Ring:
    """The ring grown or shrunk about its centre to an area; the points it holds stay inside."""
    x0, y0 = centroid(ring)
    scale = math.sqrt(area / signed_area(ring))
    return [(x0 + (x - x0) * scale, y0 + (y - y0) * scale) for x, y in ring]
