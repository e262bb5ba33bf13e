"""What became of an alert, as one story: moments, what happened, by whom, and which record says so. Pure."""

from __future__ import annotations

import msgspec


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened. ``kind`` is a key of the pages' words below ``story.``."""

    #: The product's time (ms).
    at: int
    kind: str
    #: Table and name of the record that says so.
    record: str
    name: str = ""
    episode: int = 1
    #: The rule that it happened to, where a story has several.
    rule: str = ""
    #: Who did it, or whom it went to.
    who: str = ""
    #: What was said: a reason, a note, a server's answer, a mail's subject.
    text: str = ""
    until: int | None = None
    #: How many: lines of a mail, attempts.
    count: int = 0


#: What happens at one moment follows in this order.
_ORDER = (
    "pending", "raised", "inhibited", "grouped", "deferred", "tried", "sent", "delivered", "failed", "opened",
    "acknowledged", "promised", "assigned", "noted", "silenced", "ended", "escalated", "beside", "resolved",
)  # fmt: skip


def in_order(steps: list[Step]) -> list[Step]:
    """The steps by their moments; those of one moment as they follow from one another."""
    return sorted(steps, key=lambda step: (step.at, _ORDER.index(step.kind), step.record, step.name))
