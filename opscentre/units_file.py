"""Reads the units of a profile: ``units.csv`` and, where there is one, ``aliases.csv``."""

from __future__ import annotations

from pathlib import Path

import msgspec

from opscentre.domain.units import Alias, Unit, Units, UnitsError
from opscentre.profile_rows import ProfileError, read_rows

#: Columns of ``units.csv``; those after ``group`` may be left out.
COLUMNS = (
    "code", "name", "kind", "group", "short", "parent", "valid_from", "valid_to", "successor",
    "latitude", "longitude", "area_km2", "note",
)  # fmt: skip
REQUIRED = COLUMNS[:4]
#: Columns of ``aliases.csv``; ``note`` may be left out.
ALIAS_COLUMNS = ("alias", "code", "note")


def read_units(folder: Path, province: str = "") -> Units:
    """The units of a profile folder, with the spellings that its ``aliases.csv`` adds.

    ``province`` is the province's name: sources like to write it after a unit's. Raises ``ProfileError``.
    """
    path, aliases = folder / "units.csv", folder / "aliases.csv"
    units = _units(path)
    known = _aliases(aliases) if aliases.is_file() else []
    try:
        return Units(units, known, province)
    except UnitsError as error:
        raise ProfileError(f"{aliases if error.alias else path}: {error}") from None


def _units(path: Path) -> list[Unit]:
    units = []
    lines: dict[str, int] = {}
    for line, row in read_rows(path, COLUMNS, REQUIRED):
        values: dict[str, object] = {
            column: value for column, value in row.items() if column not in ("successor", "note")
        }
        values["successors"] = [code.strip() for code in row.get("successor", "").split(";") if code.strip()]
        try:
            unit = msgspec.convert(values, Unit, strict=False)
        except msgspec.ValidationError as error:
            raise ProfileError(f"{path}, line {line}: {error}; row seen: {row}") from None
        if unit.code in lines:
            raise ProfileError(
                f"{path}, line {line}: code {unit.code!r} stands in line {lines[unit.code]} too; every unit needs a "
                "code of its own, also one that was given another name"
            )
        if wrong := contradiction(unit):
            raise ProfileError(f"{path}, line {line}, unit {unit.code!r}: {wrong}")
        lines[unit.code] = line
        units.append(unit)
    return units


def contradiction(unit: Unit) -> str:
    """What no unit can be, and after a semicolon what to do; empty: nothing."""
    if unit.valid_from and unit.valid_to and unit.valid_to < unit.valid_from:
        return f"valid_to {unit.valid_to} lies before valid_from {unit.valid_from}; valid_to is the last day"
    if unit.successors and not unit.valid_to:
        return f"it has a successor ({'; '.join(unit.successors)}) but no valid_to; give the last day it was there"
    if (unit.latitude is None) != (unit.longitude is None):
        return f"latitude {unit.latitude} and longitude {unit.longitude}: give both or neither"
    if abs(unit.latitude or 0) > 90 or abs(unit.longitude or 0) > 180:
        return f"latitude {unit.latitude}, longitude {unit.longitude}: want degrees, latitude first"
    if unit.area_km2 is not None and not 0 < unit.area_km2 < 1e6:
        return f"area_km2 {unit.area_km2}: want square kilometres above 0, or an empty cell where it is not known"
    return ""


def _aliases(path: Path) -> list[Alias]:
    return [
        Alias(row.get("alias", ""), row.get("code", ""), line)
        for line, row in read_rows(path, ALIAS_COLUMNS, ALIAS_COLUMNS[:2])
    ]
