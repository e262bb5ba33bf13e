"""Scenes of the wall: one file each, one line in ``SCENES`` each."""

from __future__ import annotations

from typing import Protocol

from dash.development.base_component import Component

from layouts.change import Patch
from layouts.place import Place
from layouts.scenes import figures, flow, glance, late, links, map, ranks, score, services
from opscentre.live.wall import Wall


class Scene(Protocol):
    """What a scene's module offers."""

    #: Its name in the head of the wall.
    TITLE: str

    def layout(self, place: Place) -> Component:
        """The scene, mounted once."""
        ...

    def patch(self, wall: Wall, place: Place) -> Patch:
        """What its elements show now; their ids are its own."""
        ...


#: By the key that stands in addresses and in ``wall.toml``, in the order in which they turn.
SCENES: dict[str, Scene] = {
    "glance": glance,
    "map": map,
    "ranks": ranks,
    "late": late,
    "links": links,
    "flow": flow,
    "figures": figures,
    "score": score,
    "services": services,
}
