"""Our own way out is gone: no link can be probed."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.rules import Condition, Kind, Rule
from alerts.times import Times
from alerts.view import View


def conditions(rule: Rule, view: View, at: Times) -> Iterator[Condition]:
    """True when there are links and the last probe of every one of them could say nothing."""
    links = [seen for seen in view.links() if seen.state != "maintenance"]
    if links and all(seen.state == "unknown" for seen in links):
        since = at.product(max(seen.since for seen in links))
        yield Condition("uplink", "part:uplink", "", since, {"links": len(links)})


KIND = Kind(Rule, conditions, "systems", ("Trung tâm mất đường truyền", "The centre's uplink is down"))
