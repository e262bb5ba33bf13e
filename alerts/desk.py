"""What a person does with alerts: list them, acknowledge, silence, look back, see what a mail would say now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, case, or_, select

from alerts.files import Alerting
from alerts.kinds import KINDS
from alerts.letter import Letter, compose
from alerts.pipeline import FILTERS, run
from alerts.pipeline.line import Alert, Line
from alerts.pipeline.route import route
from alerts.queue import Taken
from alerts.reading import alert_columns, alerts_of, scene_of
from alerts.rules import RANK
from alerts.times import Times
from alerts.view import View
from opscentre.domain.alert_desk import BadDecision, Silence
from opscentre.domain.moments import iso
from opscentre.domain.recipients import Recipient
from opscentre.profile import Profile
from opscentre.settings import SettingsError
from opscentre.store import alert_decisions
from opscentre.store.alert_decisions import By
from opscentre.store.alert_tables import alert_history, alert_marks, alerts, notifications
from opscentre.store.engine import reading

_ALERT = alerts.c
_MARK = alert_marks.c


def open_alerts(engine: Engine, unit: str = "", limit: int | None = None) -> list[Alert]:
    """Open alerts, the gravest and oldest first."""
    query = alert_columns().where(_ALERT.state != "resolved")
    if unit:
        query = query.where(_ALERT.unit == unit)
    order = (case(dict(RANK), value=_ALERT.severity), _ALERT.since, _ALERT.rule, _ALERT.key)
    with reading(engine).connect() as connection:
        return alerts_of(connection, query.order_by(*order).limit(limit))


def standing_marks(engine: Engine) -> list[dict[str, Any]]:
    """Acknowledgements and silences that have not ended, newest first."""
    query = select(alert_marks).where(_MARK.ended_at.is_(None)).order_by(_MARK.id.desc())
    with reading(engine).connect() as connection:
        return [dict(row._mapping) for row in connection.execute(query)]


def acknowledge(engine: Engine, named: str, author: str, reason: str, now: int, until: int | None = None) -> str:
    """Note that somebody has taken a subject on; the subject. Raises ``SettingsError`` where it is not one."""
    found = _subjects(engine, named)
    if len(found) != 1:
        seen = f"several alerts are meant: {', '.join(found[:5])}" if found else "no open alert is about that"
        raise SettingsError(f"{named!r}: {seen}; 'opscentre alerts list' shows what is open")
    by = By(author=author, now=now, via="cli")
    with _deciding(engine) as connection:
        alert_decisions.acknowledge(connection, found[0], by, reason, until)
    return found[0]


def silence(
    engine: Engine, *, unit: str, rule: str, dossier: str, author: str, reason: str, now: int, until: int
) -> int:
    """Tell nobody of a unit, a rule, a dossier, or what is all of these, until a moment; the silence's number."""
    held = Silence(subject=f"dossier:{dossier}" if dossier else "", unit=unit, rule=rule)
    by = By(author=author, now=now, via="cli")
    with _deciding(engine) as connection:
        return alert_decisions.silence(connection, held, by, reason, until)


def end_mark(engine: Engine, number: int, author: str, now: int) -> bool:
    """End an acknowledgement or a silence before its time; False where none of that number stands."""
    with _deciding(engine) as connection:
        return alert_decisions.end(connection, number, By(author=author, now=now, via="cli"))


@contextmanager
def _deciding(engine: Engine) -> Iterator[Connection]:
    """A transaction; what cannot be decided so is told as the settings' faults are."""
    try:
        with engine.begin() as connection:
            yield connection
    except BadDecision as error:
        raise SettingsError(str(error)) from None


def steps(engine: Engine, unit: str = "", limit: int = 50) -> list[dict[str, Any]]:
    """What became of alerts, newest first."""
    column = alert_history.c
    query = select(alert_history).order_by(column.at.desc(), column.rule, column.key).limit(limit)
    with reading(engine).connect() as connection:
        rows = connection.execute(query.where(column.unit == unit) if unit else query)
        return [{**row._mapping, "at": iso(row.at)} for row in rows]


def messages(engine: Engine, limit: int = 50) -> list[dict[str, Any]]:
    """What became of messages, newest first."""
    column = notifications.c
    names = ("id", "recipient", "topic", "severity", "state", "created_at", "not_before", "sent_at", "attempts")
    query = (
        select(*(column[name] for name in (*names, "subject", "error")))
        .order_by(column.created_at.desc(), column.id)
        .limit(limit)
    )
    moments = ("created_at", "not_before", "sent_at")
    with reading(engine).connect() as connection:
        rows = [dict(row._mapping) for row in connection.execute(query)]
    return [row | {name: iso(row[name]) if row[name] is not None else None for name in moments} for row in rows]


def would_hear(
    engine: Engine, alerting: Alerting, profile: Profile, at: Times, partitions: int
) -> list[tuple[Recipient, dict[str, int]]]:
    """Everybody who would be told something now, with how many lines of which rule; nothing is written."""
    found: dict[str, tuple[Recipient, dict[str, int]]] = {}
    for line in _told_now(engine, alerting, profile, at, View(engine, profile.calendar, profile.units, partitions)):
        if line.recipient is not None:
            _, counts = found.setdefault(line.recipient.key, (line.recipient, {}))
            counts[line.rule.code] = counts.get(line.rule.code, 0) + 1
    return [found[key] for key in sorted(found)]


def _told_now(engine: Engine, alerting: Alerting, profile: Profile, at: Times, view: View) -> Sequence[Line]:
    lines = _true_now(alerting, view, at)
    with reading(engine).connect() as connection:
        scene = scene_of(connection, alerting, profile, at)
    return route(run(FILTERS, lines, scene), scene)


def preview(
    engine: Engine, alerting: Alerting, profile: Profile, at: Times, unit: str, partitions: int
) -> list[Letter]:
    """What each recipient of a unit (empty: of the province) would be told now; nothing is written."""
    view = View(engine, profile.calendar, profile.units, partitions)
    mail, province = alerting.mail, profile.province.name
    told = _told_now(engine, alerting, profile, at, view)
    letters = []
    for key in sorted({line.recipient.key for line in told if line.recipient and line.recipient.unit == unit}):
        mine = [line for line in told if line.recipient and line.recipient.key == key]
        recipient = mine[0].recipient
        for topic in sorted({line.topic for line in mine}):
            of_topic = [line for line in mine if line.topic == topic]
            gravest = min((line.rule.severity for line in of_topic), key=lambda severity: RANK[severity])
            taken = Taken("0" * 32, 1, key, topic, gravest, at.now, at.now, of_topic)
            if recipient is not None:
                letters.append(compose(taken, recipient, view, mail.brand, mail.dashboard, {}, province=province))
    return letters


def _true_now(alerting: Alerting, view: View, at: Times) -> list[Line]:
    found = []
    for rule in alerting.rules:
        if rule.tell == "resolved":
            continue
        for one in KINDS[rule.kind].conditions(rule, view, at):
            if one.sure:
                alert = Alert(
                    rule=rule.code, key=one.key, episode=0, state="firing", severity=rule.severity,
                    subject=one.subject, unit=one.unit, since=one.since, facts=one.facts,
                )  # fmt: skip
                found.append(Line(alert=alert, rule=rule))
    return found


def _subjects(engine: Engine, named: str) -> Sequence[str]:
    """Open subjects that a person may mean: a whole one, one without its kind, or a dossier's number alone."""
    escaped = named.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    meant = or_(
        _ALERT.subject == named,
        _ALERT.subject == f"dossier:{named}",
        _ALERT.subject.like(f"dossier:%/{escaped}", escape="\\"),
    )
    query = select(_ALERT.subject).where(_ALERT.state != "resolved", meant).distinct().order_by(_ALERT.subject)
    with reading(engine).connect() as connection:
        return list(connection.execute(query).scalars())
