"""Opening the database: SQLite with a write-ahead log where it is embedded, PostgreSQL in production."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url

from opscentre.settings import SettingsError
from opscentre.store.schema import bring_up_to_date

#: Seconds to wait for whoever has an SQLite file.
_PATIENCE = 30


def open_store(url: str) -> Engine:
    """An engine with the schema in place. ``url`` is an SQLAlchemy URL; a file's folder is made where missing.

    Raises ``OtherSchema`` for a database whose tables this release can neither use nor complete.
    """
    engine = connect(url)
    bring_up_to_date(engine)
    return engine


def connect(url: str) -> Engine:
    """An engine for a database, whatever is in it; a file's folder is made where missing, for its owner and group.

    Raises ``SettingsError`` where there can be no such folder.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        folder = Path(parsed.database).parent
        try:
            folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(
                f"OPSCENTRE_DATA, OPSCENTRE_DATABASE: the folder {folder} cannot be made ({error.strerror}); make it "
                "for this user, or name another one"
            ) from None
        engine = create_engine(url, connect_args={"timeout": _PATIENCE, "check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    else:
        engine = create_engine(url, pool_pre_ping=True)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    _log_ahead(connection)
    for pragma in ("synchronous=NORMAL", f"busy_timeout={_PATIENCE * 1000}", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")


def _log_ahead(connection: sqlite3.Connection) -> None:
    # The file's first change to a write-ahead log waits for nobody, whatever the busy timeout says: of several roles
    # that begin on a new file, one makes the change and the others ask again.
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


def _begin_immediate(connection: Connection) -> None:
    # A deferred transaction that reads first and writes later fails at once when another process wrote
    # between; one that is told to write from the start waits its turn. Readers ask for a plain BEGIN.
    mode = connection.get_execution_options().get("sqlite_begin", "IMMEDIATE")
    connection.exec_driver_sql(f"BEGIN {mode}")


def reading(engine: Engine) -> Engine:
    """The same database for readers: transactions that never take the write lock."""
    return engine.execution_options(sqlite_begin="DEFERRED")


def insertion(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT of the connection's own dialect: the two spell their conflict clauses alike."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def upsert(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    update: Iterable[str] | None = None,
) -> None:
    """Insert rows; where the primary key is taken, write the ``update`` columns (None: keep the old row)."""
    if not rows:
        return
    statement = insertion(connection, table)
    if update is None:
        statement = statement.on_conflict_do_nothing()
    else:
        keys = [column.name for column in table.primary_key]
        statement = statement.on_conflict_do_update(
            index_elements=keys, set_={name: statement.excluded[name] for name in update}
        )
    connection.execute(statement, list(rows))
