"""What collectors keep in SQL: cursors, and the rows they set aside."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Engine, func, select

from opscentre.store import tables
from opscentre.store.engine import insertion, reading, upsert


class SetAside(msgspec.Struct, kw_only=True):
    """One row of the quarantine. ``message`` holds no value of the record but the offending one, masked."""

    source: str
    reason: str
    place: str
    message: str
    digest: str
    seen_at: int
    number: str = ""
    field: str = ""
    severity: str = "rejected"
    #: Code of the unit, where the row lets it be told.
    unit: str = ""


def read_cursor(engine: Engine, source: str) -> str | None:
    """The cursor of a source, or None before its first poll."""
    with reading(engine).connect() as connection:
        query = select(tables.cursors.c.cursor).where(tables.cursors.c.source == source)
        return connection.execute(query).scalar()


def write_cursor(engine: Engine, source: str, cursor: str, at: int) -> None:
    """Move the cursor of a source: only after the pipe has acknowledged everything before it."""
    with engine.begin() as connection:
        row = {"source": source, "cursor": cursor, "written_at": at}
        upsert(connection, tables.cursors, [row], update=["cursor", "written_at"])


def set_aside(engine: Engine, rows: Sequence[SetAside]) -> None:
    """Keep bad rows; the same row with the same reason is kept once, and open again where it had come right."""
    if not rows:
        return
    column = tables.quarantine.c
    with engine.begin() as connection:
        statement = insertion(connection, tables.quarantine)
        again = statement.on_conflict_do_update(
            index_elements=["source", "digest", "reason", "field"],
            set_={"resolved_at": None, "unit": statement.excluded.unit},
            where=column.resolved_at.is_not(None),
        )
        connection.execute(again, [msgspec.structs.asdict(row) for row in rows])


def count_set_aside(engine: Engine, source: str) -> dict[str, int]:
    """How many refused rows of a source have not come right since, by the code of their unit (empty: unknown)."""
    column = tables.quarantine.c
    query = select(column.unit, func.count()).where(
        column.source == source, column.severity == "rejected", column.resolved_at.is_(None)
    )
    with reading(engine).connect() as connection:
        return {row[0]: row[1] for row in connection.execute(query.group_by(column.unit))}
