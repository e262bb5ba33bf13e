"""A dossier that is overdue: in processing, or still waiting for its reception."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from alerts.kinds import dossier
from alerts.rules import Condition, Kind, Rule, in_scope
from alerts.times import Times
from alerts.view import View


class Overdue(Rule, frozen=True, kw_only=True):
    """Which clock has run out."""

    clock: Literal["processing", "reception"] = "processing"


def conditions(rule: Overdue, view: View, at: Times) -> Iterator[Condition]:
    """Dossiers past the due moment of that clock; what waits for the citizen has no clock that runs."""
    if rule.clock == "processing":
        rows = list(dossier.overdue(rule, view, at.now))
    else:
        rows = [row for row in view.reception_due_before(at.now) if in_scope(rule, row.unit, view.units)]
    for row in rows:
        yield dossier.condition(row, row.due)


KIND = Kind(Overdue, conditions, "dossiers", ("Quá hạn", "Overdue"))
