"""The province as a map: hexagons or areas coloured by one measure at a time; on it the best and the last three."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from dash import html

from layouts.cards.kpis import is_known
from layouts.cards.ranking import NOBODY
from layouts.cards.tilemap import two_lines
from layouts.change import DASH, Change, Patch, say
from layouts.measures import MEASURES, Measure, ordered
from layouts.place import Place
from layouts.shares import NONE, Band
from layouts.states import units_of_failing_sources
from layouts.text import number
from opscentre.domain.units import Unit
from opscentre.live.wall import Totals, Wall

TITLE = "Bản đồ"
SCHEMATIC = "sơ đồ, không phải bản đồ địa giới"
NEARER = "khung nét đứt: vẽ gần lại, không đúng vị trí"
DISTRICTS = "số của chính cấp huyện, chưa cộng cấp xã"
STALE = "số có thể cũ"
#: Units named at either end.
EACH = 3
NAMED = (("worst", "Cần chú ý"), ("best", "Tốt nhất"))


def layout(place: Place) -> html.Div:
    """The map, and beside it what it shows just now; every measure is there, the screen shows one."""
    shown: dict[str, Any] = {"data-measure": MEASURES[0].key}
    return html.Div(
        id="map",
        className="map",
        **shown,
        children=[
            html.Div(
                className="card map-card",
                children=[
                    html.Div([_legend(measure) for measure in MEASURES], className="map-legends"),
                    _areas(place) if place.areas else _hexagons(place),
                    html.Div(_caption(place), className="footnote"),
                ],
            ),
            html.Div([_side(measure) for measure in MEASURES], className="map-sides"),
        ],
    )


def _caption(place: Place) -> str:
    told = [place.areas.caption if place.areas else SCHEMATIC]
    if place.areas:
        missing = [unit.name for unit in place.mapped if unit.code not in place.areas.paths]
        told += [f"chưa có địa giới: {', '.join(missing)}"] if missing else []
        told += [NEARER] if place.areas.frames else []
        told += [DISTRICTS] if place.mapped != place.communes else []
    else:
        missing = [unit.name for unit in place.communes if unit.code not in place.tiling.cells]
        told += [f"chưa có tọa độ: {', '.join(missing)}"] if missing else []
    return " · ".join(told)


def _legend(measure: Measure) -> html.Ul:
    return html.Ul(
        className=f"legend only {measure.key}",
        children=[
            *[html.Li([html.Span(className=f"swatch {band.name}"), band.words]) for band in (*measure.bands, NONE)],
            html.Li([html.Span(className="swatch stale"), STALE], id=f"map-{measure.key}-stale", className="is-absent"),
        ],
    )


def _areas(place: Place) -> html.Div:
    """Where the screen draws the outlines once (``assets/map.js``), with the names that it places upon them."""
    source: dict[str, Any] = {"data-source": "/api/areas"}
    return html.Div(
        className="areas",
        **source,
        children=[
            _callout(f"map-{measure.key}-{end}-{index}", end)
            for measure in MEASURES
            for end, _ in NAMED
            for index in range(EACH)
        ],
    )


def _callout(row: str, end: str) -> html.Div:
    return html.Div(
        id=f"{row}-callout",
        className="callout is-empty",
        children=[
            html.Span(className=f"end-mark {end}"),
            html.Span(DASH, id=f"{row}-callout-name"),
            html.B(DASH, id=f"{row}-callout-value"),
        ],
    )


def _hexagons(place: Place) -> html.Div:
    return html.Div(
        className="hexes",
        style={
            "--wide-columns": place.broad.columns, "--wide-rows": place.broad.rows,
            "--tall-columns": place.tiling.columns, "--tall-rows": place.tiling.rows,
        },
        children=[_tile(unit, place) for unit in place.communes if unit.code in place.tiling.cells],
    )  # fmt: skip


def _tile(unit: Unit, place: Place) -> html.Div:
    column, row = place.broad.cells[unit.code]
    tall_column, tall_row = place.tiling.cells[unit.code]
    name = two_lines(unit.label)
    long = max(len(line) for line in name.split(" ")) > 8
    return html.Div(
        id=f"map-{unit.code}",
        className="tile",
        title=unit.name,
        style={
            "--wide-x": column + (row & 1) / 2, "--wide-y": row,
            "--tall-x": tall_column + (tall_row & 1) / 2, "--tall-y": tall_row,
        },
        children=[
            html.Div(name, className="tile-name is-long" if long else "tile-name"),
            *[
                html.Div(DASH, id=f"map-{unit.code}-{measure.key}", className=f"tile-share only {measure.key}")
                for measure in MEASURES
            ],
        ],
    )  # fmt: skip


def _side(measure: Measure) -> html.Div:
    key = f"map-{measure.key}"
    return html.Div(
        className=f"map-side only {measure.key}",
        children=[
            html.Section(
                className="card hero",
                children=[
                    html.H2(measure.name),
                    html.Div(
                        className="hero-line",
                        children=[
                            html.Span(DASH, id=f"{key}-value", className="hero-value rolls"),
                            html.Span(measure.unit, className="hero-unit"),
                        ],
                    ),
                    html.Div([html.Span("toàn tỉnh, mọi đơn vị"), html.Span("số đơn vị")], className="class-head"),
                    html.Div(
                        [_class_row(f"{key}-class-{band.name}", band) for band in (*measure.bands, NONE)],
                        className="classes",
                    ),
                    html.P(measure.formula, className="footnote"),
                ],
            ),
            *[_list(key, end, title) for end, title in NAMED],
        ],
    )


def _class_row(row: str, band: Band) -> html.Div:
    """How many units are in a class, and a bar of that share of them."""
    return html.Div(
        id=row,
        className="class-row",
        children=[
            html.Span(className=f"swatch {band.name}"),
            html.Span(band.words),
            html.Span([html.Span(id=f"{row}-bar", className=f"bar {band.name}")], className="bar-track"),
            html.B(DASH, id=f"{row}-count"),
        ],
    )


def _list(key: str, end: str, title: str) -> html.Section:
    return html.Section(
        className=f"card map-end {end}",
        children=[
            html.Div(
                className="card-head",
                children=[
                    html.H2([html.Span(className=f"end-mark {end}"), title]),
                    html.Span("", id=f"{key}-{end}-counted", className="card-fact"),
                ],
            ),
            *[
                html.Div(
                    id=f"{key}-{end}-{index}",
                    className="named-row is-empty",
                    children=[
                        html.Span(DASH, id=f"{key}-{end}-{index}-name", className="named-unit"),
                        html.Span(DASH, id=f"{key}-{end}-{index}-value", className="named-value"),
                    ],
                )
                for index in range(EACH)
            ],
        ],
    )


def patch(wall: Wall, place: Place) -> Patch:
    """Every unit's class and value by every measure; the ends of each."""
    changes: Patch = {}
    ends: dict[str, list[str]] = {}
    stale = units_of_failing_sources(wall)
    there = stale.intersection(unit.code for unit in place.mapped)
    for measure in MEASURES:
        changes.update(_side_patch(measure, wall, place, ends))
        changes[f"map-{measure.key}-stale"] = Change(cls="" if there else "is-absent")
    prefix = "area" if place.areas else "map"
    for unit in place.mapped:
        totals = wall.units.get(unit.code)
        classes = ["area" if place.areas else "tile", *ends.get(unit.code, ())]
        if unit.code in stale:
            classes.append("is-stale")
        for measure in MEASURES:
            value = measure.value(totals) if totals else None
            classes.append(f"{measure.key}-{measure.band(value).name}")
            if not place.areas:
                changes[f"map-{unit.code}-{measure.key}"] = say(measure.write(value).rstrip("%"))
        changes[f"{prefix}-{unit.code}"] = Change(cls=" ".join(classes))
        if place.areas and place.areas.inset:
            changes[f"inset-area-{unit.code}"] = Change(cls=" ".join(classes))
    return changes


def _side_patch(measure: Measure, wall: Wall, place: Place, ends: dict[str, list[str]]) -> Patch:
    key = f"map-{measure.key}"
    found = ordered(measure, place.mapped, wall.units)
    value = _whole(measure, wall)
    changes: Patch = {f"{key}-value": say(measure.write(value))}
    best = found[:EACH]
    worst = found[max(len(best), len(found) - EACH) :][::-1]
    changes.update(_classes(measure, wall, place))
    for end, rows in (("best", best), ("worst", worst)):
        changes[f"{key}-{end}-counted"] = say(_counted(measure, rows, found))
        for index in range(EACH):
            row = f"{key}-{end}-{index}"
            if index < len(rows):
                unit, value = rows[index]
                ends.setdefault(unit.code, []).append(f"{end}-{measure.key}")
                changes[row] = Change(cls="named-row")
                changes[f"{row}-name"] = say(unit.name)
                changes[f"{row}-value"] = say(measure.write(value), f"named-value {measure.band(value).name}")
                if place.areas:
                    # The screen knows by the class which unit the name belongs to; its mark is that of the legend.
                    band = measure.band(value).name
                    changes[f"{row}-callout"] = Change(cls=f"callout only {measure.key} {end} is-{band} at-{unit.code}")
                    changes[f"{row}-callout-name"] = say(unit.label)
                    changes[f"{row}-callout-value"] = say(measure.write(value))
            else:
                # A list of nobody says so in its first row.
                changes[row] = Change(cls="named-row is-empty" if index else "named-row is-nobody")
                if not index:
                    changes[f"{row}-name"] = say(NOBODY if wall.state == "live" else DASH)
                    changes[f"{row}-value"] = say("", "named-value")
                if place.areas:
                    changes[f"{row}-callout"] = Change(cls="callout is-empty")
    return changes


def _classes(measure: Measure, wall: Wall, place: Place) -> Patch:
    """How many of the units on the map are in each class; dashes while nobody can know."""
    found = Counter(
        measure.band(measure.value(totals) if (totals := wall.units.get(unit.code)) else None).name
        for unit in place.mapped
    )
    known = wall.state == "live"
    changes: Patch = {}
    for band in (*measure.bands, NONE):
        count, row = found[band.name], f"map-{measure.key}-class-{band.name}"
        changes[row] = Change(cls="class-row" if count and known else "class-row is-none")
        changes[f"{row}-count"] = say(number(count) if known else DASH)
        changes[f"{row}-bar"] = Change(v=round(count / len(place.mapped), 3) if known and place.mapped else 0.0)
    return changes


def _counted(measure: Measure, rows: Sequence[tuple[Unit, float]], found: Sequence[tuple[Unit, float]]) -> str:
    """From how many dossiers on a unit may be named; of more units with the value of all three: how many there are."""
    written = {measure.write(value) for _, value in rows}
    same = sum(measure.write(value) in written for _, value in found) if len(written) == 1 else 0
    return f"{number(same)} đơn vị cùng mức" if same > EACH else f"từ {measure.minimum} hồ sơ trở lên"


def _whole(measure: Measure, wall: Wall) -> float | None:
    """The province's value; no zero while nobody can know it."""
    totals: Totals = wall.totals
    value = measure.value(totals)
    return value if value is not None and is_known(wall, round(value * 1000)) else None
