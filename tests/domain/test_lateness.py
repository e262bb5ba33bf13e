"""Late is told from late by synchronisation: by what was known, and since when."""

from __future__ import annotations

import pytest

from opscentre.domain.calendar import Calendar
from opscentre.domain.dossier import Snapshot
from opscentre.domain.fold import DossierState, fold
from opscentre.domain.lateness import by_sync, cleared_by_sync, late_by_sync
from opscentre.domain.life import Verdict, standing_at
from opscentre.domain.moments import DAY, HOUR, MINUTE, parse_local

CALENDAR = Calendar()
RECEIVED = parse_local("2026-11-16T08:00")
DUE = parse_local("2026-11-19T09:00")


def shown(status: int, observed: int, **facts: int | None) -> Snapshot:
    given = {"received": RECEIVED, "due": DUE, "version": observed, **facts}
    return Snapshot(source="s", number="n", status=status, observed=observed, **given)  # type: ignore[arg-type]


def state(*snapshots: Snapshot) -> DossierState:
    found: DossierState | None = None
    for snapshot in snapshots:
        found, _ = fold(found, snapshot)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("heard", "now", "expected"),
    [
        (DUE - HOUR, DUE + MINUTE, True),
        (DUE, DUE + MINUTE, True),
        (None, DUE + DAY, True),
        (DUE + 1, DUE + MINUTE, False),
        (DUE - HOUR, DUE, False),
        (DUE - HOUR, DUE - MINUTE, False),
    ],
)
def test_shown_overdue_by_a_source_not_heard_since_the_due_moment_is_late_by_sync(heard, now, expected) -> None:
    assert late_by_sync(state(shown(4, RECEIVED)), heard, now, CALENDAR) is expected
    assert by_sync(DUE, heard, now) is expected


def test_a_dossier_seen_in_process_after_its_due_moment_is_late_whatever_its_source_does_since() -> None:
    assert not late_by_sync(state(shown(4, DUE + HOUR)), None, DUE + DAY, CALENDAR)


def test_a_reception_is_late_by_sync_too_and_what_is_paused_or_finished_never_is() -> None:
    filed = state(shown(1, RECEIVED, submitted=RECEIVED, received=None, due=None))
    assert late_by_sync(filed, RECEIVED + HOUR, RECEIVED + 5 * DAY, CALENDAR)
    assert not late_by_sync(filed, RECEIVED + 4 * DAY, RECEIVED + 5 * DAY, CALENDAR)
    for status in (3, 5, 6, 8, 7, 9, 10):
        assert not late_by_sync(state(shown(status, RECEIVED)), RECEIVED, DUE + DAY, CALENDAR)


@pytest.mark.parametrize(
    ("finished", "seen", "cleared", "verdict"),
    [
        (DUE - HOUR, DUE + HOUR, True, Verdict.IN_TIME),
        (DUE, DUE + HOUR, True, Verdict.IN_TIME),
        (DUE - HOUR, DUE - MINUTE, False, Verdict.IN_TIME),
        (DUE + HOUR, DUE + 2 * HOUR, False, Verdict.OVERDUE),
    ],
)
def test_an_end_in_time_that_was_seen_late_counts_in_time_and_can_be_told(finished, seen, cleared, verdict) -> None:
    one = state(shown(4, RECEIVED), shown(9, seen, finished=finished))
    assert cleared_by_sync(one) is cleared
    # Overdue by the clock until then, and not late once the source has said when it ended.
    assert standing_at(one, seen).verdict is verdict
    # Seen again later, it was still seen first then.
    again = state(shown(4, RECEIVED), shown(9, seen, finished=finished), shown(10, seen + DAY, finished=finished))
    assert cleared_by_sync(again) is cleared
    assert not cleared_by_sync(state(shown(4, RECEIVED)))
    # A backlog: it was never shown as late.
    assert not cleared_by_sync(state(shown(9, seen, finished=finished)))
