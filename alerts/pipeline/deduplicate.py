"""Drops what the notification log already has: an alert is told to a recipient once a step."""

from __future__ import annotations

from collections.abc import Sequence

from alerts.pipeline.line import RESOLVED, Line, Scene


def deduplicate(lines: Sequence[Line], scene: Scene) -> list[Line]:
    """Lines whose step is new to the log, and new among themselves."""
    seen: set[tuple[str, str, str, int, int]] = set()
    found = []
    for line in lines:
        said = scene.said.get(line.identity)
        known = said is not None and (said.step == RESOLVED or (line.step != RESOLVED and line.step <= said.step))
        place = (*line.identity, line.step)
        if not known and place not in seen:
            seen.add(place)
            found.append(line)
    return found
