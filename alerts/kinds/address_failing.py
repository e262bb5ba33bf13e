"""An address of recipients.csv that mail does not reach, by the word of its own server."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.rules import Condition, Kind, Rule, in_scope
from alerts.times import Times
from alerts.view import View


def conditions(rule: Rule, view: View, at: Times) -> Iterator[Condition]:
    """Recipients whose mails came back for good, until somebody says that the address works again."""
    for one in view.failing_addresses():
        if in_scope(rule, one.unit, view.units):
            facts = {"address": one.address, "error": f"{one.address}: {one.status} {one.detail}".strip()}
            yield Condition(one.recipient, f"recipient:{one.recipient}", one.unit, one.since, facts)


KIND = Kind(Rule, conditions, "systems", ("Địa chỉ thư không nhận được", "Mail does not reach an address"))
