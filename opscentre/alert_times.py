"""How long units take to acknowledge and to resolve alerts, counted from SQL: for pages and for the wall."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Engine

from opscentre.alert_files import AlertNames
from opscentre.domain.reactions import WINDOW, Timing, Wait, by_unit, spans, timing
from opscentre.profile import Profile
from opscentre.store import alert_times

#: Alerts of this kind end also when what they warned of has come.
FORERUNNER = "due_soon"


class Reaction(NamedTuple):
    """A unit's two times; the empty code is the province's own."""

    unit: str
    acknowledge: Timing
    resolve: Timing


def reactions(engine: Engine, profile: Profile, now: int, names: AlertNames) -> list[Reaction]:
    """Every unit that had an alert open within 30 days, the slowest to acknowledge first."""
    units, (acknowledged, resolved) = profile.units.current(now), _waits(engine, now, names)
    acknowledge = by_unit(acknowledged, now, profile.calendar, units)
    resolve = by_unit(resolved, now, profile.calendar, units)
    nothing = Timing()
    found = [
        Reaction(unit, acknowledge.get(unit, nothing), resolve.get(unit, nothing))
        for unit in {**acknowledge, **resolve}
    ]
    return sorted(found, key=lambda one: (-(one.acknowledge.median or -1), -(one.resolve.median or -1), one.unit))


def whole(engine: Engine, profile: Profile, now: int, names: AlertNames) -> Reaction:
    """The times of all units together, each alert in its own office's hours."""
    acknowledged, resolved = _waits(engine, now, names)
    calendar = profile.calendar
    return Reaction("", timing(spans(acknowledged, now, calendar)), timing(spans(resolved, now, calendar)))


def _waits(engine: Engine, now: int, names: AlertNames) -> tuple[list[Wait], list[Wait]]:
    since = now - WINDOW
    without = (*names.of_kind(FORERUNNER), *names.quiet)
    return alert_times.to_acknowledge(engine, since), alert_times.to_resolve(engine, since, without)
