"""The rows that tell what happened to a dossier: changes of its status, and flips that the clock makes."""

from __future__ import annotations

from typing import Any

from opscentre.domain.anomalies import of_move
from opscentre.domain.calendar import Calendar
from opscentre.domain.counting import NOW, Contribution, contribution, soon_before
from opscentre.domain.fold import DossierState
from opscentre.domain.life import due_at, status_began

#: ``to_status`` of a flip by the clock: it leads to none (``from_status`` says in which one it happened).
NO_STATUS = 0
_OVERDUE = NOW.index("in_process_overdue")
_WAITING_OVERDUE = NOW.index("waiting_overdue")
_DUE_SOON = NOW.index("due_soon")
_BY_CLOCK = frozenset((_OVERDUE, _WAITING_OVERDUE, _DUE_SOON))


def status_change(state: DossierState, shown: int | None, now: int) -> dict[str, Any]:
    """The row of a change from the status shown before (None: none) to the present one."""
    row = _row(state, "status", status_began(state), now)
    return row | {"from_status": shown, "anomaly": of_move(shown, state)}


def flips(
    state: DossierState, old: Contribution, new: Contribution, now: int, calendar: Calendar
) -> list[dict[str, Any]]:
    """The rows of the flips that lie between what a dossier added and what it adds."""
    found: list[dict[str, Any]] = []
    if not _BY_CLOCK.intersection(new.now):
        return found
    own, snapshot = calendar.of(state.snapshot.unit), state.snapshot
    due = due_at(state, now)
    if due is not None:
        late = _OVERDUE in new.now and _OVERDUE not in old.now
        soon = _DUE_SOON in new.now
        if _DUE_SOON not in old.now and (soon or (late and _was_due_soon(state, due, calendar))):
            found.append(_flip(state, "due_soon", soon_before(own, due), now))
        if late:
            found.append(_flip(state, "overdue", due, now))
    if _WAITING_OVERDUE in new.now and _WAITING_OVERDUE not in old.now and snapshot.submitted is not None:
        found.append(_flip(state, "reception_overdue", own.reception_due(snapshot.submitted), now))
    return found


def _was_due_soon(state: DossierState, due: int, calendar: Calendar) -> bool:
    """Whether an overdue dossier was due soon before, and known to be so, though no worker looked then."""
    soon = soon_before(calendar.of(state.snapshot.unit), due)
    known = max(soon, state.snapshot.observed)
    return known <= due and _DUE_SOON in contribution(state, known, calendar).now


def _flip(state: DossierState, kind: str, at: int, now: int) -> dict[str, Any]:
    # The status is part of a row's key, and a dossier that is late in one status stays so in the next: by the
    # status of the moment, a worker that loads it then would write the same flip once more.
    return _row(state, kind, at, now) | {"to_status": NO_STATUS, "from_status": state.snapshot.status}


def _row(state: DossierState, kind: str, at: int, now: int) -> dict[str, Any]:
    snapshot = state.snapshot
    return {
        "source": snapshot.source,
        "number": snapshot.number,
        "kind": kind,
        "at": at,
        "to_status": snapshot.status,
        "from_status": None,
        "unit": snapshot.unit,
        "seen": now,
        "anomaly": "",
    }
