"""Bringing a database to the newest revision when it is opened: by one process, while the others wait."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from opscentre.store.all_tables import metadata
from opscentre.store.revisions import FOLDER, OtherSchema, Standing, fits, head, standing

__all__ = ["OtherSchema", "bring_up_to_date", "whoever_migrates"]

log = logging.getLogger(__name__)

#: Of PostgreSQL's advisory locks: held by the session that migrates.
_LOCK = 0x0905CE
#: Seconds between two looks whether another process has done it.
_LOOK_AGAIN = 0.1
_BASELINE = "0001"


def bring_up_to_date(engine: Engine, folder: Path = FOLDER, to: str | None = None) -> None:
    """Make the tables of an empty database, or run the revisions that an older one lacks, up to the newest or ``to``.

    Raises ``OtherSchema`` for a database that is too new, or too old, for this release.
    """
    with engine.execution_options(sqlite_begin="DEFERRED").connect() as connection:
        found = standing(connection)
    if fits(found, folder):
        if found.revision != head(folder):
            log.warning("the database is at the newer revision %s, on which this release works too", found.revision)
        return
    with whoever_migrates(engine) as connection:
        found = standing(connection)
        if not fits(found, folder):
            _migrate(connection, found, folder, to or head(folder))


@contextmanager
def whoever_migrates(engine: Engine) -> Iterator[Connection]:
    """A connection on which alone the schema is changed, once it is this process's turn.

    On SQLite all that is done on it is one transaction. On PostgreSQL it has none: each revision has its own, so that
    one may build an index without stopping who writes.
    """
    if engine.dialect.name != "postgresql":
        with engine.begin() as connection:
            yield connection
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as guard, engine.connect() as connection:
        waiting = False
        # Asked again and again instead of waited for: whoever waits within a statement is waited for by an index
        # that is built concurrently.
        while not guard.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK}):
            if not waiting:
                log.info("another process is bringing the database up to date; waiting for it")
            waiting = True
            time.sleep(_LOOK_AGAIN)
        try:
            yield connection
            connection.commit()
        finally:
            guard.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})


def _migrate(connection: Connection, found: Standing, folder: Path, to: str) -> None:
    from opscentre.store.migrations import adoption, runner

    begun = time.monotonic()
    if found.empty and folder == FOLDER and to == head():
        # As a test holds: the same as all revisions one after the other, and quicker.
        metadata.create_all(connection, checkfirst=False)
        runner.stamp(connection, to)
        return
    if found.revision is None and found.tables:
        log.info("the database is from before revisions; completing it")
        adoption.adopt(connection)
        runner.stamp(connection, _BASELINE)
    if connection.dialect.name == "postgresql":
        connection.commit()
    runner.run(connection, to, folder=folder)
    spent = time.monotonic() - begun
    log.info("the database went from revision %s to %s in %.1f s", found.revision or "none", to, spent)
