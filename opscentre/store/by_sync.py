"""Dossiers shown as late only because their source was not heard since: how many by unit and clock, from SQL."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from sqlalchemy import Connection, and_, case, literal, select

from opscentre.domain.calendar import Calendar
from opscentre.domain.fold import DossierState
from opscentre.domain.lateness import LateBySync, late_by_sync
from opscentre.store import tables

_decode = msgspec.json.Decoder(DossierState).decode
_PAGE = 1_000
_narrow, _wide = tables.standings.c, tables.dossiers.c


def late_by_sync_of(
    connection: Connection, heard: Mapping[str, int | None], now: int, calendar: Calendar, source: str | None = None
) -> dict[str, LateBySync]:
    """By unit as its dossiers name it, of one source or of all; units without any are left out.

    ``heard``: until when each source's dossiers are known, in the product's time; None, or a source that is not
    among them: never. Only dossiers that fell due since then are decoded: a source that answers costs next to nothing.
    """
    known = {code: at for code, at in heard.items() if at is not None}
    since = case(known, value=_narrow.source, else_=0) if known else literal(0)
    found: dict[str, LateBySync] = {}
    for clock, due in (("processing", _narrow.open_due), ("reception", _narrow.reception_due)):
        query = (
            select(_narrow.source, _narrow.unit, _wide.state)
            .join(tables.dossiers, and_(_wide.source == _narrow.source, _wide.number == _narrow.number))
            .where(due < now, due >= since)
            .execution_options(yield_per=_PAGE)
        )
        if source is not None:
            query = query.where(_narrow.source == source)
        for row in connection.execute(query):
            if late_by_sync(_decode(row.state), known.get(row.source), now, calendar):
                count = found.setdefault(row.unit, LateBySync())
                setattr(count, clock, getattr(count, clock) + 1)
    return found
