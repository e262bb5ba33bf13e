"""Keep with each revision which is the oldest release's that works on it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
works_with = "0001"


def upgrade() -> None:
    """Make the table; whoever runs revisions writes its rows."""
    op.create_table(
        "schema_revisions",
        sa.Column("revision", sa.String(8), primary_key=True),
        sa.Column("works_with", sa.String(8), nullable=False),
        sa.Column("applied_at", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("schema_revisions")
