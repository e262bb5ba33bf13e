"""A message pinned over every scene, from the page that controls the walls; what it says only the screen knows."""

from __future__ import annotations

from typing import Any

from dash import html

from layouts.words import WORDS
from opscentre.live.walls import SEVERITIES


def layout() -> html.Div:
    """An empty bar above the head, with the word of each severity for the screen to choose from."""
    words: dict[str, Any] = {f"data-{severity}": WORDS["vi"](f"walls.said.{severity}") for severity in SEVERITIES}
    return html.Div(
        id="pin",
        className="pin is-absent",
        role="status",
        children=[
            html.Div([html.Span(className="pin-mark"), html.Span("", id="pin-word")], className="pin-kind"),
            html.Div("", id="pin-text", className="pin-text"),
        ],
        **words,
    )
