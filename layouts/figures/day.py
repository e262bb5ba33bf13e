"""A day by the hour, large: received and finished, and the same day before where it is known."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from layouts.figures.flow import draw

FAINT = "#8496a6"


def draw_day(
    received: Sequence[int],
    finished: Sequence[int],
    hour: int | None,
    yesterday: Sequence[int] = (),
    last_week: Sequence[int] = (),
) -> dict[str, Any]:
    """The figure for 24 numbers each; the last two are what was received by hour on the days compared with."""
    figure = draw(received, finished, hour)
    layout = copy.deepcopy(figure["layout"])
    layout["font"]["size"] = 22
    layout["margin"] = {"l": 74, "r": 8, "t": 10, "b": 40}
    layout["yaxis"]["nticks"] = 5
    first, last = (round(edge) for edge in layout["xaxis"]["range"])
    hours = list(range(first, last + 1))
    layout["xaxis"]["tickvals"] = hours
    layout["xaxis"]["ticktext"] = [f"{hour}h" for hour in hours]
    days = [(before, dash) for before, dash in ((yesterday, "dot"), (last_week, "dash")) if before]
    return {"data": [*figure["data"], *(_before(hours, before, dash) for before, dash in days)], "layout": layout}


def _before(hours: list[int], received: Sequence[int], dash: str) -> dict[str, Any]:
    line = {"color": FAINT, "width": 3, "dash": dash, "shape": "hvh"}
    return {"type": "scatter", "x": hours, "y": [received[h] for h in hours], "mode": "lines", "line": line}
