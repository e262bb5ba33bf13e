"""The narrow rows that pages count and list by: one a dossier, written with it, a function of its state.

A dossier's own row carries its whole state, some kilobytes of it; counting a million of those would read gigabytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, insert, select

from opscentre.domain.final_standing import final_standing
from opscentre.domain.fold import DossierState
from opscentre.domain.listing import sought
from opscentre.store import bulk, tables

_decode = msgspec.json.Decoder(DossierState).decode
_COLUMNS = [column.name for column in tables.standings.columns if not column.primary_key]
#: Rows brought up at a time where a database is older than the table.
_PAGE = 2_000


def row_of(state: DossierState, open_due: int | None, reception_due: int | None) -> dict[str, Any]:
    """The narrow row of a dossier; the two due moments are its own row's."""
    snapshot = state.snapshot
    found = final_standing(state)
    return {
        "source": snapshot.source,
        "number": snapshot.number,
        "sought": sought(snapshot.number),
        "unit": snapshot.unit,
        "field": snapshot.field,
        "procedure": snapshot.procedure,
        "channel": snapshot.channel,
        "received": snapshot.received,
        "stands": found.stands,
        "since": found.since,
        "due": found.due,
        "last_moment": found.last_moment,
        "plain": found.plain,
        "moved": snapshot.version,
        "open_due": open_due,
        "reception_due": reception_due,
    }


def write(
    connection: Connection, dossiers: Sequence[Mapping[str, Any]], states: Sequence[DossierState] | None = None
) -> None:
    """Write the narrow rows of dossiers' rows, in the transaction that writes those.

    ``states`` are the rows' own, where they need not be decoded once more.
    """
    known = (_decode(row["state"]) for row in dossiers) if states is None else states
    rows = [row_of(state, row["open_due"], row["reception_due"]) for row, state in zip(dossiers, known, strict=True)]
    bulk.upsert(connection, tables.standings, rows, update=_COLUMNS)


def bring_up(connection: Connection, dossiers: Table, narrow: Table) -> None:
    """Write the narrow rows of an older database, once, in the transaction that makes their table.

    The two tables are given as they are in that database.
    """
    column, wanted = dossiers.c, {one.name for one in narrow.columns}
    after = ("", "")
    while True:
        page = connection.execute(
            select(column.source, column.number, column.state, column.open_due, column.reception_due)
            .where((column.source > after[0]) | ((column.source == after[0]) & (column.number > after[1])))
            .order_by(column.source, column.number)
            .limit(_PAGE)
        ).all()
        if not page:
            return
        rows = [row_of(_decode(row.state), row.open_due, row.reception_due) for row in page]
        connection.execute(insert(narrow), [{name: row[name] for name in wanted & row.keys()} for row in rows])
        after = (page[-1].source, page[-1].number)
