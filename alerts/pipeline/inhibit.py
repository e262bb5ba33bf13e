"""Drops what only follows from something graver: a dead link's stale source, every link behind a dead uplink."""

from __future__ import annotations

from collections.abc import Sequence

from alerts.files import Inhibit
from alerts.pipeline.line import Alert, Line, Scene


def inhibit(lines: Sequence[Line], scene: Scene) -> list[Line]:
    """Lines that no open alert of an inhibiting rule explains; an end is told all the same."""
    return [line for line in lines if line.over or not explained_by(line.alert, scene)]


def explained_by(alert: Alert, scene: Scene) -> str:
    """Code of the rule whose open alert explains this one; empty: none does."""
    explaining = (
        by.rule
        for rule in scene.alerting.inhibits
        if alert.rule in rule.silences
        for by in scene.inhibitors
        if by.rule == rule.by and _has(by, rule, alert)
    )
    return next(explaining, "")


def _has(by: Alert, rule: Inhibit, alert: Alert) -> bool:
    if not rule.same:
        return True
    value = alert.facts.get(rule.same)
    return bool(value) and by.facts.get(rule.same) == value
