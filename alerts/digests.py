"""What comes by the calendar for who wants it: morning digest, evening summary, and the ranking of the week."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, Engine, select

from alerts.files import Alerting
from alerts.pipeline.line import Line
from alerts.pipeline.route import is_left_out
from alerts.reading import alert_columns, alerts_of
from alerts.rules import RANK
from alerts.times import Times
from opscentre.domain.calendar import Calendar
from opscentre.domain.moments import HOUR, MINUTE, date_of, day_number, day_start
from opscentre.domain.recipients import PROVINCE, DigestKind, Recipient
from opscentre.profile import Profile
from opscentre.store import addresses, bulk, queries
from opscentre.store.alert_tables import alerts, notifications
from opscentre.store.engine import reading

#: Topic of a digest, followed by its kind; topic of a ranking.
TOPIC, WEEKLY = "digest-", "weekly"
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


def monday_due(calendar: Calendar, now: int) -> int | None:
    """The Monday (a day number) whose ranking may leave now: from its week's first opening on, while offices are open.

    Whoever was away on Monday, or begins in the middle of a week, has it later in that week.
    """
    day = day_number(now)
    spans = calendar.table.spans_of(day)
    open_now = spans and day_start(day) + spans[0][0] <= now < day_start(day) + spans[-1][1]
    return monday_of(day) if open_now else None


def monday_of(day: int) -> int:
    """The Monday of a day's week, as day numbers."""
    return day - date_of(day).weekday()


def plan_digests(engine: Engine, alerting: Alerting, profile: Profile, at: Times) -> int:
    """Queue the digests and rankings that are due and not yet queued; how many."""
    wanted: dict[str, tuple[Recipient, str]] = {}
    for recipient in _reached(engine, alerting, profile, at):
        calendar = profile.calendar.of(recipient.unit)
        if recipient.digest and (day := day_due(recipient.digest, calendar, at.now)) is not None:
            wanted[_name(recipient, recipient.digest, day)] = recipient, f"{TOPIC}{recipient.digest}"
        if recipient.weekly and (day := monday_due(calendar, at.now)) is not None:
            wanted[_name(recipient, WEEKLY, day)] = recipient, WEEKLY
    if not wanted:
        return 0
    with reading(engine).connect() as connection:
        known = set(connection.execute(select(_NOTE.id).where(_NOTE.id.in_(list(wanted)))).scalars())
    new = {name: told for name, told in wanted.items() if name not in known}
    if any(topic == WEEKLY for _, topic in new.values()) and _nothing_before(engine, monday_of(day_number(at.now))):
        new = {name: told for name, told in new.items() if told[1] != WEEKLY}
    if not new:
        return 0
    rows = [_row(name, recipient, topic, at) for name, (recipient, topic) in new.items()]
    with engine.begin() as connection:
        # The name is the same in every process: whoever comes second adds nothing.
        bulk.upsert(connection, notifications, rows)
    return len(rows)


def _reached(engine: Engine, alerting: Alerting, profile: Profile, at: Times) -> list[Recipient]:
    """Who wants something by the calendar, without the addresses that mails came back from."""
    found = alerting.recipients.by_calendar(profile.units.current(at.now))
    if not found:
        return []
    with reading(engine).connect() as connection:
        out = addresses.left_out(addresses.failing(connection), alerting.bounces.leave_out_after)
    return [one for one in found if not is_left_out(one, out)]


def _nothing_before(engine: Engine, monday: int) -> bool:
    """Whether no dossier is known that was received before a Monday: then there is no week to rank."""
    first = queries.first_received(engine)
    return first is None or first >= day_start(monday)


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
    return topic.removeprefix(TOPIC) if topic.startswith(TOPIC) else topic if topic == WEEKLY else ""


def _name(recipient: Recipient, kind: str, day: int) -> str:
    return hashlib.sha256(f"{recipient.key}|{kind}|{day}".encode()).hexdigest()[:32]


def _row(name: str, recipient: Recipient, topic: str, at: Times) -> dict[str, object]:
    return {
        "id": name, "recipient": recipient.key, "topic": topic, "domain": recipient.domain,
        "severity": "info", "state": "queued", "rank": RANK["info"], "created_at": at.now, "not_before": at.now,
        "try_at": at.wall, "claimed_until": 0, "attempts": 0,
    }  # fmt: skip
