"""The head of the wall: whose it is, whether it is live, what time it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html

from layouts import text
from layouts.change import Change, Patch, say
from layouts.place import Place
from layouts.states import source_state
from opscentre.live.wall import Wall


def layout(place: Place, scenes: Sequence[str]) -> html.Header:
    """Title, which scene is on, the one notice, the clock.

    The notice's words come from the push or, when it fails, from the screen; what is on only the screen knows.
    """
    return html.Header(
        className="head",
        children=[
            html.Div(
                className="head-title",
                children=[html.H1(place.title), _where(scenes)],
            ),
            html.Div(
                className="notice",
                role="status",
                children=[
                    html.Span(className="notice-mark"),
                    html.Span("ĐANG KẾT NỐI", id="notice-text", className="notice-text"),
                ],
            ),
            html.Div("", id="sources-fresh", className="head-fact"),
            html.Div("", id="simulated", className="badge is-absent"),
            html.Div(
                className="clock",
                children=[html.Div("--:--:--", id="clock-time"), html.Div("—", id="clock-date")],
            ),
        ],
    )


def _where(scenes: Sequence[str]) -> html.P:
    named: list[dict[str, Any]] = [{"data-scene": key} for key in scenes]
    dots = [html.Span(className="scene-dot", **name) for name in named]
    return html.P(
        className="scene-line",
        children=[
            html.Span("", id="scene-name"),
            html.Span(dots if len(dots) > 1 else [], className="scene-dots"),
            html.Span("", id="scene-state"),
        ],
    )


def patch(wall: Wall, place: Place) -> Patch:
    """How many sources are fresh, and whether this is a simulation. The time ticks on the screen."""
    states = [source_state(source, wall.made_at) for source in wall.sources]
    fresh, paused = states.count("fresh"), states.count("paused")
    whole = len(states) - paused
    away = f" · {paused} tạm dừng" if paused else ""
    return {
        # The notice's words go the way of the state of the whole picture; how loud they are is said here.
        "notice-text": Change(cls="notice-text is-loud" if wall.state == "empty" else "notice-text"),
        "clock-time": Change(tick=("clock", 0)),
        "clock-date": say(f"{text.weekday(wall.now)}, {text.date(wall.now)}"),
        "sources-fresh": say(
            f"{fresh}/{whole} nguồn kịp thời{away}" if states else "Chưa khai báo nguồn",
            "head-fact" if fresh == whole and whole else "head-fact is-warn",
        ),
        "simulated": say(
            f"MÔ PHỎNG {text.speed(wall.speed)}" if wall.simulated else "",
            "badge" if wall.simulated else "badge is-absent",
        ),
    }
