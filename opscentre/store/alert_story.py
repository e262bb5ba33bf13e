"""The story of an alert, or of everything raised on a subject, read from the records that the pipeline leaves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, func, or_, select

from opscentre.domain.alert_story import Step, in_order
from opscentre.domain.units import Units
from opscentre.store.alert_tables import (
    alert_actions,
    alert_history,
    alert_inhibitions,
    alert_marks,
    alerts,
    notification_attempts,
    notification_lines,
    notification_opens,
    notifications,
)
from opscentre.store.engine import reading

_ALERT, _HISTORY, _LINE, _NOTE, _MARK = alerts.c, alert_history.c, notification_lines.c, notifications.c, alert_marks.c
_ATTEMPT, _OPEN, _ACTION = notification_attempts.c, notification_opens.c, alert_actions.c
_STATES = {"pending": "pending", "firing": "raised", "resolved": "resolved"}
#: Put off by less than this (ms) is what every line waits for others.
_GATHERED = 120_000
#: Rules of these kinds tell of the same lateness to somebody higher.
CLIMBING = ("overdue", "overdue_by")


def story(engine: Engine, rule: str, key: str, units: Units, climbing: Sequence[str] = ()) -> list[Step]:
    """Everything on record of one alert, oldest first. ``climbing``: rules whose raising is an escalation."""
    with reading(engine).connect() as connection:
        mine = and_(_ALERT.rule == rule, _ALERT.key == key)
        row = connection.execute(select(_ALERT.subject, _ALERT.unit, _ALERT.since).where(mine)).first()
        if row is None:
            return []
        steps = [*_states(connection, rule, key), *_inhibited(connection, rule, key), *_told(connection, rule, key)]
        first = min((step.at for step in steps), default=0)
        steps += _decided(connection, row.subject, row.unit, [rule], units, first)
        steps += _others(connection, rule, key, row, climbing, first)
    return in_order(steps)


def story_of_subject(engine: Engine, subject: str, units: Units) -> list[Step]:
    """What a subject's own page tells: its alerts raised and over, mails that left, what people decided and wrote."""
    with reading(engine).connect() as connection:
        rows = connection.execute(select(_ALERT.rule, _ALERT.key, _ALERT.unit).where(_ALERT.subject == subject)).all()
        if not rows:
            return []
        steps: list[Step] = []
        for row in rows:
            steps += [step for step in _states(connection, row.rule, row.key) if step.kind != "pending"]
            steps += [step for step in _told(connection, row.rule, row.key) if step.kind in ("sent", "failed")]
        first = min((step.at for step in steps), default=0)
        steps += _opened(connection, {step.name for step in steps if step.kind == "sent"})
        steps += _decided(connection, subject, rows[0].unit, [row.rule for row in rows], units, first)
    # A mail that names the dossier for two rules at once is one mail.
    return in_order(list({(step.at, step.kind, step.record, step.name, step.rule): step for step in steps}.values()))


def _states(connection: Connection, rule: str, key: str) -> list[Step]:
    query = select(_HISTORY.episode, _HISTORY.state, _HISTORY.at).where(_HISTORY.rule == rule, _HISTORY.key == key)
    return [
        Step(at=at, kind=_STATES[state], record="alert_history", name=str(episode), episode=episode, rule=rule)
        for episode, state, at in connection.execute(query)
    ]


def _inhibited(connection: Connection, rule: str, key: str) -> list[Step]:
    column = alert_inhibitions.c
    query = select(column.episode, column.by_rule, column.at).where(column.rule == rule, column.key == key)
    return [
        Step(at=at, kind="inhibited", record="alert_inhibitions", name=by, episode=episode, rule=rule, text=by)
        for episode, by, at in connection.execute(query)
    ]


def _told(connection: Connection, rule: str, key: str) -> list[Step]:
    """In which messages it was put, until when those were put off, what attempts came to, when links were opened."""
    same = notification_lines.alias()
    lines = (
        select(func.count())
        .where(same.c.notification == _LINE.notification, same.c.state != "moot")
        .scalar_subquery()
    )  # fmt: skip
    query = (
        select(notification_lines, lines.label("lines"), _NOTE.state.label("mail_state"), _NOTE.sent_at, _NOTE.subject)
        .join(notifications, _NOTE.id == _LINE.notification, isouter=True)
        .where(_LINE.rule == rule, _LINE.key == key)
    )
    rows = connection.execute(query).all()
    found: list[Step] = []
    for row in rows:
        found += _put(row)
    named = {row.notification: row for row in rows if row.state == "told"}
    return [*found, *_attempted(connection, named), *_opened(connection, named)]


def _put(row: Any) -> list[Step]:
    """A line's way into its message."""
    common = {"episode": row.episode, "rule": row.rule, "who": row.recipient, "record": "notification_lines"}
    name = row.notification
    found = [
        Step(at=row.at, kind="grouped", name=name, count=row.lines, text="over" if row.step < 0 else str(row.step),
             **common)
    ]  # fmt: skip
    if row.not_before is not None and row.not_before > row.at + _GATHERED:
        found.append(Step(at=row.at, kind="deferred", name=name, until=row.not_before, **common))
    return found


def _attempted(connection: Connection, rows: dict[str, Any]) -> list[Step]:
    query = select(notification_attempts).where(_ATTEMPT.notification.in_(list(rows))).order_by(_ATTEMPT.number)
    failed: dict[str, list[Any]] = {}
    found = []
    for attempt in connection.execute(query):
        row = rows[attempt.notification]
        common = {"episode": row.episode, "rule": row.rule, "who": row.recipient, "name": attempt.notification}
        at = attempt.product_at if attempt.product_at is not None else row.sent_at or row.at
        if attempt.outcome == "accepted":
            found.append(Step(at=at, kind="sent", record="notification_attempts", count=attempt.number,
                              text=row.subject or "", **common))  # fmt: skip
            found.append(Step(at=row.sent_at or at, kind="delivered", record="notifications",
                              text=attempt.detail, **common))  # fmt: skip
        elif attempt.outcome == "refused":
            found.append(Step(at=at, kind="failed", record="notification_attempts", count=attempt.number,
                              text=attempt.detail, **common))  # fmt: skip
        elif attempt.outcome != "begun":
            failed.setdefault(attempt.notification, []).append((at, attempt, common))
    for tries in failed.values():
        # A server that is away for a day is one line, not hundreds.
        at, attempt, common = tries[0]
        found.append(Step(at=at, kind="tried", record="notification_attempts", count=len(tries),
                          text=tries[-1][1].detail, **common))  # fmt: skip
    return found


def _opened(connection: Connection, named: Iterable[str]) -> list[Step]:
    query = (
        select(_OPEN.notification, _OPEN.at, _NOTE.recipient)
        .join(notifications, _NOTE.id == _OPEN.notification)
        .where(_OPEN.notification.in_(list(named)))
    )
    return [
        Step(at=at, kind="opened", record="notification_opens", name=name, who=recipient)
        for name, at, recipient in connection.execute(query)
    ]


def _decided(
    connection: Connection, subject: str, unit: str, rules: Sequence[str], units: Units, first: int
) -> list[Step]:
    """What people decided and wrote about a subject, and silences that held for it, since it was first seen."""
    silenced = and_(_MARK.kind == "silence", _covers(subject, unit, rules, units))
    query = select(alert_marks).where(or_(and_(_MARK.kind == "ack", _MARK.subject == subject), silenced))
    found = []
    for row in connection.execute(query.where(or_(_MARK.ended_at.is_(None), _MARK.ended_at >= first))):
        kind = "silenced" if row.kind == "silence" else "promised" if row.until is not None else "acknowledged"
        name = str(row.id)
        found.append(
            Step(
                at=row.at, kind=kind, record="alert_marks", name=name, who=row.author, text=row.reason, until=row.until
            )
        )
        if row.ended_at is not None:
            found.append(Step(at=row.ended_at, kind="ended", record="alert_marks", name=name, who=row.ended_by,
                              text=row.kind))  # fmt: skip
    actions = select(alert_actions).where(_ACTION.subject == subject, _ACTION.at >= first)
    found += [
        Step(at=row.at, kind="assigned" if row.kind == "assign" else "noted", record="alert_actions",
             name=str(row.id), who=row.author, text=row.text)
        for row in connection.execute(actions)
    ]  # fmt: skip
    return found


def _covers(subject: str, unit: str, rules: Sequence[str], units: Units) -> ColumnElement[bool]:
    """Marks that hold for a subject; a unit's holds for what it took over."""
    held = {"", unit, units.home(unit) if unit else ""}
    return and_(_MARK.subject.in_(("", subject)), _MARK.rule.in_(("", *rules)), _MARK.unit.in_(held))


def _others(connection: Connection, rule: str, key: str, mine: Any, climbing: Sequence[str], first: int) -> list[Step]:
    """What else was raised on the same subject since: higher up, where it tells of a greater lateness, or beside."""
    query = (
        select(_HISTORY.rule, _HISTORY.episode, _HISTORY.at, _ALERT.since)
        .join(alerts, and_(_ALERT.rule == _HISTORY.rule, _ALERT.key == _HISTORY.key))
        .where(_ALERT.subject == mine.subject, _HISTORY.state == "firing", _HISTORY.at >= first)
        .where(or_(_ALERT.rule != rule, _ALERT.key != key))
    )
    return [
        Step(at=at, kind="escalated" if other in climbing and since > mine.since else "beside", record="alert_history",
             name=str(episode), episode=episode, rule=other, text=other)
        for other, episode, at, since in connection.execute(query)
    ]  # fmt: skip
