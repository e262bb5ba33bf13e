"""Putting a backup back: held to its checksums, loaded, brought to this release, fenced off from the life before."""

from __future__ import annotations

import getpass
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine, delete, text, update
from sqlalchemy.exc import DatabaseError

from opscentre import profile
from opscentre.access import audit
from opscentre.backup import archive, database
from opscentre.backup.archive import BackupError, Manifest, member
from opscentre.clock import wall_ms
from opscentre.runtime.folder import HeldFolder
from opscentre.settings import Settings
from opscentre.store import schema, tables
from opscentre.store.engine import connect
from opscentre.store.people_tables import sessions, sign_in_journeys
from opscentre.store.revisions import head, known, standing

#: Added to the numbers of all claims: what a worker of the life before may still hold is void.
_LATER = 1_000_000
#: Sessions of others on a PostgreSQL database; of those of other users only their being there is told.
_OTHERS = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND coalesce(backend_type, 'client backend') = 'client backend'
"""


@dataclass
class Restored:
    """What was put back."""

    manifest: Manifest
    seconds: float
    rows: int
    #: Lines for whoever restored it.
    told: list[str] = field(default_factory=list)


def restore(settings: Settings, path: Path, *, replace: bool = False, files: Path | None = None) -> Restored:
    """Fill the installation's database from a backup. Raises ``BackupError``; a database that was there is dropped
    only with ``replace``, and only once the backup was found whole.

    Other files of the backup (profile, settings) are unpacked to ``files`` where that is given. Raises ``Unusable``
    where an opscentre runs on the data folder.
    """
    begun = time.monotonic()
    folder = HeldFolder(settings.data)
    engine = connect(settings.database_url)
    try:
        with archive.opened(path) as (tar, manifest):
            _require_fit(path, manifest, engine, replace)
            with tempfile.TemporaryDirectory(prefix=".opscentre-restore-", dir=settings.data) as scratch:
                archive.take_out(path, tar, manifest, Path(scratch))
                _fill(path, manifest, engine, Path(scratch) / "database")
                done = Restored(manifest, 0.0, sum(one.rows for one in manifest.tables.values()))
                _put_files(settings, Path(scratch), files, done)
    finally:
        engine.dispose()
        folder.release()
    if manifest.cursors is None:
        done.told.append("the backup is without cursors: every source is read from its beginning")
    done.seconds = time.monotonic() - begun
    return done


def _fill(path: Path, manifest: Manifest, engine: Engine, dumped: Path) -> None:
    database.clear(engine)
    try:
        database.load(engine, dumped, manifest.database, manifest.revision)
        _require_whole(path, manifest, engine)
        schema.bring_up_to_date(engine)
        _begin_anew(engine, manifest)
    except BaseException:
        # Half a database must not be taken for one.
        database.clear(engine)
        raise


def _require_fit(path: Path, manifest: Manifest, engine: Engine, replace: bool) -> None:
    wanted = "sqlite" if manifest.database == "sqlite" else "postgresql"
    if engine.dialect.name != wanted:
        raise BackupError(
            f"{path}: is of a {wanted} database, and OPSCENTRE_DATABASE names a {engine.dialect.name} one"
        )
    if manifest.revision not in known():
        raise BackupError(
            f"{path}: its database is at revision {manifest.revision} of release {manifest.release}; this release "
            f"knows up to {head()}: restore it with that release or a newer one"
        )
    place = engine.url.render_as_string(hide_password=True)
    try:
        with engine.connect() as connection:
            empty = standing(connection).empty
            others = connection.scalar(text(_OTHERS)) if wanted == "postgresql" else 0
            # On SQLite the whole file is put in the place of what is there.
            strange = database.not_ours(connection) if wanted == "postgresql" else []
    except DatabaseError as error:
        if wanted == "postgresql":
            raise BackupError(f"{place}: cannot be asked: {error.orig}") from None
        if not replace:
            raise BackupError(f"{place}: is damaged ({error.orig}); --replace puts the backup in its place") from None
        _forget_file(engine)
        return
    if not empty and not replace:
        raise BackupError(f"{place}: is not empty; --replace drops what it holds")
    if strange:
        raise BackupError(
            f"{place}: holds tables that this release does not know ({', '.join(strange[:4])}), of a newer release or "
            "of somebody else; restore into an empty database of its own"
        )
    if others:
        raise BackupError(f"{place}: {others} other sessions use it; stop every role, and whoever else looks at it")


def _forget_file(engine: Engine) -> None:
    # A file that is no database any more can have no table dropped.
    engine.dispose()
    for ending in ("", "-wal", "-shm"):
        Path(f"{engine.url.database}{ending}").unlink(missing_ok=True)


def _require_whole(path: Path, manifest: Manifest, engine: Engine) -> None:
    with engine.connect() as connection:
        found = database.counted(connection)
    for name, wanted in manifest.tables.items():
        if found.get(name) != wanted:
            raise BackupError(
                f"{path}: table {name} came back as {found.get(name)}, the manifest says {wanted}; nothing was kept: "
                "take another backup"
            )


def _begin_anew(engine: Engine, manifest: Manifest) -> None:
    """Let nothing of the life before count any more, and every source be read on from where the backup stands."""
    with engine.begin() as connection:
        # The pipe may be another one by now, in which an old offset would step over messages. What it holds is taken
        # from its beginning: what is known changes nothing.
        connection.execute(delete(tables.partitions))
        connection.execute(update(tables.claims).values(number=tables.claims.c.number + _LATER))
        connection.execute(update(tables.settlements).values(claim=tables.settlements.c.claim + _LATER))
        # Who was shut out since would be in again.
        connection.execute(delete(sessions))
        connection.execute(delete(sign_in_journeys))
        cursor = tables.cursors.c
        given = manifest.cursors or {}
        connection.execute(delete(tables.cursors).where(cursor.source.not_in(given)))
        for source, place in given.items():
            connection.execute(update(tables.cursors).where(cursor.source == source).values(cursor=place))
        about: dict[str, audit.Value] = {
            "release": manifest.release,
            "rows": sum(one.rows for one in manifest.tables.values()),
        }
        audit.record(
            connection, moment=wall_ms(), who=getpass.getuser(), action="backup.restore",
            subject=f"backup:{manifest.taken_at}", detail=about,
        )  # fmt: skip


def _put_files(settings: Settings, scratch: Path, files: Path | None, done: Restored) -> None:
    kept = scratch / "data"
    for one in sorted(kept.rglob("*")):
        if one.is_file():
            target = settings.data / one.relative_to(kept)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(one, target)
    if files is not None:
        for name in ("profile", "settings"):
            if (scratch / name).is_dir():
                shutil.copytree(scratch / name, files / name, dirs_exist_ok=True)
        shutil.copyfile(scratch / "settings.json", files / "settings.json")
        done.told.append(f"profile and settings of the backup are in {files}")
    here = profile.load(settings.profile).folder if settings.profile in profile.available() else None
    wanted = {n.removeprefix("profile/"): one for n, one in done.manifest.files.items() if n.startswith("profile/")}
    other = [n for n, one in wanted.items() if here is None or not (here / n).is_file() or member(here / n) != one]
    if other:
        named = ", ".join(other[:4]) + ", …" * (len(other) > 4)
        done.told.append(f"the profile here is not the backup's ({named}); to compare, --files DIR unpacks it")
