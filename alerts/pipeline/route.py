"""Finds who hears: the roles that a rule names, at the unit that an alert is about, else whoever runs the centre.

An address that mails came back from is left out: who has the role above it hears instead.
"""

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
    reached = {other.key: other for one in found.values() for other in _reached(one, scene)}
    return list(reached.values())


def _reached(one: Recipient, scene: Scene) -> list[Recipient]:
    """A recipient, or whoever hears in the place of one that is left out; never nobody."""
    recipients, units = scene.alerting.recipients, scene.units
    higher = [one]
    while higher:
        well = [other for other in higher if not is_left_out(other, scene.left_out)]
        if well:
            return well
        higher = [other for below in higher for other in recipients.above(below, units)]
    centre = recipients.of(LAST_RESORT, "", units)
    return [other for other in centre if not is_left_out(other, scene.left_out)] or [one]


def is_left_out(one: Recipient, left_out: frozenset[tuple[str, str]]) -> bool:
    """Whether no mail goes to a recipient. An address that was changed since is another one."""
    return (one.key, one.address.lower()) in left_out
