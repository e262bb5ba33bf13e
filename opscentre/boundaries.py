"""Reads an operator's boundaries (GeoJSON, WGS84), says all that is wrong with them, and makes them fit to draw."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from opscentre.domain.geometry import KM_LATITUDE, Ring, signed_area, wound
from opscentre.domain.overlap import Box, bounding_box, boxes_meet, crosses_itself, shared_area
from opscentre.domain.spelling import spelling
from opscentre.domain.units import Unit

#: Vietnam with its islands: least and greatest longitude, least and greatest latitude.
EAST, NORTH = (102.0, 118.0), (6.0, 24.0)
#: Two units may share this part of the smaller one: independently simplified borders never fit exactly.
OVERLAP = 0.005
#: Names of coordinate systems that are longitude and latitude on WGS84.
WGS84 = ("CRS84", "EPSG::4326", "EPSG:4326")
#: Decimals of a degree that are kept: a decimetre.
DECIMALS = 6

REMEDY_CODE = "name the property that holds the GSO code with --key code=PROP"


class Finding(msgspec.Struct, frozen=True):
    """One thing found in a file. ``refused``: with it the file cannot be stored; else a warning."""

    where: str
    message: str
    refused: bool = True

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


class Area(msgspec.Struct):
    """One unit's boundary: polygons of rings, the outer one first; not closed, any winding."""

    unit: Unit
    where: str
    polygons: list[list[Ring]]

    @property
    def rings(self) -> list[Ring]:
        """All its rings."""
        return [ring for polygon in self.polygons for ring in polygon]


class Reading(msgspec.Struct):
    """What a file holds: boundaries by unit in the register's order, and everything found on the way."""

    sha256: str = ""
    attribution: str = ""
    areas: list[Area] = []
    missing: list[Unit] = []
    findings: list[Finding] = []

    @property
    def refused(self) -> bool:
        """Whether the file cannot be stored."""
        return any(finding.refused for finding in self.findings)

    def refuse(self, where: str, message: str) -> None:
        """Note what makes the file unfit."""
        self.findings.append(Finding(where, message))

    def warn(self, where: str, message: str) -> None:
        """Note what an operator should know; the file is fit all the same."""
        self.findings.append(Finding(where, message, refused=False))


def read_boundaries(path: Path, expected: Sequence[Unit], others: Sequence[Unit], keys: dict[str, str]) -> Reading:
    """Read and check a file against the units that it should hold.

    ``others`` are units of other times or kinds: features of theirs are left out and named. ``keys`` maps ``code``
    (and ``name``, to have names compared) to the property that holds it. Never raises for what the file holds: every
    fault is a finding.
    """
    reading = Reading()
    features = _features(path, reading)
    names = {name for one in features if isinstance(one, dict) for name in _properties(one)}
    if names and keys["code"] not in names:
        there = ", ".join(sorted(names))
        reading.refuse(f"{path}, properties", f"no feature has {keys['code']!r}; there are: {there}; {REMEDY_CODE}")
        return reading
    taken = {unit.code: unit for unit in expected}
    seen: dict[str, str] = {}
    for index, feature in enumerate(features, start=1):
        where = f"feature {index}"
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            reading.refuse(where, f"want an object of type 'Feature', saw {_shown(feature)}")
            continue
        code = _code(feature, where, keys["code"], taken, reading)
        if code is None:
            continue
        where = f"feature {index} ({code})"
        if code not in taken:
            _leave_out(code, where, others, reading)
        elif code in seen:
            reading.refuse(where, f"{seen[code]} has this code too; join both into one MultiPolygon, or mend the code")
        else:
            seen[code] = f"feature {index}"
            if polygons := _polygons(feature.get("geometry"), where, reading):
                reading.areas.append(Area(taken[code], where, polygons))
                _compare(reading.areas[-1], feature, keys, reading)
    _finish(reading, expected, seen, bool(features))
    return reading


def _features(path: Path, reading: Reading) -> list[Any]:
    """The file's features; none, with a finding, where it is no FeatureCollection in degrees."""
    try:
        content = path.read_bytes()
    except OSError as error:
        reading.refuse(str(path), f"cannot be read ({error.strerror}); name a GeoJSON file")
        return []
    reading.sha256 = hashlib.sha256(content).hexdigest()
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        reading.refuse(str(path), f"not UTF-8 at byte {error.start}; export it as GeoJSON in UTF-8")
        return []
    except json.JSONDecodeError as error:
        place = f"{path}, line {error.lineno}, column {error.colno}"
        reading.refuse(place, f"no JSON ({error.msg}); export it again, it may have been cut off")
        return []
    except RecursionError:
        reading.refuse(str(path), "nested too deeply for GeoJSON; export it again")
        return []
    kind = document.get("type") if isinstance(document, dict) else None
    if kind != "FeatureCollection":
        hint = "it is TopoJSON: convert it to GeoJSON" if kind == "Topology" else "export it as a GeoJSON layer"
        reading.refuse(str(path), f"want an object of type 'FeatureCollection', saw {_shown(kind or document)}; {hint}")
        return []
    if (crs := document.get("crs")) and not any(name in json.dumps(crs).upper() for name in WGS84):
        reading.refuse(
            f"{path}, crs", f"want longitude and latitude on WGS84 (EPSG:4326), saw {_shown(crs)}; convert it first"
        )
        return []
    features = document.get("features")
    if not isinstance(features, list) or not features:
        reading.refuse(f"{path}, features", f"want a list with a feature for every unit, saw {_shown(features)}")
        return []
    attribution = document.get("attribution")
    reading.attribution = attribution if isinstance(attribution, str) else ""
    return features


def _properties(feature: dict[str, Any]) -> dict[str, Any]:
    properties = feature.get("properties")
    return properties if isinstance(properties, dict) else {}


def _code(feature: dict[str, Any], where: str, key: str, taken: dict[str, Unit], reading: Reading) -> str | None:
    """The code that a feature bears, as the register writes it where it means one of its units."""
    properties = _properties(feature)
    if key not in properties:
        there = ", ".join(sorted(map(str, properties))) or "none"
        reading.refuse(f"{where}, properties", f"no {key!r}; there are: {there}; {REMEDY_CODE}")
        return None
    value = properties[key]
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
        reading.refuse(f"{where}, properties.{key}", f"want a unit's code, saw {_shown(value)}; {REMEDY_CODE}")
        return None
    code = str(value).strip()
    if code not in taken and code.isdecimal():
        # Spreadsheets take the leading zeros of a code for waste.
        meant = [known for known in taken if known.isdecimal() and int(known) == int(code)]
        if len(meant) == 1:
            told = f"{_shown(value)} is read as {meant[0]!r}, whose leading zeros were lost; mend the file's codes"
            reading.warn(f"{where}, properties.{key}", told)
            return meant[0]
    return code


def _leave_out(code: str, where: str, others: Sequence[Unit], reading: Reading) -> None:
    for unit in others:
        if unit.code == code:
            since = f" from {unit.valid_from}" if unit.valid_from else ""
            until = f" to {unit.valid_to}" if unit.valid_to else ""
            reading.warn(
                where, f"left out: {unit.name} ({unit.kind}{since}{until}) is not of this kind and period; "
                "choose them with --kind, --from and --to"
            )  # fmt: skip
            return
    reading.warn(where, "left out: no unit of the profile has this code; units are matched by code only, never by name")


def _polygons(geometry: Any, where: str, reading: Reading) -> list[list[Ring]]:
    """The polygons of a geometry; none where any of it is unfit, with the finding."""
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    coordinates = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        seen = _shown(kind if kind is not None else geometry)
        reading.refuse(f"{where}, geometry", f"want a Polygon or MultiPolygon, saw {seen}; export the areas, not lines")
        return []
    groups = [coordinates] if kind == "Polygon" else coordinates
    if not isinstance(groups, list) or not groups or not all(isinstance(rings, list) and rings for rings in groups):
        reading.refuse(f"{where}, geometry.coordinates", f"want lists of rings, saw {_shown(coordinates)}")
        return []
    polygons = []
    for part, rings in enumerate(groups, start=1):
        place = f"{where}, polygon {part}" if kind == "MultiPolygon" else where
        read = [_ring(ring, f"{place}, ring {number}", reading) for number, ring in enumerate(rings, start=1)]
        polygons.append([ring for ring in read if ring is not None])
        if len(polygons[-1]) != len(rings):
            return []
    return polygons


def _ring(given: Any, where: str, reading: Reading) -> Ring | None:
    """A ring without its closing point; ``None``, with the finding, where it is unfit."""
    if not isinstance(given, list) or len(given) < 4:
        reading.refuse(where, f"want at least 4 positions, the last one the first again, saw {_shown(given)}")
        return None
    ring = []
    for number, position in enumerate(given, start=1):
        if problem := _off(position):
            reading.refuse(f"{where}, position {number}", f"{problem}; saw {_shown(position)}")
            return None
        ring.append((float(position[0]), float(position[1])))
    if ring[0] != ring[-1]:
        reading.refuse(
            where, f"not closed: begins at {ring[0]}, ends at {ring[-1]}; repeat the first position at the end"
        )
        return None
    ring = [point for point, after in pairwise(ring) if point != after]
    if len(ring) < 3 or abs(signed_area(ring)) < 1e-12:
        reading.refuse(where, f"encloses no area; saw {_shown(given)}; take the ring out")
        return None
    if point := crosses_itself(ring):
        at = f"{point[0]:.5f}, {point[1]:.5f}"
        reading.warn(where, f"crosses itself at {at}; it is drawn as it is: repair it with the tool that made it")
    return ring


def _off(position: Any) -> str:
    """What is wrong with a position; empty: nothing."""
    if (
        not isinstance(position, list)
        or len(position) < 2
        or not all(isinstance(value, int | float) and not isinstance(value, bool) for value in position)
        or not all(math.isfinite(value) for value in position)
    ):
        return "want longitude and latitude as two numbers"
    x, y = position[:2]
    if EAST[0] <= x <= EAST[1] and NORTH[0] <= y <= NORTH[1]:
        return ""
    if EAST[0] <= y <= EAST[1] and NORTH[0] <= x <= NORTH[1]:
        return "latitude and longitude are swapped; GeoJSON has the longitude first"
    if abs(x) > 360 or abs(y) > 360:
        return "these are metres, not degrees (VN-2000 or UTM?); convert the file to WGS84 (EPSG:4326)"
    return f"outside Vietnam (longitude {EAST[0]:g} to {EAST[1]:g}, latitude {NORTH[0]:g} to {NORTH[1]:g})"


def _compare(area: Area, feature: dict[str, Any], keys: dict[str, str], reading: Reading) -> None:
    """Warn where the file's name, or the unit's own point, speaks against the code."""
    unit = area.unit
    if "name" in keys:
        named = str(_properties(feature).get(keys["name"], ""))
        # Files leave out "Xã" or "Phường" as often as not.
        if not f" {spelling(unit.name)}".endswith(f" {spelling(named)}"):
            reading.warn(
                f"{area.where}, properties.{keys['name']}",
                f"says {named!r}, units.csv says {unit.name!r} for this code; make sure that the code is right",
            )
    if unit.latitude is not None and unit.longitude is not None:
        left, low, right, high = bounding_box(area.rings)
        east = max(left - unit.longitude, unit.longitude - right, 0.0) * math.cos(math.radians(unit.latitude))
        away = math.hypot(east, max(low - unit.latitude, unit.latitude - high, 0.0)) * KM_LATITUDE
        if away > 0:
            reading.warn(
                area.where,
                f"{unit.name}: the point in units.csv ({unit.latitude}, {unit.longitude}) lies {away:.1f} km outside; "
                "make sure that the code is right",
            )


def _finish(reading: Reading, expected: Sequence[Unit], seen: dict[str, str], any_feature: bool) -> None:
    """Order the areas, look for overlaps, and name the units that the file does not hold."""
    order = {unit.code: place for place, unit in enumerate(expected)}
    reading.areas.sort(key=lambda area: order[area.unit.code])
    reading.missing = [unit for unit in expected if unit.code not in seen]
    if any_feature and expected and not seen:
        reading.refuse(
            "features",
            f"none bears the code of any of the {len(expected)} units of this kind and period; {REMEDY_CODE}",
        )
        return
    for unit in reading.missing if any_feature else ():
        reading.warn(f"unit {unit.code}", f"{unit.name} is in no feature; it will have no area on the map")
    _find_overlaps(reading)


def _find_overlaps(reading: Reading) -> None:
    sized: list[tuple[Area, Box, float]] = []
    for area in reading.areas:
        rings = area.rings
        # A region counts a point as inside when an odd number of its rings hold it: outer ring less holes.
        size = sum(
            abs(signed_area(polygon[0])) - sum(abs(signed_area(r)) for r in polygon[1:]) for polygon in area.polygons
        )
        box = bounding_box(rings)
        for other, other_box, other_size in sized:
            if not boxes_meet(box, other_box):
                continue
            share = shared_area(rings, other.rings) / min(size, other_size)
            if share > OVERLAP:
                smaller = area if size < other_size else other
                reading.refuse(
                    f"{other.where} and {area.where}",
                    f"{other.unit.name} and {area.unit.name} overlap by {share:.1%} of {smaller.unit.name}; "
                    f"at most {OVERLAP:.1%} may; mend the borders",
                )
        sized.append((area, box, size))


def as_geojson(reading: Reading, name: str) -> bytes:
    """The boundaries fit to draw: outer rings clockwise, holes the other way, decimals cut, the register's names.

    Of the file's own properties only the attribution is kept. The same boundaries give the same bytes.
    """
    features = []
    for area in reading.areas:
        polygons = [
            [_closed(wound(ring, clockwise=number == 0)) for number, ring in enumerate(polygon)]
            for polygon in area.polygons
        ]
        geometry = (
            {"type": "Polygon", "coordinates": polygons[0]}
            if len(polygons) == 1
            else {"type": "MultiPolygon", "coordinates": polygons}
        )
        properties = {"code": area.unit.code, "name": area.unit.name}
        features.append({"type": "Feature", "id": area.unit.code, "properties": properties, "geometry": geometry})
    document = {
        "type": "FeatureCollection",
        "properties": {"name": name, "kind": "map-pack", "attribution": reading.attribution},
        "features": features,
    }
    return msgspec.json.encode(document)


def _closed(ring: Ring) -> list[list[float]]:
    points = [[round(x, DECIMALS), round(y, DECIMALS)] for x, y in ring]
    return [*points, points[0]]


def _shown(value: Any) -> str:
    """A value as a message quotes it: short."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:77]}..."
