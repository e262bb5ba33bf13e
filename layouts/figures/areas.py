"""The province as areas: boundaries or a diagram turned into outlines that a screen draws as they are. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from statistics import median
from typing import Any

import msgspec

#: Width of the drawing; its height follows.
WIDTH = 1000.0
#: Below this share of the median area a unit is hard to see: the densest such neighbourhood gets an inset.
SMALL = 0.3
#: How far from one another, as a share of the drawing, small units are neighbours.
REACH = 0.07

Ring = list[tuple[float, float]]
Box = tuple[float, float, float, float]


class Areas(msgspec.Struct, frozen=True):
    """What a map of areas draws, in a plane of its own (x east, y south)."""

    #: Left, top, width and height.
    box: Box
    #: The outline of each unit as an SVG path, by code.
    paths: dict[str, str]
    #: What must stand below it.
    caption: str
    #: The part to draw once more, larger; None where every unit is large enough.
    inset: Box | None = None


def draw(geojson: dict[str, Any], caption: str) -> Areas:
    """The areas of a collection of features that have the unit's code as ``id``, in degrees."""
    rings = {str(feature["id"]): list(_rings(feature["geometry"])) for feature in geojson["features"]}
    rings = {code: found for code, found in rings.items() if found}
    if not rings:
        return Areas((0.0, 0.0, WIDTH, WIDTH), {}, caption)
    points = [point for found in rings.values() for ring in found for point in ring]
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    narrowed = math.cos(math.radians((south + north) / 2))
    scale = WIDTH / ((east - west) * narrowed)
    drawn = {
        code: [[((x - west) * narrowed * scale, (north - y) * scale) for x, y in ring] for ring in found]
        for code, found in rings.items()
    }
    height = (north - south) * scale
    paths = {code: "".join(_path(ring) for ring in found) for code, found in drawn.items()}
    return Areas((0.0, 0.0, WIDTH, round(height, 1)), paths, caption, _inset(drawn, height))


def _rings(geometry: dict[str, Any]) -> Iterator[Ring]:
    kind, found = geometry["type"], geometry["coordinates"]
    polygons = found if kind == "MultiPolygon" else [found] if kind == "Polygon" else []
    for polygon in polygons:
        for ring in polygon:
            yield [(float(point[0]), float(point[1])) for point in ring]


def _path(ring: Ring) -> str:
    """The ring to a tenth of a unit; points that fall together are left out."""
    steps: list[str] = []
    for x, y in ring:
        step = f"{x:.1f} {y:.1f}"
        if not steps or steps[-1] != step:
            steps.append(step)
    return f"M{'L'.join(steps)}Z"


def _area(rings: Iterable[Ring]) -> float:
    return sum(
        abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(ring, ring[1:] + ring[:1], strict=True))) / 2
        for ring in rings
    )


def _inset(drawn: dict[str, list[Ring]], height: float) -> Box | None:
    """The neighbourhood with the most small units; None where fewer than three lie together."""
    areas = {code: _area(rings) for code, rings in drawn.items()}
    usual = median(areas.values())
    small = {code: _middle(drawn[code]) for code, area in areas.items() if area < SMALL * usual}
    reach = REACH * max(WIDTH, height)
    best: list[str] = []
    for here in small.values():
        near = [code for code, there in small.items() if math.dist(here, there) <= reach]
        best = max(best, near, key=len)
    if len(best) < 3:
        return None
    points = [point for code in best for ring in drawn[code] for point in ring]
    left, top = min(x for x, _ in points), min(y for _, y in points)
    wide, high = max(x for x, _ in points) - left, max(y for _, y in points) - top
    rim = 0.08 * max(wide, high)
    return round(left - rim, 1), round(top - rim, 1), round(wide + 2 * rim, 1), round(high + 2 * rim, 1)


def _middle(rings: list[Ring]) -> tuple[float, float]:
    points = [point for ring in rings for point in ring]
    return sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)
