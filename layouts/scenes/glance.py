"""The whole province at a glance: numbers of the day, map, ranking, urgent dossiers, flow, links, sources."""

from __future__ import annotations

from typing import Any

from dash import html

from layouts.cards import flow, kpis, links, ranking, sources, tilemap, urgent
from layouts.change import Patch
from layouts.place import Place
from opscentre.live.wall import Wall


def layout(place: Place) -> html.Div:
    """The cards on their grid."""
    return html.Div(
        className="scene glance",
        children=[card.layout(place) for card in (kpis, flow, tilemap, ranking, urgent, links, sources)],
    )


def patch(wall: Wall, place: Place) -> Patch:
    """The patches of all cards; their element ids are their own."""
    changes: Patch = {}
    for card in (kpis, tilemap, ranking, urgent, links, sources):
        changes.update(card.patch(wall, place))
    return changes


def figures(wall: Wall, place: Place) -> dict[str, dict[str, Any]]:
    """The one chart."""
    return flow.figures(wall, place)
