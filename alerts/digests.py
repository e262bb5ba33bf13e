"""Morning digest and evening summary for who wants one: what is open in their unit, once a working day."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, Engine, select

from alerts.files import Alerting
from alerts.pipeline.line import Line
from alerts.reading import alert_columns, alerts_of
from alerts.recipients import PROVINCE, DigestKind, Recipient
from alerts.rules import RANK
from alerts.times import Times
from opscentre.domain.calendar import Calendar
from opscentre.domain.moments import HOUR, MINUTE, day_number, day_start
from opscentre.profile import Profile
from opscentre.store import bulk
from opscentre.store.alert_tables import alerts, notifications
from opscentre.store.engine import reading

#: Topic of such a message, followed by its kind.
TOPIC = "digest-"
#: For so long after opening a morning digest is still one.
MORNING = 2 * HOUR
#: The evening summary leaves so long before closing.
BEFORE_CLOSING = 30 * MINUTE
_NOTE = notifications.c


def day_due(kind: DigestKind, calendar: Calendar, now: int) -> int | None:
    """The working day whose digest of a kind is due now; None while none is."""
    day = day_number(now)
    spans = calendar.table.spans_of(day)
    if not spans:
        return None
    opens, closes = day_start(day) + spans[0][0], day_start(day) + spans[-1][1]
    begins, ends = (opens, opens + MORNING) if kind == "morning" else (closes - BEFORE_CLOSING, closes)
    return day if begins <= now < ends else None


def plan_digests(engine: Engine, alerting: Alerting, profile: Profile, at: Times) -> int:
    """Queue the digests that are due and not yet queued; how many."""
    wanted = {}
    for recipient in alerting.recipients.with_digest(profile.units.current(at.now)):
        day = day_due(recipient.digest or "morning", profile.calendar.of(recipient.unit), at.now)
        if day is not None:
            wanted[_name(recipient, day)] = recipient
    if not wanted:
        return 0
    with reading(engine).connect() as connection:
        known = set(connection.execute(select(_NOTE.id).where(_NOTE.id.in_(list(wanted)))).scalars())
    rows = [_row(name, recipient, at) for name, recipient in wanted.items() if name not in known]
    with engine.begin() as connection:
        # The name is the same in every process: whoever comes second adds nothing.
        bulk.upsert(connection, notifications, rows)
    return len(rows)


def standing_lines(
    connection: Connection, alerting: Alerting, profile: Profile, recipient: str, at: Times
) -> list[Line]:
    """Every dossier alert that fires in a recipient's unit, or in the province, whoever hears of it."""
    unit = recipient.rpartition("@")[2]
    units = profile.units.current(at.now)
    query = alert_columns().where(alerts.c.state == "firing", alerts.c.subject.startswith("dossier:"))
    rules = {rule.code: rule for rule in alerting.rules}
    return [
        Line(alert=one, rule=rules[one.rule])
        for one in alerts_of(connection, query)
        if one.rule in rules and (unit == PROVINCE or units.home(one.unit) == unit)
    ]


def heading_of(topic: str) -> str:
    """The word of the catalogue for a digest of a topic; empty for what is none."""
    return topic.removeprefix(TOPIC) if topic.startswith(TOPIC) else ""


def _name(recipient: Recipient, day: int) -> str:
    return hashlib.sha256(f"{recipient.key}|{recipient.digest}|{day}".encode()).hexdigest()[:32]


def _row(name: str, recipient: Recipient, at: Times) -> dict[str, object]:
    return {
        "id": name, "recipient": recipient.key, "topic": f"{TOPIC}{recipient.digest}", "domain": recipient.domain,
        "severity": "info", "state": "queued", "rank": RANK["info"], "created_at": at.now, "not_before": at.now,
        "try_at": at.wall, "claimed_until": 0, "attempts": 0,
    }  # fmt: skip
