"""Laying the schema, and completing that of a database which an earlier release laid."""

from __future__ import annotations

import logging

from sqlalchemy import Column, Connection, Table, inspect
from sqlalchemy.schema import CreateColumn

from opscentre.store import standings, tables
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
    for table in metadata.sorted_tables:
        if table.name not in there:
            continue
        columns = {column["name"] for column in known.get_columns(table.name)}
        for column in table.columns:
            if column.name not in columns:
                _add(connection, table, column)
        indexes = {index["name"] for index in known.get_indexes(table.name)}
        for index in table.indexes:
            if index.name not in indexes:
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
