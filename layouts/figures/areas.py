"""The province as areas: boundaries or a diagram turned into outlines that a screen draws as they are. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from statistics import median
from typing import Any

import msgspec

from layouts.figures.outlying import Box, Drawn, Ring, bounds, brought_near
from opscentre.domain.geometry import signed_area

#: Width of the drawing; its height follows.
WIDTH = 1000.0
#: Below this share of the median area a unit is hard to see: the densest such neighbourhood gets an inset.
SMALL = 0.3
#: How far from one another, as a share of the drawing, small units are neighbours.
REACH = 0.07
#: Heights within a unit, as shares of its own, at which a place for its name is looked for.
LEVELS = [0.3 + 0.05 * step for step in range(9)]


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
    #: By code a point well inside the unit: where its name stands, or a line to its name begins.
    anchors: dict[str, tuple[float, float]] = {}
    #: Frames around units that lie too far away to be drawn in their place.
    frames: tuple[Box, ...] = ()


def draw(geojson: dict[str, Any], caption: str) -> Areas:
    """The areas of a collection of features that have the unit's code as ``id``, in degrees."""
    rings = {str(feature["id"]): list(_rings(feature["geometry"])) for feature in geojson["features"]}
    rings = {code: found for code, found in rings.items() if found}
    if not rings:
        return Areas((0.0, 0.0, WIDTH, WIDTH), {}, caption)
    _, south, _, high = bounds(rings.values())
    narrowed = math.cos(math.radians(south + high / 2))
    flat = {code: [[(x * narrowed, -y) for x, y in ring] for ring in found] for code, found in rings.items()}
    near, frames = brought_near(flat)
    left, top, wide, high = bounds(near.values(), frames)
    # A frame's stroke is as wide outside as inside.
    rim = 0.004 * max(wide, high)
    left, top, wide, high = left - rim, top - rim, wide + 2 * rim, high + 2 * rim
    scale = WIDTH / wide
    drawn = {
        code: [[((x - left) * scale, (y - top) * scale) for x, y in ring] for ring in found]
        for code, found in near.items()
    }
    there = tuple(_box((x - left) * scale, (y - top) * scale, w * scale, h * scale) for x, y, w, h in frames)
    return Areas(
        box=_box(0.0, 0.0, WIDTH, high * scale),
        paths={code: "".join(_path(ring) for ring in found) for code, found in drawn.items()},
        caption=caption,
        inset=_inset(drawn, max(WIDTH, high * scale)),
        anchors={code: _anchor(found) for code, found in drawn.items()},
        frames=there,
    )


def _rings(geometry: dict[str, Any]) -> Iterator[Ring]:
    kind, found = geometry["type"], geometry["coordinates"]
    polygons = found if kind == "MultiPolygon" else [found] if kind == "Polygon" else []
    for polygon in polygons:
        for ring in polygon:
            yield [(float(point[0]), float(point[1])) for point in ring]


def _box(left: float, top: float, wide: float, high: float) -> Box:
    return round(left, 1), round(top, 1), round(wide, 1), round(high, 1)


def _path(ring: Ring) -> str:
    """The ring to a tenth of a unit; points that fall together are left out."""
    steps: list[str] = []
    for x, y in ring:
        step = f"{x:.1f} {y:.1f}"
        if not steps or steps[-1] != step:
            steps.append(step)
    return f"M{'L'.join(steps)}Z"


def _area(rings: Iterable[Ring]) -> float:
    return sum(abs(signed_area(ring)) for ring in rings)


def _anchor(rings: list[Ring]) -> tuple[float, float]:
    """The middle of the widest stretch across the unit's largest piece, rather near its middle than its ends."""
    largest = max(rings, key=lambda ring: abs(signed_area(ring)))
    _, top, _, high = bounds([[largest]])
    best, found = -1.0, largest[0]
    for share in LEVELS:
        # Not quite at the share: a corner would be met once, as two sides or as none.
        y = top + high * (share + 1e-6)
        # Every ring counts, so that no point lies in a hole.
        met = sorted(
            xa + (y - ya) * (xb - xa) / (yb - ya)
            for ring in rings
            for (xa, ya), (xb, yb) in zip(ring, ring[1:] + ring[:1], strict=True)
            if (ya > y) != (yb > y)
        )
        for west, east in zip(met[::2], met[1::2], strict=False):
            worth = (east - west) * (1 - abs(share - 0.5))
            if worth > best:
                best, found = worth, ((west + east) / 2, y)
    return round(found[0], 1), round(found[1], 1)


def _inset(drawn: Drawn, size: float) -> Box | None:
    """The neighbourhood with the most small units; None where fewer than three lie together."""
    areas = {code: _area(rings) for code, rings in drawn.items()}
    usual = median(areas.values())
    small = {code: _middle(drawn[code]) for code, area in areas.items() if area < SMALL * usual}
    reach = REACH * size
    best: list[str] = []
    for here in small.values():
        near = [code for code, there in small.items() if math.dist(here, there) <= reach]
        best = max(best, near, key=len)
    if len(best) < 3:
        return None
    left, top, wide, high = bounds(drawn[code] for code in best)
    rim = 0.08 * max(wide, high)
    return _box(left - rim, top - rim, wide + 2 * rim, high + 2 * rim)


def _middle(rings: list[Ring]) -> tuple[float, float]:
    points = [point for ring in rings for point in ring]
    return sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)
