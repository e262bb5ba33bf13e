"""Scenes of the wall: one file each, one line in ``SCENES`` each."""

from __future__ import annotations

from typing import Any, Protocol

from dash.development.base_component import Component

from layouts.change import Patch
from layouts.place import Place
from layouts.scenes import glance
from opscentre.live.wall import Wall


class Scene(Protocol):
    """What a scene's module offers."""

    def layout(self, place: Place) -> Component:
        """The scene, mounted once."""
        ...

    def patch(self, wall: Wall, place: Place) -> Patch:
        """What its elements show now."""
        ...

    def figures(self, wall: Wall, place: Place) -> dict[str, dict[str, Any]]:
        """Its plotly figures by element id."""
        ...


#: In the order in which they will rotate.
SCENES: tuple[Scene, ...] = (glance,)
