"""Decides who is told what, and writes it down before anything is sent: one row a message, one a line of it.

One transaction a round, one process at a time; what it plans is what the log then holds, so a round that is killed
is as if it had not begun, and one that is repeated finds its alerts looked at.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, select, update

from alerts.files import Alerting
from alerts.pipeline import FILTERS, ROUTING, run
from alerts.pipeline.group import mail_of
from alerts.pipeline.inhibit import explained_by
from alerts.pipeline.line import Line, Scene
from alerts.pipeline.repeat import next_look
from alerts.reading import alert_columns, alerts_of, scene_of
from alerts.rules import RANK
from alerts.times import Times
from opscentre.domain.moments import MINUTE
from opscentre.profile import Profile
from opscentre.store import bulk
from opscentre.store.alert_tables import (
    alert_inhibitions,
    alert_rounds,
    alerts,
    notification_lines,
    notifications,
)
from opscentre.store.engine import insertion, reading

#: Alerts of one round; the rest is the next round's.
MOST = 20_000
#: After so long (ms of product time) what is silenced, acknowledged or inhibited is looked at again.
LOOK_AGAIN = MINUTE
_ALERT = alerts.c
_NOTE = notifications.c


def plan(engine: Engine, alerting: Alerting, profile: Profile, at: Times) -> int:
    """Plan messages for every alert that has to be looked at; how many lines were planned."""
    waiting = _ALERT.look_at <= at.now
    with reading(engine).connect() as connection:
        if connection.execute(select(_ALERT.rule).where(waiting).limit(1)).first() is None:
            return 0
    with engine.begin() as connection:
        alone(connection, at.wall)
        found = alerts_of(connection, alert_columns().where(waiting).order_by(_ALERT.look_at).limit(MOST))
        known = {rule.code: rule for rule in alerting.rules}
        lines = [Line(alert=one, rule=known[one.rule]) for one in found if one.rule in known]
        scene = scene_of(connection, alerting, profile, at, lines)
        open_to_all = run(FILTERS, lines, scene)
        planned = run(ROUTING, open_to_all, scene)
        _queue(connection, planned, scene)
        _note_inhibited(connection, lines, scene)
        _look_later(connection, lines, open_to_all, planned, scene)
    return len(planned)


def alone(connection: Connection, wall: int) -> None:
    """Be the only one to plan or to take messages until the transaction ends."""
    # No rule has such a code.
    statement = insertion(connection, alert_rounds).values(rule="(messages)", at=wall)
    connection.execute(statement.on_conflict_do_update(index_elements=["rule"], set_={"at": wall}))


def _queue(connection: Connection, lines: Sequence[Line], scene: Scene) -> None:
    """Add lines to the messages that still wait for their recipients, or to new ones."""
    joined = _waiting(connection, sorted({mail_of(line) for line in lines}))
    messages: list[dict[str, Any]] = []
    log: list[dict[str, Any]] = []
    for place, grouped in groupby(lines, key=mail_of):
        mail = list(grouped)
        gravest = min(mail, key=lambda line: RANK[line.rule.severity]).rule.severity
        not_before = min(line.not_before for line in mail)
        known = joined.get(place)
        if known is None:
            messages.append(_message(mail[0], gravest, not_before, scene.at))
            name = messages[-1]["id"]
        else:
            name = known[0]
            if RANK[gravest] < known[1] or not_before < known[2]:
                _hasten(connection, name, gravest, min(RANK[gravest], known[1]), min(not_before, known[2]))
        log += [_log_row(line, name, scene.at.now) for line in mail]
    bulk.upsert(connection, notifications, messages)
    bulk.upsert(connection, notification_lines, log)


def _waiting(connection: Connection, places: Sequence[tuple[str, str]]) -> dict[tuple[str, str], tuple[str, int, int]]:
    """Messages that nobody has begun to send, by recipient and topic."""
    if not places:
        return {}
    columns = (_NOTE.id, _NOTE.recipient, _NOTE.topic, _NOTE.rank, _NOTE.not_before)
    query = select(*columns).where(_NOTE.state == "queued")
    wanted = set(places)
    return {
        (recipient, topic): (name, rank, not_before)
        for name, recipient, topic, rank, not_before in connection.execute(query)
        if (recipient, topic) in wanted
    }


def _message(line: Line, severity: str, not_before: int, at: Times) -> dict[str, Any]:
    recipient, topic = mail_of(line)
    return {
        "id": uuid.uuid4().hex,
        "recipient": recipient,
        "topic": topic,
        "domain": line.recipient.domain if line.recipient else "",
        "severity": severity,
        "state": "queued",
        "rank": RANK[severity],
        "created_at": at.now,
        "not_before": not_before,
        "try_at": at.wall,
        # Written out: a bulk insert knows no defaults.
        "claimed_until": 0,
        "attempts": 0,
    }


def _hasten(connection: Connection, name: str, severity: str, rank: int, not_before: int) -> None:
    louder = {"severity": severity} if rank == RANK[severity] else {}
    connection.execute(update(notifications).where(_NOTE.id == name).values(rank=rank, not_before=not_before, **louder))


def _log_row(line: Line, notification: str, now: int) -> dict[str, Any]:
    recipient, rule, key, episode = line.identity
    return {
        "recipient": recipient, "rule": rule, "key": key, "episode": episode, "step": line.step,
        "notification": notification, "at": now, "not_before": line.not_before, "state": "waiting",
    }  # fmt: skip


def _note_inhibited(connection: Connection, lines: Sequence[Line], scene: Scene) -> None:
    """Remember once what kept an alert from being told although nobody decided so."""
    rows = [
        {
            "rule": line.alert.rule, "key": line.alert.key, "episode": line.alert.episode, "by_rule": by,
            "at": scene.at.now,
        }
        for line in lines
        if not line.over and (by := explained_by(line.alert, scene))
    ]  # fmt: skip
    bulk.upsert(connection, alert_inhibitions, rows)


def _look_later(
    connection: Connection, lines: Sequence[Line], open_to_all: Sequence[Line], planned: Sequence[Line], scene: Scene
) -> None:
    """Note when each alert has to be looked at again."""
    last = _last_told(open_to_all, planned, scene)
    rows = [
        {
            "its_rule": line.alert.rule,
            "its_key": line.alert.key,
            "its_episode": line.alert.episode,
            "its_state": line.alert.state,
            "next": _next(line, scene, last.get((line.alert.rule, line.alert.key))),
        }
        # In one order everywhere, so that nobody waits for one another.
        for line in sorted(lines, key=lambda line: (line.alert.rule, line.alert.key))
    ]
    if not rows:
        return
    statement = update(alerts).where(
        _ALERT.rule == bindparam("its_rule"),
        _ALERT.key == bindparam("its_key"),
        # It may have changed since it was read: then it wants another look.
        _ALERT.episode == bindparam("its_episode"),
        _ALERT.state == bindparam("its_state"),
    )
    connection.execute(statement.values(look_at=bindparam("next")), rows)


def _last_told(open_to_all: Sequence[Line], planned: Sequence[Line], scene: Scene) -> dict[tuple[str, str], int]:
    """When each of the alerts that nothing holds back was told last: now, or to whom it was longest ago."""
    now = scene.at.now
    found = {(line.alert.rule, line.alert.key): now for line in open_to_all}
    fresh = {(line.alert.rule, line.alert.key) for line in planned}
    for (_, rule, key, _), said in scene.said.items():
        if (rule, key) in found and (rule, key) not in fresh:
            found[rule, key] = min(found[rule, key], said.at)
    return found


def _next(line: Line, scene: Scene, told: int | None) -> int | None:
    if line.over:
        return None
    soon = scene.at.now + LOOK_AGAIN
    if told is None:
        return soon
    then = next_look(line, scene, told)
    return None if then is None else max(then, soon)
