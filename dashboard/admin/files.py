"""What pages that change files of the profile share: the change, its refusals in words, the list to undo from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from dashboard import trace
from dashboard.admin.room import Asked, Done, Refused, Room, Values
from opscentre import profile_change
from opscentre.clock import wall_ms
from opscentre.runtime import files_in_use

#: Lines of a file that a preview shows, of those that go and of those that come back.
LINES = 20


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


class Undoing(NamedTuple):
    """An undoing of a change, not done yet."""

    change: profile_change.Change
    path: Path
    #: What the file holds, and what it will; None: no file.
    now: str | None
    will: str | None

    def shown(self, asked: Asked) -> Values:
        """What every preview of an undoing shows: what is undone, the lines that go and those that come back."""
        gone, back = profile_change.differing(self.now, self.will)
        return {
            "what": asked.words("admin.undoing", what=self.change.what),
            "undoing": self,
            "gone": gone[:LINES],
            "back": back[:LINES],
            "more": max(0, len(gone) - LINES) + max(0, len(back) - LINES),
            "no_file": self.will is None,
        }


def undoing(room: Room, asked: Asked, paths: list[Path]) -> Undoing:
    """What undoing the change that the form names would do, of one of these files. Raises ``Refused``."""
    number = asked.field("change")
    found = {str(one.id): one for one in profile_change.changes(room.store, paths, 100)}
    path = next(
        (path for path in paths if number in found and profile_change.name_of(path) == found[number].file), None
    )
    if path is None or found[number].undone_at is not None:
        raise Refused(asked.words("admin.gone"))
    before, after = profile_change.texts(room.store, found[number].id)
    now = profile_change.read(path)
    if now != after:
        raise Refused(asked.words("admin.moved", file=path.name))
    return Undoing(found[number], path, now, before)


def undone(
    room: Room, asked: Asked, paths: list[Path], said: str, check: Callable[[Undoing], object] = lambda one: None
) -> Done:
    """Undo the change that the form names, of one of these files. Raises ``Refused``, as ``check`` may."""
    one = undoing(room, asked, paths)
    check(one)
    try:
        profile_change.undo(room.store, one.path, one.change.id, trace.who())
    except profile_change.Moved:
        raise Refused(asked.words("admin.moved", file=one.path.name)) from None
    except OSError as error:
        raise Refused(asked.words("admin.unwritable", file=one.path.name, why=error.strerror)) from None
    return Done(said)


def changes(room: Room, paths: list[Path]) -> Values:
    """The newest changes of files, and which of them can be undone."""
    found = profile_change.changes(room.store, paths)
    return {"changes": found, "undoable": profile_change.undoable(found)}


def in_use(room: Room, asked: Asked, paths: list[Path]) -> Values:
    """Which running roles still use other files than these; a page that has just changed one looks again by itself."""
    names = {path.name for path in paths}
    found = files_in_use.in_use(room.store, room.settings, wall_ms())
    outdated = [(one, [name for name in theirs if name in names]) for one, theirs in found.outdated]
    outdated = [(one, theirs) for one, theirs in outdated if theirs]
    again = asked.query.get("said", "").endswith((".done.apply", ".done.undo")) and not asked.fields
    renewed = any(one.renewed for one, _ in outdated)
    return {"running": len(found.running), "outdated": outdated, "refresh": 3 if again and renewed else 0}
