"""What another working calendar would do to open dossiers: which get another due moment, which become overdue. Pure.

A due date that a source gave (NgayHenTra) is the department's promise and stays; what rests on the calendar is the
reception clock (8 working hours), the limit of a procedure where a dossier has no due date, and "due soon".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from opscentre.domain.calendar import Calendar
from opscentre.domain.counting import soon_before
from opscentre.domain.fold import DossierState
from opscentre.domain.moments import day_number
from opscentre.domain.procedures import Procedure
from opscentre.domain.score_inputs import waited
from opscentre.domain.status import Status
from opscentre.domain.worktime import OutOfCalendar

Clock = Literal["reception", "limit"]
#: Dossiers that are named one by one.
NAMED = 20


class Open(NamedTuple):
    """An open dossier: with a due date the date alone, else the state that its moments are reckoned from."""

    unit: str
    #: NgayHenTra in force of a dossier in process; None: it waits for its reception, or has no due date.
    due: int | None
    state: DossierState | None = None


class Move(NamedTuple):
    """A dossier that gets another due moment."""

    source: str
    number: str
    unit: str
    clock: Clock
    before: int
    after: int


class UnitEffect(NamedTuple):
    """What happens to the open dossiers of a unit: how many."""

    #: Get another due moment; of these become overdue, and cease to be.
    moved: int = 0
    late: int = 0
    saved: int = 0
    #: Become due soon, and cease to be.
    soon: int = 0
    not_soon: int = 0
    #: Were promised for a day that would be off.
    on_day_off: int = 0


class Effect(NamedTuple):
    """The whole effect of another calendar."""

    looked_at: int
    by_unit: dict[str, UnitEffect]
    #: Some of those that move, longest moved first.
    named: list[Move]

    @property
    def total(self) -> UnitEffect:
        """The sum over all units."""
        return UnitEffect(*(sum(column) for column in zip(*self.by_unit.values(), strict=True)))


def effect(
    dossiers: Iterable[Open], old: Calendar, new: Calendar, procedures: Mapping[str, Procedure], now: int
) -> Effect:
    """The effect of a new calendar in the place of the old one at ``now`` (the product's time, ms) (§2)."""
    by_unit: dict[str, list[int]] = {}
    moves: list[Move] = []
    looked_at = 0
    for one in dossiers:
        looked_at += 1
        counts = _promised(one.unit, one.due, old, new, now) if one.due is not None else [0] * 6
        move = _moved(one.unit, one.state, old, new, procedures, now) if one.state is not None else None
        if move is not None:
            moves.append(move)
            late = move.before >= now > move.after, move.after >= now > move.before
            counts = [1, int(late[0]), int(late[1]), 0, 0, 0]
        if any(counts):
            sums = by_unit.setdefault(one.unit, [0] * 6)
            by_unit[one.unit] = [a + b for a, b in zip(sums, counts, strict=True)]
    moves.sort(key=lambda move: (-abs(move.after - move.before), move.source, move.number))
    return Effect(looked_at, {unit: UnitEffect(*sums) for unit, sums in by_unit.items()}, moves[:NAMED])


def _promised(unit: str, due: int, old: Calendar, new: Calendar, now: int) -> list[int]:
    """A dossier with a due date: due soon or not, and promised for a day that would be off."""
    before, after = old.of(unit), new.of(unit)
    day = day_number(due)
    off = int(due >= now and before.is_working_day(day) and not after.is_working_day(day))
    if due < now:
        return [0] * 6
    was, will = now >= soon_before(before, due), now >= soon_before(after, due)
    return [0, 0, 0, int(will and not was), int(was and not will), off]


def _moved(
    unit: str, state: DossierState, old: Calendar, new: Calendar, procedures: Mapping[str, Procedure], now: int
) -> Move | None:
    snapshot = state.snapshot
    clock: Clock = "reception" if snapshot.status == Status.FILED else "limit"
    try:
        if clock == "reception":
            before, after = _reception(state, old.of(unit)), _reception(state, new.of(unit))
        else:
            procedure = procedures.get(snapshot.procedure) or procedures.get(snapshot.procedure[:8])
            before = _limit(state, procedure, old.of(unit), now)
            after = _limit(state, procedure, new.of(unit), now)
    except OutOfCalendar:
        # Its moments lie beyond the years that any calendar knows: no day of this one changes them.
        return None
    if before is None or after is None or before == after:
        return None
    return Move(snapshot.source, snapshot.number, unit, clock, before, after)


def _reception(state: DossierState, calendar: Calendar) -> int | None:
    filed = state.snapshot.submitted
    return None if filed is None else calendar.reception_due(filed)


def _limit(state: DossierState, procedure: Procedure | None, calendar: Calendar, now: int) -> int | None:
    """The due moment that the procedure's limit gives, later by the waits for supplements (DOMAIN §5, 2.1)."""
    received = state.snapshot.received
    due = procedure.due(received, calendar) if procedure is not None and received is not None else None
    return None if due is None else calendar.add_working_time(due, waited(state, now, calendar))
