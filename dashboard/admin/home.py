"""``/admin``: the way to each administration page."""

from __future__ import annotations

from dashboard.admin.room import Asked, Room, Values
from opscentre.access.rights import Action

NAME = ""
RIGHT = Action.administer_sources
DEEDS: dict = {}


def values(room: Room, asked: Asked) -> Values:
    """Nothing but the menu, which every page has."""
    return {}
