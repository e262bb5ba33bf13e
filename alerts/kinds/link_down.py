"""A link that does not answer."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.rules import Condition, Kind, Rule
from alerts.times import Times
from alerts.view import View


def conditions(rule: Rule, view: View, at: Times) -> Iterator[Condition]:
    """Links whose last probe failed; while nothing can be probed, what was known of them stays."""
    for seen in view.links():
        if seen.state in ("down", "unknown"):
            facts = {"link": seen.code, "error": seen.detail}
            yield Condition(
                seen.code, f"link:{seen.code}", "", at.product(seen.since), facts, sure=seen.state == "down"
            )


KIND = Kind(Rule, conditions, "systems", ("Mất kết nối", "Link down"))
