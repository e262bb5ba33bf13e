"""Which administration pages there are: one line each, in the order of their menu."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import cast

from starlette.requests import Request
from starlette.responses import Response

from dashboard.admin import alerts, calendar, dead_letters, home, people, quarantine, room, sources, unmapped
from dashboard.admin.room import Page, Room

_ALL = [home, sources, quarantine, unmapped, dead_letters, calendar, alerts, people]
PAGES = {page.NAME: page for page in cast(list[Page], _ALL)}


def routes(installation: Room) -> list[tuple[str, Callable[[Request], Awaitable[Response]]]]:
    """Every administration page's path and handler, for GET and POST."""
    return room.routes(installation, PAGES)
