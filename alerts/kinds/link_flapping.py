"""A link that goes down and comes back again and again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec

from alerts.rules import Condition, Kind, Rule
from alerts.times import Times
from alerts.view import View


class LinkFlapping(Rule, frozen=True, kw_only=True):
    """How often is too often."""

    #: The rule of kind ``link_down`` whose outages are counted.
    counts: str
    outages: Annotated[int, msgspec.Meta(ge=2)] = 4
    #: Seconds of the product's time in which so many outages begin.
    within: Annotated[float, msgspec.Meta(gt=0)] = 3600


def conditions(rule: LinkFlapping, view: View, at: Times) -> Iterator[Condition]:
    """Links that say so of themselves, and links with that many outages in our own history."""
    begun = view.episodes([rule.counts], at.now - round(rule.within * 1000))
    for seen in view.links():
        count = begun.get(seen.code, 0)
        if seen.flapping or count >= rule.outages:
            facts = {"link": seen.code, "count": count}
            yield Condition(seen.code, f"link:{seen.code}", "", at.product(seen.since), facts)


KIND = Kind(LinkFlapping, conditions, "systems", ("Kết nối chập chờn", "Link is flapping"))
