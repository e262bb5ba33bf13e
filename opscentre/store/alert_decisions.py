"""What people decide about alerts, written and audited: acknowledgements, silences, their ends, assignments, notes."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, func, insert, select, update

from opscentre.access import audit
from opscentre.clock import wall_ms
from opscentre.domain import alert_desk
from opscentre.domain.alert_desk import NAME, REASON, Silence
from opscentre.store.alert_tables import alert_actions, alert_marks, alerts
from opscentre.store.engine import reading

_MARK = alert_marks.c
#: Longest name of an author in the tables.
_AUTHOR = 100


class By(msgspec.Struct, frozen=True, kw_only=True):
    """Who decides, when (the product's time, ms) and where: 'cli' or 'page'."""

    #: As it stands in histories, and as the audit has it (empty: the same).
    author: str
    who: str = ""
    now: int
    via: str


def acknowledge(connection: Connection, subject: str, by: By, reason: str, until: int | None = None) -> int:
    """Note that somebody has taken a subject on, until it is over or until a promised moment; the mark's number.

    Raises ``BadDecision``, as all others here do.
    """
    return _mark(connection, by, kind="ack", subject=subject, reason=reason, until=until)


def silence(connection: Connection, held: Silence, by: By, reason: str, until: int) -> int:
    """Tell nobody of what ``held`` says until a moment; the mark's number."""
    return _mark(connection, by, kind="silence", **msgspec.structs.asdict(held), reason=reason, until=until)


def end(connection: Connection, number: int, by: By) -> bool:
    """End an acknowledgement or a silence before its time; False where none of that number stands.

    What it held back is told at the alerts' next look at it, within a minute.
    """
    standing = update(alert_marks).where(_MARK.id == number, _MARK.ended_at.is_(None))
    if connection.execute(standing.values(ended_at=by.now, ended_by=_author(by))).rowcount != 1:
        return False
    _audit(connection, by, "alert.end", f"mark:{number}", {})
    return True


def assign(connection: Connection, subject: str, by: By, to: str) -> None:
    """Note who has to see to a subject."""
    _act(connection, by, "assign", subject, alert_desk.named("to", to, NAME))


def note(connection: Connection, subject: str, by: By, text: str) -> None:
    """Note what somebody has to say about a subject."""
    _act(connection, by, "note", subject, alert_desk.written(text))


def is_open(engine: Engine, subject: str) -> bool:
    """Whether any alert on a subject is open."""
    column = alerts.c
    query = select(func.count()).where(column.subject == subject, column.state != "resolved")
    with reading(engine).connect() as connection:
        return bool(connection.execute(query).scalar())


def _act(connection: Connection, by: By, kind: str, subject: str, text: str) -> None:
    row = {"kind": kind, "subject": subject, "author": _author(by), "text": text, "at": by.now}
    connection.execute(insert(alert_actions), row)
    _audit(connection, by, f"alert.{kind}", subject, {})


def _mark(connection: Connection, by: By, **values: Any) -> int:
    values["reason"] = alert_desk.named("reason", values["reason"], REASON)
    row = {"author": _author(by), "at": by.now, "via": by.via} | values
    key = connection.execute(insert(alert_marks).values(**row)).inserted_primary_key
    number = int(key[0]) if key else 0
    detail = {name: values[name] for name in ("unit", "rule", "until") if values.get(name)}
    _audit(connection, by, f"alert.{values['kind']}", values["subject"] or "alerts", detail | {"mark": number})
    return number


def _author(by: By) -> str:
    return alert_desk.named("author", by.author, _AUTHOR)


def _audit(connection: Connection, by: By, action: str, subject: str, detail: dict[str, Any]) -> None:
    audit.record(connection, moment=wall_ms(), who=by.who or by.author, action=action, subject=subject, detail=detail)
