"""Settled dossiers: what they add, summed by SQL, so that a worker starts without their states; one by one when asked.

Only the numbers of ``domain.counting.settlement`` are summed here; what they mean is not known to SQL.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    ColumnClause,
    ColumnElement,
    Connection,
    Engine,
    func,
    literal_column,
    select,
    text,
    union_all,
)

from opscentre.domain.counting import DAILY, Held
from opscentre.domain.moments import DAY, HOUR, day_start
from opscentre.store import tables
from opscentre.store.engine import reading

#: Rows fetched at a time when a whole table is walked.
_PAGE = 2_000
_column = tables.dossiers.c
#: What daily sums are made by; a channel's code is its place among CHANNELS.
Dimension = Literal["unit", "field", "procedure", "channel"]
_HELD = tuple(_column[name] for name in Held._fields)


def made_by(engine: Engine) -> dict[int, tuple[int, int]]:
    """By which rules each partition's settlements were made, and under which claim they are kept."""
    column = tables.settlements.c
    with reading(engine).connect() as connection:
        rows = connection.execute(select(column.partition, column.rules, column.claim))
        return {row.partition: (row.rules, row.claim) for row in rows}


def counts(engine: Engine, partitions: Iterable[int]) -> dict[int, int]:
    """How many settled dossiers each partition has; none for one that has none."""
    query = select(_column.partition, func.count().label("dossiers")).where(
        _column.partition.in_(sorted(partitions)), _column.settled.is_not(None)
    )
    with reading(engine).connect() as connection:
        rows = connection.execute(query.group_by(_column.partition))
        return {row.partition: row.dossiers for row in rows}


def unsettled(engine: Engine, partition: int) -> Iterator[bytes]:
    """The encoded states of a partition's dossiers that are not settled."""
    query = select(_column.state).where(_column.partition == partition, _column.settled.is_(None))
    with reading(engine).connect() as connection:
        for (state,) in connection.execute(query.execution_options(yield_per=_PAGE)):
            yield state


def pages(engine: Engine, partition: int) -> Iterator[list[Held]]:
    """All of a partition's dossiers, settled or not, some at a time; each a ``Held``."""
    query = select(*_HELD).where(_column.partition == partition).execution_options(yield_per=_PAGE)
    with reading(engine).connect() as connection:
        for page in connection.execute(query).partitions():
            yield [Held(*row) for row in page]


def daily(
    engine: Engine, partitions: Iterable[int], since: int, dimension: Dimension = "unit"
) -> Iterator[tuple[Any, ...]]:
    """(partition, day, code, the numbers of DAILY) of settled dossiers, for each day from ``since`` on."""
    number = _column.settled
    code = number // _number(3) if dimension == "channel" else _column[dimension]
    halves = [
        select(_column.partition, _day(moment).label("day"), code.label("code"), cell.label("cell")).where(
            _column.partition.in_(sorted(partitions)), number >= 0, moment >= day_start(since)
        )
        for moment, cell in (
            (_column.received, number // _number(3)),
            (_column.finished, number % _number(3) + _number(3)),
        )
    ]
    each = union_all(*halves).subquery().c
    counts = [func.count().filter(each.cell == _number(cell)) for cell in range(len(DAILY))]
    query = select(each.partition, each.day, each.code, *counts).group_by(each.partition, each.day, each.code)
    with reading(engine).connect() as connection:
        yield from connection.execute(query.execution_options(yield_per=_PAGE)).tuples()


def hourly(engine: Engine, partitions: Iterable[int], since: int) -> list[tuple[int, int, int, int]]:
    """(partition, hour since the day ``since`` began, 0 received or 1 finished, how many) of settled dossiers."""
    start = day_start(since)
    halves = []
    for half, moment in enumerate((_column.received, _column.finished)):
        hour = (moment - _number(start)) // _number(HOUR)
        halves.append(
            select(_column.partition, hour, _number(half), func.count())
            .where(_column.partition.in_(sorted(partitions)), _column.settled >= 0, moment >= start)
            .group_by(_column.partition, hour)
        )
    with reading(engine).connect() as connection:
        return [row._tuple() for row in connection.execute(union_all(*halves))]


def _day(moment: ColumnElement[Any]) -> ColumnElement[Any]:
    return (moment + _number(-day_start(0))) // _number(DAY)


def _number(value: int) -> ColumnClause[int]:
    # In the statement's text: one that is sent apart is, to PostgreSQL, never the same one twice.
    return literal_column(str(value), BigInteger)


#: Looked up by the primary key, however many: a list of pairs would be planned as so many conditions.
_WANTED = {
    "postgresql": "unnest(cast(:sources AS varchar[]), cast(:numbers AS varchar[])) AS wanted(source, number)",
    "sqlite": (
        "(SELECT json_extract(value, '$[0]') AS source, json_extract(value, '$[1]') AS number"
        " FROM json_each(:pairs)) AS wanted"
    ),
}


def fetch(engine: Engine, keys: Sequence[tuple[str, str]]) -> list[Held]:
    """The dossiers of these (source, number) that SQL knows."""
    with reading(engine).connect() as connection:
        return [Held(*row) for row in connection.execute(*_fetching(connection, keys))]


def _fetching(connection: Connection, keys: Sequence[tuple[str, str]]) -> tuple[Any, dict[str, Any]]:
    dialect = connection.dialect.name
    columns = ", ".join(f"d.{name}" for name in Held._fields)
    condition = "d.source = wanted.source AND d.number = wanted.number"
    # CROSS JOIN keeps SQLite to this order; elsewhere it means nothing.
    query = text(f"SELECT {columns} FROM {_WANTED[dialect]} CROSS JOIN dossiers d WHERE {condition}")
    if dialect == "postgresql":
        return query, {"sources": [source for source, _ in keys], "numbers": [number for _, number in keys]}
    return query, {"pairs": json.dumps(keys)}
