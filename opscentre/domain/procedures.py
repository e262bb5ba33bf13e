"""Administrative procedures of a province: who handles them, what they cost, how long they may take (DOMAIN §3)."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from opscentre.domain.calendar import Calendar
from opscentre.domain.moments import DAY, HOUR, day_number, day_start
from opscentre.domain.units import Unit

#: Same-day procedures: what is received before this time of day is due at closing, else a working day later.
SAME_DAY_UNTIL = 15 * HOUR
LIMIT_WANTED = "3d (working days), 8h (working hours), 5cd (calendar days), same-day, or nothing for no due date"

_LIMIT = re.compile(r"(\d+)(d|h|cd)")


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

    @property
    def handlers(self) -> tuple[str, ...]:
        """Codes of the departments that handle it."""
        return tuple(code for code in self.departments.split(";") if code)

    def handled_by(self, unit: Unit) -> bool:
        """Whether a unit receives dossiers of this procedure."""
        if unit.group == "III":
            return self.level != "dept"
        return self.level != "commune" and unit.code in self.handlers

    def due(self, received: int, calendar: Calendar) -> int | None:
        """The due moment of a dossier received at a moment (DOMAIN §3); ``None`` where there is none."""
        return due_moment(self.limit, received, calendar)


def is_limit(text: str) -> bool:
    """Whether a text can be a procedure's limit."""
    return text in ("", "same-day") or _LIMIT.fullmatch(text) is not None


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
        raise ValueError(f"limit {limit!r}: want {LIMIT_WANTED}")
    count, kind = int(found[1]), found[2]
    if kind == "d":
        return calendar.add_working_days(at, count)
    if kind == "h":
        return calendar.add_working_time(at, count * HOUR)
    falls = at + count * DAY
    if calendar.is_working_day(day_number(falls)):
        return falls
    return day_start(calendar.next_working_day(day_number(falls))) + calendar.hours[0][0]
