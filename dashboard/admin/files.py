"""What pages that change files of the profile share: the change, its refusals in words, the list to undo from."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from dashboard import trace
from dashboard.admin.room import Asked, Done, Refused, Room, Values
from opscentre import profile_change


class Plan(NamedTuple):
    """A change of a file of the profile, not written yet: its texts before and after, and what it does."""

    file: str
    before: str | None
    after: str
    what: str


def change(room: Room, asked: Asked, path: Path, after: str, what: str, known: str | None = None) -> None:
    """Let a file hold something else, by whoever is asking. ``known``: its digest when they looked; None: now's.

    Raises ``Refused``.
    """
    try:
        seen = profile_change.digest(profile_change.read(path)) if known is None else known
        profile_change.change(room.store, path, after, known=seen, who=trace.who(), what=what)
    except profile_change.Moved:
        raise Refused(asked.words("admin.moved", file=path.name)) from None
    except OSError as error:
        raise Refused(asked.words("admin.unwritable", file=path.name, why=error.strerror)) from None


def undone(room: Room, asked: Asked, paths: list[Path], said: str) -> Done:
    """Undo the change that the form names, of one of these files. Raises ``Refused``."""
    number = asked.field("change")
    found = {str(one.id): one for one in profile_change.changes(room.store, paths, 100)}
    path = next(
        (path for path in paths if number in found and profile_change.name_of(path) == found[number].file), None
    )
    if path is None:
        raise Refused(asked.words("admin.gone"))
    try:
        profile_change.undo(room.store, path, int(number), trace.who())
    except profile_change.Moved:
        raise Refused(asked.words("admin.moved", file=path.name)) from None
    except OSError as error:
        raise Refused(asked.words("admin.unwritable", file=path.name, why=error.strerror)) from None
    return Done(said)


def changes(room: Room, paths: list[Path]) -> Values:
    """The newest changes of files, and which of them can be undone."""
    found = profile_change.changes(room.store, paths)
    return {"changes": found, "undoable": profile_change.undoable(found)}
