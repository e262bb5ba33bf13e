"""A short list of units with bars: who has the most of something just now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from dash import html
from dash.development.base_component import Component

from layouts.change import DASH, Patch, say
from layouts.place import Place
from layouts.rows import Cell, Rows, Values
from layouts.text import number
from opscentre.domain.units import UNMAPPED_UNIT
from opscentre.live.wall import Totals, Wall


def layout(key: str, title: str, rows: int, note: str | list[str | Component], tone: str) -> html.Section:
    """A card with ``rows`` rows; ``tone`` is the role of the bars' colour."""
    return html.Section(
        className=f"card bars {tone}",
        children=[
            html.Div(
                className="card-head", children=[html.H2(title), html.Span("", id=f"{key}-sum", className="card-fact")]
            ),
            html.Div(
                className="bar-rows",
                children=[
                    html.Div("", id=f"{key}-nothing", className="nothing is-absent"),
                    *_rows(key, rows).layout(),
                ],
            ),
            html.Div(note, className="footnote"),
        ],
    )


def _rows(key: str, rows: int) -> Rows:
    cells = (
        Cell("name", "bar-name"),
        Cell("apart", "bar-apart", ""),
        Cell("value", "bar-value rolls"),
        Cell("", "bar-track", bars=(("bar", "bar"), ("rest", "bar is-apart"))),
    )
    return Rows(key, "bar-row", cells, rows)


def most(wall: Wall, value: Callable[[Totals], int], rows: int) -> list[tuple[str, int]]:
    """The units with the most of something, by code; those with none are left out."""
    found = [(code, value(totals)) for code, totals in wall.units.items()]
    return sorted((entry for entry in found if entry[1]), key=lambda entry: (-entry[1], entry[0]))[:rows]


def patch(
    key: str,
    entries: Sequence[tuple[str, int]],
    rows: int,
    wall: Wall,
    place: Place,
    nothing: str,
    total: str,
    apart: Mapping[str, int] | None = None,
) -> Patch:
    """The rows; where there is none, ``nothing`` says so, and a dash while nobody can know.

    ``apart``: by unit how many of them are of another kind, which the card's note names (◆).
    """
    known = wall.state == "live" or bool(entries)
    longest = max((count for _, count in entries), default=1)
    filled: list[Values] = []
    for code, count in entries:
        some = (apart or {}).get(code, 0)
        filled.append(
            {
                "name": place.by_code.get(code, UNMAPPED_UNIT).name,
                "apart": f"◆ {number(some)}" if some else "",
                "value": number(count),
                "bar": (count - some) / longest,
                "rest": some / longest,
            }
        )
    return {
        f"{key}-nothing": say(nothing if known else DASH, "nothing is-absent" if entries else "nothing"),
        f"{key}-sum": say(total if known else ""),
        **_rows(key, rows).patch(filled),
    }
