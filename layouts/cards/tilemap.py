"""The province as hexagons, one a commune, coloured by on-time share."""

from __future__ import annotations

from dash import html

from layouts import shares
from layouts.change import DASH, Change, Patch, say
from layouts.place import Place
from layouts.text import percent
from opscentre.domain.units import Unit
from opscentre.live.wall import Wall

FORMULA = "Tỷ lệ = (xong đúng hạn + đang giải quyết trong hạn) ÷ (đã xong + đang giải quyết), 30 ngày gần nhất"


def layout(place: Place) -> html.Section:
    """Title, legend in words, the hexagons; positions are fixed, sizes follow the panel."""
    return html.Section(
        className="card tilemap",
        children=[
            html.Div(
                className="card-head",
                children=[
                    html.H2("Tỷ lệ đúng hạn theo xã, phường · 30 ngày"),
                    html.Span("sơ đồ, không phải bản đồ địa giới", className="footnote"),
                ],
            ),
            html.Ul(
                className="legend",
                children=[
                    html.Li([html.Span(className=f"swatch {band.name}"), band.words])
                    for band in (*shares.BANDS, shares.NONE)
                ],
            ),
            html.Div(
                className="hexes",
                style={"--columns": place.tiling.columns, "--rows": place.tiling.rows},
                children=[_tile(unit, place) for unit in place.communes if unit.code in place.tiling.cells],
            ),
            html.Div(FORMULA, className="footnote"),
        ],
    )


def _tile(unit: Unit, place: Place) -> html.Div:
    column, row = place.tiling.cells[unit.code]
    lines = two_lines(unit.label)
    longest = max(len(line) for line in lines.split(" "))
    return html.Div(
        id=f"tile-{unit.code}",
        className="tile none",
        title=unit.name,
        style={"--x": column + (row & 1) / 2, "--y": row},
        children=[
            html.Div(lines, className="tile-name is-long" if longest > 8 else "tile-name"),
            html.Div(DASH, id=f"tile-{unit.code}-share", className="tile-share"),
        ],
    )


def two_lines(name: str) -> str:
    """A name that breaks into two lines at most: ``Phan Đình`` over ``Phùng``."""
    words = name.split()
    half = -(-len(words) // 2)
    return " ".join(["\N{NO-BREAK SPACE}".join(words[:half]), "\N{NO-BREAK SPACE}".join(words[half:])]).strip()


def patch(wall: Wall, place: Place) -> Patch:
    """Each commune's band and share; hatched with a dash where there is no data."""
    changes: Patch = {}
    for unit in place.communes:
        totals = wall.units.get(unit.code)
        share = totals.on_time_share if totals else None
        changes[f"tile-{unit.code}"] = Change(cls=f"tile {shares.band(share).name}")
        changes[f"tile-{unit.code}-share"] = say(percent(share).rstrip("%"))
    return changes
