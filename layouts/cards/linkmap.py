"""Where links end: the communes' hexagons, each marked by the state of its links, and the links that it shows."""

from __future__ import annotations

from collections import Counter

from dash import html

from layouts.cards.links import TROUBLE
from layouts.change import DASH, Change, Patch, say
from layouts.place import Place
from layouts.states import LINK_WORDS, link_standing, link_state, link_word
from opscentre.link_settings import within
from opscentre.live.wall import LinkState, Wall

#: Links named below the hexagons; of more those in trouble come first. And the row of those that end in no unit.
ROWS, OWN = 3, "net-map-own"


def layout(place: Place) -> html.Section:
    """Hexagons and rows that are filled in place."""
    return html.Section(
        id="net-map",
        className="card net-map is-absent",
        children=[
            html.Div(
                className="card-head",
                children=[html.H2("Nơi liên kết đến"), html.Span("", id="net-map-count", className="card-fact")],
            ),
            html.Div(
                className="hexes",
                style={"--columns": place.tiling.columns, "--rows": place.tiling.rows},
                children=[_hexagon(code, place) for code in place.tiling.cells],
            ),
            html.Div([_row(key) for key in (*(f"net-map-{index}" for index in range(ROWS)), OWN)]),
            html.Div("sơ đồ, không phải bản đồ địa giới", className="footnote"),
        ],
    )


def _hexagon(code: str, place: Place) -> html.Div:
    column, row = place.tiling.cells[code]
    unit = place.by_code.get(code)
    return html.Div(
        html.Span(className="mark"),
        id=f"net-at-{code}",
        className="tile net-spot none",
        title=unit.name if unit else code,
        style={"--x": column + (row & 1) / 2, "--y": row},
    )


def _row(key: str) -> html.Div:
    return html.Div(
        id=key,
        className="net-spot net-end unknown is-empty",
        children=[
            html.Span(className="mark"),
            html.Span(DASH, id=f"{key}-name", className="net-end-name"),
            html.Span(DASH, id=f"{key}-word", className="net-end-word"),
        ],
    )


def patch(wall: Wall, place: Place) -> Patch:
    """Every commune with the worst of its links; the links with units, and what the province's own come to."""
    placed = [(link, link_standing(link, wall.made_at)) for link in wall.links if link.units]
    placed.sort(key=lambda entry: TROUBLE[entry[1]])
    shown = placed[:ROWS]
    changes: Patch = {
        "net-map": Change(cls="card net-map" if placed else "card net-map is-absent"),
        "net-map-count": say(f"hiện {len(shown)}/{len(placed)} liên kết" if len(placed) > ROWS else ""),
        **_own([link for link in wall.links if not link.units], wall),
    }
    ends = [(standing, within(link.units, place.by_code)) for link, standing in placed]
    for code in place.tiling.cells:
        worst = next((standing for standing, codes in ends if code in codes), "none")
        changes[f"net-at-{code}"] = Change(cls=f"tile net-spot {worst}")
    for index in range(ROWS):
        key = f"net-map-{index}"
        if index < len(shown):
            link, standing = shown[index]
            changes[key] = Change(cls=f"net-spot net-end {standing}")
            changes[f"{key}-name"] = say(link.name)
            changes[f"{key}-word"] = say(f"{link_word(link, standing, wall.made_at)} · {_where(link, place)}")
        else:
            changes[key] = Change(cls="net-spot net-end unknown is-empty")
    return changes


def _where(link: LinkState, place: Place) -> str:
    here = {unit.code for unit in (*place.departments, *place.communes)}
    codes = [code for code in within(link.units, place.by_code) if code in here]
    return place.by_code[codes[0]].label if len(codes) == 1 else f"{len(codes)} đơn vị"


def _own(links: list[LinkState], wall: Wall) -> Patch:
    """The links that end in no unit of the map, on one row: how many are in which state, the worst first."""
    found = Counter(link_state(link, wall.made_at) for link in links)
    states = sorted(found, key=lambda state: TROUBLE[state])
    if not states:
        return {OWN: Change(cls="net-spot net-end unknown is-empty")}
    return {
        OWN: Change(cls=f"net-spot net-end {states[0]}"),
        f"{OWN}-name": say("Chung toàn tỉnh"),
        f"{OWN}-word": say(" · ".join(f"{found[state]} {LINK_WORDS[state]}" for state in states)),
    }
