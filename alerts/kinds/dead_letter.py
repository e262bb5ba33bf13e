"""Messages that the stream could not digest and nobody has sent again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec

from alerts.rules import Condition, Kind, Rule
from alerts.times import Times
from alerts.view import View


class DeadLetters(Rule, frozen=True, kw_only=True):
    """How many may lie open."""

    open: Annotated[int, msgspec.Meta(ge=1)] = 1


def conditions(rule: DeadLetters, view: View, at: Times) -> Iterator[Condition]:
    """True while that many dead letters are open."""
    count = view.dead_letters()
    if count >= rule.open:
        yield Condition("stream", "part:dead-letters", "", at.now, {"count": count})


KIND = Kind(DeadLetters, conditions, "systems", ("Thông điệp không xử lý được", "Dead letters"))
