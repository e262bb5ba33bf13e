"""Drops what somebody has taken on: an acknowledged dossier climbs no further while the acknowledgement stands."""

from __future__ import annotations

from collections.abc import Sequence

from alerts.pipeline.line import Line, Scene
from alerts.pipeline.silence import covers, stands


def acknowledge(lines: Sequence[Line], scene: Scene) -> list[Line]:
    """Lines of what nobody has acknowledged, and every end."""
    acks = [mark for mark in scene.marks if mark.kind == "ack" and stands(mark, scene.at.now)]
    return [line for line in lines if line.over or not any(covers(mark, line.alert, scene) for mark in acks)]
