"""Power diagram: one cell for every unit of a province, as large as the unit is and about where it lies.

A schematic, not a map of boundaries: it needs each unit's centroid and area only. Within an outline computed from the
same figures the plane is divided by straight lines so that every cell gets its area exactly; Newton's method finds the
weights of the units (Kitagawa, Mérigot and Thibert, 2019). Deterministic: the same units give the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

import msgspec

from opscentre.domain.geometry import KM_LATITUDE, KM_LONGITUDE, Point, Ring, centroid, clip, inside, signed_area, wound
from opscentre.domain.outline import outlines

#: What every picture of a diagram must say.
CAPTION = "sơ đồ, không phải bản đồ địa giới"
#: Changes whenever the same units would give other cells.
VERSION = 1
#: A diagram is done when no cell is off its area by more than this share.
CLOSE = 1e-4
ROUNDS = 60
#: Units whose area is not known get the mean of this many nearest ones'.
NEAREST = 5


class Place(msgspec.Struct, frozen=True, array_like=True):
    """A unit, its centroid in degrees and its area in km²; ``None`` where the area is not known."""

    code: str
    name: str
    latitude: float
    longitude: float
    area_km2: float | None


class Cell(msgspec.Struct, frozen=True):
    """A unit's cell: its pieces (km east and north of the middle, counter-clockwise), the area it was to have."""

    code: str
    pieces: list[Ring]
    target: float

    @property
    def area(self) -> float:
        """The area of its pieces in km²."""
        return sum(signed_area(piece) for piece in self.pieces)


class Diagram(msgspec.Struct, frozen=True):
    """The cells of all units and the outline that they fill, on a plane around the middle (latitude, longitude)."""

    middle: Point
    outline: list[Ring]
    cells: dict[str, Cell]


def divide(places: Iterable[Place]) -> Diagram:
    """The power diagram of a province; the order of the places does not matter.

    Raises ``ValueError`` where two share a code or an area is not above 0. No places give an empty diagram.
    """
    ordered = sorted(places, key=lambda place: place.code)
    if len({place.code for place in ordered}) != len(ordered):
        raise ValueError("power diagram: two units share one code")
    if wrong := [place for place in ordered if place.area_km2 is not None and not place.area_km2 > 0]:
        raise ValueError(
            f"power diagram: unit {wrong[0].code} has an area of {wrong[0].area_km2} km²; want more than 0"
        )
    if not ordered:
        return Diagram((0.0, 0.0), [], {})
    middle = _middle(ordered)
    points = [_to_plane(place, middle) for place in ordered]
    areas = _areas(ordered, points)
    cells: dict[str, Cell] = {}
    rings = []
    for land in outlines(points, areas):
        rings.append(land.ring)
        targets = [areas[index] for index in land.places]
        sites = _sites([points[index] for index in land.places], land.ring)
        for index, pieces in zip(land.places, _balanced(sites, targets, land.ring), strict=True):
            cells[ordered[index].code] = Cell(ordered[index].code, pieces, areas[index])
    return Diagram(middle, rings, dict(sorted(cells.items())))


def as_geojson(places: Sequence[Place]) -> dict[str, Any]:
    """The diagram as a GeoJSON FeatureCollection in degrees, outer rings clockwise as plotly wants them.

    Each feature has the unit's code as ``id`` and in its properties ``code``, ``name``, ``area_km2`` (of the unit,
    ``None`` where unknown) and ``label`` (longitude and latitude of a good place for its name).
    """
    diagram = divide(places)
    features = []
    for place in places:
        pieces = sorted(diagram.cells[place.code].pieces, key=signed_area, reverse=True)
        rings = [_degrees(wound(piece, clockwise=True), diagram.middle) for piece in pieces]
        geometry = (
            {"type": "Polygon", "coordinates": [rings[0]]}
            if len(rings) == 1
            else {"type": "MultiPolygon", "coordinates": [[ring] for ring in rings]}
        )
        label = _degrees([centroid(pieces[0])], diagram.middle)[0]
        properties = {"code": place.code, "name": place.name, "area_km2": place.area_km2, "label": label}
        features.append({"type": "Feature", "id": place.code, "properties": properties, "geometry": geometry})
    return {
        "type": "FeatureCollection",
        "properties": {"caption": CAPTION, "kind": "power-diagram", "version": VERSION},
        "features": features,
    }


def _middle(places: Sequence[Place]) -> Point:
    count = len(places)
    return sum(place.latitude for place in places) / count, sum(place.longitude for place in places) / count


def _to_plane(place: Place, middle: Point) -> Point:
    east = (place.longitude - middle[1]) * KM_LONGITUDE * math.cos(math.radians(middle[0]))
    return east, (place.latitude - middle[0]) * KM_LATITUDE


def _degrees(ring: Sequence[Point], middle: Point) -> list[list[float]]:
    """Longitude and latitude of points on the plane, a ring closed as GeoJSON wants it; one point stays one."""
    east = KM_LONGITUDE * math.cos(math.radians(middle[0]))
    points = [[round(middle[1] + x / east, 5), round(middle[0] + y / KM_LATITUDE, 5)] for x, y in ring]
    return [*points, points[0]] if len(points) > 1 else points


def _areas(places: Sequence[Place], points: Sequence[Point]) -> list[float]:
    """Every unit's area; where it is not known, the geometric mean of the nearest known ones."""
    known = [(point, place.area_km2) for point, place in zip(points, places, strict=True) if place.area_km2 is not None]
    if not known:
        return _areas_by_spacing(points)
    areas = []
    for point, place in zip(points, places, strict=True):
        near = sorted((math.dist(point, other), area) for other, area in known)[:NEAREST]
        mean = math.exp(sum(math.log(area) for _, area in near) / len(near))
        areas.append(mean if place.area_km2 is None else place.area_km2)
    return areas


def _areas_by_spacing(points: Sequence[Point]) -> list[float]:
    """Areas of which none is known: as if each unit reached half the way to its three nearest neighbours."""
    areas = []
    for index, point in enumerate(points):
        near = sorted(math.dist(point, other) for at, other in enumerate(points) if at != index)[:3]
        areas.append(max((sum(near) / len(near)) ** 2 if near else 1.0, 1e-3))
    usual = median(areas)
    # A unit far from all others (an island) is not as large as the sea around it.
    return [min(max(area, usual / 8), usual * 2) for area in areas]


def _sites(points: Sequence[Point], ring: Ring) -> list[Point]:
    """The points as sites of cells: all inside the ring, no two in one place."""
    x0, y0 = centroid(ring)
    sites: list[Point] = []
    for index, point in enumerate(points):
        step = 0
        site = point
        while not inside(site, [ring]) or any(math.dist(site, other) < 1e-3 for other in sites):
            step += 1
            # Towards the middle, on a spiral of its own: twins part in a direction that depends on their order only.
            part, turn = 0.97**step, 2.4 * (index + step)
            site = (
                x0 + (point[0] - x0) * part + 0.01 * math.cos(turn),
                y0 + (point[1] - y0) * part + 0.01 * math.sin(turn),
            )
        sites.append(site)
    return sites


class _Balance:
    """Cells for given weights, their areas, and how the areas answer to the weights."""

    def __init__(self, sites: Sequence[Point], weights: Sequence[float], ring: Ring) -> None:
        self.pieces: list[list[Ring]] = []
        #: For each site, its neighbours' share of the change of its area with the weights.
        self.slopes: list[dict[int, float]] = []
        for index, (x, y) in enumerate(sites):
            sides = _sides(index, sites, weights, ring)
            pieces = [ring]
            for a, b, c, _ in sides:
                pieces = [part for piece in pieces for part in clip(piece, a, b, c)]
            self.pieces.append(pieces)
            slopes = {}
            for a, b, c, other in sides:
                length = sum(_length_on(piece, a, b, c) for piece in pieces)
                if length:
                    slopes[other] = length / (2 * math.dist((x, y), sites[other]))
            self.slopes.append(slopes)
        self.areas = [sum(signed_area(piece) for piece in pieces) for pieces in self.pieces]


def _sides(
    index: int, sites: Sequence[Point], weights: Sequence[float], ring: Ring
) -> list[tuple[float, float, float, int]]:
    """The lines (a·x + b·y <= c, unit normal) that bound a site's cell, each with the neighbour beyond it."""
    x, y = sites[index]
    reach = max(math.dist((x, y), corner) for corner in ring)
    box = [(x - reach, y - reach), (x + reach, y - reach), (x + reach, y + reach), (x - reach, y + reach)]
    cell: list[tuple[Point, int]] = [(corner, -1) for corner in box]
    lines: dict[int, tuple[float, float, float, int]] = {}
    order = sorted((math.dist((x, y), site), other) for other, site in enumerate(sites) if other != index)
    for distance, other in order:
        a, b = (sites[other][0] - x) / distance, (sites[other][1] - y) / distance
        c = a * x + b * y + (distance * distance + weights[index] - weights[other]) / (2 * distance)
        cut = _cut(cell, a, b, c, other)
        if cut is not cell:
            lines[other] = (a, b, c, other)
            cell = cut
            if not cell:
                break
    kept = {other for _, other in cell} if cell else lines.keys()
    return [line for other, line in lines.items() if other in kept]


def _cut(cell: list[tuple[Point, int]], a: float, b: float, c: float, other: int) -> list[tuple[Point, int]]:
    """A convex cell where ``a·x + b·y <= c``; each corner carries the neighbour beyond the side that begins at it."""
    offs = [a * x + b * y - c for (x, y), _ in cell]
    if not offs or max(offs) <= 0:
        return cell
    cut = []
    for step, ((x, y), beyond) in enumerate(cell):
        here, after = offs[step], offs[(step + 1) % len(cell)]
        (xn, yn), _ = cell[(step + 1) % len(cell)]
        if here <= 0:
            cut.append(((x, y), beyond))
        if (here <= 0) != (after <= 0):
            part = here / (here - after)
            cut.append(((x + (xn - x) * part, y + (yn - y) * part), other if here <= 0 else beyond))
    return cut


def _length_on(piece: Ring, a: float, b: float, c: float) -> float:
    """The length of a piece's sides that lie on a line."""
    near = [abs(a * x + b * y - c) < 1e-7 for x, y in piece]
    return sum(math.dist(piece[i - 1], piece[i]) for i in range(len(piece)) if near[i - 1] and near[i])


def _balanced(sites: Sequence[Point], targets: Sequence[float], ring: Ring) -> list[list[Ring]]:
    """The pieces of cells whose areas are the targets (their sum is the ring's area), by damped Newton steps."""
    weights = [0.0] * len(sites)
    balance = _Balance(sites, weights, ring)
    floor = min(*balance.areas, *targets) / 2
    for _ in range(ROUNDS):
        missing = [target - area for target, area in zip(targets, balance.areas, strict=True)]
        worst = math.hypot(*missing)
        if max(abs(gap) / target for gap, target in zip(missing, targets, strict=True)) < CLOSE:
            break
        step = _solved(balance.slopes, missing)
        length = 1.0
        while True:
            tried = [weight + length * change for weight, change in zip(weights, step, strict=True)]
            after = _Balance(sites, tried, ring)
            left = math.hypot(*(target - area for target, area in zip(targets, after.areas, strict=True)))
            if (min(after.areas) >= floor and left <= (1 - length / 2) * worst) or length < 1e-3:
                break
            length /= 2
        weights, balance = tried, after
    return balance.pieces


def _solved(slopes: Sequence[dict[int, float]], missing: Sequence[float]) -> list[float]:
    """The change of the weights that would make up for the missing areas, were areas linear in them.

    Weights matter up to a constant only: the first one stays as it is. Solved by elimination; the matrix is symmetric
    and diagonally dominant, so no pivoting is needed.
    """
    count = len(slopes)
    rows = [[0.0] * count + [gap] for gap in missing]
    for index, answers in enumerate(slopes):
        for other, slope in answers.items():
            rows[index][other] -= slope
            rows[index][index] += slope
    change = [0.0] * count
    for pivot in range(1, count):
        top = rows[pivot]
        top[pivot] = top[pivot] or 1.0
        for row in rows[pivot + 1 :]:
            if row[pivot]:
                factor = row[pivot] / top[pivot]
                for column in range(pivot, count + 1):
                    row[column] -= factor * top[column]
    for pivot in range(count - 1, 0, -1):
        row = rows[pivot]
        rest = sum(row[column] * change[column] for column in range(pivot + 1, count))
        change[pivot] = (row[count] - rest) / row[pivot]
    return change
