"""Decides which time it is told: first, again after so many working hours, or its end to those who heard of it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from alerts.pipeline.line import RESOLVED, Line, Scene
from opscentre.domain.calendar import Calendar
from opscentre.domain.moments import HOUR


def repeat(lines: Sequence[Line], scene: Scene) -> list[Line]:
    """Lines that are to be told now, each with its step; what was told and is not due again falls out."""
    return [found for line in lines if (found := _step(line, scene)) is not None]


def next_look(line: Line, scene: Scene, told: int) -> int | None:
    """When an alert that was told then has to be looked at again; None: not before something changes."""
    if line.over or line.rule.repeat == 0:
        return None
    return _calendar(line, scene).add_working_time(told, round(line.rule.repeat * HOUR))


def _step(line: Line, scene: Scene) -> Line | None:
    said = scene.said.get(line.identity)
    if line.over:
        heard = line.rule.tell == "resolved" or (said is not None and said.told and said.step != RESOLVED)
        return msgspec.structs.replace(line, step=RESOLVED) if heard else None
    if said is None:
        return line
    if line.rule.repeat == 0:
        return None
    passed = _calendar(line, scene).working_time(said.at, scene.at.now)
    if passed < line.rule.repeat * HOUR:
        return None
    # What still waits to be told the first time is not told again.
    return msgspec.structs.replace(line, step=said.step + 1) if said.told else None


def _calendar(line: Line, scene: Scene) -> Calendar:
    return scene.calendar.of(line.recipient.unit if line.recipient else "")
