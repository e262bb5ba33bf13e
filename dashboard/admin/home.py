"""``/admin``: the way to each administration page."""

from __future__ import annotations

from dashboard.admin.room import Asked, Room, Values
from opscentre.access.rights import Action, may

NAME = ""
RIGHT = Action.administer_sources
DEEDS: dict = {}
#: Pages with a head of their own: path, the key of their name, the right to them.
_BESIDE = (
    ("/screens", "screens.title", Action.administer_walls),
    ("/mails", "mails.title", Action.see_mails),
)


def values(room: Room, asked: Asked) -> Values:
    """The menu, which every page has, and the pages beside it that are for whoever administers."""
    return {"beside": [(path, name) for path, name, right in _BESIDE if may(asked.person, right)]}
