"""Which revisions of the schema this release knows, at which one a database stands, and whether the two fit.

Nothing here needs alembic: a role that finds its database up to date, as nearly every start does, never loads it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, func, inspect, select, text

from opscentre.store.all_tables import metadata
from opscentre.store.tables import schema_revisions

#: Where the revisions are; a file's name begins with its number.
FOLDER = Path(__file__).parent / "migrations"
_FILE = re.compile(r"r(\d{4})_\w+\.py")
#: The table in which alembic keeps the revision of a database.
VERSION_TABLE = "alembic_version"


class OtherSchema(Exception):
    """The database's tables are such that this release can neither use nor complete them."""


def known(folder: Path = FOLDER) -> list[str]:
    """The numbers of the revisions of this release, the oldest first."""
    return sorted(found[1] for path in (folder / "versions").iterdir() if (found := _FILE.fullmatch(path.name)))


def head(folder: Path = FOLDER) -> str:
    """The newest revision of this release."""
    return known(folder)[-1]


@dataclass(frozen=True)
class Standing:
    """Where a database stands."""

    #: Its revision; None: it has no tables of ours, or they are from before there were revisions.
    revision: str | None
    #: Whether it has any of our tables.
    tables: bool
    #: The oldest revision whose release works on it; None: none was noted.
    works_with: str | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing of ours is there."""
        return self.revision is None and not self.tables


def standing(connection: Connection) -> Standing:
    """Read where a database stands."""
    there = set(inspect(connection).get_table_names())
    tables = bool(there & set(metadata.tables))
    if VERSION_TABLE not in there:
        return Standing(None, tables)
    revision = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))
    noted = schema_revisions.name in there
    return Standing(
        revision,
        tables,
        connection.scalar(select(func.max(schema_revisions.c.works_with))) if noted else None,
    )


def fits(found: Standing, folder: Path = FOLDER) -> bool:
    """Whether this release can use the database as it is; False where revisions are missing there.

    Raises ``OtherSchema`` for one that a newer release has changed so that this one must not touch it.
    """
    newest = head(folder)
    if found.revision is None or found.revision in known(folder):
        return found.revision == newest
    if found.works_with is not None and found.works_with <= newest:
        return True
    raise OtherSchema(
        f"the database is at revision {found.revision}, which a newer release made and which needs at least revision "
        f"{found.works_with or found.revision}; this release knows revisions up to {newest}: install the newer "
        f"release here, or go back with the newer release's 'opscentre migrate --to {newest}'"
    )
