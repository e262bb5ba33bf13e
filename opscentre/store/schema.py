"""Laying the schema, and completing that of a database which an earlier release laid."""

from __future__ import annotations

import logging

from sqlalchemy import Column, Connection, Table, inspect
from sqlalchemy.schema import CreateColumn

# Also those that no statement here names: the metadata knows what was imported.
from opscentre.store import (
    access_tables,  # noqa: F401
    standings,
    tables,
)
from opscentre.store.tables import metadata

log = logging.getLogger(__name__)


class OtherSchema(Exception):
    """The database holds a table that this release can neither use nor complete."""


def bring_up_to_date(connection: Connection) -> None:
    """Make the tables, columns and indexes that are missing.

    Raises ``OtherSchema`` where rows are there already that nobody could give the missing column's value.
    """
    known = inspect(connection)
    there = set(known.get_table_names())
    # All tables with one question each: a command line opens the database too.
    columns = {name: {one["name"] for one in found} for (_, name), found in known.get_multi_columns().items()}
    indexes = {name: {one["name"] for one in found} for (_, name), found in known.get_multi_indexes().items()}
    for table in metadata.sorted_tables:
        if table.name not in there:
            continue
        for column in table.columns:
            if column.name not in columns[table.name]:
                _add(connection, table, column)
        for index in table.indexes:
            if index.name not in indexes[table.name]:
                log.info("adding the index %s to the database", index.name)
                index.create(connection)
    metadata.create_all(connection, checkfirst=True)
    if tables.dossiers.name in there and tables.standings.name not in there:
        log.info("writing the narrow rows of the dossiers that an earlier release kept")
        standings.bring_up(connection)


def _add(connection: Connection, table: Table, column: Column) -> None:
    if not column.nullable and column.server_default is None:
        raise OtherSchema(
            f"the database's table {table.name!r} has no column {column.name!r}: an earlier release made it, and this "
            "one cannot complete it; keep the release that made it, or begin with an empty database"
        )
    log.info("adding the column %s.%s to the database", table.name, column.name)
    wanted = CreateColumn(column).compile(dialect=connection.dialect)
    connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {wanted}")
