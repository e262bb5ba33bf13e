"""The SQL tables of the alerts: what is raised, who was told of it, and every attempt to tell. Times are epoch ms."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text

from opscentre.store.tables import metadata

#: One row a rule and thing it was ever true of; a thing that it comes true of again is the row's next episode.
alerts = Table(
    "alerts",
    metadata,
    Column("rule", String(48), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("episode", Integer, nullable=False),
    # 'pending' (true, but not long enough yet), 'firing', 'resolved'.
    Column("state", String(10), nullable=False),
    Column("severity", String(10), nullable=False),
    # What it is about, whichever rule says so: 'dossier:<source>/<number>', 'unit:<code>', 'source:<code>', …
    Column("subject", String(210), nullable=False),
    Column("unit", String(32), nullable=False),
    # Since when it is true by its own evidence; when it was first seen, was raised, was over.
    Column("since", BigInteger, nullable=False),
    Column("pending_at", BigInteger, nullable=False),
    Column("fired_at", BigInteger),
    Column("resolved_at", BigInteger),
    # When the pipeline has to look at it next; NULL: not before something changes.
    Column("look_at", BigInteger),
    # JSON.
    Column("facts", Text, nullable=False),
    Index("alerts_by_state", "state", "rule"),
    Index("alerts_by_subject", "subject"),
    Index("alerts_to_look_at", "look_at"),
    Index("alerts_by_resolution", "resolved_at"),
)

#: Append-only: each state that each episode went through, once.
alert_history = Table(
    "alert_history",
    metadata,
    Column("rule", String(48), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("episode", Integer, primary_key=True, autoincrement=False),
    Column("state", String(10), primary_key=True),
    Column("unit", String(32), nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("alert_history_by_at", "at"),
)

#: Append-only: what kept an episode from being told because it only follows from something graver: each rule once.
alert_inhibitions = Table(
    "alert_inhibitions",
    metadata,
    Column("rule", String(48), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("episode", Integer, primary_key=True, autoincrement=False),
    # Code of the rule that explains it.
    Column("by_rule", String(48), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Index("alert_inhibitions_by_at", "at"),
)

#: The newest moment for which each rule was settled: an older look at the world changes nothing any more.
alert_rounds = Table(
    "alert_rounds",
    metadata,
    Column("rule", String(48), primary_key=True),
    Column("at", BigInteger, nullable=False),
)

#: What a person decided: 'ack' (seen, stop telling) or 'silence' (tell nobody until a moment).
alert_marks = Table(
    "alert_marks",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("kind", String(10), nullable=False),
    # What it holds for; empty: any.
    Column("subject", String(210), nullable=False, server_default=""),
    Column("unit", String(32), nullable=False, server_default=""),
    Column("rule", String(48), nullable=False, server_default=""),
    Column("author", String(100), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    # NULL: as long as an alert on the subject is open.
    Column("until", BigInteger),
    Column("ended_at", BigInteger),
    # Who ended it before its time; empty: it ended by itself.
    Column("ended_by", String(100), nullable=False, server_default=""),
    # 'cli', 'page' or 'mail'; the message that was answered by its link.
    Column("via", String(10), nullable=False, server_default=""),
    Column("notification", String(32), nullable=False, server_default=""),
    Index("alert_marks_by_end", "ended_at"),
    Index("alert_marks_by_subject", "subject"),
)

#: Append-only: what people did about a subject beside deciding on it: 'assign' (``text`` names whom) or 'note'.
alert_actions = Table(
    "alert_actions",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("kind", String(10), nullable=False),
    Column("subject", String(210), nullable=False),
    Column("author", String(100), nullable=False),
    Column("text", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("alert_actions_by_subject", "subject"),
)

#: One row a message to one recipient, before it is sent.
notifications = Table(
    "notifications",
    metadata,
    # Also the left half of its Message-ID, so that it is the same at every attempt.
    Column("id", String(32), primary_key=True),
    Column("recipient", String(120), nullable=False),
    # 'dossiers' or 'systems'; with '-now' what is told at any hour.
    Column("topic", String(20), nullable=False),
    # Where it goes: what limits by domain count by.
    Column("domain", String(255), nullable=False),
    Column("severity", String(10), nullable=False),
    # 'queued', 'sending' (claimed; what it says is fixed), 'sent', 'failed' (refused for good), 'dropped' (empty).
    Column("state", String(10), nullable=False),
    Column("rank", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    # Product time from which it may be sent; real time from which it may be tried (again).
    Column("not_before", BigInteger, nullable=False),
    Column("try_at", BigInteger, nullable=False),
    # Product time of which its text speaks, once that is fixed.
    Column("sealed_at", BigInteger),
    # Real time until which the process that claimed it has it, and the number of that claim.
    Column("claimed_until", BigInteger, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("sent_at", BigInteger),
    Column("subject", Text),
    Column("error", Text),
    Index("notifications_by_state", "state", "rank", "not_before"),
    Index("notifications_by_recipient", "recipient", "topic", "state"),
)

#: The notification log: what each message says of which alert. An alert is told to a recipient once a step.
notification_lines = Table(
    "notification_lines",
    metadata,
    Column("recipient", String(120), primary_key=True),
    Column("rule", String(48), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("episode", Integer, primary_key=True, autoincrement=False),
    # 0 when raised, 1, 2, … each time it is told again, -1 when over.
    Column("step", Integer, primary_key=True, autoincrement=False),
    Column("notification", String(32), nullable=False),
    Column("at", BigInteger, nullable=False),
    # Until when it was put off when it was planned: the recipient's office was closed, or had a mail just before.
    Column("not_before", BigInteger),
    # 'waiting', 'told', 'moot' (over before it could be told).
    Column("state", String(10), nullable=False),
    Index("notification_lines_by_notification", "notification"),
    Index("notification_lines_by_alert", "rule", "key", "episode"),
)

#: What an office answered to a message by its link: once.
notification_answers = Table(
    "notification_answers",
    metadata,
    Column("notification", String(32), primary_key=True),
    # 'received', or 'redated'.
    Column("kind", String(10), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("until", BigInteger),
)

#: When the link of a message was first opened. No answer yet: programs that look through mail follow links too.
notification_opens = Table(
    "notification_opens",
    metadata,
    Column("notification", String(32), primary_key=True),
    Column("at", BigInteger, nullable=False),
)

#: Append-only but for their end: mails that came back, each report of a recipient once.
mail_bounces = Table(
    "mail_bounces",
    metadata,
    # Of the report's own text, so that it is the same whoever reads it.
    Column("id", String(64), primary_key=True),
    # The message that came back; empty: the report tells the recipient only.
    Column("notification", String(32), nullable=False),
    Column("recipient", String(120), nullable=False),
    Column("unit", String(32), nullable=False),
    Column("address", String(320), nullable=False),
    # Whether its server will never take it; else it was late, or is still on its way.
    Column("permanent", Boolean, nullable=False),
    Column("status", String(16), nullable=False),
    Column("detail", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    # Since when the address counts as working again.
    Column("ended_at", BigInteger),
    Index("mail_bounces_by_end", "ended_at", "permanent"),
)

#: What was read of the mailboxes that mails come back to: names of files, or how far a folder was read.
mailbox_marks = Table(
    "mailbox_marks",
    metadata,
    Column("mailbox", String(200), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("value", String(64), nullable=False, server_default=""),
    # Real time.
    Column("at", BigInteger, nullable=False),
)

#: Every attempt to deliver a message: a row before it is made, its outcome after.
notification_attempts = Table(
    "notification_attempts",
    metadata,
    Column("notification", String(32), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    # Real time, and the product's.
    Column("at", BigInteger, nullable=False),
    Column("product_at", BigInteger),
    Column("domain", String(255), nullable=False),
    # 'begun', 'accepted', 'later' (4xx), 'refused' (5xx), 'unreachable', 'doubtful' (no answer to the whole message).
    Column("outcome", String(12), nullable=False),
    Column("detail", Text, nullable=False, server_default=""),
    Index("notification_attempts_by_at", "at"),
)
