"""Received (bars) and finished (line) by hour of a day."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import plotly.graph_objects as go

#: Hours shown even when nothing happened in them.
OPENS, CLOSES = 7, 17
ACCENT, FINISHED, TEXT, LINE = "#5aa9f5", "#46d3b4", "#a9b8c6", "#263442"


def draw(received: Sequence[int], finished: Sequence[int], hour: int | None) -> dict[str, Any]:
    """The figure for 24 numbers each; hours after ``hour`` have no value yet, and ``None`` means no data.

    The running hour is drawn paler and outside the line: it is not over, so it is no fall. The same numbers give the
    same object, which is not to be changed: most pictures move no bar, and plotly takes milliseconds.
    """
    return _drawn(tuple(received), tuple(finished), hour)


@lru_cache(maxsize=4)
def _drawn(received: tuple[int, ...], finished: tuple[int, ...], hour: int | None) -> dict[str, Any]:
    known = range(hour + 1) if hour is not None and received else range(0)
    busy = [h for h in known if received[h] or finished[h]]
    first = min([OPENS, *busy])
    last = max([CLOSES, *busy])
    hours = [h for h in range(first, last + 1) if h in known]
    figure = go.Figure(
        data=[
            go.Bar(
                x=hours,
                y=[received[h] for h in hours],
                marker={"color": ACCENT, "opacity": [0.45 if h == hour else 1.0 for h in hours]},
                width=0.62,
            ),
            _finished([h for h in hours if h != hour], finished, 1.0),
            _finished([h for h in hours if h == hour], finished, 0.6),
        ],
        layout=_frame(first, last),
    )
    return figure.to_plotly_json()


def _finished(hours: list[int], finished: Sequence[int], opacity: float) -> go.Scatter:
    return go.Scatter(
        x=hours,
        y=[finished[h] for h in hours],
        mode="lines+markers",
        line={"color": FINISHED, "width": 3},
        marker={"color": FINISHED, "size": 7, "opacity": opacity},
    )


def _frame(first: int, last: int) -> dict[str, Any]:
    ticks = list(range(first, last + 1, 3 if last - first < 14 else 4))
    return {
        # The colours are all given here: plotly's own template is several kilobytes of unused defaults.
        "template": None,
        "uirevision": "flow",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "Figures, Be Vietnam Pro, sans-serif", "size": 20, "color": TEXT},
        "margin": {"l": 52, "r": 2, "t": 6, "b": 27},
        "showlegend": False,
        "separators": ",.",
        "xaxis": {
            "range": [first - 0.6, last + 0.6],
            "tickvals": ticks,
            "ticktext": [f"{hour}h" for hour in ticks],
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
        },
        "yaxis": {
            "rangemode": "tozero",
            "gridcolor": LINE,
            "zerolinecolor": LINE,
            "nticks": 2,
            "tickformat": ",d",
            "fixedrange": True,
        },
    }
