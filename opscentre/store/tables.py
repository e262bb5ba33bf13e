"""The SQL schema, the same on SQLite and PostgreSQL. All moments are epoch milliseconds (BIGINT)."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    false,
    text,
)

metadata = MetaData()

#: One row a dossier: the newest state, and columns to find it by. ``state`` is a DossierState as JSON.
dossiers = Table(
    "dossiers",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("number", String(128), primary_key=True),
    Column("partition", SmallInteger, nullable=False),
    Column("unit", String(32), nullable=False),
    Column("unit_seen", String(200), nullable=False, server_default=""),
    Column("status", SmallInteger, nullable=False),
    Column("received", BigInteger),
    Column("due", BigInteger),
    Column("finished", BigInteger),
    # The due moment of a dossier in process, of a dossier awaiting reception; NULL for every other.
    Column("open_due", BigInteger),
    Column("reception_due", BigInteger),
    Column("state", LargeBinary, nullable=False),
    Column("field", String(64), nullable=False, server_default=""),
    Column("procedure", String(64), nullable=False, server_default=""),
    # How a dossier that is over counts (``domain.counting.settlement``); NULL for every other.
    Column("settled", SmallInteger),
    Index("dossiers_by_open_due", "partition", "open_due"),
    Index("dossiers_by_finished", "finished"),
    Index("dossiers_by_unit", "unit"),
)
_SETTLED, _UNSETTLED = dossiers.c.settled.is_not(None), dossiers.c.settled.is_(None)
# Every column that the sums over settled dossiers need: they are read from the index alone, not from a table that
# holds the states.
Index(
    "dossiers_settled",
    *(dossiers.c[name] for name in ("partition", "settled", "unit", "field", "procedure", "received", "finished")),
    postgresql_where=_SETTLED,
    sqlite_where=_SETTLED,
)
Index("dossiers_unsettled", dossiers.c.partition, postgresql_where=_UNSETTLED, sqlite_where=_UNSETTLED)
# The few of all dossiers that wait for their reception: the alerts look for them every minute.
_WAITING = dossiers.c.reception_due.is_not(None)
Index("dossiers_by_reception_due", dossiers.c.reception_due, postgresql_where=_WAITING, sqlite_where=_WAITING)

#: One narrow row a dossier, written with it: what pages count and list by (``opscentre.store.standings``).
standings = Table(
    "standings",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("number", String(128), primary_key=True),
    # The number's letters and digits alone, small and without accents: what a part of it is looked for in.
    Column("sought", String(128), nullable=False),
    Column("unit", String(32), nullable=False),
    Column("field", String(64), nullable=False),
    Column("procedure", String(64), nullable=False),
    Column("channel", SmallInteger, nullable=False),
    Column("received", BigInteger),
    # The final standing: cell of the progress table (NULL: none), its moment, the due moment in force, and the
    # last moment of the dossier's own, after which they hold.
    Column("stands", SmallInteger),
    Column("since", BigInteger),
    Column("due", BigInteger),
    Column("last_moment", BigInteger, nullable=False),
    # Whether they hold at every moment since its reception (``FinalStanding.plain``).
    Column("plain", Boolean, nullable=False, server_default=false()),
    # The newest moment the source vouches for.
    Column("moved", BigInteger, nullable=False),
    # As in the dossier's own row.
    Column("open_due", BigInteger),
    Column("reception_due", BigInteger),
    Index("standings_by_sought", "sought"),
    Index("standings_by_stand", "stands", "since"),
    # With all that the counts of a unit need: they are read from the index alone.
    Index("standings_of_unit", "unit", "stands", "since",
          postgresql_include=["field", "procedure", "channel", "received", "due", "last_moment", "plain"]),
    Index("standings_by_last_turn", "last_moment", "received", postgresql_where=text("NOT plain"),
          sqlite_where=text("plain = 0")),
    Index("standings_by_procedure", "unit", "procedure", "received"),
    Index("standings_by_open_due", "open_due", postgresql_where=text("open_due IS NOT NULL"),
          sqlite_where=text("open_due IS NOT NULL")),
    Index("standings_by_reception_due", "reception_due", postgresql_where=text("reception_due IS NOT NULL"),
          sqlite_where=text("reception_due IS NOT NULL")),
    Index("standings_by_move", "moved", postgresql_where=text("stands >= 7"), sqlite_where=text("stands >= 7")),
)  # fmt: skip

#: Append-only: what happened to a dossier and when. A clock's flip is one row, once.
transitions = Table(
    "transitions",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("number", String(128), primary_key=True),
    # 'status', or a flip by the clock: 'due_soon', 'overdue', 'reception_overdue'.
    Column("kind", String(20), primary_key=True),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    # 0 for a flip, which leads to no status; ``from_status`` is the one it happened in.
    Column("to_status", SmallInteger, primary_key=True, autoincrement=False),
    Column("from_status", SmallInteger),
    Column("unit", String(32), nullable=False),
    Column("seen", BigInteger, nullable=False),
    # What is odd about the move (a name of opscentre/domain/anomalies.py, IN_MOVES); empty: nothing.
    Column("anomaly", String(20), nullable=False, server_default=""),
    Index("transitions_by_at", "at"),
    # Holds only what is odd.
    Index(
        "transitions_by_anomaly",
        "anomaly",
        "at",
        sqlite_where=text("anomaly <> ''"),
        postgresql_where=text("anomaly <> ''"),
    ),
)

#: Where each partition of a topic goes on: written in the transaction of the batch it counts.
partitions = Table(
    "partitions",
    metadata,
    Column("topic", String(64), primary_key=True),
    Column("partition", SmallInteger, primary_key=True, autoincrement=False),
    Column("next_offset", BigInteger, nullable=False),
)

#: Whose each partition of a topic is: a worker that takes it over adds one, and writes only while the number stands.
claims = Table(
    "claims",
    metadata,
    Column("topic", String(64), primary_key=True),
    Column("partition", SmallInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
)

#: By which rules the settlements of a partition were made, and under which claim they were kept last. Where that is
#: not the claim before one's own, a worker that keeps none has written the partition: they are made anew.
settlements = Table(
    "settlements",
    metadata,
    Column("partition", SmallInteger, primary_key=True, autoincrement=False),
    Column("rules", Integer, nullable=False),
    Column("claim", BigInteger, nullable=False),
)

#: What became of the snapshots that an import sent, by partition.
receipts = Table(
    "receipts",
    metadata,
    Column("receipt", String(64), primary_key=True),
    Column("partition", SmallInteger, primary_key=True, autoincrement=False),
    Column("accepted", Integer, nullable=False),
    Column("unchanged", Integer, nullable=False),
    # Real time of the newest message of it; NULL: a release wrote it that noted none.
    Column("at", BigInteger),
)

#: Where each source is read on from: JSON that only its collector understands.
cursors = Table(
    "cursors",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("cursor", Text, nullable=False),
    Column("written_at", BigInteger, nullable=False),
)

#: Rows set aside. No value of a row is kept but the offending one, masked.
quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("source", String(64), nullable=False),
    # 'rejected': not taken; 'note': taken or already known, but worth a look.
    Column("severity", String(10), nullable=False),
    Column("reason", String(40), nullable=False),
    # File or endpoint, and the record in it ('dossiers.json, record 17').
    Column("place", String(300), nullable=False),
    Column("number", String(128), nullable=False, server_default=""),
    Column("field", String(64), nullable=False, server_default=""),
    Column("message", Text, nullable=False),
    # Of the raw record: the same bad row twice is one row here.
    Column("digest", String(64), nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    # Of the row, where it can be told; empty: unknown.
    Column("unit", String(32), nullable=False, server_default=""),
    # When the dossier came without this fault; NULL: not yet.
    Column("resolved_at", BigInteger),
    Index("quarantine_once", "source", "digest", "reason", "field", unique=True),
    Index("quarantine_by_number", "source", "number"),
)

#: Words of a source that its mapping table and the spelling rules give no code; bounded for each source and kind.
unmapped = Table(
    "unmapped",
    metadata,
    Column("source", String(64), primary_key=True),
    # 'unit', 'procedure', 'status', 'channel'.
    Column("kind", String(16), primary_key=True),
    Column("seen", String(200), primary_key=True),
    # In how many records, when first and last, and the number of one of them.
    Column("times", BigInteger, nullable=False),
    Column("first_seen", BigInteger, nullable=False),
    Column("last_seen", BigInteger, nullable=False),
    Column("number", String(128), nullable=False, server_default=""),
    # The oldest change at the source that had it: what is read again once it has a code begins there.
    Column("since", BigInteger, nullable=False),
)

#: Messages that an agent could not digest, with what is needed to send them again.
dead_letters = Table(
    "dead_letters",
    metadata,
    Column("topic", String(64), primary_key=True),
    Column("partition", SmallInteger, primary_key=True, autoincrement=False),
    Column("offset", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", String(64), primary_key=True),
    Column("reason", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
)

#: Those of them that the topic of dead letters has yet to learn: written with the letter, gone once it is sent.
dead_letter_outbox = Table(
    "dead_letter_outbox",
    metadata,
    Column("topic", String(64), primary_key=True),
    Column("partition", SmallInteger, primary_key=True, autoincrement=False),
    Column("offset", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", String(64), primary_key=True),
)

#: Each time a dead letter was sent down its topic again: a row before it is sent, the offset once the pipe has it.
dead_letter_redrives = Table(
    "dead_letter_redrives",
    metadata,
    Column("topic", String(64), primary_key=True),
    Column("partition", SmallInteger, primary_key=True, autoincrement=False),
    Column("offset", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", String(64), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("sent_offset", BigInteger),
)

#: Dead letters that a person has dismissed: who, when (ms) and why. They are no longer open.
dead_letter_dismissals = Table(
    "dead_letter_dismissals",
    metadata,
    Column("topic", String(64), primary_key=True),
    Column("partition", SmallInteger, primary_key=True, autoincrement=False),
    Column("offset", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", String(64), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("who", String(100), nullable=False),
    Column("why", Text, nullable=False),
)

#: The newest of its kind: SourceSeen of each source, LinkSeen of each link, as JSON; the names of fields and
#: procedures as snapshots gave them ('field', 'procedure'), as text.
observations = Table(
    "observations",
    metadata,
    Column("kind", String(10), primary_key=True),
    Column("code", String(64), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("value", LargeBinary, nullable=False),
)

#: What a leader wrote on a unit (``number`` empty) or a dossier: append-only.
notes = Table(
    "notes",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    # A unit's code, or a dossier's source.
    Column("kind", String(10), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("number", String(128), nullable=False, server_default=""),
    # A typed name: nobody signs in yet.
    Column("author", String(80), nullable=False),
    Column("text", String(2000), nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("notes_by_subject", "kind", "subject", "number", "id"),
)

#: Numbers with a date that sources feed; ``as_of`` is the moment a number is of.
figures = Table(
    "figures",
    metadata,
    Column("code", String(64), primary_key=True),
    Column("as_of", BigInteger, primary_key=True, autoincrement=False),
    Column("source", String(64), primary_key=True),
    Column("value", Double, nullable=False),
    Column("unit", String(64), nullable=False),
    # When it was first seen with this value.
    Column("seen_at", BigInteger, nullable=False),
)

#: What probes found of a link over time: one row a stretch of one state, its end moved on while it lasts.
link_intervals = Table(
    "link_intervals",
    metadata,
    Column("code", String(64), primary_key=True),
    Column("begun", BigInteger, primary_key=True, autoincrement=False),
    # The last moment that is sure; nothing is known between it and the next row's beginning.
    Column("ended", BigInteger, nullable=False),
    # 'up', 'down' or 'unknown'.
    Column("state", String(10), nullable=False),
    Index("link_intervals_by_end", "ended"),
)

#: The newest talk with a link, and the newest that failed, as JSON without secrets, at most 4 KB.
link_transcripts = Table(
    "link_transcripts",
    metadata,
    Column("code", String(64), primary_key=True),
    # 'last' or 'failed'.
    Column("which", String(10), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("transcript", LargeBinary, nullable=False),
)

#: The revisions of the schema that were run here (``opscentre.store.migrations``), from 0002 on.
schema_revisions = Table(
    "schema_revisions",
    metadata,
    Column("revision", String(8), primary_key=True),
    # The oldest revision whose release goes on working once this one was run.
    Column("works_with", String(8), nullable=False),
    # Real time.
    Column("applied_at", BigInteger, nullable=False),
)
