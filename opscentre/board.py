"""The progress table read back from SQL: the figures as of any moment, and the check on the live board."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Engine

from opscentre.domain.counting import count_table, table_document
from opscentre.domain.moments import iso
from opscentre.profile import Profile
from opscentre.store.journal import states_received_before


def look_back(
    engine: Engine, profile: Profile, start: int, end: int, now: int, units_on: dt.date | None = None
) -> dict[str, Any]:
    """The progress table of DOMAIN §4 for [start, end), as of ``now`` or of ``end`` when that is past.

    Its rows are the units of the period's last day; ``units_on`` names another day to see it from, so that a former
    department's numbers stand under its successor.
    """
    at = min(now, end)
    units = profile.units.at(units_on) if units_on else profile.units.current(at if now < end else end - 1)
    rows = count_table(states_received_before(engine, at), start, end, at)
    return {
        "profile": profile.slug,
        "from": period_end(start),
        "to": period_end(end),
        "as_of": iso(at),
        **table_document(rows, units),
    }


def period_end(at: int) -> str:
    """A period's bound as a person writes it: the date alone at midnight, else date and time."""
    text = iso(at)
    return text[:10] if text[11:19] == "00:00:00" else text[:19]
