"""Puts off what can wait: until others have gathered, and until the recipient's office is open."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from alerts.pipeline.line import Line, Scene


def defer(lines: Sequence[Line], scene: Scene) -> list[Line]:
    """The same lines, each with the moment from which it may be told."""
    gathered = scene.at.now + round(scene.alerting.mail.gather * 1000)
    return [msgspec.structs.replace(line, not_before=_open(line, scene, gathered)) for line in lines]


def _open(line: Line, scene: Scene, gathered: int) -> int:
    if line.rule.at_once:
        return scene.at.now
    unit = line.recipient.unit if line.recipient else ""
    calendar = scene.calendar.of(unit)
    now = scene.at.now
    # In the last minute before closing nothing is gathered: it would wait for the next morning.
    if calendar.next_working_moment(now) == now and calendar.next_working_moment(gathered) != gathered:
        return now
    return calendar.next_working_moment(gathered)
