"""The SQL tables of people and their doings. Times are epoch ms."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Connection, Index, String, Table, Text, event, text

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
