"""Taking a backup: the cursors first, then all that they stand for in SQL, then SQL at one moment, then the files."""

from __future__ import annotations

import getpass
import logging
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec
from sqlalchemy import Engine, make_url, select

from opscentre import __version__, profile
from opscentre.access import audit
from opscentre.backup import archive, database
from opscentre.backup.archive import BackupError, Manifest, member
from opscentre.clock import wall_ms
from opscentre.domain.dossier import Batch
from opscentre.domain.moments import iso
from opscentre.pipe import topics
from opscentre.pipe.base import PipeError, open_producer
from opscentre.pipe.embedded import log_path
from opscentre.redriving import NotTaken, Place, wait_until_taken
from opscentre.runtime.folder import Unusable, held
from opscentre.runtime.supervisor import PartFailed
from opscentre.runtime.worker import counting
from opscentre.settings import Settings
from opscentre.store import tables
from opscentre.store.engine import reading
from opscentre.store.revisions import standing

log = logging.getLogger(__name__)

#: Seconds without progress after which what is in the pipe is no longer waited for.
STALLED_AFTER = 60.0
#: … and after which a worker is started for the while, where no supervisor keeps one.
ALONE_AFTER = 3.0
#: Files of a data folder that belong to a backup, beside the maps.
_OWN_FILES = ("demo.json",)


@dataclass(frozen=True)
class Taken:
    """A backup that was made."""

    path: Path
    size: int
    seconds: float
    manifest: Manifest


def take(settings: Settings, engine: Engine, out: Path) -> Taken:
    """Back an installation up into ``out``, a file to make or a folder. Raises ``BackupError``."""
    begun = time.monotonic()
    at = wall_ms()
    path = out / _name(settings, at) if out.is_dir() else out
    if path.exists():
        raise BackupError(f"--out {path}: is there already, and nothing is overwritten; name another file")
    if not path.parent.is_dir():
        raise BackupError(f"--out {path}: there is no folder {path.parent}; make it first")
    # All that is known of every dossier leaves the database: who took it stands in it.
    audit.append(engine, who=getpass.getuser(), action="backup.take", subject=f"backup:{iso(at)}", detail={})
    cursors = _cursors_behind(settings, engine)
    with tempfile.TemporaryDirectory(prefix=".opscentre-backup-", dir=path.parent) as scratch:
        folder = Path(scratch)
        kind, counted = database.dump(engine, folder)
        members = {f"database/{one.relative_to(folder)}": one for one in sorted(folder.rglob("*")) if one.is_file()}
        told = folder / "settings.json"
        told.write_bytes(msgspec.json.format(msgspec.json.encode(without_secrets(settings)), indent=2))
        members |= {"settings.json": told, **_files(settings)}
        with reading(engine).connect() as connection:
            revision = standing(connection).revision
        manifest = Manifest(
            format=archive.FORMAT,
            release=__version__,
            profile=settings.profile,
            taken_at=iso(at),
            database=kind,
            revision=revision or "",
            tables=counted,
            cursors=cursors,
            files={name: member(file) for name, file in members.items()},
        )
        archive.write(path, manifest, members)
    return Taken(path, path.stat().st_size, time.monotonic() - begun, manifest)


def without_secrets(settings: Settings) -> dict[str, str]:
    """The settings as text, with no password of any address."""
    found = {name: str(value) for name, value in msgspec.structs.asdict(settings).items()}
    for name in ("database", "redis", "broker", "mail"):
        if "@" in found[name]:
            found[name] = f"{found[name].split('://')[0]}://…@{found[name].rsplit('@', 1)[1]}"
    if settings.database:
        found["database"] = make_url(settings.database).render_as_string(hide_password=True)
    return found


def _name(settings: Settings, at: int) -> str:
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(at / 1000))
    return f"opscentre-{settings.profile}-{stamp}.tar"


def _cursors_behind(settings: Settings, engine: Engine) -> dict[str, str] | None:
    """The cursors of a moment, once SQL holds everything that was read before it; None where it does not get there.

    A cursor moves when the pipe holds what was read, and SQL takes that a moment later: restored side by side, what
    lay between would be missing for good.
    """
    column = tables.cursors.c
    with reading(engine).connect() as connection:
        found = {row.source: row.cursor for row in connection.execute(select(column.source, column.cursor))}
    if settings.embedded and not log_path(settings.broker_url).is_file():
        return found
    try:
        places = _marked(settings)
        alone = settings.embedded and not held(settings.data)
        try:
            wait_until_taken(engine, places, ALONE_AFTER if alone else STALLED_AFTER)
        except NotTaken:
            if not alone:
                raise
            with counting(settings):
                wait_until_taken(engine, places, STALLED_AFTER)
    except (NotTaken, PipeError, PartFailed, Unusable) as error:
        log.warning("the backup is without cursors, so that a restore reads every source anew: %s", error)
        return None
    return found


def _marked(settings: Settings) -> list[Place]:
    """Append an empty message to each partition of dossiers; where they stand: behind everything read before."""
    producer = open_producer(settings.broker_url, settings.dossier_partitions)
    try:
        marks = [(one, msgspec.json.encode(Batch([]))) for one in range(producer.partitions(topics.DOSSIERS))]
        offsets = producer.append(topics.DOSSIERS, marks)
    finally:
        producer.close()
    return [(topics.DOSSIERS, one, offset) for (one, _), offset in zip(marks, offsets, strict=True)]


def _files(settings: Settings) -> dict[str, Path]:
    province = profile.load(settings.profile)
    found = {f"profile/{path.relative_to(province.folder)}": path for path in _below(province.folder)}
    maps = settings.data / "maps"
    found |= {f"data/maps/{path.relative_to(maps)}": path for path in _below(maps) if path.name != "lock"}
    found |= {f"data/{name}": settings.data / name for name in _OWN_FILES if (settings.data / name).is_file()}
    for kind, given in (("sources", settings.sources), ("alerts", settings.alerts)):
        if given:
            place = Path(given)
            wanted = [*place.glob("*.toml"), *place.glob("*.csv")] if place.is_dir() else [place]
            found |= {f"settings/{kind}/{path.name}": path for path in sorted(wanted) if path.is_file()}
    return found


def _below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
