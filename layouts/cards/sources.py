"""The sources and the age of what each one last gave, counting."""

from __future__ import annotations

from dash import html

from layouts.change import DASH, Change, Patch, say
from layouts.place import Place
from layouts.states import SOURCE_ORDER, SOURCE_WORDS, source_state
from opscentre.live.wall import SourceAge, Wall

#: Rows there are; with more sources than that the ones in trouble come first.
ROWS = 8
#: With so few sources each row has room for a name of two lines.
ROOMY = 5


def layout(place: Place) -> html.Section:
    """Rows that are filled in place."""
    return html.Section(
        className="card sources",
        children=[
            html.Div(
                className="card-head",
                children=[html.H2("Tuổi số liệu theo nguồn"), html.Span("", id="sources-more", className="card-fact")],
            ),
            html.Div([_row(f"source-{index}") for index in range(ROWS)], id="source-rows", className="source-rows"),
        ],
    )


def _row(key: str) -> html.Div:
    return html.Div(
        id=key,
        className="source never is-empty",
        children=[
            html.Span(className="mark"),
            html.Span(DASH, id=f"{key}-name", className="source-name"),
            html.Span("", id=f"{key}-word", className="source-word"),
            html.Span(DASH, id=f"{key}-age", className="source-age"),
        ],
    )


def patch(wall: Wall, place: Place) -> Patch:
    """Each source's state and age; one that never answered has no age."""
    states = [(source, source_state(source, wall.made_at)) for source in wall.sources]
    if len(states) > ROWS:
        states.sort(key=lambda entry: SOURCE_ORDER[entry[1]])
    more = len(states) - ROWS
    changes: Patch = {
        "sources-more": say(f"+{more} nguồn" if more > 0 else ""),
        "source-rows": Change(cls="source-rows is-roomy" if len(states) <= ROOMY else "source-rows"),
    }
    for index in range(ROWS):
        key = f"source-{index}"
        if index < len(states):
            changes.update(_row_patch(key, *states[index]))
        else:
            changes[key] = Change(cls="source never is-empty")
    return changes


def _row_patch(key: str, source: SourceAge, state: str) -> Patch:
    seen = source.observed_at
    return {
        key: Change(cls=f"source {state}"),
        f"{key}-name": say(source.name),
        f"{key}-word": say(SOURCE_WORDS[state]),
        f"{key}-age": say(DASH) if seen is None else Change(tick=("age", seen)),
    }
