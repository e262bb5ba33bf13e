"""The ranking of a week: units by on-time share, how each moved, and how many alerts were left without reaction.

The share is the wall's: finished on time and in process in time, of all finished in the week and in process at its end.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import Engine, case, func, select

from opscentre.domain.counting import EARLY, LATE, ON_TIME, PROCESS_LATE, PROCESS_OK
from opscentre.domain.listing import Filters
from opscentre.domain.moments import date_of, day_start
from opscentre.domain.ranking import TOLERANCE, Entry, Ranked, rank
from opscentre.domain.units import Units
from opscentre.store import queries
from opscentre.store.alert_tables import alert_actions, alert_history, alert_marks, alerts, notification_lines
from opscentre.store.engine import reading

#: How many of the best and of the worst a mail names.
EACH = 3
#: Units without a place that a mail names; the others are in the file beside it.
NAMED = 12
_WEEK = 7
_ALERT, _STEP = alerts.c, alert_history.c


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One unit of a ranking; ``rank`` and ``moved`` are None where it has none."""

    code: str
    name: str
    share: float | None
    #: Dossiers that the share speaks of, and how many of them are or were late.
    volume: int
    late: int
    rank: int | None = None
    #: Places gained since the week before; negative: lost.
    moved: int | None = None


class Group(msgspec.Struct, frozen=True):
    """Units that are compared with one another, best first, and those with too few dossiers."""

    #: ``departments`` or ``communes``.
    key: str
    ranked: tuple[Place, ...]
    unranked: tuple[Place, ...]

    @property
    def best(self) -> tuple[Place, ...]:
        """The first three."""
        return self.ranked[:EACH]

    @property
    def worst(self) -> tuple[Place, ...]:
        """The last three that are not among the first."""
        return self.ranked[max(EACH, len(self.ranked) - EACH) :]


class Reactions(msgspec.Struct, frozen=True):
    """What was told of in the week, and what of it is open and nobody has said anything about."""

    raised: int = 0
    unanswered: int = 0


class Ranking(msgspec.Struct, frozen=True, kw_only=True):
    """The ranking of the week that begins on ``first``, a Monday."""

    first: dt.date
    groups: tuple[Group, ...]
    reactions: Reactions
    #: The same by unit.
    by_unit: Mapping[str, Reactions] = {}

    @property
    def last(self) -> dt.date:
        """Its Sunday."""
        return self.first + dt.timedelta(days=_WEEK - 1)

    def place_of(self, code: str) -> tuple[Place, int] | None:
        """The place of a unit and how many have one in its group; None where it has none."""
        for group in self.groups:
            for place in group.ranked:
                if place.code == code:
                    return place, len(group.ranked)
        return None


def ranking_of(engine: Engine, units: Units, monday: int) -> Ranking:
    """The ranking of the week before a Monday (a day number), by the units that there are on it."""
    here = units.current(day_start(monday))
    before, now = (_shares(engine, here, monday - _WEEK * weeks) for weeks in (1, 0))
    groups = []
    for key in ("departments", "communes"):
        codes = [unit.code for unit in here.all if (unit.group == "III") is (key == "communes")]
        then = {one.code: one.rank for one in _ranked(codes, before)}
        found = [_place(one, then.get(one.code), here, now[one.code]) for one in _ranked(codes, now)]
        groups.append(
            Group(
                key,
                tuple(one for one in found if one.rank is not None),
                tuple(one for one in found if one.rank is None),
            )
        )
    by_unit = _reactions(engine, here, day_start(monday - _WEEK), day_start(monday))
    whole = Reactions(sum(one.raised for one in by_unit.values()), sum(one.unanswered for one in by_unit.values()))
    return Ranking(first=date_of(monday - _WEEK), groups=tuple(groups), reactions=whole, by_unit=by_unit)


def _shares(engine: Engine, units: Units, monday: int) -> dict[str, tuple[int, int]]:
    """By unit, how many dossiers of the week before a Monday were in time, and how many late."""
    start, end = day_start(monday - _WEEK), day_start(monday)
    rows = units.gather(queries.count(engine, "unit", start, end, end, Filters()))
    return {
        code: (row[EARLY] + row[ON_TIME] + row[PROCESS_OK], row[LATE] + row[PROCESS_LATE]) for code, row in rows.items()
    }


def _ranked(codes: Sequence[str], shares: Mapping[str, tuple[int, int]]) -> list[Ranked]:
    entries = []
    for code in codes:
        good, late = shares.get(code, (0, 0))
        if good + late:
            entries.append(Entry(code, good / (good + late), good + late))
    return rank(entries, tolerance=TOLERANCE / 100)


def _place(one: Ranked, before: int | None, units: Units, counts: tuple[int, int]) -> Place:
    moved = before - one.rank if before is not None and one.rank is not None else None
    return Place(
        code=one.code, name=units[one.code].name, share=one.value, volume=one.volume, late=counts[1], rank=one.rank,
        moved=moved,
    )  # fmt: skip


def _reactions(engine: Engine, units: Units, start: int, end: int) -> dict[str, Reactions]:
    """By unit (empty: none), what was raised in a time and told to somebody, each subject once."""
    line, mark, action = notification_lines.c, alert_marks.c, alert_actions.c
    told = (
        select(line.rule)
        .where(line.rule == _STEP.rule, line.key == _STEP.key, line.episode == _STEP.episode, line.state == "told")
        .exists()
    )
    decided = select(mark.id).where(mark.kind == "ack", mark.subject == _ALERT.subject, mark.at >= _STEP.at).exists()
    acted = select(action.id).where(action.subject == _ALERT.subject, action.at >= _STEP.at).exists()
    left = (_ALERT.state == "firing") & (_ALERT.episode == _STEP.episode) & ~decided & ~acted
    query = (
        select(_ALERT.unit, _ALERT.subject, func.max(case((left, 1), else_=0)))
        .join(alert_history, (_STEP.rule == _ALERT.rule) & (_STEP.key == _ALERT.key))
        .where(_STEP.state == "firing", _STEP.at >= start, _STEP.at < end, told)
        .group_by(_ALERT.unit, _ALERT.subject)
    )
    counts: dict[str, list[int]] = {}
    with reading(engine).connect() as connection:
        for unit, _, unanswered in connection.execute(query):
            known = counts.setdefault(units.home(unit) if unit else "", [0, 0])
            known[0] += 1
            known[1] += unanswered
    return {unit: Reactions(*known) for unit, known in counts.items()}
