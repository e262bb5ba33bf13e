"""Dated numbers that sources feed: written when they change, read as the newest of each code."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Engine, func, select

from opscentre.store import tables
from opscentre.store.engine import reading, upsert


class FedFigure(msgspec.Struct, frozen=True, kw_only=True):
    """One number of one moment from one source."""

    code: str
    #: The moment it is of, and when it was first seen with this value (ms); a day's figure is of its midnight.
    as_of: int
    value: float
    unit: str
    source: str
    seen_at: int


def write_figures(engine: Engine, figures: Sequence[FedFigure]) -> int:
    """Keep figures; a number that is known stays as it is. Returns how many were new or had changed."""
    if not figures:
        return 0
    column = tables.figures.c
    sources = {figure.source for figure in figures}
    with engine.begin() as connection:
        query = select(column.source, column.code, column.as_of, column.value, column.unit)
        rows = connection.execute(query.where(column.source.in_(sources)))
        known = {(row.source, row.code, row.as_of): (row.value, row.unit) for row in rows}
        fresh = [
            msgspec.structs.asdict(figure)
            for figure in figures
            if known.get((figure.source, figure.code, figure.as_of)) != (figure.value, figure.unit)
        ]
        upsert(connection, tables.figures, fresh, update=["value", "unit", "seen_at"])
    return len(fresh)


def newest_figures(engine: Engine, until: int | None = None) -> list[FedFigure]:
    """The newest number of every code, by code; ``until``: as it stood at that moment (ms).

    Of two sources with one moment the number that was seen last counts.
    """
    table = tables.figures
    order = (table.c.as_of.desc(), table.c.seen_at.desc(), table.c.source)
    rank = func.row_number().over(partition_by=table.c.code, order_by=order).label("place")
    inner = select(table, rank)
    if until is not None:
        inner = inner.where(table.c.as_of <= until)
    ranked = inner.subquery()
    query = select(*(ranked.c[column.name] for column in table.c)).where(ranked.c.place == 1).order_by(ranked.c.code)
    with reading(engine).connect() as connection:
        return [FedFigure(**row._mapping) for row in connection.execute(query)]
