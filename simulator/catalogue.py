"""The procedures of a profile (``procedures.csv``): names, limits, and how often each is asked for.

The codes have the national form, but the catalogue is for demonstrations: limits and frequencies are
plausible, not law.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Literal

import msgspec

from opscentre.domain.calendar import Calendar
from opscentre.domain.moments import DAY, HOUR, day_number, day_start
from opscentre.domain.units import Unit

#: Same-day procedures: what is received before this time of day is due at closing, else a working day later.
SAME_DAY_UNTIL = 15 * HOUR
#: Of a procedure of level ``both``, this share is asked for at the departments.
DEPARTMENT_SHARE = 0.1

_LIMIT = re.compile(r"(\d+)(d|h|cd)")


class CatalogueError(Exception):
    """``procedures.csv`` cannot be used: file, line, the value seen and what to do."""


class Procedure(msgspec.Struct, frozen=True, kw_only=True):
    """One administrative procedure."""

    code: str
    name: str
    #: Field code and name (MaLinhVuc, TenLinhVuc).
    field: str
    field_name: str
    level: Literal["dept", "commune", "both"]
    #: Codes of the departments that handle it, separated by semicolons.
    departments: str = ""
    #: ``3d`` working days, ``8h`` working hours, ``5cd`` calendar days, ``same-day``, or empty for no due date.
    limit: str = ""
    #: Fee in đồng; 0: free of charge.
    fee: int = 0
    #: ``toàn trình``, ``một phần``, or empty where it is not offered online.
    service: Literal["toàn trình", "một phần", ""] = ""
    #: Dossiers a working day in the whole province.
    daily: float = 1.0

    def handled_by(self, unit: Unit) -> bool:
        """Whether a unit receives dossiers of this procedure."""
        if unit.group == "III":
            return self.level != "dept"
        return self.level != "commune" and unit.code in self.departments.split(";")

    def due(self, received: int, calendar: Calendar) -> int | None:
        """The due moment of a dossier received at a moment (DOMAIN §3); ``None`` where there is none."""
        return due_moment(self.limit, received, calendar)


def due_moment(limit: str, received: int, calendar: Calendar) -> int | None:
    """When a dossier with a limit is due; the time of reception is taken at the next working moment."""
    if not limit:
        return None
    at = calendar.next_working_moment(received)
    day = day_number(at)
    if limit == "same-day":
        until = day if at - day_start(day) < SAME_DAY_UNTIL else calendar.next_working_day(day)
        return day_start(until) + calendar.hours[-1][1]
    found = _LIMIT.fullmatch(limit)
    if found is None:
        raise ValueError(f"limit {limit!r}: want 3d, 8h, 5cd, same-day or nothing")
    count, kind = int(found[1]), found[2]
    if kind == "d":
        return calendar.add_working_days(at, count)
    if kind == "h":
        return calendar.add_working_time(at, count * HOUR)
    falls = at + count * DAY
    if calendar.is_working_day(day_number(falls)):
        return falls
    return day_start(calendar.next_working_day(day_number(falls))) + calendar.hours[0][0]


def read_catalogue(path: Path) -> tuple[Procedure, ...]:
    """The procedures of a profile, in the file's order. Raises ``CatalogueError``."""
    if not path.is_file():
        raise CatalogueError(f"{path} is missing: the simulator needs the profile's procedures")
    found: dict[str, Procedure] = {}
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        for row in reader:
            where = f"{path}, line {reader.line_num}"
            try:
                procedure = msgspec.convert({k: v for k, v in row.items() if v}, Procedure, strict=False)
            except msgspec.ValidationError as error:
                raise CatalogueError(f"{where}: {error}; row seen: {row}") from None
            if procedure.limit not in ("", "same-day") and not _LIMIT.fullmatch(procedure.limit):
                raise CatalogueError(f"{where}: limit {procedure.limit!r}: want 3d, 8h, 5cd, same-day or nothing")
            if procedure.code in found:
                raise CatalogueError(f"{where}: procedure {procedure.code!r} is there twice; keep one row")
            found[procedure.code] = procedure
    return tuple(found.values())
