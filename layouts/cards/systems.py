"""The systems of the province on one card: the national portal's figures large, every other one a row."""

from __future__ import annotations

from dash import html

from layouts import systems
from layouts.cards.urgent import page
from layouts.change import DASH, Change, Patch, say
from layouts.place import Place
from opscentre.live.wall import Wall

#: Rows there are; of more systems the pages turn by themselves.
ROWS = 12


def layout(place: Place) -> html.Section:
    """Rows that are filled in place."""
    return html.Section(
        className="card net-systems",
        children=[
            html.Div(
                className="card-head",
                children=[html.H2("Hệ thống của tỉnh"), html.Span("", id="net-systems-count", className="card-fact")],
            ),
            html.Div(
                id="net-national",
                className="net-national" if systems.national(place.systems) else "net-national is-absent",
                children=[
                    html.H3("Đồng bộ với Cổng DVC quốc gia"),
                    *[_figure(f"net-national-{index}") for index in range(len(systems.NATIONAL))],
                ],
            ),
            html.Div([_row(f"net-system-{index}") for index in range(ROWS)], className="net-rows"),
            html.Div("Dưới mỗi số: trạng thái đã bao lâu, tuổi số liệu, hoặc ngày của số", className="footnote"),
        ],
    )


def _figure(key: str) -> html.Div:
    return html.Div(
        id=key,
        className="net-figure is-empty",
        children=[
            html.Div(DASH, id=f"{key}-name", className="net-figure-name"),
            html.Div(DASH, id=f"{key}-value", className="net-figure-value"),
            html.Div("", id=f"{key}-unit", className="net-figure-unit"),
            html.Div("", id=f"{key}-sub", className="net-figure-sub"),
        ],
    )


def _row(key: str) -> html.Div:
    return html.Div(
        id=key,
        className="net-system unknown is-empty",
        children=[
            html.Span(className="mark"),
            html.Span(DASH, id=f"{key}-name", className="net-system-name"),
            html.Span(DASH, id=f"{key}-value", className="net-system-value"),
            html.Span("", id=f"{key}-sub", className="net-system-sub"),
        ],
    )


def patch(wall: Wall, place: Place) -> Patch:
    """The national portal's figures and the present page of all other systems."""
    rows = systems.others(place.systems, wall)
    index, pages = page(len(rows), ROWS, wall.made_at)
    # As many on each page: no page with a single row.
    each = -(-len(rows) // pages) if rows else ROWS
    changes: Patch = {"net-systems-count": _count(len(place.systems), index, pages)}
    shown = rows[index * each : (index + 1) * each]
    for at in range(ROWS):
        key = f"net-system-{at}"
        if at >= len(shown):
            changes[key] = Change(cls="net-system unknown is-empty")
            continue
        system, (state, value, below) = shown[at]
        changes[key] = Change(cls=f"net-system {state}")
        changes[f"{key}-name"], changes[f"{key}-value"], changes[f"{key}-sub"] = say(system.name), value, below
    figures = systems.national(place.systems)
    for at in range(len(systems.NATIONAL)):
        key = f"net-national-{at}"
        if at >= len(figures):
            changes[key] = Change(cls="net-figure is-empty")
            continue
        state, value, below = systems.told(figures[at], wall)
        # The number is large, its unit of measure stands below it.
        written, _, unit = (value.text or "").partition(" ") if state == "measured" else (value.text or "", "", "")
        changes[key] = Change(cls=f"net-figure {state}")
        changes[f"{key}-name"] = say(systems.NATIONAL[figures[at].metric])
        changes[f"{key}-value"], changes[f"{key}-unit"], changes[f"{key}-sub"] = say(written), say(unit), below
    return changes


def _count(there: int, index: int, pages: int) -> Change:
    if not there:
        return say("chưa khai báo", "card-fact is-warn")
    return say(f"{there} hệ thống" + (f" · trang {index + 1}/{pages}" if pages > 1 else ""), "card-fact")
