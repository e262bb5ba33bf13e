"""Running revisions by alembic: forward, back, as SQL to read, and marking a database that is at one already."""

from __future__ import annotations

import io
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from alembic import command, op
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, delete, insert

from opscentre.store.all_tables import metadata
from opscentre.store.revisions import FOLDER
from opscentre.store.tables import schema_revisions

#: The revision that lays the table in which revisions are noted.
_NOTED_SINCE = "0002"


def config(folder: Path = FOLDER, **attributes: Any) -> Config:
    """Alembic's settings: everything it needs is here, no file is read."""
    made = Config(attributes=attributes)
    made.set_main_option("script_location", str(folder))
    made.set_main_option("path_separator", "os")
    return made


def run(connection: Connection, to: str, *, back: bool = False, folder: Path = FOLDER) -> None:
    """Bring a database forward (or back) to a revision.

    Within a transaction of the caller's where there is one, else each revision in its own.
    """
    move = command.downgrade if back else command.upgrade
    move(config(folder, connection=connection), to)


def as_sql(dialect: str, since: str | None, to: str, *, back: bool = False, folder: Path = FOLDER) -> str:
    """The statements that would bring a database from one revision (None: an empty one) to another."""
    made = config(folder, dialect=dialect)
    made.output_buffer = written = io.StringIO()
    if back:
        command.downgrade(made, f"{since}:{to}", sql=True)
    else:
        command.upgrade(made, f"{since}:{to}" if since else to, sql=True)
    return written.getvalue()


def stamp(connection: Connection, revision: str, folder: Path = FOLDER) -> None:
    """Note that a database is at a revision already, with all that lead to it."""
    scripts = ScriptDirectory.from_config(config(folder))
    MigrationContext.configure(connection).stamp(scripts, revision)
    passed = [step for step in scripts.walk_revisions("base", revision) if step.revision >= _NOTED_SINCE]
    if passed:
        connection.execute(insert(schema_revisions), [_row(step.revision, step.module) for step in passed])


def note(*, step: Any, **_: Any) -> None:
    """Keep which releases work on a database, each time a revision was run on it (alembic's callback)."""
    revision = step.up_revision
    if revision.revision < _NOTED_SINCE:
        return
    if step.is_upgrade:
        op.execute(insert(schema_revisions).values(_row(revision.revision, revision.module)))
    elif revision.revision > _NOTED_SINCE:
        op.execute(delete(schema_revisions).where(schema_revisions.c.revision == revision.revision))


def differences(connection: Connection) -> Iterable[Any]:
    """What distinguishes a database from the tables that this release wants, as alembic tells it."""
    context = MigrationContext.configure(connection, opts={"compare_server_default": False})
    return compare_metadata(context, metadata)


def _row(revision: str, module: Any) -> dict[str, Any]:
    # Real time: when this machine did it, whatever the product's clock says.
    return {"revision": revision, "works_with": module.works_with, "applied_at": time.time_ns() // 1_000_000}
