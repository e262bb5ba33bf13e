"""Finds who hears: the roles that a rule names, at the unit that an alert is about, else whoever runs the centre."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from alerts.pipeline.line import Line, Scene, topic_of
from opscentre.domain.recipients import LAST_RESORT, Recipient


def route(lines: Sequence[Line], scene: Scene) -> list[Line]:
    """One line a recipient, each recipient once."""
    found = []
    known: dict[tuple[str, str], list[Recipient]] = {}
    for line in lines:
        place = (line.rule.code, line.alert.unit)
        if place not in known:
            known[place] = _who(line, scene)
        topic = topic_of(line.rule)
        found += [msgspec.structs.replace(line, recipient=one, topic=topic) for one in known[place]]
    return found


def _who(line: Line, scene: Scene) -> list[Recipient]:
    units, recipients = scene.units, scene.alerting.recipients
    # What became of a former unit is told to the one that took over.
    unit = units.current(scene.at.now).home(line.alert.unit) if line.alert.unit else ""
    found = {one.key: one for role in line.rule.hear for one in recipients.of(role, unit, units)}
    if line.rule.hear and not found:
        found = {one.key: one for one in recipients.of(LAST_RESORT, "", units)}
    return list(found.values())
