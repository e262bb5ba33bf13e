"""Hex tiles: one hexagon for every unit of a province, laid out so that neighbours stay neighbours.

A schematic, not a map of boundaries: it needs nothing but each unit's centroid. Four steps, all
deterministic: project the centroids to a plane, spread crowded ones apart, keep the ``n`` lattice cells
that the spread points cover best (one solid shape without holes), and hand each unit the cell that
makes the sum of squared moves smallest.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import msgspec

#: Hexagons are one unit wide; rows lie this far apart.
ROW = math.sqrt(3) / 2
#: The area of one hexagon.
HEX_AREA = ROW
#: Centroids lie inside their province: their bounding box is taken to be covered to this share.
COVERED = 0.62

Cell = tuple[int, int]
Point = tuple[float, float]


class Spot(msgspec.Struct, frozen=True, array_like=True):
    """A unit and its centroid in degrees."""

    code: str
    latitude: float
    longitude: float


class Tiling(msgspec.Struct, frozen=True):
    """Where each unit's hexagon stands: pointy-top, odd rows half a column to the right, row 0 in the north."""

    columns: int
    rows: int
    #: (column, row) by unit code, both from 0.
    cells: dict[str, Cell]


def arrange(spots: Iterable[Spot], stretch: float = 1.0) -> Tiling:
    """Give each unit its hexagon.

    ``stretch`` widens the province east to west (1 keeps its proportions), to suit the panel it hangs in.
    Raises ``ValueError`` when two units share a code. No spots give an empty tiling.
    """
    ordered = sorted(spots, key=lambda spot: spot.code)
    if len({spot.code for spot in ordered}) != len(ordered):
        raise ValueError("hex tiles: two units share one code")
    if not ordered:
        return Tiling(columns=0, rows=0, cells={})
    points = spread(project(ordered, stretch))
    shape = _shape(points)
    chosen = assign(points, [centre(cell) for cell in shape])
    cells = [shape[index] for index in chosen]
    top = min(row for _, row in cells)
    # With an odd number of rows taken off, the shifted rows become the straight ones and the other way round.
    raised = [(column - (top & 1 and not row & 1), row - top) for column, row in cells]
    left = min(column for column, _ in raised)
    moved = [(column - left, row) for column, row in raised]
    return Tiling(
        columns=max(column for column, _ in moved) + 1,
        rows=max(row for _, row in moved) + 1,
        cells={spot.code: cell for spot, cell in zip(ordered, moved, strict=True)},
    )


def project(spots: list[Spot], stretch: float) -> list[Point]:
    """Centroids on a plane (x east, y south), scaled so that the mean area of a unit is that of one hexagon."""
    middle = math.radians(sum(spot.latitude for spot in spots) / len(spots))
    raw = [(spot.longitude * math.cos(middle) * stretch, -spot.latitude) for spot in spots]
    width = max(x for x, _ in raw) - min(x for x, _ in raw)
    height = max(y for _, y in raw) - min(y for _, y in raw)
    area = width * height * COVERED or max(width, height) ** 2 or 1.0
    scale = math.sqrt(len(spots) * HEX_AREA / area)
    x0, y0 = min(x for x, _ in raw), min(y for _, y in raw)
    return [((x - x0) * scale, (y - y0) * scale) for x, y in raw]


def centre(cell: Cell) -> Point:
    """The middle of a lattice cell."""
    column, row = cell
    return (column + (row & 1) / 2, row * ROW)


def neighbours(cell: Cell) -> list[Cell]:
    """The six cells around one."""
    column, row = cell
    shift = row & 1
    return [
        (column - 1, row), (column + 1, row),
        (column - 1 + shift, row - 1), (column + shift, row - 1),
        (column - 1 + shift, row + 1), (column + shift, row + 1),
    ]  # fmt: skip


def spread(points: list[Point], rounds: int = 160) -> list[Point]:
    """Push points apart until hardly any two are closer than one hexagon, moving each as little as needed."""
    now = [list(point) for point in points]
    for turn in range(rounds):
        step = 0.5 * (1 - turn / rounds) + 0.1
        push = [[0.0, 0.0] for _ in now]
        for i, (xi, yi) in enumerate(now):
            for j in range(i):
                dx, dy = xi - now[j][0], yi - now[j][1]
                if abs(dx) >= 1 or abs(dy) >= 1:
                    continue
                # Twins are parted along a direction that depends only on their order.
                distance = math.hypot(dx, dy) or 1e-6
                if distance < 1:
                    ux, uy = (dx / distance, dy / distance) if distance > 1e-6 else (math.cos(i), math.sin(i))
                    force = (1 - distance) / 2
                    push[i][0] += ux * force
                    push[i][1] += uy * force
                    push[j][0] -= ux * force
                    push[j][1] -= uy * force
        for at, (px, py) in zip(now, push, strict=True):
            at[0] += px * step * 1.2
            at[1] += py * step * 1.2
    return [(x, y) for x, y in now]


def _shape(points: list[Point]) -> list[Cell]:
    """The ``len(points)`` cells that the points cover best, one piece and no holes, in reading order."""
    margin = 2
    columns = range(math.floor(min(x for x, _ in points)) - margin, math.ceil(max(x for x, _ in points)) + margin + 1)
    rows = range(
        math.floor(min(y for _, y in points) / ROW) - margin, math.ceil(max(y for _, y in points) / ROW) + margin + 1
    )
    cover = {(column, row): _cover(centre((column, row)), points) for row in rows for column in columns}
    # Grown from the best cell outwards: the shape is one piece by construction.
    start = max(cover, key=lambda cell: (cover[cell], cell))
    chosen = {start}
    edge = set(neighbours(start))
    while len(chosen) < len(points):
        best = max(edge, key=lambda cell: (cover.get(cell, 0.0), cell))
        edge.discard(best)
        chosen.add(best)
        edge.update(cell for cell in neighbours(best) if cell not in chosen)
    _round_off(chosen, cover)
    return sorted(chosen, key=lambda cell: (cell[1], cell[0]))


def _cover(at: Point, points: list[Point]) -> float:
    """How much of the points' mass lies on a cell."""
    return sum(math.exp(-((at[0] - x) ** 2 + (at[1] - y) ** 2) / 0.9) for x, y in points)


def _round_off(chosen: set[Cell], cover: Mapping[Cell, float]) -> None:
    """Fill holes and notches with the shape's thinnest ends, as long as that makes it smoother."""
    for _ in range(len(chosen)):
        outside = _outside(chosen)
        around = {cell for inner in chosen for cell in neighbours(inner) if cell not in chosen}

        def touching(cell: Cell) -> int:
            return sum(near in chosen for near in neighbours(cell))

        gap = max(around, key=lambda cell: (cell not in outside, touching(cell), cover.get(cell, 0.0), cell))
        ends = sorted(chosen, key=lambda cell: (touching(cell), cover.get(cell, 0.0), cell))
        end = next((cell for cell in ends if _in_one_piece((chosen | {gap}) - {cell})), None)
        if end is None or (gap in outside and touching(gap) < touching(end) + 2):
            return
        chosen.remove(end)
        chosen.add(gap)


def _outside(chosen: set[Cell]) -> set[Cell]:
    """The empty cells around the shape that open to the outside; other empty neighbours are holes."""
    low_c, high_c = min(c for c, _ in chosen) - 1, max(c for c, _ in chosen) + 1
    low_r, high_r = min(r for _, r in chosen) - 1, max(r for _, r in chosen) + 1
    found = {(low_c, low_r)}
    queue = [(low_c, low_r)]
    while queue:
        for cell in neighbours(queue.pop()):
            inside = low_c <= cell[0] <= high_c and low_r <= cell[1] <= high_r
            if inside and cell not in chosen and cell not in found:
                found.add(cell)
                queue.append(cell)
    return found


def holes(cells: Iterable[Cell]) -> set[Cell]:
    """Empty cells that the shape encloses."""
    chosen = set(cells)
    outside = _outside(chosen)
    return {near for cell in chosen for near in neighbours(cell) if near not in chosen and near not in outside}


def _in_one_piece(cells: set[Cell]) -> bool:
    queue = [next(iter(cells))]
    seen = set(queue)
    while queue:
        for cell in neighbours(queue.pop()):
            if cell in cells and cell not in seen:
                seen.add(cell)
                queue.append(cell)
    return len(seen) == len(cells)


def is_connected(cells: Iterable[Cell]) -> bool:
    """Whether the cells form one piece (no cells do)."""
    chosen = set(cells)
    return not chosen or _in_one_piece(chosen)


def assign(points: list[Point], places: list[Point]) -> list[int]:
    """For each point the index of its place, with the least sum of squared moves (as many places as points).

    Shortest augmenting paths (Jonker and Volgenant): 92 units take well under 0.2 s.
    """
    count = len(points)
    if len(places) != count:
        raise ValueError(f"hex tiles: {count} units for {len(places)} cells")
    cost = [[(x - px) ** 2 + (y - py) ** 2 for px, py in places] for x, y in points]
    row_price, column_price = [0.0] * (count + 1), [0.0] * (count + 1)
    # Index 0 is a helper; rows and columns count from 1. owner[c] is the row that holds column c.
    owner, came_from = [0] * (count + 1), [0] * (count + 1)
    for row in range(1, count + 1):
        owner[0] = row
        column = 0
        reach = [math.inf] * (count + 1)
        used = [False] * (count + 1)
        while owner[column]:
            used[column] = True
            at, least, following = owner[column], math.inf, 0
            for candidate in range(1, count + 1):
                if used[candidate]:
                    continue
                price = cost[at - 1][candidate - 1] - row_price[at] - column_price[candidate]
                if price < reach[candidate]:
                    reach[candidate], came_from[candidate] = price, column
                if reach[candidate] < least:
                    least, following = reach[candidate], candidate
            for candidate in range(count + 1):
                if used[candidate]:
                    row_price[owner[candidate]] += least
                    column_price[candidate] -= least
                else:
                    reach[candidate] -= least
            column = following
        while column:
            owner[column] = owner[came_from[column]]
            column = came_from[column]
    chosen = [0] * count
    for column in range(1, count + 1):
        chosen[owner[column] - 1] = column - 1
    return chosen
