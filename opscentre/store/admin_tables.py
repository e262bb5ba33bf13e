"""The SQL tables of administration: what collectors are asked to do, changed files, who runs on which. Times in ms."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text

from opscentre.store.tables import metadata

#: What a person asked the collectors to do: a row before it is done, its answer afterwards. Real time.
requests = Table(
    "requests",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    # 'source.run', 'unmapped.apply', 'dead-letter.redrive', …
    Column("kind", String(40), nullable=False),
    # What it is done to: a source's code, a dead letter's digest.
    Column("subject", String(200), nullable=False),
    Column("who", String(120), nullable=False),
    Column("made_at", BigInteger, nullable=False),
    # NULL until the collectors have begun with it; until they are done.
    Column("taken_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("ok", Boolean),
    # What it came to, in a line.
    Column("answer", Text, nullable=False, server_default=""),
    Index("requests_by_subject", "kind", "subject", "id"),
    Index("requests_by_end", "ended_at"),
)

#: Files of the profile that were changed through the pages, with what they held before: what undoing puts back.
file_changes = Table(
    "file_changes",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("who", String(120), nullable=False),
    # As the audit log calls it: 'file:<profile>/calendar.csv'.
    Column("file", String(300), nullable=False),
    # What was done, in a line.
    Column("what", String(300), nullable=False),
    # NULL: there was no such file.
    Column("before", Text),
    Column("after", Text, nullable=False),
    Column("undone_at", BigInteger),
    Index("file_changes_by_file", "file", "id"),
)

#: Roles that run, each with the files of the profile that it read at its start. Real time.
running_roles = Table(
    "running_roles",
    metadata,
    # 'stream', 'stream-2', …
    Column("role", String(40), primary_key=True),
    Column("host", String(120), primary_key=True),
    Column("pid", Integer, primary_key=True, autoincrement=False),
    Column("begun_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    # Whether it ends by itself, to be started anew, when the files have changed.
    Column("renewed", Boolean, nullable=False),
    # JSON: the name of a file, as the audit log calls it → SHA-256 of what was read; empty: there was none.
    Column("files", Text, nullable=False),
)
