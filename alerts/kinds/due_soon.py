"""A dossier that is due within so many working hours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec

from alerts.kinds.dossier import condition, latest_of_all_calendars
from alerts.rules import Condition, Kind, Rule, in_scope
from alerts.times import Times
from alerts.view import View
from opscentre.domain.moments import HOUR


class DueSoon(Rule, frozen=True, kw_only=True):
    """Which dossiers are due soon."""

    #: Working hours that are left at most.
    working_hours: Annotated[float, msgspec.Meta(gt=0, le=400)] = 8


def conditions(rule: DueSoon, view: View, at: Times) -> Iterator[Condition]:
    """Dossiers in process that are due from now on and within the limit, by their own office's hours."""
    length = round(rule.working_hours * HOUR)
    for row in view.due_between(at.now, latest_of_all_calendars(view, at.now, length) + 1):
        calendar = view.calendar.of(row.unit)
        if in_scope(rule, row.unit, view.units) and calendar.working_time(at.now, row.due) <= length:
            yield condition(row, calendar.working_time_before(row.due, length))


KIND = Kind(DueSoon, conditions, "dossiers", ("Sắp đến hạn", "Due soon"))
