"""The day's flow: received and finished by hour."""

from __future__ import annotations

from dash import html

from layouts.change import Change, Patch
from layouts.figures import flow as figure
from layouts.place import Place
from opscentre.live.wall import Wall

#: The element that takes the figure.
ID = "flow"


def layout(place: Place) -> html.Section:
    """A legend in words and the chart."""
    return html.Section(
        className="card flow",
        children=[
            html.Div(
                className="card-head",
                children=[
                    html.H2("Theo giờ"),
                    html.Ul(
                        className="legend",
                        children=[
                            html.Li([html.Span(className="swatch accent"), "nhận"]),
                            html.Li([html.Span(className="swatch stroke"), "xong"]),
                        ],
                    ),
                ],
            ),
            html.Div(id=ID, className="flow-chart"),
        ],
    )


def patch(wall: Wall, place: Place) -> Patch:
    """The chart as it stands."""
    unknown = wall.state != "live" and not any(wall.received_by_hour)
    hour = None if unknown else (wall.now // 3_600_000 + 7) % 24
    return {ID: Change(figure=figure.draw(wall.received_by_hour, wall.finished_by_hour, hour))}
