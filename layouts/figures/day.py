"""A day by the hour, large: received and finished, and the same day before where it is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from layouts.figures.flow import draw

FAINT = "#8496a6"


def draw_day(
    received: Sequence[int], finished: Sequence[int], hour: int | None, before: Sequence[int] | None
) -> dict[str, Any]:
    """The figure for 24 numbers each; ``before`` is what was received by hour on the day compared with."""
    figure = draw(received, finished, hour)
    layout = figure["layout"]
    layout["font"]["size"] = 22
    layout["margin"] = {"l": 74, "r": 8, "t": 10, "b": 40}
    layout["yaxis"]["nticks"] = 5
    first, last = (round(edge) for edge in layout["xaxis"]["range"])
    hours = list(range(first, last + 1))
    layout["xaxis"]["tickvals"] = hours
    layout["xaxis"]["ticktext"] = [f"{hour}h" for hour in hours]
    if before:
        line = {
            "type": "scatter", "x": hours, "y": [before[h] for h in hours], "mode": "lines",
            "line": {"color": FAINT, "width": 3, "dash": "dot", "shape": "hvh"},
        }  # fmt: skip
        figure["data"] = [*figure["data"], line]
    return figure
