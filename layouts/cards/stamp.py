"""How old what is counted by the minute is, on every card that shows it; and why there is none yet."""

from __future__ import annotations

from dash import html

from layouts.change import Change, Patch, say
from layouts.text import clock
from opscentre.live.wall import Wall

#: Without a new count for this long (real ms) the age is a warning.
OLD_MS = 15 * 60_000
#: Said where nothing was counted yet.
WAITING = "đang đếm từ kho số liệu, có sau ít phút"


def layout(key: str) -> html.Span:
    """The stamp of one scene."""
    return html.Span(
        className="stamp",
        children=[
            html.Span(WAITING, id=f"{key}-stamp", className="stamp-text"),
            html.Span("", id=f"{key}-stamp-age", className="stamp-age"),
        ],
    )


def patch(key: str, wall: Wall) -> Patch:
    """When it was counted, by the product's clock, and its real age, ticking."""
    slow = wall.slow
    if slow is None:
        return {f"{key}-stamp": say(WAITING), f"{key}-stamp-age": say("", "stamp-age")}
    old = wall.made_at - slow.made_at > OLD_MS
    return {
        f"{key}-stamp": say(f"số đếm lúc {clock(slow.now)} · cách đây"),
        f"{key}-stamp-age": Change(tick=("age", slow.made_at), cls="stamp-age is-warn" if old else "stamp-age"),
    }
