"""Puts together what becomes one mail: a recipient and a topic, never a dossier; the gravest and oldest first."""

from __future__ import annotations

from collections.abc import Sequence

from alerts.pipeline.line import Line, Scene
from alerts.rules import RANK


def group(lines: Sequence[Line], scene: Scene) -> list[Line]:
    """The same lines, mail by mail, in the order in which mails leave."""
    graver: dict[tuple[str, str], int] = {}
    for line in lines:
        place = mail_of(line)
        graver[place] = min(graver.get(place, len(RANK)), RANK[line.rule.severity])
    return sorted(
        lines, key=lambda line: (graver[mail_of(line)], mail_of(line), RANK[line.rule.severity], line.alert.since)
    )


def mail_of(line: Line) -> tuple[str, str]:
    """Which mail a line belongs to: recipient and topic."""
    return (line.recipient.key if line.recipient else "", line.topic)
