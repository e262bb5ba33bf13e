"""Bringing a database from before migrations to revision 0001: what that lacks of tables, columns and indexes."""

from __future__ import annotations

import logging

from sqlalchemy import Column, Connection, Table, inspect
from sqlalchemy.schema import CreateColumn

from opscentre.store import standings
from opscentre.store.migrations.baseline import metadata
from opscentre.store.revisions import OtherSchema

log = logging.getLogger(__name__)


def adopt(connection: Connection) -> None:
    """Make the tables, columns and indexes that are missing.

    Raises ``OtherSchema`` where rows are there already that nobody could give the missing column's value.
    """
    known = inspect(connection)
    there = set(known.get_table_names())
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
    if "dossiers" in there and "standings" not in there:
        log.info("writing the narrow rows of the dossiers that an earlier release kept")
        standings.bring_up(connection, metadata.tables["dossiers"], metadata.tables["standings"])


def _add(connection: Connection, table: Table, column: Column) -> None:
    if not column.nullable and column.server_default is None:
        raise OtherSchema(
            f"the database's table {table.name!r} has no column {column.name!r}: an earlier release made it, and this "
            "one cannot complete it; keep the release that made it, or begin with an empty database"
        )
    log.info("adding the column %s.%s to the database", table.name, column.name)
    wanted = CreateColumn(column).compile(dialect=connection.dialect)
    connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {wanted}")
