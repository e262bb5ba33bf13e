"""A day by the hour, large: received and finished, and the same day before where it is known."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from layouts.figures.flow import ACCENT, FINISHED, draw

#: Of the lines that lie over the bars; and how broad each of the two bars of an hour is, and the gap between them.
LIGHT, BROAD, GAP = "#eef3f7", 0.36, 0.04


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
    known = figure["data"][0]["x"]
    bars = [
        _bars(known, received, hour, ACCENT, -BROAD - GAP / 2),
        _bars(known, finished, hour, FINISHED, GAP / 2),
    ]
    days = [(before, dash) for before, dash in ((yesterday, "dot"), (last_week, "dash")) if before]
    return {"data": [*bars, *(_before(hours, before, dash) for before, dash in days)], "layout": layout}


def _bars(hours: Sequence[int], counts: Sequence[int], hour: int | None, colour: str, offset: float) -> dict[str, Any]:
    """One bar an hour, beside the middle of the hour; that of the running hour is paler."""
    marker = {"color": colour, "opacity": [0.45 if h == hour else 1.0 for h in hours]}
    return {
        "type": "bar",
        "x": hours,
        "y": [counts[h] for h in hours],
        "marker": marker,
        "width": BROAD,
        "offset": offset,
    }


def _before(hours: list[int], received: Sequence[int], dash: str) -> dict[str, Any]:
    line = {"color": LIGHT, "width": 3, "dash": dash, "shape": "hvh"}
    return {"type": "scatter", "x": hours, "y": [received[h] for h in hours], "mode": "lines", "line": line}
