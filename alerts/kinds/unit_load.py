"""A unit with too many overdue dossiers, too large a share of them, or too many in process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec

from alerts.rules import Condition, Kind, Rule, in_scope
from alerts.times import Times
from alerts.view import UnitLoad, View


class TooMuch(Rule, frozen=True, kw_only=True):
    """Limits of a unit; 0: none. One that is reached is enough."""

    overdue: Annotated[int, msgspec.Meta(ge=0)] = 0
    #: Per cent of what is in process, once the unit has at least ``share_from`` in process.
    overdue_share: Annotated[float, msgspec.Meta(ge=0, le=100)] = 0
    share_from: Annotated[int, msgspec.Meta(ge=1)] = 20
    in_process: Annotated[int, msgspec.Meta(ge=0)] = 0


def conditions(rule: TooMuch, view: View, at: Times) -> Iterator[Condition]:
    """Units that reach one of the limits."""
    for code, load in sorted(view.loads(at.now).items()):
        if in_scope(rule, code, view.units) and _reached(rule, load):
            facts = {"in_process": load.in_process, "overdue": load.overdue}
            yield Condition(code, f"unit:{code}", code, at.now, facts)


def _reached(rule: TooMuch, load: UnitLoad) -> bool:
    share = load.in_process >= rule.share_from and 100 * load.overdue >= rule.overdue_share * load.in_process
    return (
        bool(rule.overdue and load.overdue >= rule.overdue)
        or bool(rule.overdue_share and share)
        or bool(rule.in_process and load.in_process >= rule.in_process)
    )


KIND = Kind(TooMuch, conditions, "dossiers", ("Đơn vị tồn đọng", "Unit with a backlog"))
