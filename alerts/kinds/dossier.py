"""What the kinds that speak of single dossiers share: the condition of one, and due moments in working time."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.rules import Condition, Rule, in_scope
from alerts.view import DossierRow, View
from opscentre.domain.fold import DossierState


def condition(row: DossierRow, since: int) -> Condition:
    """That a rule is true of a dossier since a moment."""
    facts = {"source": row.source, "number": row.number, "due": row.due}
    return Condition(row.key, f"dossier:{row.key}", row.unit, since, facts)


def overdue(rule: Rule, view: View, now: int) -> Iterator[DossierRow]:
    """Dossiers in process past their due moment, within a rule's scope."""
    # A dossier is overdue after its due moment, not at it.
    for row in view.due_between(0, now):
        if in_scope(rule, row.unit, view.units):
            yield row


def overdue_states(rule: Rule, view: View, now: int) -> Iterator[tuple[DossierRow, DossierState]]:
    """The same with all that is known of each."""
    rows = list(overdue(rule, view, now))
    states = view.states((row.source, row.number) for row in rows)
    for row in rows:
        # One that moved on between the two questions is looked at again next time.
        state = states.get((row.source, row.number))
        if state is not None:
            yield row, state


def latest_of_all_calendars(view: View, now: int, length: int) -> int:
    """The latest moment at which ``length`` ms of working time from now have passed, at whichever office."""
    calendars = (view.calendar, *view.calendar.agencies.values())
    return max(calendar.add_working_time(now, length) for calendar in calendars)
