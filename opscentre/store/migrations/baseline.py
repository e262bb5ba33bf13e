"""The tables as they were when migrations began (revision 0001): frozen, whatever the product's tables become."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

metadata = sa.MetaData()


def where(postgresql: str, sqlite: str | None = None) -> dict[str, Any]:
    """What an index that holds a part of the rows is given; the two databases may spell it apart."""
    return {"postgresql_where": sa.text(postgresql), "sqlite_where": sa.text(sqlite or postgresql)}


# fmt: off
sa.Table(
    "alert_history", metadata,
    sa.Column("rule", sa.String(48), primary_key=True),
    sa.Column("key", sa.String(200), primary_key=True),
    sa.Column("episode", sa.Integer(), primary_key=True, autoincrement=False),
    sa.Column("state", sa.String(10), primary_key=True),
    sa.Column("unit", sa.String(32), nullable=False),
    sa.Column("at", sa.BigInteger(), nullable=False),
    sa.Index("alert_history_by_at", "at"),
)
sa.Table(
    "alert_marks", metadata,
    sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("subject", sa.String(210), nullable=False, server_default=""),
    sa.Column("unit", sa.String(32), nullable=False, server_default=""),
    sa.Column("rule", sa.String(48), nullable=False, server_default=""),
    sa.Column("author", sa.String(100), nullable=False),
    sa.Column("reason", sa.Text(), nullable=False),
    sa.Column("at", sa.BigInteger(), nullable=False),
    sa.Column("until", sa.BigInteger()),
    sa.Column("ended_at", sa.BigInteger()),
    sa.Index("alert_marks_by_end", "ended_at"),
)
sa.Table(
    "alert_rounds", metadata,
    sa.Column("rule", sa.String(48), primary_key=True),
    sa.Column("at", sa.BigInteger(), nullable=False),
)
sa.Table(
    "alerts", metadata,
    sa.Column("rule", sa.String(48), primary_key=True),
    sa.Column("key", sa.String(200), primary_key=True),
    sa.Column("episode", sa.Integer(), nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("severity", sa.String(10), nullable=False),
    sa.Column("subject", sa.String(210), nullable=False),
    sa.Column("unit", sa.String(32), nullable=False),
    sa.Column("since", sa.BigInteger(), nullable=False),
    sa.Column("pending_at", sa.BigInteger(), nullable=False),
    sa.Column("fired_at", sa.BigInteger()),
    sa.Column("resolved_at", sa.BigInteger()),
    sa.Column("look_at", sa.BigInteger()),
    sa.Column("facts", sa.Text(), nullable=False),
    sa.Index("alerts_by_state", "state", "rule"),
    sa.Index("alerts_by_subject", "subject"),
    sa.Index("alerts_to_look_at", "look_at"),
)
sa.Table(
    "claims", metadata,
    sa.Column("topic", sa.String(64), primary_key=True),
    sa.Column("partition", sa.SmallInteger(), primary_key=True, autoincrement=False),
    sa.Column("number", sa.BigInteger(), nullable=False),
)
sa.Table(
    "cursors", metadata,
    sa.Column("source", sa.String(64), primary_key=True),
    sa.Column("cursor", sa.Text(), nullable=False),
    sa.Column("written_at", sa.BigInteger(), nullable=False),
)
sa.Table(
    "dead_letter_dismissals", metadata,
    sa.Column("topic", sa.String(64), primary_key=True),
    sa.Column("partition", sa.SmallInteger(), primary_key=True, autoincrement=False),
    sa.Column("offset", sa.BigInteger(), primary_key=True, autoincrement=False),
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("at", sa.BigInteger(), nullable=False),
    sa.Column("who", sa.String(100), nullable=False),
    sa.Column("why", sa.Text(), nullable=False),
)
sa.Table(
    "dead_letter_outbox", metadata,
    sa.Column("topic", sa.String(64), primary_key=True),
    sa.Column("partition", sa.SmallInteger(), primary_key=True, autoincrement=False),
    sa.Column("offset", sa.BigInteger(), primary_key=True, autoincrement=False),
    sa.Column("digest", sa.String(64), primary_key=True),
)
sa.Table(
    "dead_letter_redrives", metadata,
    sa.Column("topic", sa.String(64), primary_key=True),
    sa.Column("partition", sa.SmallInteger(), primary_key=True, autoincrement=False),
    sa.Column("offset", sa.BigInteger(), primary_key=True, autoincrement=False),
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
    sa.Column("at", sa.BigInteger(), nullable=False),
    sa.Column("sent_offset", sa.BigInteger()),
)
sa.Table(
    "dead_letters", metadata,
    sa.Column("topic", sa.String(64), primary_key=True),
    sa.Column("partition", sa.SmallInteger(), primary_key=True, autoincrement=False),
    sa.Column("offset", sa.BigInteger(), primary_key=True, autoincrement=False),
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("reason", sa.Text(), nullable=False),
    sa.Column("payload", sa.LargeBinary(), nullable=False),
    sa.Column("at", sa.BigInteger(), nullable=False),
)
sa.Table(
    "dossiers", metadata,
    sa.Column("source", sa.String(64), primary_key=True),
    sa.Column("number", sa.String(128), primary_key=True),
    sa.Column("partition", sa.SmallInteger(), nullable=False),
    sa.Column("unit", sa.String(32), nullable=False),
    sa.Column("unit_seen", sa.String(200), nullable=False, server_default=""),
    sa.Column("status", sa.SmallInteger(), nullable=False),
    sa.Column("received", sa.BigInteger()),
    sa.Column("due", sa.BigInteger()),
    sa.Column("finished", sa.BigInteger()),
    sa.Column("open_due", sa.BigInteger()),
    sa.Column("reception_due", sa.BigInteger()),
    sa.Column("state", sa.LargeBinary(), nullable=False),
    sa.Column("field", sa.String(64), nullable=False, server_default=""),
    sa.Column("procedure", sa.String(64), nullable=False, server_default=""),
    sa.Column("settled", sa.SmallInteger()),
    sa.Index("dossiers_by_finished", "finished"),
    sa.Index("dossiers_by_reception_due", "reception_due", **where("reception_due IS NOT NULL")),
    sa.Index("dossiers_by_open_due", "partition", "open_due"),
    sa.Index("dossiers_by_unit", "unit"),
    sa.Index("dossiers_settled", "partition", "settled", "unit", "field", "procedure", "received", "finished",
             **where("settled IS NOT NULL")),
    sa.Index("dossiers_unsettled", "partition", **where("settled IS NULL")),
)
sa.Table(
    "figures", metadata,
    sa.Column("code", sa.String(64), primary_key=True),
    sa.Column("as_of", sa.BigInteger(), primary_key=True, autoincrement=False),
    sa.Column("source", sa.String(64), primary_key=True),
    sa.Column("value", sa.Double(), nullable=False),
    sa.Column("unit", sa.String(64), nullable=False),
    sa.Column("seen_at", sa.BigInteger(), nullable=False),
)
sa.Table(
    "link_intervals", metadata,
    sa.Column("code", sa.String(64), primary_key=True),
    sa.Column("begun", sa.BigInteger(), primary_key=True, autoincrement=False),
    sa.Column("ended", sa.BigInteger(), nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Index("link_intervals_by_end", "ended"),
)
sa.Table(
    "link_transcripts", metadata,
    sa.Column("code", sa.String(64), primary_key=True),
    sa.Column("which", sa.String(10), primary_key=True),
    sa.Column("at", sa.BigInteger(), nullable=False),
    sa.Column("transcript", sa.LargeBinary(), nullable=False),
)
sa.Table(
    "notes", metadata,
    sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("subject", sa.String(64), nullable=False),
    sa.Column("number", sa.String(128), nullable=False, server_default=""),
    sa.Column("author", sa.String(80), nullable=False),
    sa.Column("text", sa.String(2000), nullable=False),
    sa.Column("at", sa.BigInteger(), nullable=False),
    sa.Index("notes_by_subject", "kind", "subject", "number", "id"),
)
sa.Table(
    "notification_answers", metadata,
    sa.Column("notification", sa.String(32), primary_key=True),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("at", sa.BigInteger(), nullable=False),
    sa.Column("until", sa.BigInteger()),
)
sa.Table(
    "notification_attempts", metadata,
    sa.Column("notification", sa.String(32), primary_key=True),
    sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
    sa.Column("at", sa.BigInteger(), nullable=False),
    sa.Column("domain", sa.String(255), nullable=False),
    sa.Column("outcome", sa.String(12), nullable=False),
    sa.Column("detail", sa.Text(), nullable=False, server_default=""),
    sa.Index("notification_attempts_by_at", "at"),
)
sa.Table(
    "notification_lines", metadata,
    sa.Column("recipient", sa.String(120), primary_key=True),
    sa.Column("rule", sa.String(48), primary_key=True),
    sa.Column("key", sa.String(200), primary_key=True),
    sa.Column("episode", sa.Integer(), primary_key=True, autoincrement=False),
    sa.Column("step", sa.Integer(), primary_key=True, autoincrement=False),
    sa.Column("notification", sa.String(32), nullable=False),
    sa.Column("at", sa.BigInteger(), nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Index("notification_lines_by_alert", "rule", "key", "episode"),
    sa.Index("notification_lines_by_notification", "notification"),
)
sa.Table(
    "notifications", metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("recipient", sa.String(120), nullable=False),
    sa.Column("topic", sa.String(20), nullable=False),
    sa.Column("domain", sa.String(255), nullable=False),
    sa.Column("severity", sa.String(10), nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("rank", sa.Integer(), nullable=False),
    sa.Column("created_at", sa.BigInteger(), nullable=False),
    sa.Column("not_before", sa.BigInteger(), nullable=False),
    sa.Column("try_at", sa.BigInteger(), nullable=False),
    sa.Column("sealed_at", sa.BigInteger()),
    sa.Column("claimed_until", sa.BigInteger(), nullable=False, server_default="0"),
    sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
    sa.Column("sent_at", sa.BigInteger()),
    sa.Column("subject", sa.Text()),
    sa.Column("error", sa.Text()),
    sa.Index("notifications_by_recipient", "recipient", "topic", "state"),
    sa.Index("notifications_by_state", "state", "rank", "not_before"),
)
sa.Table(
    "observations", metadata,
    sa.Column("kind", sa.String(10), primary_key=True),
    sa.Column("code", sa.String(64), primary_key=True),
    sa.Column("at", sa.BigInteger(), nullable=False),
    sa.Column("value", sa.LargeBinary(), nullable=False),
)
sa.Table(
    "partitions", metadata,
    sa.Column("topic", sa.String(64), primary_key=True),
    sa.Column("partition", sa.SmallInteger(), primary_key=True, autoincrement=False),
    sa.Column("next_offset", sa.BigInteger(), nullable=False),
)
sa.Table(
    "quarantine", metadata,
    sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
    sa.Column("source", sa.String(64), nullable=False),
    sa.Column("severity", sa.String(10), nullable=False),
    sa.Column("reason", sa.String(40), nullable=False),
    sa.Column("place", sa.String(300), nullable=False),
    sa.Column("number", sa.String(128), nullable=False, server_default=""),
    sa.Column("field", sa.String(64), nullable=False, server_default=""),
    sa.Column("message", sa.Text(), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("seen_at", sa.BigInteger(), nullable=False),
    sa.Column("unit", sa.String(32), nullable=False, server_default=""),
    sa.Column("resolved_at", sa.BigInteger()),
    sa.Index("quarantine_by_number", "source", "number"),
    sa.Index("quarantine_once", "source", "digest", "reason", "field", unique=True),
)
sa.Table(
    "receipts", metadata,
    sa.Column("receipt", sa.String(64), primary_key=True),
    sa.Column("partition", sa.SmallInteger(), primary_key=True, autoincrement=False),
    sa.Column("accepted", sa.Integer(), nullable=False),
    sa.Column("unchanged", sa.Integer(), nullable=False),
)
sa.Table(
    "settlements", metadata,
    sa.Column("partition", sa.SmallInteger(), primary_key=True, autoincrement=False),
    sa.Column("rules", sa.Integer(), nullable=False),
    sa.Column("claim", sa.BigInteger(), nullable=False),
)
sa.Table(
    "standings", metadata,
    sa.Column("source", sa.String(64), primary_key=True),
    sa.Column("number", sa.String(128), primary_key=True),
    sa.Column("sought", sa.String(128), nullable=False),
    sa.Column("unit", sa.String(32), nullable=False),
    sa.Column("field", sa.String(64), nullable=False),
    sa.Column("procedure", sa.String(64), nullable=False),
    sa.Column("channel", sa.SmallInteger(), nullable=False),
    sa.Column("received", sa.BigInteger()),
    sa.Column("stands", sa.SmallInteger()),
    sa.Column("since", sa.BigInteger()),
    sa.Column("due", sa.BigInteger()),
    sa.Column("last_moment", sa.BigInteger(), nullable=False),
    sa.Column("plain", sa.Boolean(), nullable=False, server_default=sa.false()),
    sa.Column("moved", sa.BigInteger(), nullable=False),
    sa.Column("open_due", sa.BigInteger()),
    sa.Column("reception_due", sa.BigInteger()),
    sa.Index("standings_by_last_turn", "last_moment", "received", **where("NOT plain", "plain = 0")),
    sa.Index("standings_by_move", "moved", **where("stands >= 7")),
    sa.Index("standings_by_open_due", "open_due", **where("open_due IS NOT NULL")),
    sa.Index("standings_by_procedure", "unit", "procedure", "received"),
    sa.Index("standings_by_reception_due", "reception_due", **where("reception_due IS NOT NULL")),
    sa.Index("standings_by_sought", "sought"),
    sa.Index("standings_by_stand", "stands", "since"),
    sa.Index("standings_of_unit", "unit", "stands", "since",
             postgresql_include=["field", "procedure", "channel", "received", "due", "last_moment", "plain"]),
)
sa.Table(
    "transitions", metadata,
    sa.Column("source", sa.String(64), primary_key=True),
    sa.Column("number", sa.String(128), primary_key=True),
    sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("at", sa.BigInteger(), primary_key=True, autoincrement=False),
    sa.Column("to_status", sa.SmallInteger(), primary_key=True, autoincrement=False),
    sa.Column("from_status", sa.SmallInteger()),
    sa.Column("unit", sa.String(32), nullable=False),
    sa.Column("seen", sa.BigInteger(), nullable=False),
    sa.Column("anomaly", sa.String(20), nullable=False, server_default=""),
    sa.Index("transitions_by_anomaly", "anomaly", "at", **where("anomaly <> ''")),
    sa.Index("transitions_by_at", "at"),
)
sa.Table(
    "unmapped", metadata,
    sa.Column("source", sa.String(64), primary_key=True),
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("seen", sa.String(200), primary_key=True),
    sa.Column("times", sa.BigInteger(), nullable=False),
    sa.Column("first_seen", sa.BigInteger(), nullable=False),
    sa.Column("last_seen", sa.BigInteger(), nullable=False),
    sa.Column("number", sa.String(128), nullable=False, server_default=""),
    sa.Column("since", sa.BigInteger(), nullable=False),
)
# fmt: on
