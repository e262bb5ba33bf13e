"""Who hears: the rows of ``recipients.csv``, and whom a role of a unit means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import msgspec

from opscentre.domain.units import Units

#: A row for every unit that has none of its own: ``{unit}`` in its address becomes the unit's code.
EVERY_UNIT = "*"
#: Who hears where a unit has nobody of that role.
LAST_RESORT = "ops"

#: What stands for the unit in the key of a recipient of the province.
PROVINCE = "province"

#: What a mail may be written in.
Language = Literal["vi", "en"]
DigestKind = Literal["morning", "evening"]
ChannelName = Literal["smtp", "webhook", "apprise"]
_PLAIN = re.compile(r"[^a-z0-9]+")


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """One row: a role of a unit, and where it is reached."""

    #: Code of the unit; empty: the province; ``*``: every unit that has no row of its own for the role.
    unit: str = ""
    #: ``desk``, ``head``, ``vice-chair``, ``chair``, ``ops``, or whatever the rules name.
    role: str
    #: How a mail speaks to it: an office, not a person.
    name: str = ""
    #: A mail address, a URL (webhook), or the name of an environment variable (apprise).
    address: str
    channel: ChannelName = "smtp"
    #: Which digest it wants beside its alerts; empty: none.
    digest: DigestKind | Literal[""] = ""
    #: Whether it wants the ranking of the week.
    weekly: Literal["yes", ""] = ""
    #: What its mails are written in; empty: Vietnamese.
    language: Language | Literal[""] = ""
    note: str = ""

    @property
    def tongue(self) -> Language:
        """The language of its mails."""
        return self.language or "vi"

    @property
    def key(self) -> str:
        """Stable identity: what was told to whom is remembered under it."""
        return f"{self.role}@{self.unit or PROVINCE}"

    @property
    def domain(self) -> str:
        """The domain of a mail address; empty for other channels."""
        return self.address.rpartition("@")[2].lower() if self.channel == "smtp" else ""


class Recipients:
    """The recipients of an installation."""

    def __init__(self, rows: Sequence[Recipient]) -> None:
        self._by_place: dict[tuple[str, str], list[Recipient]] = {}
        for row in rows:
            self._by_place.setdefault((row.unit, row.role), []).append(row)

    def __len__(self) -> int:
        return sum(len(rows) for rows in self._by_place.values())

    def of(self, role: str, unit: str, units: Units) -> list[Recipient]:
        """Whom a role means where something is about a unit (empty: about the province).

        The unit's own, else the row for every unit, else those of the unit it belongs to, up to the province.
        """
        code = unit
        while code:
            own = self._by_place.get((code, role)) or self._made_for(code, role)
            if own:
                return own
            code = units[code].parent if code in units.by_code else ""
        return self._by_place.get(("", role), [])

    def above(self, one: Recipient, units: Units) -> list[Recipient]:
        """Who has a recipient's role at the unit that its own belongs to, up to the province; nobody: there is none."""
        if not one.unit:
            return []
        parent = units[one.unit].parent if one.unit in units.by_code else ""
        return [other for other in self.of(one.role, parent, units) if other.key != one.key]

    def by_calendar(self, units: Units) -> list[Recipient]:
        """Everyone who wants a digest or the ranking."""
        return [one for one in self.all(units) if one.digest or one.weekly]

    def all(self, units: Units) -> list[Recipient]:
        """Everyone, of the province and of the units there are."""
        roles = {role for _, role in self._by_place}
        found = {one.key: one for role in roles for unit in units.all for one in self.of(role, unit.code, units)}
        found |= {one.key: one for role in roles for one in self.of(role, "", units)}
        return list(found.values())

    def by_key(self, key: str, units: Units) -> Recipient | None:
        """The recipient of a key that was remembered; None where there is none any more."""
        role, _, unit = key.rpartition("@")
        found = self.of(role, "" if unit == PROVINCE else unit, units)
        return next((one for one in found if one.key == key), None)

    def _made_for(self, unit: str, role: str) -> list[Recipient]:
        name = _PLAIN.sub("-", unit.lower()).strip("-")
        return [
            msgspec.structs.replace(row, unit=unit, address=row.address.replace("{unit}", name))
            for row in self._by_place.get((EVERY_UNIT, role), [])
        ]
