"""The queue of messages: taking one to send, fixing what it says, and noting what came of each attempt.

A message that is taken belongs to one process for the time of a lease. What it says is fixed when it is first taken;
an attempt that surely failed opens it again for newer lines, one of which nobody knows whether it arrived does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, Engine, and_, bindparam, func, insert, or_, select, update

from alerts.digests import TOPIC, WEEKLY, standing_lines
from alerts.files import Alerting, Mail
from alerts.pipeline import FILTERS, run
from alerts.pipeline.line import RESOLVED, Line
from alerts.planning import alone
from alerts.reading import by_identity, scene_of
from alerts.times import Times
from opscentre.domain.moments import MINUTE
from opscentre.profile import Profile
from opscentre.store.alert_tables import alerts, notification_attempts, notification_lines, notifications
from opscentre.store.engine import reading

Outcome = Literal["accepted", "later", "unreachable", "refused", "doubtful"]
_NOTE = notifications.c
_LINE = notification_lines.c
_ATTEMPT = notification_attempts.c


class Taken(NamedTuple):
    """A message that is this process's to send, until its lease ends."""

    id: str
    #: Which attempt this is, the first one being 1.
    number: int
    recipient: str
    topic: str
    severity: str
    created_at: int
    #: Product time of which it speaks.
    sealed_at: int
    lines: Sequence[Line]


def take(engine: Engine, alerting: Alerting, profile: Profile, at: Times, *, mail_too: bool = True) -> Taken | None:
    """The next message to send; None where none is due, or a limit a minute is reached.

    ``mail_too``: False leaves out what goes to a mail address.
    """
    with reading(engine).connect() as connection:
        if connection.execute(select(_NOTE.id).where(_due(at, mail_too)).limit(1)).first() is None:
            return None
    while True:
        with engine.begin() as connection:
            alone(connection, at.wall)
            row = _next(connection, alerting.mail, at, mail_too)
            if row is None:
                return None
            if not _claim(connection, alerting.mail, row, at):
                continue
            fresh = row.state == "queued"
            lines = _said(connection, alerting, profile, row, at)
            if not lines and row.topic != WEEKLY:
                connection.execute(update(notifications).where(_NOTE.id == row.id).values(state="dropped"))
                continue
            number, sealed = row.attempts + 1, at.now if fresh else row.sealed_at
            attempt = {
                "notification": row.id,
                "number": number,
                "at": at.wall,
                "product_at": at.now,
                "domain": row.domain,
            }
            connection.execute(insert(notification_attempts), attempt | {"outcome": "begun"})
            return Taken(row.id, number, row.recipient, row.topic, row.severity, row.created_at, sealed, lines)


def note(engine: Engine, taken: Taken, outcome: Outcome, detail: str, mail: Mail, at: Times, subject: str = "") -> bool:
    """Note what came of an attempt; False where another process has taken the message over meanwhile."""
    values: dict[str, Any] = {"error": detail or None, "claimed_until": at.wall, "subject": subject}
    expired = at.now - taken.created_at > mail.give_up * 1000
    opened = False
    if outcome == "accepted":
        values |= {"state": "sent", "sent_at": at.now, "error": None}
    elif outcome == "refused" or (outcome == "later" and expired):
        values |= {"state": "failed"}
    elif outcome == "doubtful":
        values |= {"try_at": at.wall + _pause(mail, taken.number)}
    else:
        opened = True
        pause = _pause(mail, taken.number) if outcome == "later" else 0
        values |= {"state": "queued", "sealed_at": None, "try_at": at.wall + pause}
    with engine.begin() as connection:
        mine = and_(_NOTE.id == taken.id, _NOTE.state == "sending", _NOTE.attempts == taken.number)
        changed = connection.execute(update(notifications).where(mine).values(**values)).rowcount == 1
        attempt = and_(_ATTEMPT.notification == taken.id, _ATTEMPT.number == taken.number)
        connection.execute(update(notification_attempts).where(attempt).values(outcome=outcome, detail=detail[:500]))
        if changed and opened:
            told = and_(_LINE.notification == taken.id, _LINE.state == "told")
            connection.execute(update(notification_lines).where(told).values(state="waiting"))
    return changed


def _due(at: Times, mail_too: bool) -> ColumnElement[bool]:
    waiting = and_(_NOTE.state == "queued", _NOTE.not_before <= at.now)
    left_behind = and_(_NOTE.state == "sending", _NOTE.claimed_until <= at.wall)
    due = and_(or_(waiting, left_behind), _NOTE.try_at <= at.wall)
    return due if mail_too else and_(due, _NOTE.domain == "")


def _said(connection: Connection, alerting: Alerting, profile: Profile, row: Any, at: Times) -> list[Line]:
    """What a message that was just claimed says; what was fixed before stays as it was."""
    if row.topic == WEEKLY:
        # Counted when it is written.
        return []
    if row.topic.startswith(TOPIC):
        return standing_lines(connection, alerting, profile, row.recipient, at)
    if row.state != "queued":
        return _lines(connection, alerting, row.id)
    _gather(connection, row, at.now)
    return _seal(connection, alerting, profile, row.id, _lines(connection, alerting, row.id), at)


def _next(connection: Connection, mail: Mail, at: Times, mail_too: bool) -> Any:
    """The gravest and oldest message that is due and whose domain may have another one now."""
    full = _full_domains(connection, mail, at.wall)
    if full is None:
        return None
    query = select(notifications).where(_due(at, mail_too), _NOTE.domain.not_in(full))
    return connection.execute(query.order_by(_NOTE.rank, _NOTE.created_at, _NOTE.id).limit(1)).first()


def _claim(connection: Connection, mail: Mail, row: Any, at: Times) -> bool:
    """Make a message this process's own, unless what was seen of it holds no more."""
    values = {"state": "sending", "attempts": row.attempts + 1, "claimed_until": at.wall + round(mail.lease * 1000)}
    if row.state == "queued":
        values["sealed_at"] = at.now
    as_seen = and_(_NOTE.id == row.id, _NOTE.state == row.state, _NOTE.attempts == row.attempts)
    return connection.execute(update(notifications).where(as_seen).values(**values)).rowcount == 1


def _full_domains(connection: Connection, mail: Mail, wall: int) -> list[str] | None:
    """Domains that have had as much within a minute as they may; None where all together have."""
    query = select(_ATTEMPT.domain, func.count()).where(_ATTEMPT.at > wall - MINUTE).group_by(_ATTEMPT.domain)
    counts = {domain: count for domain, count in connection.execute(query) if domain}
    if sum(counts.values()) >= mail.per_minute:
        return None
    return [domain for domain, count in counts.items() if count >= mail.per_domain_per_minute]


def _gather(connection: Connection, row: Any, now: int) -> None:
    """Take over the lines of other messages of the same recipient and topic: one mail, not a flood."""
    same = and_(
        _NOTE.recipient == row.recipient,
        _NOTE.topic == row.topic,
        _NOTE.state == "queued",
        _NOTE.not_before <= now,
        _NOTE.id != row.id,
    )
    others = list(connection.execute(select(_NOTE.id).where(same)).scalars())
    if others:
        moved = update(notification_lines).where(_LINE.notification.in_(others), _LINE.state == "waiting")
        connection.execute(moved.values(notification=row.id))
        connection.execute(update(notifications).where(_NOTE.id.in_(others)).values(state="dropped"))


def _lines(connection: Connection, alerting: Alerting, notification: str) -> list[Line]:
    columns = (_LINE.rule, _LINE.key, _LINE.episode, _LINE.step)
    query = select(*columns).where(_LINE.notification == notification, _LINE.state != "moot")
    rows = list(connection.execute(query).tuples())
    known = by_identity(connection, {(rule, key) for rule, key, _, _ in rows})
    found = []
    for code, key, episode, step in rows:
        alert, rule = known.get((code, key)), alerting.rule(code)
        # An alert that has come back since is told of by its new episode.
        if alert is not None and rule is not None and alert.episode == episode:
            found.append(Line(alert=alert, rule=rule, step=step))
    return found


def _seal(
    connection: Connection, alerting: Alerting, profile: Profile, notification: str, lines: Sequence[Line], at: Times
) -> list[Line]:
    """Fix what a message says: what still holds, and what nobody has silenced meanwhile."""
    scene = scene_of(connection, alerting, profile, at)
    ends = {(line.alert.rule, line.alert.key) for line in lines if line.step == RESOLVED}
    begins = {(line.alert.rule, line.alert.key) for line in lines if line.step != RESOLVED}
    holding = [line for line in lines if _holds(line, begins & ends)]
    said = run(FILTERS, holding, scene)
    told = {_place(line) for line in said}
    held_back = [line for line in holding if _place(line) not in told]
    mine = _LINE.notification == notification
    connection.execute(update(notification_lines).where(mine).values(state="moot"))
    one = and_(mine, _LINE.rule == bindparam("a"), _LINE.key == bindparam("b"), _LINE.step == bindparam("c"))
    if said:
        rows = [{"a": rule, "b": key, "c": step} for rule, key, step in told]
        connection.execute(update(notification_lines).where(one).values(state="told"), rows)
    if held_back:
        # Told later, if it still holds when nothing holds it back any more.
        rows = [{"a": rule, "b": key, "c": step} for rule, key, step in map(_place, held_back)]
        connection.execute(notification_lines.delete().where(one), rows)
        _look_again(connection, held_back, at.now)
    return said


def _holds(line: Line, within: set[tuple[str, str]]) -> bool:
    """Whether there is still something to tell; what began and ended within one mail is nothing (``within``)."""
    passed = (line.alert.rule, line.alert.key) in within
    if line.step == RESOLVED:
        return line.alert.state == "resolved" and (line.rule.tell == "resolved" or not passed)
    return line.alert.state == "firing" and not passed


def _place(line: Line) -> tuple[str, str, int]:
    return line.alert.rule, line.alert.key, line.step


def _look_again(connection: Connection, lines: Sequence[Line], now: int) -> None:
    at = and_(alerts.c.rule == bindparam("a"), alerts.c.key == bindparam("b"), alerts.c.state == "firing")
    rows = [{"a": line.alert.rule, "b": line.alert.key} for line in lines if line.step != RESOLVED]
    if rows:
        connection.execute(update(alerts).where(at).values(look_at=now), rows)


def _pause(mail: Mail, attempts: int) -> int:
    return round(1000 * min(mail.retry_most, mail.retry_first * 2 ** min(attempts - 1, 20)))
