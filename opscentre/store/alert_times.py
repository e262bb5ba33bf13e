"""When alerts were told of, answered and over: what the times to acknowledge and to resolve are counted from."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import Connection, Engine, Select, and_, func, null, select

from opscentre.access import scope
from opscentre.domain.reactions import Wait
from opscentre.store.alert_tables import alert_history, alert_marks, alerts, notification_lines, notifications
from opscentre.store.engine import reading

_ALERT, _HISTORY, _LINE, _NOTE, _MARK = alerts.c, alert_history.c, notification_lines.c, notifications.c, alert_marks.c

#: What the questions below ask of each episode beside its beginning and its end.
_ASKED = ("told", "answered")


def to_acknowledge(engine: Engine, since: int) -> list[Wait]:
    """Of each alert that is open, or was over since a moment: its first mail, and what came first, answer or end.

    An answer is an acknowledgement or a promised day. What no mail told of is left out: nobody could answer.
    """
    mine = and_(
        _LINE.rule == _HISTORY.rule, _LINE.key == _HISTORY.key, _LINE.episode == _HISTORY.episode,
        _LINE.step >= 0, _LINE.state == "told", _NOTE.state == "sent",
    )  # fmt: skip
    told = select(func.min(_NOTE.sent_at)).join(notification_lines, _LINE.notification == _NOTE.id).where(mine)
    answered = select(func.min(_MARK.at)).where(
        _MARK.kind == "ack", _MARK.subject == _ALERT.subject, _MARK.at >= _HISTORY.at
    )
    with reading(engine).connect() as connection:
        return [
            Wait(row.unit, row.told, _first(row.answered, row.over))
            for row in _episodes(connection, since, (), told.scalar_subquery(), answered.scalar_subquery())
            if row.told is not None
        ]


def to_resolve(engine: Engine, since: int, without: Collection[str] = ()) -> list[Wait]:
    """Of each alert that is open, or was over since a moment: when it was raised, and when it was over.

    ``without``: codes of rules whose alerts end without anything being solved.
    """
    with reading(engine).connect() as connection:
        return [Wait(row.unit, row.at, row.over) for row in _episodes(connection, since, without)]


def _first(*moments: int | None) -> int | None:
    return min((moment for moment in moments if moment is not None), default=None)


def _episodes(connection: Connection, since: int, without: Collection[str], *more: Any) -> Iterator[Any]:
    """Episodes that were raised and are open, or were over since a moment, with ``at``, ``over`` and what is asked."""
    end = alert_history.alias()
    ended = and_(end.c.rule == _HISTORY.rule, end.c.key == _HISTORY.key, end.c.episode == _HISTORY.episode)
    asked = [one.label(name) for one, name in zip(more, _ASKED, strict=False)]
    same = and_(_ALERT.rule == _HISTORY.rule, _ALERT.key == _HISTORY.key)
    # In two questions, each by an index: what was ever raised is many times as much.
    over = (
        select(_HISTORY.unit, _HISTORY.at, end.c.at.label("over"), *asked)
        .join(end, ended)
        .join(alerts, same)
        .where(end.c.state == "resolved", end.c.at >= since)
    )
    still = (
        select(_HISTORY.unit, _HISTORY.at, null().label("over"), *asked)
        .join(alerts, and_(same, _ALERT.episode == _HISTORY.episode))
        .where(_ALERT.state == "firing")
    )
    units = scope.current().units
    for query in (over, still):
        narrowed: Select[Any] = query.where(_HISTORY.state == "firing", _HISTORY.rule.not_in(list(without)))
        yield from connection.execute(narrowed if units is None else narrowed.where(_HISTORY.unit.in_(units)))
