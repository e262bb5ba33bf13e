"""The whole province at a glance: numbers of the day, map, ranking, urgent dossiers, flow, links, sources."""

from __future__ import annotations

from dash import html

from layouts.cards import flow, kpis, links, ranking, sources, tilemap, urgent
from layouts.change import Patch
from layouts.place import Place
from opscentre.live.wall import Wall

TITLE = "Toàn cảnh"
CARDS = (kpis, flow, tilemap, ranking, urgent, links, sources)


def layout(place: Place) -> html.Div:
    """The cards on their grid."""
    return html.Div([card.layout(place) for card in CARDS], className="glance")


def patch(wall: Wall, place: Place) -> Patch:
    """The patches of all cards; their element ids are their own."""
    changes: Patch = {}
    for card in CARDS:
        changes.update(card.patch(wall, place))
    return changes
