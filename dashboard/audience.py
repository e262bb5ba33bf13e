"""What screens of one scope are shown: their part of the wall, their picture, and the messages that carry it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from layouts import home
from layouts.change import Patch
from layouts.picture import Head, changed, paint
from layouts.place import Place
from opscentre.access.scope import EVERYTHING, Scope
from opscentre.live.wall import Totals, Wall


def part_of(wall: Wall, scope: Scope) -> Wall:
    """The wall as a scope has it: no dossiers where none are told, no units but one's own, and the sums of those."""
    if scope == EVERYTHING:
        return wall
    if scope.units is None:
        return msgspec.structs.replace(wall, overdue=[], due_soon=[])
    units = {code: totals for code, totals in wall.units.items() if scope.sees(code)}
    return msgspec.structs.replace(
        wall,
        totals=_added(list(units.values())),
        units=units,
        overdue=[one for one in wall.overdue if scope.dossiers and scope.sees(one.unit)],
        due_soon=[one for one in wall.due_soon if scope.dossiers and scope.sees(one.unit)],
        quarantined={code: number for code, number in wall.quarantined.items() if scope.sees(code)},
        received_by_hour=[], finished_by_hour=[], received_by_hour_yesterday=[], finished_by_hour_yesterday=[],
        received_by_hour_last_week=[], finished_by_hour_last_week=[], slow=None,
    )  # fmt: skip


def _added(units: Sequence[Totals]) -> Totals:
    return Totals(**{name: sum(getattr(unit, name) for unit in units) for name in Totals.__struct_fields__})


def painted(wall: Wall, scope: Scope, place: Place) -> Patch:
    """The picture of a scope; the wall itself is for those who see all units."""
    part = part_of(wall, scope)
    return paint(part, place) if scope.units is None else home.patch(part, place)


class Frame(msgspec.Struct, frozen=True):
    """One message to all screens."""

    sequence: int
    #: Grows when the picture's content changed.
    content: int
    head: bytes


class Audience:
    """The screens of one scope: the same picture for all of them, serialised once for those that have the same."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.screens = 0
        self.frame = Frame(0, 0, b"")
        self.patch: Patch = {}
        #: Of each element the content at which it last changed.
        self._moved: dict[str, int] = {}
        #: Messages of the present frame by the content that a screen has.
        self._messages: dict[int, bytes] = {}

    def publish(self, head: Head, patch: Patch) -> None:
        """Take a new picture. Alarms tell of dossiers and of the whole province: they are for those who see both."""
        if self.scope != EVERYTHING:
            head = msgspec.structs.replace(head, alarm=None, events=[])
        other = changed(self.patch, patch)
        content = self.frame.content + bool(other)
        self.patch = patch
        self._moved.update(dict.fromkeys(other, content))
        self._messages.clear()
        self.frame = Frame(head.sequence, content, msgspec.json.encode(head))

    def message(self, frame: Frame, content: int) -> bytes:
        """The message for a screen that has the picture with that content (0: none yet)."""
        found = self._messages.get(content)
        if found is None:
            found = self._messages[content] = self._encode(frame, content)
        return found

    def _encode(self, frame: Frame, content: int) -> bytes:
        if content == frame.content:
            return b'event: beat\ndata: {"head":%b}\n\n' % frame.head
        patch = self.patch
        if content:
            patch = {key: change for key, change in patch.items() if self._moved[key] > content}
        kind = b"change" if content else b"picture"
        return b'event: %b\ndata: {"head":%b,"body":{"patch":%b}}\n\n' % (kind, frame.head, msgspec.json.encode(patch))
