"""Administrative procedures of a province: who handles them, what they cost, how long they may take (DOMAIN §3)."""

from __future__ import annotations

from typing import Literal

import msgspec

from opscentre.domain.calendar import Calendar
from opscentre.domain.deadlines import due_moment
from opscentre.domain.units import Unit


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
        """Codes of the departments that handle it (§3)."""
        return tuple(code for code in self.departments.split(";") if code)

    def handled_by(self, unit: Unit) -> bool:
        """Whether a unit receives dossiers of this procedure (§3)."""
        if unit.group == "III":
            return self.level != "dept"
        return self.level != "commune" and unit.code in self.handlers

    def due(self, received: int, calendar: Calendar) -> int | None:
        """The due moment of a dossier received at a moment (DOMAIN §3); ``None`` where there is none."""
        return due_moment(self.limit, received, calendar)
