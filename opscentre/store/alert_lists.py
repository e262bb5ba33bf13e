"""Alerts as pages list them: how each stands with people, filtered, sorted, counted, and who has not reacted.

``units`` are always those of today. How an alert stands is said in one place, ``_rows``: what is over, else silenced,
else promised, else acknowledged, else sent, else waiting in a message, else only raised.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Engine, Select, and_, case, false, func, or_, select

from opscentre.access import scope
from opscentre.domain.alert_desk import OPEN_STATES, SEVERITIES, UNANSWERED, Answered, Listed, Mark, Waiting
from opscentre.domain.moments import DAY
from opscentre.domain.units import Units
from opscentre.store.alert_tables import alert_actions, alert_marks, alerts, notification_lines, notifications
from opscentre.store.engine import reading

#: What is over is listed for so long.
OVER_FOR = 30 * DAY
_ALERT, _MARK, _LINE, _NOTE, _ACTION = alerts.c, alert_marks.c, notification_lines.c, notifications.c, alert_actions.c


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Which alerts are wanted; None: any."""

    units: tuple[str, ...] | None = None
    rules: tuple[str, ...] | None = None
    #: Rules of which nothing is listed.
    without: tuple[str, ...] = ()
    severity: str | None = None
    #: One state, ``unanswered``, or None: whatever is open.
    state: str | None = None
    #: ``grave``: the gravest, then the oldest first; ``old``, ``new``.
    sort: str = "grave"


def page(engine: Engine, asked: Asked, now: int, units: Units, first: int, size: int) -> list[Listed]:
    """Rows ``first`` to ``first + size`` of a list."""
    with reading(engine).connect() as connection:
        standing = _standing(connection, now)
        rows = _rows(_with_state(standing, now, units).where(*_chosen(asked, now)))
        wanted = [asked.state] if asked.state not in (None, "unanswered") else []
        if asked.state == "unanswered":
            wanted = list(UNANSWERED)
        query = select(rows).where(rows.c.stands.in_(wanted)) if wanted else select(rows)
        found = connection.execute(query.order_by(*_order(asked, rows)).offset(first).limit(size)).all()
        return _listed(connection, found, standing, units)


def one(engine: Engine, rule: str, key: str, now: int, units: Units) -> Listed | None:
    """One alert; None where there is none, or not for whoever asks."""
    found = _of(engine, now, units, _ALERT.rule == rule, _ALERT.key == key)
    return found[0] if found else None


def of_subject(engine: Engine, subject: str, now: int, units: Units) -> list[Listed]:
    """Every alert there ever was on a subject, the newest first."""
    return _of(engine, now, units, _ALERT.subject == subject)


def counts(engine: Engine, asked: Asked, now: int, units: Units) -> dict[str, int]:
    """How many alerts stand how, whatever state is asked for."""
    with reading(engine).connect() as connection:
        found: dict[str, int] = {}
        for over in (False, True):
            narrowed = msgspec.structs.replace(asked, state="resolved" if over else None)
            rows = _rows(_with_state(_standing(connection, now), now, units).where(*_chosen(narrowed, now)))
            found |= dict(
                connection.execute(select(rows.c.stands, func.count()).group_by(rows.c.stands)).tuples().all()
            )
    return found


def not_reacted(engine: Engine, asked: Asked, now: int, units: Units) -> list[Waiting]:
    """By unit as alerts carry it: alerts that a message told of and nobody has said anything about."""
    with reading(engine).connect() as connection:
        rows = _rows(_with_state(_standing(connection, now), now, units).where(*_chosen(asked, now)))
        query = select(rows.c.unit, func.count(), func.min(rows.c.told_at)).where(rows.c.stands == "sent")
        return [
            Waiting(unit=unit, count=count, since=since)
            for unit, count, since in connection.execute(query.group_by(rows.c.unit))
        ]


def standing_marks(engine: Engine, now: int) -> list[Mark]:
    """Every decision that stands, the newest first."""
    with reading(engine).connect() as connection:
        return _standing(connection, now, kinds=("ack", "silence"))


def answered(engine: Engine, dossiers: Sequence[str], now: int) -> dict[str, Answered]:
    """By ``source/number``: the newest acknowledgement or promise that stands, of dossiers that have one."""
    subjects = [f"dossier:{one}" for one in dossiers]
    query = select(_MARK.subject, _MARK.at, _MARK.until).where(
        _MARK.kind == "ack", _MARK.subject.in_(subjects), *_stands(now)
    )
    with reading(engine).connect() as connection:
        rows = connection.execute(query.order_by(_MARK.id)).all()
    return {row.subject.removeprefix("dossier:"): Answered(at=row.at, until=row.until) for row in rows}


def _of(engine: Engine, now: int, units: Units, *where: ColumnElement[bool]) -> list[Listed]:
    with reading(engine).connect() as connection:
        standing = _standing(connection, now)
        rows = _rows(_with_state(standing, now, units).where(_ALERT.fired_at.is_not(None), *where, *_seen()))
        found = connection.execute(select(rows).order_by(rows.c.fired_at.desc(), rows.c.rule)).all()
        return _listed(connection, found, standing, units)


def _seen() -> list[ColumnElement[bool]]:
    """What whoever asks may see: alerts of no unit are the whole province's."""
    units = scope.current().units
    return [] if units is None else [_ALERT.unit.in_(units)]


def _chosen(asked: Asked, now: int) -> list[ColumnElement[bool]]:
    if asked.state == "resolved":
        where = [_ALERT.state == "resolved", _ALERT.resolved_at >= now - OVER_FOR, _ALERT.fired_at.is_not(None)]
    else:
        where = [_ALERT.state == "firing"]
    where += _seen()
    if asked.without:
        where.append(_ALERT.rule.not_in(asked.without))
    if asked.units is not None:
        where.append(_ALERT.unit.in_(asked.units))
    if asked.rules is not None:
        where.append(_ALERT.rule.in_(asked.rules))
    if asked.severity is not None:
        where.append(_ALERT.severity == asked.severity)
    return where


def _standing(connection: Connection, now: int, kinds: Iterable[str] = ("silence",)) -> list[Mark]:
    query = select(*(_MARK[name] for name in Mark.__struct_fields__)).where(
        _MARK.kind.in_(list(kinds)), *_stands(now)
    )  # fmt: skip
    return [Mark(**row._mapping) for row in connection.execute(query.order_by(_MARK.id.desc()))]


def _stands(now: int) -> tuple[ColumnElement[bool], ...]:
    return _MARK.ended_at.is_(None), _MARK.at <= now, or_(_MARK.until.is_(None), _MARK.until > now)


def _covered(mark: Mark, units: Units) -> ColumnElement[bool]:
    parts = [_ALERT.subject == mark.subject] if mark.subject else []
    parts += [_ALERT.rule == mark.rule] if mark.rule else []
    parts += [_ALERT.unit.in_(_counted_under(mark.unit, units))] if mark.unit else []
    return and_(*parts) if parts else _ALERT.rule.is_not(None)


def _counted_under(unit: str, units: Units) -> list[str]:
    """A unit's code, and those of what it took over."""
    return sorted({unit, *(code for code in units.by_code if units.home(code) == unit)})


def _with_state(silences: Sequence[Mark], now: int, units: Units) -> Select[Any]:
    """Every alert with what its state is made of."""
    mine = and_(_LINE.rule == _ALERT.rule, _LINE.key == _ALERT.key, _LINE.episode == _ALERT.episode)
    said = select(func.min(_NOTE.sent_at)).join(notification_lines, _LINE.notification == _NOTE.id)
    told = said.where(mine, _LINE.step >= 0, _LINE.state == "told", _NOTE.state == "sent").scalar_subquery()
    waits = select(func.min(_NOTE.not_before)).join(notification_lines, _LINE.notification == _NOTE.id)
    waits = waits.where(mine, _LINE.state != "moot", _NOTE.state.in_(("queued", "sending")))
    acked = select(_MARK.id).where(_MARK.kind == "ack", _MARK.subject == _ALERT.subject, *_stands(now))
    return select(
        alerts,
        told.label("told_at"),
        waits.scalar_subquery().label("waits_until"),
        acked.exists().label("is_acked"),
        acked.where(_MARK.until.is_not(None)).exists().label("is_promised"),
        (or_(*(_covered(mark, units) for mark in silences)) if silences else false()).label("is_silenced"),
    )


def _rows(query: Select[Any]) -> Any:
    """The same as a table, with the one word for how each stands."""
    inner = query.subquery()
    column = inner.c
    state = case(
        (column.state == "resolved", "resolved"),
        (column.is_silenced, "silenced"),
        (column.is_promised, "promised"),
        (column.is_acked, "acknowledged"),
        (column.told_at.is_not(None), "sent"),
        (column.waits_until.is_not(None), "waiting"),
        else_="raised",
    )
    return select(inner, state.label("stands")).subquery()


def _order(asked: Asked, rows: Any) -> list[Any]:
    if asked.state == "resolved":
        return [rows.c.resolved_at.desc(), rows.c.rule, rows.c.key]
    oldest = [rows.c.since, rows.c.rule, rows.c.key]
    if asked.sort == "new":
        return [rows.c.since.desc(), rows.c.rule, rows.c.key]
    grave = case({name: rank for rank, name in enumerate(SEVERITIES)}, value=rows.c.severity)
    return oldest if asked.sort == "old" else [grave, *oldest]


def _listed(connection: Connection, rows: Sequence[Any], silences: Sequence[Mark], units: Units) -> list[Listed]:
    subjects = list({row.subject for row in rows})
    acks: dict[str, list[Mark]] = {}
    columns = [_MARK[name] for name in Mark.__struct_fields__]
    query = select(*columns).where(_MARK.kind == "ack", _MARK.ended_at.is_(None), _MARK.subject.in_(subjects))
    for row in connection.execute(query.order_by(_MARK.id.desc())):
        acks.setdefault(row.subject, []).append(Mark(**row._mapping))
    given = select(_ACTION.subject, _ACTION.text).where(_ACTION.kind == "assign", _ACTION.subject.in_(subjects))
    assigned = dict(connection.execute(given.order_by(_ACTION.id)).tuples().all())
    found = []
    for row in rows:
        held = [mark for mark in silences if _covers(mark, row, units)]
        found.append(
            Listed(
                rule=row.rule, key=row.key, episode=row.episode, severity=row.severity, subject=row.subject,
                unit=row.unit, since=row.since, fired_at=row.fired_at, resolved_at=row.resolved_at,
                facts=json.loads(row.facts), state=row.stands, told_at=row.told_at, waits_until=row.waits_until,
                marks=(*held, *acks.get(row.subject, [])), assigned=assigned.get(row.subject, ""),
            )
        )  # fmt: skip
    return found


def _covers(mark: Mark, row: Any, units: Units) -> bool:
    return (
        (not mark.subject or mark.subject == row.subject)
        and (not mark.rule or mark.rule == row.rule)
        and (not mark.unit or mark.unit in (row.unit, units.home(row.unit)))
    )


def total(found: dict[str, int], state: str | None) -> int:
    """How many rows a list has, of the counts by state."""
    if state is None:
        return sum(found.get(name, 0) for name in OPEN_STATES)
    if state == "unanswered":
        return sum(found.get(name, 0) for name in UNANSWERED)
    return found.get(state, 0)
