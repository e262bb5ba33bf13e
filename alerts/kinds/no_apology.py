"""A dossier that is overdue and has no apology slip, where its source tells of apologies at all."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.kinds.dossier import condition, overdue_states
from alerts.rules import Condition, Kind, Rule
from alerts.times import Times
from alerts.view import View
from opscentre.domain.pauses import ApologyStanding, apology_standing


def conditions(rule: Rule, view: View, at: Times) -> Iterator[Condition]:
    """Overdue dossiers without an apology; it was due no later than the due date."""
    for row, state in overdue_states(rule, view, at.now):
        if apology_standing(state, at.now) is ApologyStanding.MISSING:
            yield condition(row, row.due)


KIND = Kind(Rule, conditions, "dossiers", ("Quá hạn chưa có phiếu xin lỗi", "Overdue without apology"))
