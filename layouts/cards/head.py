"""The head of the wall: whose it is, whether it is live, what time it is."""

from __future__ import annotations

from dash import html

from layouts import text
from layouts.change import Change, Patch, say
from layouts.notice import source_state
from layouts.place import Place
from opscentre.live.wall import Wall


def layout(place: Place) -> html.Header:
    """Title, the one notice, the clock. The notice's words come from the push or, when it fails, from the screen."""
    return html.Header(
        className="head",
        children=[
            html.Div(
                className="head-title",
                children=[html.H1(place.title), html.P("Giải quyết thủ tục hành chính · theo thời gian thực")],
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


def patch(wall: Wall, place: Place) -> Patch:
    """How many sources are fresh, and whether this is a simulation. The time ticks on the screen."""
    fresh = sum(source_state(source, wall.made_at) == "fresh" for source in wall.sources)
    whole = len(wall.sources)
    return {
        "clock-time": Change(tick=("clock", 0)),
        "clock-date": say(f"{text.weekday(wall.now)}, {text.date(wall.now)}"),
        "sources-fresh": say(
            f"{fresh}/{whole} nguồn kịp thời" if whole else "Chưa khai báo nguồn",
            "head-fact" if fresh == whole and whole else "head-fact is-warn",
        ),
        "simulated": say(
            f"MÔ PHỎNG {text.speed(wall.speed)}" if wall.simulated else "",
            "badge" if wall.simulated else "badge is-absent",
        ),
    }
