"""What an office answers to a mail: written once, and standing as an acknowledgement of everything the mail named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Engine, insert, select

from opscentre.access import audit
from opscentre.clock import wall_ms
from opscentre.store.alert_tables import (
    alert_marks,
    alerts,
    notification_answers,
    notification_lines,
    notification_opens,
    notifications,
)
from opscentre.store.engine import insertion, reading

_LINE = notification_lines.c
_ALERT = alerts.c
_ANSWER = notification_answers.c


class Asked(NamedTuple):
    """A message that may be answered."""

    subject: str
    recipient: str
    #: What it named that is still open.
    about: Sequence[str]
    #: The answer it had already: kind, moment, until when.
    answered: tuple[str, int, int | None] | None


def asked(engine: Engine, notification: str) -> Asked | None:
    """What a message asked; None where there was no such message."""
    note = notifications.c
    with reading(engine).connect() as connection:
        row = connection.execute(select(note.subject, note.recipient).where(note.id == notification)).first()
        if row is None:
            return None
        known = connection.execute(
            select(_ANSWER.kind, _ANSWER.at, _ANSWER.until).where(_ANSWER.notification == notification)
        ).first()
        query = (
            select(_ALERT.subject)
            .join(notification_lines, (_LINE.rule == _ALERT.rule) & (_LINE.key == _ALERT.key))
            .where(_LINE.notification == notification, _LINE.state == "told", _ALERT.state == "firing")
            .where(_LINE.episode == _ALERT.episode)
        )
        about = list(connection.execute(query.distinct().order_by(_ALERT.subject)).scalars())
    return Asked(row.subject or "", row.recipient, about, (known.kind, known.at, known.until) if known else None)


def opened(engine: Engine, notification: str, now: int) -> None:
    """Note that the link of a message was opened; only the first time is kept."""
    with engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
        once = insertion(connection, notification_opens).on_conflict_do_nothing()
        connection.execute(once, {"notification": notification, "at": now})


def answer(engine: Engine, notification: str, now: int, until: int | None = None, why: str = "") -> Asked | None:
    """Note an answer, unless there is one; what the message asked, with the answer that stands.

    ``until``: a new date, and ``why`` it is given; None: received.
    """
    found = asked(engine, notification)
    if found is None:
        return None
    row = {
        "notification": notification,
        "kind": "received" if until is None else "redated",
        "at": now,
        "until": until,
    }
    with engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
        once = insertion(connection, notification_answers).on_conflict_do_nothing().returning(_ANSWER.at)
        if connection.execute(once, row).first() is None:
            return asked(engine, notification)
        if found.about:
            reason = why or ("đã nhận" if until is None else "hẹn lại ngày")
            common = {"kind": "ack", "author": found.recipient[:100], "reason": reason, "at": now, "until": until,
                      "via": "mail", "notification": notification}  # fmt: skip
            connection.execute(insert(alert_marks), [common | {"subject": subject} for subject in found.about])
        audit.record(
            connection, moment=wall_ms(), who=f"mail:{found.recipient}", action="answer.give",
            subject=f"notification:{notification}",
            detail={"kind": str(row["kind"]), "until": until, "about": len(found.about)},
        )  # fmt: skip
    return asked(engine, notification)
