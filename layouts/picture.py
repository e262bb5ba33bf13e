"""A push: the head that every message carries, and the picture with all that the pages show. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from layouts import home
from layouts import wall as wall_page
from layouts.change import Change
from layouts.notice import Notice
from layouts.place import Place
from layouts.scenes import SCENES
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


class Picture(msgspec.Struct, kw_only=True):
    """All that the pages show."""

    patch: dict[str, Change]
    figures: dict[str, dict[str, Any]]


def paint(wall: Wall, place: Place) -> Picture:
    """The picture of a wall; the same wall gives the same picture."""
    figures: dict[str, dict[str, Any]] = {}
    for scene in SCENES:
        figures.update(scene.figures(wall, place))
    return Picture(patch={**home.patch(wall, place), **wall_page.patch(wall, place)}, figures=figures)
