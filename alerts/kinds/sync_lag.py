"""A source whose changes reach us long after they happened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec

from alerts.rules import Condition, Kind, Rule
from alerts.times import Times
from alerts.view import View


class SyncLag(Rule, frozen=True, kw_only=True):
    """How late is late by synchronisation."""

    #: Seconds of the product's time between a change and our seeing it, in the middle of all changes.
    median: Annotated[float, msgspec.Meta(gt=0)] = 3600
    #: Seconds back to which changes are looked at, and how many it takes to judge.
    within: Annotated[float, msgspec.Meta(gt=0)] = 7200
    changes: Annotated[int, msgspec.Meta(ge=1)] = 20


def conditions(rule: SyncLag, view: View, at: Times) -> Iterator[Condition]:
    """Sources whose median delay is above the limit; too few changes say nothing either way."""
    for source, delays in sorted(view.delays(at.now - round(rule.within * 1000)).items()):
        median = sorted(delays)[len(delays) // 2]
        few = len(delays) < rule.changes
        if few or median > rule.median * 1000:
            facts = {"source": source, "median": median, "changes": len(delays)}
            yield Condition(source, f"source:{source}", "", at.now, facts, sure=not few)


KIND = Kind(SyncLag, conditions, "systems", ("Đồng bộ chậm", "Synchronisation lags"))
