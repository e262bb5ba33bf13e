"""A dossier whose new date, given with an apology, was missed too."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.kinds.dossier import condition, overdue_states
from alerts.rules import Condition, Kind, Rule
from alerts.times import Times
from alerts.view import View
from opscentre.domain.pauses import ApologyStanding, apology_standing, redating


def conditions(rule: Rule, view: View, at: Times) -> Iterator[Condition]:
    """Overdue dossiers that were apologised for and whose newest promise has passed."""
    for row, state in overdue_states(rule, view, at.now):
        if apology_standing(state, at.now) is ApologyStanding.BROKEN:
            yield condition(row, redating(state, at.now).due or row.due)


KIND = Kind(Rule, conditions, "dossiers", ("Lỡ cả ngày hẹn lại", "New date missed too"))
