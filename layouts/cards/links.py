"""Connectivity: a tile per link, its state by shape, word and colour."""

from __future__ import annotations

from dash import html

from layouts.change import DASH, Change, Patch, say
from layouts.place import Place
from layouts.states import LINK_WORDS as WORDS
from layouts.states import link_state
from layouts.text import latency
from opscentre.live.wall import LinkState, Wall

#: Tiles there are; with more links than that the ones in trouble come first.
TILES = 14
_TROUBLE = {"down": 0, "unknown": 1, "up": 2}


def layout(place: Place) -> html.Section:
    """Tiles that are filled in place."""
    return html.Section(
        className="card links",
        children=[
            html.Div(
                className="card-head",
                children=[html.H2("Kết nối"), html.Span("", id="links-count", className="card-fact")],
            ),
            html.Div([_tile(f"link-{index}") for index in range(TILES)], className="link-tiles"),
        ],
    )


def _tile(key: str) -> html.Div:
    return html.Div(
        id=key,
        className="link unknown is-empty",
        children=[
            html.Span(className="mark"),
            html.Span(DASH, id=f"{key}-name", className="link-name"),
            html.Span(DASH, id=f"{key}-word", className="link-word"),
        ],
    )


def patch(wall: Wall, place: Place) -> Patch:
    """Every link's state; a link never probed, or not for three intervals, is "chưa rõ", not up."""
    links = [(link, link_state(link, wall.made_at)) for link in wall.links]
    if len(links) > TILES:
        links.sort(key=lambda entry: _TROUBLE[entry[1]])
    up = sum(state == "up" for _, state in links)
    count = f"{up}/{len(wall.links)} thông" if wall.links else "chưa khai báo"
    changes: Patch = {"links-count": say(count, "card-fact" if up == len(wall.links) else "card-fact is-warn")}
    for index in range(TILES):
        key = f"link-{index}"
        if index < len(links):
            changes.update(_tile_patch(key, *links[index]))
        else:
            changes[key] = Change(cls="link unknown is-empty")
    return changes


def _tile_patch(key: str, link: LinkState, state: str) -> Patch:
    return {
        key: Change(cls=f"link {state}"),
        f"{key}-name": say(link.name),
        # A link that answers says how fast; the word stands where there is no answer.
        f"{key}-word": say(latency(link.latency_ms) if state == "up" and link.latency_ms else WORDS[state]),
    }
