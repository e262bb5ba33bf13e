"""Dated figures: what somebody published or sent, each with its day and its source; old ones say so."""

from __future__ import annotations

from dash import html

from layouts.cards import stamp
from layouts.cards.urgent import page
from layouts.change import DASH, Change, Patch, say
from layouts.place import Place
from opscentre.live.slow import FigureShown
from opscentre.live.wall import Wall

TITLE = "Số liệu công bố"
#: Tiles on one page; with more figures the pages turn by themselves.
TILES = 12
#: Columns by how many tiles there are on a page, where it is not four; and rows of a full page.
COLUMNS, ROWS = {1: 1, 2: 2, 3: 3, 4: 2, 5: 3, 6: 3, 9: 3, 10: 5}, 3
#: A figure whose day is longer ago than this is called old.
OLD_DAYS = 366


def layout(place: Place) -> html.Div:
    """Tiles that are filled in place."""
    return html.Div(
        className="pub",
        children=[
            html.Div(
                className="pub-head",
                children=[
                    html.H2("Do cơ quan công bố hoặc nguồn gửi về, không phải hệ thống này đếm"),
                    html.Span("", id="pub-page", className="card-fact"),
                    stamp.layout("pub"),
                ],
            ),
            html.Div("", id="pub-nothing", className="nothing is-absent"),
            html.Div([_tile(f"pub-{index}") for index in range(TILES)], id="pub-tiles", className="pub-tiles"),
        ],
    )


def _tile(key: str) -> html.Section:
    return html.Section(
        id=key,
        className="card pub-tile is-empty",
        children=[
            html.H3(DASH, id=f"{key}-name"),
            html.Div(
                className="pub-line",
                children=[
                    html.Span(DASH, id=f"{key}-value", className="pub-value fits"),
                    html.Span("", id=f"{key}-unit", className="hero-unit"),
                ],
            ),
            html.Div("", id=f"{key}-day", className="pub-day"),
            html.Div("", id=f"{key}-scope", className="pub-scope"),
            html.Div("", id=f"{key}-source", className="footnote pub-source"),
        ],
    )


def patch(wall: Wall, place: Place) -> Patch:
    """The present page of figures, the newest first."""
    known = wall.slow.figures if wall.slow else []
    index, pages = page(len(known), TILES, wall.made_at)
    # As many on each page: no page with a single tile.
    each = -(-len(known) // pages) if known else TILES
    shown = known[index * each : (index + 1) * each]
    nothing = "Chưa khai báo số liệu công bố nào (figures.csv)" if wall.slow else f"{DASH} {stamp.WAITING}"
    changes: Patch = {
        "pub-page": say(f"trang {index + 1}/{pages} · {len(known)} số liệu" if known else ""),
        "pub-tiles": Change(cls=_grid(each)),
        "pub-nothing": say(nothing, "nothing is-absent" if known else "nothing"),
        **stamp.patch("pub", wall),
    }
    for tile in range(TILES):
        if tile < len(shown):
            changes.update(_tile_patch(f"pub-{tile}", shown[tile]))
        else:
            changes[f"pub-{tile}"] = Change(cls="card pub-tile is-empty")
    return changes


def _grid(each: int) -> str:
    """So many columns that the tiles of a page fill it: on ordinary screens, and in two rows on very wide ones."""
    columns = COLUMNS.get(each, 4)
    roomy = " is-roomy" if -(-each // columns) < ROWS else ""
    return f"pub-tiles by-{columns} pairs-{-(-each // 2)}{roomy}"


def _tile_patch(key: str, figure: FigureShown) -> Patch:
    old = figure.age_days > OLD_DAYS
    years = figure.age_days // 365
    value, unit = _written(figure)
    # The unit of measure stands on the same line, in letters of half the size.
    long = len(value) + len(unit) / 2 > 11
    said = f"◆ {figure.as_of} · cũ {years} năm" if old else figure.as_of
    return {
        key: Change(cls="card pub-tile is-old" if old else "card pub-tile"),
        f"{key}-name": say(figure.name),
        f"{key}-value": say(value, "pub-value fits is-long" if long else "pub-value fits"),
        f"{key}-unit": say(unit),
        f"{key}-day": say(said),
        f"{key}-scope": say(figure.scope),
        f"{key}-source": say(f"{figure.source}{f' · {figure.note}' if figure.note else ''}"),
    }


def _written(figure: FigureShown) -> tuple[str, str]:
    """The value and the unit behind it; per cent belongs to the number, and a place is no quantity."""
    if figure.unit == "%":
        return f"{figure.value}%", ""
    return (f"thứ {figure.value}", "") if figure.unit == "hạng" else (figure.value, figure.unit)
