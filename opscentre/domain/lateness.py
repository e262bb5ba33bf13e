"""Late, or only shown late because its source was not heard: which of the two it is (DOMAIN §9)."""

from __future__ import annotations

import msgspec

from opscentre.domain.calendar import Calendar
from opscentre.domain.counting import open_moments
from opscentre.domain.fold import DossierState
from opscentre.domain.life import due_at, finished_at
from opscentre.domain.status import ENDED, IN_PROCESS


class LateBySync(msgspec.Struct):
    """How many dossiers are called late and may be done, by the clock that calls them so (§9)."""

    #: In process past the due moment, and not received within 8 working hours.
    processing: int = 0
    reception: int = 0


def by_sync(due: int, known_until: int | None, now: int) -> bool:
    """Whether a moment that passed (``due``) says nothing yet: what was known of it last is from before it (§9)."""
    return due < now and (known_until is None or known_until <= due)


def late_by_sync(state: DossierState, source_observed_at: int | None, now: int, calendar: Calendar) -> bool:
    """Whether a dossier is shown as overdue at ``now`` though its source was not heard since its due moment (§9).

    It may have been finished, or received, in time. ``source_observed_at`` is the last good poll of its source in the
    product's time, None: never; what was seen of the dossier itself counts as hearing too. In process and waiting for
    reception alike; a pause is known from the source and never late by its silence.
    """
    known_until = max(state.snapshot.observed, source_observed_at or 0)
    return any(due is not None and by_sync(due, known_until, now) for due in open_moments(state, now, calendar))


def cleared_by_sync(state: DossierState) -> bool:
    """Whether a dossier was shown as overdue for a while only because its end was seen after its due moment (§9).

    The source says that it ended in time, and so it counts; the clock had called it late meanwhile. One that was never
    seen before its end was never shown as anything.
    """
    ended = finished_at(state)
    if ended is None:
        return False
    due = due_at(state, ended)
    first_seen = min(seen.first for seen in state.trail if seen.status in ENDED)
    open_before = any(seen.status in IN_PROCESS and seen.first < first_seen for seen in state.trail)
    return due is not None and ended <= due < first_seen and open_before
