"""A dossier in process that nothing was heard of for so many working days ("hồ sơ treo")."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec

from alerts.kinds.dossier import condition
from alerts.rules import Condition, Kind, Rule, in_scope
from alerts.times import Times
from alerts.view import View
from opscentre.domain.text import WORKING_DAY


class Silent(Rule, frozen=True, kw_only=True):
    """How long nothing may be heard."""

    working_days: Annotated[int, msgspec.Meta(ge=1, le=250)] = 15


def conditions(rule: Silent, view: View, at: Times) -> Iterator[Condition]:
    """Dossiers in process whose status has not changed for that long, by the province's calendar."""
    since = view.calendar.working_time_before(at.now, rule.working_days * WORKING_DAY)
    for row in view.silent_since(since):
        if in_scope(rule, row.unit, view.units):
            yield condition(row, since if row.received is None else row.received)


KIND = Kind(Silent, conditions, "dossiers", ("Hồ sơ treo", "Silent dossiers"))
