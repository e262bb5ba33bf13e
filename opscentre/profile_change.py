"""Changing a file of the profile: whole or not at all, with what it held before, noted, and undone again."""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import os
import tempfile
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, Engine, insert, select, update

from opscentre import paths
from opscentre.access import audit
from opscentre.clock import wall_ms
from opscentre.store.admin_tables import file_changes
from opscentre.store.engine import reading

_row = file_changes.c


class Moved(Exception):
    """The file is other than it was when whoever changes it looked at it; nothing was changed."""


class Change(NamedTuple):
    """A change of a file, as lists show it."""

    id: int
    at: int
    who: str
    file: str
    what: str
    undone_at: int | None


def read(path: Path) -> str | None:
    """What a file holds, byte for byte as text; None: there is none. Raises ``OSError`` and ``UnicodeDecodeError``."""
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None


def digest(text: str | None) -> str:
    """What tells whether a file is still the same; of none: empty."""
    return "" if text is None else hashlib.sha256(text.encode()).hexdigest()


def name_of(path: Path) -> str:
    """What the audit log calls a file."""
    inside = path.is_relative_to(paths.CONFIG)
    return f"file:{path.relative_to(paths.CONFIG)}" if inside else f"file:{path.resolve()}"


def change(engine: Engine, path: Path, after: str, *, known: str, who: str, what: str) -> int:
    """Let a file hold ``after`` from now on; the change's number.

    ``known``: the digest of what whoever changes it has seen. ``what``: what is done, in a line without anybody's data.
    Raises ``Moved``, or ``OSError`` where it cannot be written; then nothing has changed.
    """
    with _writing(engine) as connection:
        before = read(path)
        if digest(before) != known:
            raise Moved(str(path))
        row = {"at": wall_ms(), "who": who[:120], "file": name_of(path), "what": what[:300], "before": before,
               "after": after}  # fmt: skip
        number = connection.execute(insert(file_changes).returning(_row.id), row).scalar_one()
        _note(connection, who, "profile.edit", path, before, after, what)
        # Last: what fails before it leaves the file as it is.
        _put(path, after)
    return number


def undo(engine: Engine, path: Path, number: int, who: str) -> None:
    """Put back what a file held before a change, where it has not changed again since.

    Raises ``Moved`` where it has, or where the change is undone already or of another file.
    """
    with _writing(engine) as connection:
        query = select(file_changes).where(_row.id == number, _row.file == name_of(path), _row.undone_at.is_(None))
        row = connection.execute(query).first()
        now = read(path)
        if row is None or now != row.after:
            raise Moved(str(path))
        connection.execute(update(file_changes).where(_row.id == number).values(undone_at=wall_ms()))
        _note(connection, who, "profile.undo", path, now, row.before, row.what)
        _put(path, row.before)


def changes(engine: Engine, files: list[Path], limit: int = 10) -> list[Change]:
    """The newest changes of files, newest first."""
    columns = (_row.id, _row.at, _row.who, _row.file, _row.what, _row.undone_at)
    query = select(*columns).where(_row.file.in_([name_of(path) for path in files])).order_by(_row.id.desc())
    with reading(engine).connect() as connection:
        return [Change(*row) for row in connection.execute(query.limit(limit))]


def texts(engine: Engine, number: int) -> tuple[str | None, str | None]:
    """What a file held before a change and after it; None: there was no file."""
    with reading(engine).connect() as connection:
        row = connection.execute(select(_row.before, _row.after).where(_row.id == number)).one()
        return row.before, row.after


def differing(before: str | None, after: str | None) -> tuple[list[str], list[str]]:
    """The lines that only the one text has, and those that only the other has, each in its order."""
    old, new = (before or "").splitlines(), (after or "").splitlines()
    gone: list[str] = []
    fresh: list[str] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            gone += old[a:b]
            fresh += new[c:d]
    return gone, fresh


def undoable(found: list[Change]) -> frozenset[int]:
    """The numbers of those that may be undone: of each file the newest that stands."""
    newest: dict[str, int] = {}
    for one in found:
        if one.undone_at is None:
            newest.setdefault(one.file, one.id)
    return frozenset(newest.values())


def _writing(engine: Engine) -> contextlib.AbstractContextManager[Connection]:
    return engine.execution_options(sqlite_begin="IMMEDIATE").begin()


def _note(
    connection: Connection, who: str, action: str, path: Path, before: str | None, after: str | None, what: str
) -> None:
    detail: dict[str, audit.Value] = {"what": what, "before": digest(before) or None, "sha256": digest(after) or None}
    audit.record(connection, moment=wall_ms(), who=who, action=action, subject=name_of(path), detail=detail)


def _put(path: Path, text: str | None) -> None:
    """Rename a whole file into place, with the rights of the one before: nobody ever reads half of it."""
    if text is None:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    descriptor, fresh = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        Path(fresh).chmod(mode)
        Path(fresh).replace(path)
    except BaseException:
        Path(fresh).unlink(missing_ok=True)
        raise
