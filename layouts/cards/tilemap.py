"""The province as hexagons, one a commune, coloured by on-time share."""

from __future__ import annotations

from dash import html

from layouts import shares
from layouts.change import DASH, Change, Patch, say
from layouts.place import Place
from layouts.states import units_of_failing_sources
from layouts.text import percent
from opscentre.domain.units import Unit
from opscentre.live.wall import Wall

FORMULA = "Tỷ lệ = (xong đúng hạn + đang giải quyết trong hạn) ÷ (đã xong + đang giải quyết), 30 ngày gần nhất"
STALE = "số có thể cũ"


def layout(place: Place) -> html.Section:
    """Title, legend in words, the hexagons; positions are fixed, sizes follow the panel."""
    return html.Section(
        className="card tilemap",
        children=[
            html.Div(
                className="card-head",
                children=[
                    html.H2(f"Tỷ lệ đúng hạn theo {place.lowest.lower()} · 30 ngày"),
                    html.Span("sơ đồ, không phải bản đồ địa giới", className="footnote"),
                ],
            ),
            html.Ul(
                className="legend",
                children=[
                    *[
                        html.Li([html.Span(className=f"swatch {band.name}"), band.words])
                        for band in (*shares.BANDS, shares.NONE)
                    ],
                    html.Li([html.Span(className="swatch stale"), STALE], id="tiles-stale", className="is-absent"),
                ],
            ),
            html.Div(
                className="hexes",
                style={
                    "--tall-columns": place.tiling.columns, "--tall-rows": place.tiling.rows,
                    "--wide-columns": place.broad.columns, "--wide-rows": place.broad.rows,
                },
                children=[_tile(unit, place) for unit in place.communes if unit.code in place.tiling.cells],
            ),
            html.Div(FORMULA, className="footnote"),
        ],
    )  # fmt: skip


def _tile(unit: Unit, place: Place) -> html.Div:
    column, row = place.tiling.cells[unit.code]
    broad_column, broad_row = place.broad.cells[unit.code]
    lines = two_lines(unit.label)
    longest = max(len(line) for line in lines.split(" "))
    return html.Div(
        id=f"tile-{unit.code}",
        className="tile none",
        title=unit.name,
        style={
            "--tall-x": column + (row & 1) / 2, "--tall-y": row,
            "--wide-x": broad_column + (broad_row & 1) / 2, "--wide-y": broad_row,
        },
        children=[
            html.Div(lines, className="tile-name is-long" if longest > 8 else "tile-name"),
            html.Div(DASH, id=f"tile-{unit.code}-share", className="tile-share"),
        ],
    )  # fmt: skip


def two_lines(name: str) -> str:
    """A name that breaks into two lines at most, as short ones as there are: ``Phan Đình`` over ``Phùng``."""
    words = name.split()
    breaks = [(" ".join(words[:at]), " ".join(words[at:])) for at in range(1, len(words))]
    # A hexagon is narrower where the first line stands.
    lines = min(breaks, key=lambda both: (max(map(len, both)), len(both[0])), default=(name,))
    return " ".join(line.replace(" ", "\N{NO-BREAK SPACE}") for line in lines)


def patch(wall: Wall, place: Place) -> Patch:
    """Each commune's band and share; hatched with a dash where there is no data, striped where its source fails."""
    changes: Patch = {}
    stale = units_of_failing_sources(wall)
    there = any(unit.code in stale for unit in place.communes)
    changes["tiles-stale"] = Change(cls="" if there else "is-absent")
    for unit in place.communes:
        totals = wall.units.get(unit.code)
        share = totals.on_time_share if totals else None
        old = " is-stale" if unit.code in stale else ""
        changes[f"tile-{unit.code}"] = Change(cls=f"tile {shares.band(share).name}{old}")
        changes[f"tile-{unit.code}-share"] = say(percent(share).rstrip("%"))
    return changes
