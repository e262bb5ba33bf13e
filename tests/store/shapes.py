"""What a database's tables are in truth, read from its own catalogue, so that two can be held to one another."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Connection,
    Double,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    insert,
    text,
)

from opscentre.store import schema
from opscentre.store.migrations import runner

#: Of alembic itself.
LEFT_OUT = ("alembic_version",)


def shape(connection: Connection) -> dict[str, Any]:
    """Every table's columns (type, whether NULL is allowed, default, place in the primary key), indexes, triggers."""
    if connection.dialect.name == "postgresql":
        columns = connection.execute(
            text(
                "SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default"
                " FROM information_schema.columns WHERE table_schema = current_schema()"
            )
        ).all()
        indexes = connection.execute(
            text("SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = current_schema()")
        ).all()
        triggers = connection.execute(
            text(
                "SELECT tgrelid::regclass::text, pg_get_triggerdef(t.oid), p.prosrc FROM pg_trigger t"
                " JOIN pg_proc p ON p.oid = tgfoid WHERE NOT tgisinternal"
            )
        ).all()
    else:
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
        columns = [
            (name, *row[1:]) for name in names for row in connection.exec_driver_sql(f"PRAGMA table_info({name})")
        ]
        indexes = connection.execute(text("SELECT tbl_name, sql FROM sqlite_master WHERE type = 'index'")).all()
        triggers = connection.execute(
            text("SELECT tbl_name, replace(sql, ' IF NOT EXISTS', '') FROM sqlite_master WHERE type = 'trigger'")
        ).all()
    found = {f"{row[0]}.{row[1]}": tuple(row[2:]) for row in columns if row[0] not in LEFT_OUT}
    found["indexes"] = sorted(re.sub(r"\s+", " ", str(row[1])) for row in indexes if row[0] not in LEFT_OUT)
    found["triggers"] = sorted(map(str, triggers))
    return found


def before_revisions(engine: Engine) -> None:
    """Leave a database as the last release before there were revisions made it, with what it holds."""
    with schema.whoever_migrates(engine) as connection:
        runner.run(connection, "0001", back=True)
        connection.execute(text("DROP TABLE alembic_version"))


def fill(connection: Connection, metadata: MetaData) -> None:
    """One row in every table, with a value in every column."""
    for table in metadata.sorted_tables:
        connection.execute(insert(table).values({column.name: _value(column) for column in table.columns}))


def rows(connection: Connection, metadata: MetaData) -> dict[str, list[tuple[Any, ...]]]:
    """All that the tables hold, in the columns that they have there."""
    return {
        table.name: [row._tuple() for row in connection.execute(table.select())] for table in metadata.sorted_tables
    }


def _value(column: Any) -> Any:
    kind = column.type
    if isinstance(kind, LargeBinary):
        return b"{}"
    if isinstance(kind, Boolean):
        return True
    if isinstance(kind, Double):
        return 1.5
    if isinstance(kind, (Integer, BigInteger, SmallInteger)):
        return 7
    return column.name[:4]
