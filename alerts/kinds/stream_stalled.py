"""Nothing comes through collectors, pipe and stream into SQL any more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec

from alerts.rules import Condition, Kind, Rule
from alerts.times import Times
from alerts.view import View


class StreamStalled(Rule, frozen=True, kw_only=True):
    """How long nothing may come."""

    #: Real seconds since the newest observation of any source or link.
    after: Annotated[float, msgspec.Meta(gt=0)] = 120


def conditions(rule: StreamStalled, view: View, at: Times) -> Iterator[Condition]:
    """True when the newest observation in SQL is that old; an installation that never had one has nothing to miss."""
    newest = view.newest_observation()
    if newest is not None and at.wall - newest > rule.after * 1000:
        yield Condition("stream", "part:stream", "", at.product(newest), {"newest": newest})


KIND = Kind(
    StreamStalled, conditions, "systems", ("Dòng dữ liệu của Trung tâm đứng yên", "The centre's stream stands still")
)
