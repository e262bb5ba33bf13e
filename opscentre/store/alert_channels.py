"""Ways by which messages leave that do not work now: since when, and how many messages wait. Real time (ms)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, case, func, or_, select

from opscentre.domain.alert_desk import Trouble
from opscentre.domain.moments import DAY, MINUTE
from opscentre.store.alert_tables import notification_attempts, notifications
from opscentre.store.engine import reading

#: Attempts older than a message is tried say nothing of now.
_LOOKED_BACK = 7 * DAY
#: A server that only puts messages off is said to fail after so long.
_PATIENCE = 10 * MINUTE
_NOTE, _ATTEMPT = notifications.c, notification_attempts.c
_FAILED = ("unreachable", "later", "doubtful")


def troubles(engine: Engine, now: int, wall: int) -> list[Trouble]:
    """The mail server first, then each recipient that is reached otherwise. ``now`` is the product's time."""
    with reading(engine).connect() as connection:
        mail = _trouble(connection, _NOTE.domain != "", "", now, wall, answered=("accepted", "refused"))
        others = connection.execute(
            select(_NOTE.recipient)
            .join(notification_attempts, _ATTEMPT.notification == _NOTE.id)
            .where(_NOTE.domain == "", _ATTEMPT.at >= wall - _LOOKED_BACK, _ATTEMPT.outcome.in_((*_FAILED, "refused")))
            .distinct()
            .order_by(_NOTE.recipient)
        ).scalars()
        found = [
            _trouble(connection, and_(_NOTE.domain == "", _NOTE.recipient == name), name, now, wall, ("accepted",))
            for name in others
        ]
    return [one for one in (mail, *found) if one is not None]


def _trouble(
    connection: Connection, which: ColumnElement[bool], name: str, now: int, wall: int, answered: tuple[str, ...]
) -> Trouble | None:
    """What is wrong with one way; None while its newest attempt was answered, or nothing waits or was refused."""
    attempts = select().select_from(notification_attempts).join(notifications, _ATTEMPT.notification == _NOTE.id)
    attempts = attempts.where(which, _ATTEMPT.at >= wall - _LOOKED_BACK, _ATTEMPT.outcome != "begun")
    good = connection.execute(
        attempts.add_columns(func.max(_ATTEMPT.at)).where(_ATTEMPT.outcome.in_(answered))
    ).scalar()  # fmt: skip
    bad = attempts.add_columns(_ATTEMPT.at, _ATTEMPT.outcome, _ATTEMPT.detail).where(
        _ATTEMPT.outcome.not_in(answered), _ATTEMPT.at > (good or 0)
    )
    rows: list[Any] = list(connection.execute(bad.order_by(_ATTEMPT.at)))
    if not rows:
        return None
    newest, away = rows[-1], any(row.outcome in ("unreachable", "refused") for row in rows)
    waiting, refused = connection.execute(
        select(
            func.coalesce(func.sum(case((_NOTE.state.in_(("queued", "sending")), 1), else_=0)), 0),
            func.coalesce(func.sum(case((_NOTE.state == "failed", 1), else_=0)), 0),
        ).where(which, _NOTE.not_before <= now, or_(_NOTE.state != "failed", _NOTE.created_at >= now - DAY))
    ).one()
    refused = refused if "refused" not in answered else 0
    if not (away or wall - rows[0].at >= _PATIENCE) or not (waiting or refused):
        return None
    return Trouble(recipient=name, since=rows[0].at, waiting=waiting + refused, outcome=newest.outcome,
                   detail=newest.detail)  # fmt: skip
