"""The wall's page: its head, and its scenes."""

from __future__ import annotations

from dash import html

from layouts.cards import head
from layouts.change import Patch
from layouts.place import Place
from layouts.scenes import SCENES
from opscentre.live.wall import Wall

PATH = "/wall"


def layout(place: Place) -> html.Div:
    """The page, mounted once. Until the first push every number is a dash."""
    return html.Div(
        id="wall",
        className="wall",
        children=[head.layout(place), *[scene.layout(place) for scene in SCENES]],
    )


def patch(wall: Wall, place: Place) -> Patch:
    """What every element of the page shows now."""
    changes = head.patch(wall, place)
    for scene in SCENES:
        changes.update(scene.patch(wall, place))
    return changes
