"""The overview: what holds right now, pushed every second; the lists; the levels and units of a period."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html

from layouts.change import DASH
from layouts.desk import frame
from layouts.desk.address import View
from layouts.desk.progress import Row, table
from layouts.place import Place

#: What holds now, and the list or figure behind it.
NOW = (
    ("received", "figure/received.in_period", ""),
    ("finished", "figure/finished.total", ""),
    ("ontime", "figure/share.on_time", ""),
    ("process", "figure/in_process.total", ""),
    ("overdue", "list/overdue", "bad"),
    ("soon", "list/due-soon", "warn"),
    ("paused", "list/paused", ""),
    ("waiting", "list/reception-late", "bad"),
)


def layout(view: View, place: Place, groups: Sequence[Row], worst: Sequence[Row], total: Row, at: int) -> html.Div:
    """The page: live numbers by their element ids, the rest as of ``at``."""
    words = view.words
    return frame.page(
        view,
        place,
        words("nav.overview"),
        [],
        [
            html.H2(words("home.now")),
            html.Ul(
                className="kpi-list",
                children=[
                    html.Li(
                        html.A(
                            className=f"figure {role}",
                            href=view.to(*target.split("/"), period="today"),
                            children=[
                                html.Span(words(f"home.{key}"), className="figure-name"),
                                html.Span(DASH, id=f"home-{key}-{view.lang}", className="figure-value"),
                            ],
                        )
                    )
                    for key, target, role in NOW
                ],
            ),
            html.P(words("home.live"), className="footnote is-live"),
            html.H2(f"{words('table.title')} · {frame.period_text(view)}"),
            frame.periods(view),
            table(
                view,
                [(words("home.groups"), groups), (words("home.worst"), worst)],
                total,
                words("by.unit"),
                orders=False,
            ),
            html.P(words("table.note"), className="footnote"),
        ],
        at,
    )
