"""A source of which many rows are set aside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec

from alerts.rules import Condition, Kind, Rule
from alerts.times import Times
from alerts.view import View


class QuarantineGrows(Rule, frozen=True, kw_only=True):
    """How many are many."""

    rows: Annotated[int, msgspec.Meta(ge=1)] = 50
    #: Real seconds in which so many are set aside: rows are dated by the machine that read them.
    within: Annotated[float, msgspec.Meta(gt=0)] = 3600


def conditions(rule: QuarantineGrows, view: View, at: Times) -> Iterator[Condition]:
    """Sources of which that many new rows were set aside of late."""
    for source, count in sorted(view.quarantined(at.wall - round(rule.within * 1000)).items()):
        if count >= rule.rows:
            yield Condition(source, f"source:{source}", "", at.now, {"source": source, "count": count})


KIND = Kind(QuarantineGrows, conditions, "systems", ("Nhiều dòng dữ liệu bị loại", "Quarantine is growing"))
