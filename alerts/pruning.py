"""Forgets what was over long ago: resolved alerts, their history, messages and attempts."""

from __future__ import annotations

from sqlalchemy import Engine, delete, or_

from alerts.times import Times
from opscentre.domain.moments import DAY
from opscentre.store.alert_tables import (
    alert_actions,
    alert_history,
    alert_inhibitions,
    alert_marks,
    alerts,
    mail_bounces,
    notification_answers,
    notification_attempts,
    notification_lines,
    notification_opens,
    notifications,
)

#: States of a message that nothing more becomes of.
_OVER = ("sent", "failed", "dropped")


def prune(engine: Engine, keep_days: float, at: Times) -> int:
    """Delete what ended longer ago than that; how many rows that were."""
    before, real_before = at.now - round(keep_days * DAY), at.wall - round(keep_days * DAY)
    note = notifications.c
    # What an open alert was told in stays: it says which steps are done.
    standing = alerts.select().where(
        alerts.c.rule == notification_lines.c.rule,
        alerts.c.key == notification_lines.c.key,
        alerts.c.state != "resolved",
    )
    # What people wrote on something stays as long as an alert on it is open.
    about = alerts.select().where(alerts.c.subject == alert_actions.c.subject, alerts.c.state != "resolved")
    # An address that fails is shown until somebody mends it.
    permanent = mail_bounces.c.permanent
    statements = (
        delete(alert_history).where(alert_history.c.at < before),
        delete(notification_lines).where(notification_lines.c.at < before, ~standing.exists()),
        delete(notifications).where(note.created_at < before, note.state.in_(_OVER)),
        delete(notification_attempts).where(notification_attempts.c.at < real_before),
        delete(notification_answers).where(notification_answers.c.at < before),
        delete(notification_opens).where(notification_opens.c.at < before),
        delete(alert_inhibitions).where(alert_inhibitions.c.at < before),
        delete(alert_actions).where(alert_actions.c.at < before, ~about.exists()),
        delete(mail_bounces).where(mail_bounces.c.at < before, or_(mail_bounces.c.ended_at < before, ~permanent)),
        delete(alert_marks).where(alert_marks.c.ended_at < before),
        delete(alerts).where(alerts.c.state == "resolved", alerts.c.resolved_at < before),
    )
    count = 0
    for statement in statements:
        # One by one: the stream waits for none of them long.
        with engine.begin() as connection:
            count += connection.execute(statement).rowcount
    return count
