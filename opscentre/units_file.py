"""The units of a profile: ``units.csv`` and, where there is one, ``aliases.csv``, read for roles and checked whole."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import msgspec

from opscentre.domain.units import Alias, Group, Unit, Units, UnitsError
from opscentre.table_file import Fault, ProfileError, Table, read_table


class UnitRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ``units.csv``; what follows ``group`` may be left out."""

    code: str
    name: str
    kind: str
    group: Group
    short: str = ""
    parent: str = ""
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    #: Codes of the units that took over, separated by semicolons.
    successor: str = ""
    latitude: float | None = None
    longitude: float | None = None
    area_km2: float | None = None
    note: str = ""

    @property
    def successors(self) -> tuple[str, ...]:
        """Codes of the units that took over."""
        return tuple(code.strip() for code in self.successor.split(";") if code.strip())

    def unit(self) -> Unit:
        """The row as the rules know it."""
        values = {name: getattr(self, name) for name in Unit.__struct_fields__}
        return Unit(**values)


class AliasRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ``aliases.csv``."""

    alias: str
    code: str
    note: str = ""


#: Columns of ``units.csv``, in the order in which a new one is written.
COLUMNS = UnitRow.__struct_fields__


def read_units(folder: Path, province: str = "") -> Units:
    """The units of a profile folder, with the spellings that its ``aliases.csv`` adds.

    ``province`` is the province's name: sources like to write it after a unit's. Raises ``ProfileError``.
    """
    table = check_units(folder / "units.csv")
    units, faults = check_aliases(folder / "aliases.csv", table, province)
    if units is None:
        raise ProfileError(str([*table.faults, *faults][0]))
    return units


def check_units(path: Path) -> Table[UnitRow]:
    """The units of a profile, and everything that is wrong with the file."""
    table = read_table(path, UnitRow, required=True)
    table.require_unique("code")
    codes = table.column("code")
    for row in table.rows:
        if wrong := _contradiction(row.value):
            table.blame(row, "", *wrong, "")
        for key, named in (("parent", (row.value.parent,)), ("successor", row.value.successors)):
            for code in named:
                if code and code not in codes:
                    table.blame(row, key, "no unit has this code", "want a code of this file", code)
    return table


def check_aliases(path: Path, units: Table[UnitRow], province: str) -> tuple[Units | None, list[Fault]]:
    """The units with their spellings, None where either file has a fault; and the faults of the spellings."""
    table = read_table(path, AliasRow)
    codes = units.column("code")
    for row in table.rows:
        if row.value.code not in codes:
            table.blame(row, "code", "no unit has this code", "want a code of units.csv")
    if units.faults or table.faults:
        return None, table.faults
    known = [Alias(row.value.alias, row.value.code, row.line) for row in table.rows]
    try:
        return Units([row.value.unit() for row in units.rows], known, province), []
    except UnitsError as error:
        told, _, remedy = str(error).rpartition("; ")
        file = path if error.alias else units.path
        return None, [Fault(file=file, told=told or str(error), remedy=remedy if told else "mend one of these rows")]


def _contradiction(unit: UnitRow) -> tuple[str, str] | None:
    """What no unit can be, and what to do."""
    if unit.valid_from and unit.valid_to and unit.valid_to < unit.valid_from:
        return f"valid_to {unit.valid_to} lies before valid_from {unit.valid_from}", "valid_to is the last day"
    if unit.successors and not unit.valid_to:
        told = f"it has a successor ({'; '.join(unit.successors)}) but no valid_to"
        return told, "give the last day it was there"
    if (unit.latitude is None) != (unit.longitude is None):
        return f"latitude {unit.latitude} and longitude {unit.longitude}", "give both or neither"
    if abs(unit.latitude or 0) > 90 or abs(unit.longitude or 0) > 180:
        return f"latitude {unit.latitude}, longitude {unit.longitude}", "want degrees, latitude first"
    if unit.area_km2 is not None and not 0 < unit.area_km2 < 1e6:
        remedy = "want square kilometres above 0, or an empty cell where it is not known"
        return f"area_km2 {unit.area_km2}", remedy
    return None
