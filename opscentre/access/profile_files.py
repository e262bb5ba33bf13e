"""Which of a profile's files are other than they were when a role last started: a row of the audit log each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
from sqlalchemy import Connection, Engine, func, select

from opscentre import paths
from opscentre.access import audit
from opscentre.clock import wall_ms
from opscentre.settings import Settings
from opscentre.store.access_tables import audit_log

ACTION = "profile.change"
_ENDINGS = {".toml", ".csv"}
_ROW = audit_log.c


def fingerprints(settings: Settings) -> dict[str, str]:
    """The SHA-256 of every file that rules and rights of an installation come from, by the name the log calls it."""
    own = paths.CONFIG / settings.profile
    found = {f"file:{settings.profile}/{path.relative_to(own)}": _digest(path) for path in _files(own)}
    found["file:indicators.toml"] = _digest(paths.CONFIG / "indicators.toml")
    for given in (settings.sources, settings.alerts):
        if given:
            found |= {f"file:{path.resolve()}": _digest(path) for path in _files(Path(given))}
    return found


def note_changes(engine: Engine, settings: Settings, role: str) -> list[str]:
    """Record every file that is new, other or gone since it was last recorded; those known before, by their names."""
    now = fingerprints(settings)
    with engine.begin() as connection:
        # Roles start together: one of them records, the others find it recorded.
        audit.hold(connection)
        known = _known(connection)
        # Those of another profile, or of a folder no longer set, were not taken away.
        gone = {name for name in known if known[name] and name.startswith(f"file:{settings.profile}/")} - now.keys()
        changed = sorted(gone | {name for name, digest in now.items() if known.get(name) != digest})
        for name in changed:
            detail: dict[str, audit.Value] = {"sha256": now.get(name), "before": known.get(name)}
            audit.record(connection, moment=wall_ms(), who=f"role:{role}", action=ACTION, subject=name, detail=detail)
    return [name for name in changed if name in known]


def _known(connection: Connection) -> dict[str, str | None]:
    newest = select(func.max(_ROW.number)).where(_ROW.action == ACTION).group_by(_ROW.subject)
    rows = connection.execute(select(_ROW.subject, _ROW.detail).where(_ROW.number.in_(newest)))
    return {row.subject: msgspec.json.decode(row.detail)["sha256"] for row in rows}


def _files(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
    for path in sorted(place.rglob("*")) if place.is_dir() else ():
        if path.suffix in _ENDINGS and path.is_file():
            yield path


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
