"""Rows of dossiers in every state of their lives, as a stream worker writes them, on units of a profile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from bench.stream.changes import NOW, year
from opscentre.domain.counting import contribution, next_change, open_moments, settlement
from opscentre.domain.dossier import Progress
from opscentre.domain.fold import DossierState
from opscentre.domain.life import due_at, finished_at
from opscentre.domain.status import PAUSED
from opscentre.profile import Profile


def states(profile: Profile, begin: int, end: int, still_open: int = 25) -> Iterator[DossierState]:
    """Dossiers ``begin`` to ``end`` of a year's, at the units of the day; one in ``still_open`` is not over."""
    codes = [unit.code for unit in profile.units.current(NOW).all]
    for index, state in enumerate(year(begin, end, still_open=still_open), begin):
        # Departments receive more than a mountain commune does.
        unit = codes[index % (19 if index % 3 == 0 else len(codes))]
        state = DossierState(msgspec.structs.replace(state.snapshot, unit=unit), state.trail)
        # One in eight waits for its citizen at some time.
        yield state if index % 8 == 0 or state.snapshot.status in PAUSED else _straight(state)


def _straight(state: DossierState) -> DossierState:
    """The same life without supplements and fees to wait for."""
    steps = tuple(Progress(one.at, 4 if one.status in PAUSED else one.status) for one in state.snapshot.progress)
    seen = tuple(msgspec.structs.replace(one, status=4) if one.status in PAUSED else one for one in state.trail)
    return DossierState(msgspec.structs.replace(state.snapshot, supplements=(), progress=steps), seen)


def rows(profile: Profile, found: Iterable[DossierState]) -> Iterator[dict[str, Any]]:
    """The dossiers' own rows as of ``NOW``."""
    for state in found:
        snapshot, calendar = state.snapshot, profile.calendar
        open_due, reception_due = open_moments(state, NOW, calendar)
        settled = settlement(state, contribution(state, NOW, calendar), next_change(state, NOW, calendar))
        yield {
            "source": snapshot.source, "number": snapshot.number, "partition": 0, "unit": snapshot.unit,
            "unit_seen": "", "status": snapshot.status, "received": snapshot.received, "due": due_at(state, NOW),
            "finished": finished_at(state), "open_due": open_due, "reception_due": reception_due,
            "state": msgspec.json.encode(state), "field": snapshot.field, "procedure": snapshot.procedure,
            "settled": settled,
        }  # fmt: skip
