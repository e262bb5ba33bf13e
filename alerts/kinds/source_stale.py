"""A source that has given no good answer for so long."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec

from alerts.rules import Condition, Kind, Rule
from alerts.times import Times
from alerts.view import View


class SourceStale(Rule, frozen=True, kw_only=True):
    """When a source counts as stale."""

    #: Real seconds since its last good answer.
    after: Annotated[float, msgspec.Meta(gt=0)] = 300
    #: Source → the link it is read over: while that is down, the link alone is told.
    links: dict[str, str] = msgspec.field(default_factory=dict)


def conditions(rule: SourceStale, view: View, at: Times) -> Iterator[Condition]:
    """Sources without a good answer for that long; one that never had any counts from its first attempt.

    One that a person has paused is not asked: it tells nobody anything, and every wall says that it is paused.
    """
    for seen in view.sources():
        if seen.paused_since is not None:
            continue
        last = seen.observed_at if seen.observed_at is not None else seen.attempted_at
        if at.wall - last > rule.after * 1000 or (seen.observed_at is None and not seen.ok):
            facts = {"source": seen.code, "link": rule.links.get(seen.code, ""), "error": seen.error}
            yield Condition(seen.code, f"source:{seen.code}", "", at.product(last), facts)


KIND = Kind(SourceStale, conditions, "systems", ("Nguồn dữ liệu ngừng cập nhật", "Source is stale"))
