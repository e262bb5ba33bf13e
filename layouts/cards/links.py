"""Connectivity: a tile per link, its state by shape, word and colour."""

from __future__ import annotations

from dash import html

from layouts.change import DASH, Change, Patch, say
from layouts.place import Place
from layouts.states import link_standing, link_word
from layouts.text import latency
from opscentre.live.wall import LinkState, Wall

#: Tiles there are; with more links than that the ones in trouble come first.
TILES = 14
#: Standings, the worst first.
TROUBLE = {"down": 0, "flapping": 1, "unknown": 2, "expiring": 3, "maintenance": 4, "up": 5}


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
    """Every link's standing; a link never probed, or not for three intervals, is "chưa rõ", not up.

    Links under maintenance are neither in order nor out of it: they are counted apart.
    """
    links = [(link, link_standing(link, wall.made_at)) for link in wall.links]
    if len(links) > TILES:
        links.sort(key=lambda entry: TROUBLE[entry[1]])
    away = sum(standing == "maintenance" for _, standing in links)
    up = sum(standing in ("up", "flapping", "expiring") for _, standing in links)
    asked = len(links) - away
    count = f"{up}/{asked} thông" if wall.links else "chưa khai báo"
    if away:
        count += f" · {away} bảo trì"
    changes: Patch = {"links-count": say(count, "card-fact" if up == asked else "card-fact is-warn")}
    for index in range(TILES):
        key = f"link-{index}"
        if index < len(links):
            changes.update(_tile_patch(key, *links[index], wall.made_at))
        else:
            changes[key] = Change(cls="link unknown is-empty")
    return changes


def _tile_patch(key: str, link: LinkState, standing: str, now: int) -> Patch:
    # A link in order says how fast it answers; every other one has its word.
    quick = standing == "up" and link.latency_ms
    return {
        key: Change(cls=f"link {standing}"),
        f"{key}-name": say(link.name),
        f"{key}-word": say(latency(link.latency_ms) if quick else link_word(link, standing, now)),
    }
