"""A push: the head that every message carries, and the picture with all that the pages show. Pure."""

from __future__ import annotations

import msgspec

from layouts import home
from layouts import wall as wall_page
from layouts.alarms import Alarm
from layouts.change import Patch
from layouts.notice import Notice
from layouts.place import Place
from opscentre.live.wall import Wall


class Head(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Where and when a message was made. Times ``at`` are real ms, ``now`` is the product's."""

    sequence: int
    #: Another value than the last one: the server was started anew, and the screen reloads itself.
    boot: str
    version: str
    at: int
    now: int | None = None
    speed: float = 1.0
    notice: Notice | None = None
    #: What just turned red, for as long as screens that turn by themselves are to show it.
    alarm: Alarm | None = None
    #: The polls and pushes whose changes came to the board since the last message, as the logs name them.
    events: list[str] = []


def paint(wall: Wall, place: Place) -> Patch:
    """The picture of a wall: what every element of every page shows; the same wall gives the same picture."""
    return {**home.patch(wall, place), **wall_page.patch(wall, place)}


def changed(before: Patch, after: Patch) -> Patch:
    """What of a picture is other than in the one before it."""
    return {key: change for key, change in after.items() if before.get(key) != change}
