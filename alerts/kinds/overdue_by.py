"""A dossier that is overdue by so many working days: how lateness climbs from the desk to the chair."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec

from alerts.kinds.dossier import condition, overdue
from alerts.rules import Condition, Kind, Rule
from alerts.times import Times
from alerts.view import View


class OverdueBy(Rule, frozen=True, kw_only=True):
    """How late is too late."""

    working_days: Annotated[int, msgspec.Meta(ge=1, le=250)]


def conditions(rule: OverdueBy, view: View, at: Times) -> Iterator[Condition]:
    """Dossiers whose due moment lies that many working days back, counted in their own office's calendar."""
    for row in overdue(rule, view, at.now):
        since = view.calendar.of(row.unit).add_working_days(row.due, rule.working_days)
        if at.now > since:
            yield condition(row, since)


KIND = Kind(OverdueBy, conditions, "dossiers", ("Quá hạn kéo dài", "Long overdue"))
