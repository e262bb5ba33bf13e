"""Leaves a pause between two mails of one topic to one recipient; what is critical does not wait."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from alerts.pipeline.line import Line, Scene


def throttle(lines: Sequence[Line], scene: Scene) -> list[Line]:
    """The same lines, none of them sooner after the last mail than the pause allows."""
    return [msgspec.structs.replace(line, not_before=max(line.not_before, _free(line, scene))) for line in lines]


def _free(line: Line, scene: Scene) -> int:
    if line.rule.severity == "critical" or line.rule.at_once or line.recipient is None:
        return 0
    last = scene.last_sent.get((line.recipient.key, line.topic))
    if last is None:
        return 0
    free = last + round(scene.alerting.mail.pause * 1000)
    return scene.calendar.of(line.recipient.unit).next_working_moment(free)
