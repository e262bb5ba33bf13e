"""The pipeline: small stages of one interface, in this order; each takes lines and what is known, and returns lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from alerts.pipeline.acknowledge import acknowledge
from alerts.pipeline.deduplicate import deduplicate
from alerts.pipeline.defer import defer
from alerts.pipeline.group import group
from alerts.pipeline.inhibit import inhibit
from alerts.pipeline.line import Line, Scene
from alerts.pipeline.repeat import repeat
from alerts.pipeline.route import route
from alerts.pipeline.silence import silence
from alerts.pipeline.throttle import throttle

Stage = Callable[[Sequence[Line], Scene], list[Line]]

#: Whether something is told at all: asked when a mail is planned, and once more right before it leaves.
FILTERS: tuple[Stage, ...] = (inhibit, silence, acknowledge)
#: To whom, which time it is, and when.
ROUTING: tuple[Stage, ...] = (route, repeat, defer, throttle, deduplicate, group)


def run(stages: Sequence[Stage], lines: Sequence[Line], scene: Scene) -> list[Line]:
    """What is left of lines after these stages."""
    found = list(lines)
    for stage in stages:
        found = stage(found, scene)
    return found
