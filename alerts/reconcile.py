"""Turns what is true now into rows of ``alerts``: pending while it must still hold, firing, resolved; each step once.

Safe to repeat, to kill anywhere and to run twice at a time: everything of one rule is one transaction that holds only
where no newer look at the world was settled before.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, bindparam, or_, select, update

from alerts.rules import Condition, Rule
from opscentre.store import bulk
from opscentre.store.alert_tables import alert_history, alert_marks, alert_rounds, alerts
from opscentre.store.engine import insertion, reading

_ALERT = alerts.c
#: Keys of one question: SQLite takes no more than so many values.
_PAGE = 400


class Settled(NamedTuple):
    """What a look at one rule changed."""

    raised: int = 0
    resolved: int = 0


class _Step(NamedTuple):
    key: str
    episode: int
    state: str
    unit: str


class _Open(NamedTuple):
    key: str
    episode: int
    state: str
    unit: str
    pending_at: int
    severity: str
    facts: str


def settle(engine: Engine, rule: Rule, found: Iterable[Condition], now: int) -> Settled:
    """Make the rows of a rule say what was found true at ``now``."""
    conditions = {condition.key: condition for condition in found}
    with engine.begin() as connection:
        if not _is_newest(connection, rule.code, now):
            return Settled()
        open_rows = _open_rows(connection, rule.code)
        true = {key: condition for key, condition in conditions.items() if condition.sure}
        over = [row for key, row in open_rows.items() if key not in conditions]
        fresh = [condition for key, condition in true.items() if key not in open_rows]
        ripe = [
            row
            for key, row in open_rows.items()
            if key in true and row.state == "pending" and now - row.pending_at >= rule.hold * 1000
        ]
        fire = {"state": "firing", "fired_at": now, "look_at": _first_look(rule, now)}
        steps = _resolve(connection, rule, over, now)
        steps += _begin(connection, rule, fresh, now)
        steps += _move(connection, rule.code, ripe, fire)
        _refresh(connection, rule, open_rows, true)
        _note(connection, rule.code, steps, now)
    raised = len(ripe) + (len(fresh) if rule.hold == 0 else 0)
    return Settled(raised, sum(1 for row in over if row.state == "firing"))


def retire(engine: Engine, rules: Sequence[Rule], now: int) -> int:
    """Resolve what rules left open that are configured no more; how many alerts that were."""
    known = {rule.code for rule in rules}
    with reading(engine).connect() as connection:
        open_codes = connection.execute(select(_ALERT.rule).where(_ALERT.state != "resolved").distinct()).scalars()
        gone = [code for code in open_codes if code not in known]
    count = 0
    for code in gone:
        with engine.begin() as connection:
            rows = list(_open_rows(connection, code).values())
            steps = _move(connection, code, rows, {"state": "resolved", "resolved_at": now, "look_at": None})
            _note(connection, code, steps, now)
            count += len(rows)
    return count


def look_anew(engine: Engine, rules: Sequence[Rule], now: int) -> int:
    """Have every alert that fires looked at, by rules or recipients that may be others than when it was told.

    Who was told is not told again; how many alerts that were.
    """
    # Of a rule whose end alone is told nobody is to hear while it is true.
    codes = [rule.code for rule in rules if rule.tell != "resolved"]
    firing = update(alerts).where(_ALERT.state == "firing", _ALERT.rule.in_(codes))
    with engine.begin() as connection:
        later = or_(_ALERT.look_at.is_(None), _ALERT.look_at > now)
        return connection.execute(firing.where(later).values(look_at=now)).rowcount


def end_marks(engine: Engine, now: int) -> None:
    """End what a person decided once its time is up, or once its subject has no alert open any more."""
    mark = alert_marks.c
    still_open = select(_ALERT.subject).where(_ALERT.subject == mark.subject, _ALERT.state != "resolved").exists()
    over = (mark.until.is_not(None) & (mark.until <= now)) | (mark.until.is_(None) & ~still_open)
    with reading(engine).connect() as connection:
        ended = list(connection.execute(select(mark.id).where(mark.ended_at.is_(None), over)).scalars())
    if ended:
        with engine.begin() as connection:
            at_end = update(alert_marks).where(mark.id == bindparam("one"), mark.ended_at.is_(None), over)
            connection.execute(at_end.values(ended_at=now), [{"one": number} for number in ended])


def _is_newest(connection: Connection, rule: str, now: int) -> bool:
    """Whether no look at this rule that is as new was settled; holds the rule for the rest of the transaction."""
    statement = insertion(connection, alert_rounds).values(rule=rule, at=now)
    newer = statement.on_conflict_do_update(
        index_elements=["rule"], set_={"at": now}, where=alert_rounds.c.at < now
    ).returning(alert_rounds.c.at)
    return connection.execute(newer).first() is not None


def _open_rows(connection: Connection, rule: str) -> dict[str, _Open]:
    columns = (_ALERT.key, _ALERT.episode, _ALERT.state, _ALERT.unit, _ALERT.pending_at, _ALERT.severity,
               _ALERT.facts)  # fmt: skip
    query = select(*columns).where(_ALERT.rule == rule, _ALERT.state.in_(("pending", "firing")))
    return {row.key: _Open(*row) for row in connection.execute(query)}


def _first_look(rule: Rule, now: int) -> int | None:
    return None if rule.tell == "resolved" else now


def _begin(connection: Connection, rule: Rule, fresh: Sequence[Condition], now: int) -> list[_Step]:
    if not fresh:
        return []
    episodes = _last_episodes(connection, rule.code, [condition.key for condition in fresh])
    at_once = rule.hold == 0
    rows = [
        {
            "rule": rule.code,
            "key": condition.key,
            "episode": episodes.get(condition.key, 0) + 1,
            "state": "firing" if at_once else "pending",
            "severity": rule.severity,
            "subject": condition.subject,
            "unit": condition.unit,
            "since": condition.since,
            "pending_at": now,
            "fired_at": now if at_once else None,
            "resolved_at": None,
            "look_at": _first_look(rule, now) if at_once else None,
            "facts": _text(condition),
        }
        for condition in fresh
    ]
    bulk.upsert(connection, alerts, rows, update=[name for name in rows[0] if name not in ("rule", "key")])
    state = "firing" if at_once else "pending"
    return [_Step(one.key, episodes.get(one.key, 0) + 1, state, one.unit) for one in fresh]


def _last_episodes(connection: Connection, rule: str, keys: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(keys), _PAGE):
        query = select(_ALERT.key, _ALERT.episode).where(
            _ALERT.rule == rule, _ALERT.key.in_(keys[start : start + _PAGE])
        )
        found.update(connection.execute(query).tuples().all())
    return found


def _resolve(connection: Connection, rule: Rule, over: Sequence[_Open], now: int) -> list[_Step]:
    # Nobody heard of what was only pending: its end is nothing to tell.
    told = [row for row in over if row.state == "firing" and rule.tell != "raised"]
    quiet = [row for row in over if row.state != "firing" or rule.tell == "raised"]
    ended = {"state": "resolved", "resolved_at": now}
    return [
        *_move(connection, rule.code, told, ended | {"look_at": now}),
        *_move(connection, rule.code, quiet, ended | {"look_at": None}),
    ]


def _move(connection: Connection, rule: str, rows: Sequence[_Open], values: dict[str, Any]) -> list[_Step]:
    """Take rows from the state they are in to another."""
    if not rows:
        return []
    statement = update(alerts).where(
        _ALERT.rule == rule,
        _ALERT.key == bindparam("one"),
        _ALERT.episode == bindparam("its_episode"),
        _ALERT.state == bindparam("its_state"),
    )
    # In one order everywhere, so that nobody waits for one another.
    ordered = sorted(rows, key=lambda row: row.key)
    known = [{"one": row.key, "its_episode": row.episode, "its_state": row.state} for row in ordered]
    connection.execute(statement.values(**values), known)
    return [_Step(row.key, row.episode, values["state"], row.unit) for row in rows]


def _note(connection: Connection, rule: str, steps: Sequence[_Step], now: int) -> None:
    bulk.upsert(connection, alert_history, [{"rule": rule, **step._asdict(), "at": now} for step in steps])


def _refresh(connection: Connection, rule: Rule, open_rows: dict[str, _Open], true: dict[str, Condition]) -> None:
    """Keep what stays open as it is now: a mail tells today's number, and a rule that was made graver is."""
    changed = [
        {"one": key, "new_facts": _text(true[key]), "new_severity": rule.severity}
        for key, row in open_rows.items()
        if key in true and (row.facts != _text(true[key]) or row.severity != rule.severity)
    ]
    if changed:
        statement = update(alerts).where(_ALERT.rule == rule.code, _ALERT.key == bindparam("one"))
        connection.execute(statement.values(facts=bindparam("new_facts"), severity=bindparam("new_severity")), changed)


def _text(condition: Condition) -> str:
    return json.dumps(condition.facts, ensure_ascii=False, sort_keys=True)
