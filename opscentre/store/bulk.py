"""Many rows at once: COPY and one statement on PostgreSQL, one prepared statement run over them all on SQLite."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql

#: Fewer rows than this are sent quicker one by one than through COPY and a staging table.
COPIED_FROM = 100


def upsert(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, update: Iterable[str] | None = None
) -> None:
    """Insert rows; where the primary key is taken, write the ``update`` columns (None: keep the old row).

    Every row has the same columns, and no two rows the same primary key where there are columns to ``update``.
    Once a table and transaction: on PostgreSQL the staged rows stay until its end.
    """
    if not rows:
        return
    columns = tuple(rows[0])
    clause = _on_conflict(table, None if update is None else tuple(update))
    # A table of one column would give plain values instead of tuples: none has.
    values = map(itemgetter(*columns), rows)
    if connection.dialect.name == "postgresql" and len(rows) >= COPIED_FROM:
        _copy(connection, table, columns, values, clause)
        return
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    marks = ", ".join([mark] * len(columns))
    connection.exec_driver_sql(f"INSERT INTO {table.name} ({_names(columns)}) VALUES ({marks}) {clause}", list(values))


def _copy(
    connection: Connection, table: Table, columns: tuple[str, ...], values: Iterable[Sequence[Any]], clause: str
) -> None:
    staging = f"staging_{table.name}"
    # Of the session, emptied at the end of each transaction; without the indexes, which would only cost, but with
    # the defaults: a newer release may have added a column that this one knows nothing of. Not remembered as made: a
    # transaction that is rolled back takes it away again.
    like = f"LIKE {table.name} INCLUDING DEFAULTS"
    connection.exec_driver_sql(f"CREATE TEMPORARY TABLE IF NOT EXISTS {staging} ({like}) ON COMMIT DELETE ROWS")
    names = _names(columns)
    cursor = connection.connection.cursor()
    try:
        with cursor.copy(f"COPY {staging} ({names}) FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(_types(table, columns))
            for row in values:
                copy.write_row(row)
    finally:
        cursor.close()
    connection.exec_driver_sql(f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {staging} {clause}")


def _names(columns: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


@lru_cache
def _types(table: Table, columns: tuple[str, ...]) -> list[str]:
    """The names of PostgreSQL's types of the columns, without lengths."""
    dialect = postgresql.dialect()
    return [table.c[name].type.compile(dialect).split("(")[0].lower() for name in columns]


@lru_cache
def _on_conflict(table: Table, update: tuple[str, ...] | None) -> str:
    if update is None:
        return "ON CONFLICT DO NOTHING"
    keys = _names(column.name for column in table.primary_key)
    return f"ON CONFLICT ({keys}) DO UPDATE SET " + ", ".join(f'"{name}" = excluded."{name}"' for name in update)
