"""Counts for the pages: the progress table by unit, field or procedure, from the narrow rows; exact at any moment.

Dossiers whose moments were all past at the moment asked about, and those that went straight from reception to their
end, are counted by SQL; the few others (under way at that moment, and paused at some time) are decoded and counted one
by one by ``opscentre.domain.counting.table_cells``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Engine, Select, and_, case, func, literal, not_, or_, select

from opscentre.access import scope
from opscentre.domain.counting import (
    CARRIED,
    CELLS,
    EARLY,
    LATE,
    PAUSED_LATE,
    PROCESS_LATE,
    PROCESS_OK,
    RECEIVED_CELL,
    table_cells,
)
from opscentre.domain.fold import DossierState
from opscentre.domain.listing import By, Filters
from opscentre.store import tables
from opscentre.store.engine import reading

_decode = msgspec.json.Decoder(DossierState).decode
_row = tables.standings.c
#: States fetched at a time.
_PAGE = 2_000


def within(unit: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    """The conditions that the scope of now puts on a column of units' codes; every query of rows has them."""
    units = scope.current().units
    return [] if units is None else [unit.in_(units)]


def chosen(filters: Filters) -> list[ColumnElement[bool]]:
    """The conditions that filters, and the scope of now, put on the narrow rows."""
    found = within(_row.unit)
    if filters.units is not None:
        found.append(_row.unit.in_(filters.units))
    for column, wanted in ((_row.field, filters.field), (_row.procedure, filters.procedure)):
        if wanted is not None:
            found.append(column == wanted)
    if filters.channel is not None:
        found.append(_row.channel == filters.channel)
    return found


def count(engine: Engine, by: By, start: int, end: int, at: int, filters: Filters) -> dict[str, list[int]]:
    """The 11 cells of the progress table by unit, field or procedure code, for [start, end) as of ``at`` (DOMAIN §4).

    Equal to ``count_table`` over the states of the dossiers that the filters leave.
    """
    key = _row[by]
    rows: dict[str, list[int]] = {}
    with reading(engine).connect() as connection:
        for code, came, stands, number in connection.execute(_told(key, start, end, at, filters)):
            row = rows.setdefault(code, [0] * len(CELLS))
            row[came] += number
            row[stands] += number
        for code, cells in _under_way(connection, key, start, end, at, filters):
            row = rows.setdefault(code, [0] * len(CELLS))
            for cell in cells:
                row[cell] += 1
    return rows


def _told(key: ColumnElement[Any], start: int, end: int, at: int, filters: Filters) -> Select:
    """Counts of the dossiers whose narrow row tells how they stood at the moment asked about."""
    looking, last = min(at, end), min(at, end - 1)
    came = case(
        (_row.received < start, literal(CARRIED)),
        *((_row.channel == channel, literal(cell)) for channel, cell in RECEIVED_CELL.items()),
    )
    is_end = _row.stands.between(EARLY, LATE)
    in_process = case((_row.due < looking, literal(PROCESS_LATE)), else_=literal(PROCESS_OK))
    stands = case(
        # Its end had not come yet: it was in process, or the row would not tell.
        (and_(is_end, _row.since > last), in_process),
        (_row.stands == PROCESS_OK, in_process),
        else_=_row.stands,
    )
    counted = or_(and_(is_end, _row.since >= min(start, last + 1)), _row.stands.between(PROCESS_OK, PAUSED_LATE))
    return (
        select(key, came, stands, func.count())
        .where(counted, _row.received < looking, or_(_row.last_moment < looking, _row.plain), *chosen(filters))
        .group_by(key, came, stands)
    )


def _under_way(
    connection: Any, key: ColumnElement[Any], start: int, end: int, at: int, filters: Filters
) -> Iterator[tuple[str, tuple[int, int]]]:
    """The cells of each other dossier, from its state."""
    looking = min(at, end)
    dossier = tables.dossiers.c
    query = (
        select(key, dossier.state)
        .join(tables.dossiers, and_(dossier.source == _row.source, dossier.number == _row.number))
        .where(not_(_row.plain), _row.last_moment >= looking, _row.received < looking, *chosen(filters))
        .execution_options(yield_per=_PAGE)
    )
    for code, state in connection.execute(query):
        cells = table_cells(_decode(state), start, end, at)
        if cells:
            yield code, cells


def first_received(engine: Engine) -> int | None:
    """When the oldest dossier known was received: before it there is no data at all."""
    with reading(engine).connect() as connection:
        return connection.execute(select(func.min(_row.received))).scalar()
