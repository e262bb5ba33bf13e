"""Reads alerts, people's decisions and the notification log from SQL, as the pipeline knows them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, Row, Select, func, select

from alerts.files import Alerting
from alerts.pipeline.line import RESOLVED, Alert, Line, Mark, Said, Scene
from alerts.times import Times
from opscentre.profile import Profile
from opscentre.store import addresses
from opscentre.store.alert_tables import alert_marks, alerts, notification_lines, notifications

_ALERT = alerts.c
_LINE = notification_lines.c
_NOTE = notifications.c
#: Keys of one question: SQLite takes no more than so many values.
_PAGE = 400
_COLUMNS = tuple(_ALERT[name] for name in Alert.__struct_fields__)


def alerts_of(connection: Connection, query: Select[tuple[object, ...]]) -> list[Alert]:
    """The alerts that a question on ``alert_columns`` finds."""
    return [_alert(row) for row in connection.execute(query)]


def alert_columns() -> Select[tuple[object, ...]]:
    """A question for whole alerts, to be narrowed."""
    return select(*_COLUMNS)


def by_identity(connection: Connection, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Alert]:
    """Alerts by (rule, key)."""
    by_rule: dict[str, list[str]] = {}
    for rule, key in wanted:
        by_rule.setdefault(rule, []).append(key)
    found = {}
    for rule, keys in by_rule.items():
        for start in range(0, len(keys), _PAGE):
            query = alert_columns().where(_ALERT.rule == rule, _ALERT.key.in_(keys[start : start + _PAGE]))
            found.update({(one.rule, one.key): one for one in alerts_of(connection, query)})
    return found


def scene_of(
    connection: Connection, alerting: Alerting, profile: Profile, at: Times, told_of: Sequence[Line] = ()
) -> Scene:
    """What the stages look at: inhibitors and decisions, and the log of the alerts of some lines."""
    inhibiting = sorted({rule.by for rule in alerting.inhibits})
    inhibitors = alert_columns().where(_ALERT.rule.in_(inhibiting), _ALERT.state != "resolved")
    marks = select(*(alert_marks.c[name] for name in Mark.__struct_fields__)).where(alert_marks.c.ended_at.is_(None))
    last = select(_NOTE.recipient, _NOTE.topic, func.max(_NOTE.sent_at)).where(
        _NOTE.state == "sent", _NOTE.sent_at > at.now - round(alerting.mail.pause * 1000)
    )
    return Scene(
        at=at,
        alerting=alerting,
        calendar=profile.calendar,
        units=profile.units,
        inhibitors=alerts_of(connection, inhibitors),
        marks=[Mark(**row._mapping) for row in connection.execute(marks)],
        left_out=addresses.left_out(addresses.failing(connection), alerting.bounces.leave_out_after),
        said=_said(connection, [line.alert for line in told_of]),
        last_sent={
            (recipient, topic): sent
            for recipient, topic, sent in connection.execute(last.group_by(_NOTE.recipient, _NOTE.topic))
        },
    )


def _said(connection: Connection, known: Sequence[Alert]) -> dict[tuple[str, str, str, int], Said]:
    by_rule: dict[str, dict[str, int]] = {}
    for alert in known:
        by_rule.setdefault(alert.rule, {})[alert.key] = alert.episode
    found: dict[tuple[str, str, str, int], Said] = {}
    for rule, episodes in by_rule.items():
        keys = list(episodes)
        for start in range(0, len(keys), _PAGE):
            columns = (_LINE.recipient, _LINE.rule, _LINE.key, _LINE.episode, _LINE.step, _LINE.at, _LINE.state)
            query = select(*columns).where(_LINE.rule == rule, _LINE.key.in_(keys[start : start + _PAGE]))
            for recipient, _, key, episode, step, at, state in connection.execute(query):
                if episodes[key] == episode:
                    place = (recipient, rule, key, episode)
                    found[place] = _newer(found.get(place), Said(step, at, state == "told"))
    return found


def _newer(one: Said | None, other: Said) -> Said:
    """The end of an episode is its newest step, else the highest."""
    if one is None or other.step == RESOLVED:
        return other
    return one if one.step == RESOLVED or one.step > other.step else other


def _alert(row: Row[tuple[object, ...]]) -> Alert:
    values = dict(row._mapping)
    return Alert(**{**values, "facts": json.loads(values["facts"])})
