"""A short list of units with bars: who has the most of something just now."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dash import html

from layouts.change import DASH, Change, Patch, say
from layouts.place import Place
from layouts.text import number
from opscentre.domain.units import UNMAPPED_UNIT
from opscentre.live.wall import Totals, Wall


def layout(key: str, title: str, rows: int, note: str, tone: str) -> html.Section:
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
                    *[_row(f"{key}-{index}") for index in range(rows)],
                ],
            ),
            html.Div(note, className="footnote"),
        ],
    )


def _row(key: str) -> html.Div:
    return html.Div(
        id=key,
        className="bar-row is-empty",
        children=[
            html.Span(DASH, id=f"{key}-name", className="bar-name"),
            html.Span(DASH, id=f"{key}-value", className="bar-value rolls"),
            html.Span(html.Span(id=f"{key}-bar", className="bar"), className="bar-track"),
        ],
    )


def most(wall: Wall, value: Callable[[Totals], int], rows: int) -> list[tuple[str, int]]:
    """The units with the most of something, by code; those with none are left out."""
    found = [(code, value(totals)) for code, totals in wall.units.items()]
    return sorted((entry for entry in found if entry[1]), key=lambda entry: (-entry[1], entry[0]))[:rows]


def patch(
    key: str, entries: Sequence[tuple[str, int]], rows: int, wall: Wall, place: Place, nothing: str, total: str
) -> Patch:
    """The rows; where there is none, ``nothing`` says so, and a dash while nobody can know."""
    known = wall.state == "live" or bool(entries)
    changes: Patch = {
        f"{key}-nothing": say(nothing if known else DASH, "nothing is-absent" if entries else "nothing"),
        f"{key}-sum": say(total if known else ""),
    }
    longest = max((count for _, count in entries), default=1)
    for index in range(rows):
        row = f"{key}-{index}"
        if index >= len(entries):
            changes[row] = Change(cls="bar-row is-empty")
            continue
        code, count = entries[index]
        unit = place.by_code.get(code, UNMAPPED_UNIT)
        changes[row] = Change(cls="bar-row")
        changes[f"{row}-name"] = say(unit.name)
        changes[f"{row}-value"] = say(number(count))
        changes[f"{row}-bar"] = Change(v=round(count / longest, 3))
    return changes
