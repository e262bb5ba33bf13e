"""Drops what a person silenced for a while: a unit, a rule, a dossier, or any of these together."""

from __future__ import annotations

from collections.abc import Sequence

from alerts.pipeline.line import Alert, Line, Mark, Scene


def silence(lines: Sequence[Line], scene: Scene) -> list[Line]:
    """Lines that no standing silence covers."""
    silences = [mark for mark in scene.marks if mark.kind == "silence" and stands(mark, scene.at.now)]
    return [line for line in lines if not any(covers(mark, line.alert, scene) for mark in silences)]


def stands(mark: Mark, now: int) -> bool:
    """Whether a decision holds at a moment."""
    return mark.at <= now and (mark.until is None or now < mark.until)


def covers(mark: Mark, alert: Alert, scene: Scene) -> bool:
    """Whether a decision speaks of an alert; a unit's holds for what it took over from its predecessors too."""
    home = scene.units.current(scene.at.now).home(alert.unit) if alert.unit else ""
    return (
        (not mark.subject or mark.subject == alert.subject)
        and (not mark.rule or mark.rule == alert.rule)
        and (not mark.unit or mark.unit in (alert.unit, home))
    )
