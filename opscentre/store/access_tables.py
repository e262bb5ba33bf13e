"""The SQL tables of people and their doings. Times are epoch ms."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Connection, Index, String, Table, Text, event, false, text

from opscentre.store.tables import metadata

#: Append-only: who did what and when; each row holds the hash of the row before it (``opscentre.access.audit``).
audit_log = Table(
    "audit_log",
    metadata,
    # From 1, without a gap.
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    # Real time.
    Column("moment", BigInteger, nullable=False),
    Column("who", String(120), nullable=False),
    # 'note.add', 'list.export', …
    Column("action", String(40), nullable=False),
    # What it was done to: 'dossier:<source>/<number>', 'unit:<code>', 'list:<name>', …
    Column("subject", String(300), nullable=False),
    # JSON, exactly as it was hashed.
    Column("detail", Text, nullable=False),
    # SHA-256 in hexadecimal; the first row's ``previous`` is of nothing. Unique: a chain has no fork.
    Column("previous", String(64), nullable=False, unique=True),
    Column("hash", String(64), nullable=False),
    Index("audit_log_by_action", "action", "subject", "number"),
)

#: Tokens of programs that read ``/api``: only a hash of each is kept.
api_tokens = Table(
    "api_tokens",
    metadata,
    # Stands in the token too, so that a lost one can be told.
    Column("id", String(16), primary_key=True),
    Column("name", String(120), nullable=False),
    # SHA-256 of the whole token, in hexadecimal.
    Column("hash", String(64), nullable=False, unique=True),
    # JSON lists; NULL: every path below /api, the whole province.
    Column("paths", Text),
    Column("units", Text),
    # Whether dossiers' numbers are told.
    Column("dossiers", Boolean, nullable=False, server_default=false()),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", String(120), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    # Of the newest minute in which it was used.
    Column("used_at", BigInteger),
)

#: Screens that were paired: only a hash of what each shows is kept.
wall_devices = Table(
    "wall_devices",
    metadata,
    Column("code", String(16), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    # Whether dossiers' numbers are shown.
    Column("dossiers", Boolean, nullable=False, server_default=false()),
    Column("paired_at", BigInteger, nullable=False),
    Column("paired_by", String(120), nullable=False),
    Column("revoked_at", BigInteger),
    # Of the newest minute in which it asked for anything.
    Column("seen_at", BigInteger),
)

_REFUSAL = "the audit log is append-only"
_GUARDS = {
    "sqlite": (
        f"CREATE TRIGGER IF NOT EXISTS audit_log_no_update BEFORE UPDATE ON audit_log "
        f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
        f"CREATE TRIGGER IF NOT EXISTS audit_log_no_delete BEFORE DELETE ON audit_log "
        f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION audit_log_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$",
        "CREATE OR REPLACE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_log_refuse()",
    ),
}


def guard_audit_log(connection: Connection) -> None:
    """Have the database itself refuse to change or delete what the audit log holds; a second time changes nothing."""
    for statement in _GUARDS[connection.dialect.name]:
        connection.execute(text(statement))


@event.listens_for(audit_log, "after_create")
def _guard(_: Table, connection: Connection, **__: object) -> None:
    guard_audit_log(connection)
