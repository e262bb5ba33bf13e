"""``/admin/quarantine``: records that were refused, counted by source, department and reason, and one by one."""

from __future__ import annotations

from dashboard.admin.room import Asked, Room, Values
from opscentre.access.rights import Action
from opscentre.clock import wall_ms
from opscentre.domain.anomalies import KINDS
from opscentre.sources import read_sources
from opscentre.store import quarantine

NAME = "quarantine"
RIGHT = Action.administer_sources
DEEDS: dict = {}
#: Records that are listed.
_LISTED = 100
#: Stands in an address for "of which unit cannot be told".
_NOBODY = "-"


def values(room: Room, asked: Asked) -> Values:
    """The counts of all, and the newest records of what the address chooses."""
    chosen = {name: asked.query.get(name) or None for name in ("source", "unit", "reason")}
    unit = "" if chosen["unit"] == _NOBODY else chosen["unit"]
    wanted = quarantine.Asked(source=chosen["source"], unit=unit, reason=chosen["reason"])
    found, count = quarantine.entries(room.store, wanted, _LISTED)
    words, units = asked.words, room.profile.units

    def why(reason: str) -> str:
        key = f"quarantine.reason.{reason}"
        return words(key) if words.has(key) else KINDS[reason].sentence if reason in KINDS else reason

    return {
        "sums": [one for one in quarantine.summary(room.store, quarantine.Asked(), wall_ms()) if one.open],
        "entries": found,
        "count": count,
        "chosen": {name: value for name, value in chosen.items() if value},
        "names": {one.code: one.name for one in read_sources(room.profile, room.settings)},
        "unit_name": lambda code: units[code].name if code else words("quarantine.nobody"),
        "why": why,
        "nobody": _NOBODY,
    }
