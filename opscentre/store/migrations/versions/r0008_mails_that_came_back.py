"""Adds the mails that came back, and how far the mailboxes were read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
# The oldest revision whose release goes on working on this one: raise it only where something is taken away.
works_with = "0001"


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "mail_bounces",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("notification", sa.String(length=32), nullable=False),
        sa.Column("recipient", sa.String(length=120), nullable=False),
        sa.Column("unit", sa.String(length=32), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("permanent", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("mail_bounces_by_end", "mail_bounces", ["ended_at", "permanent"], unique=False)
    op.create_table(
        "mailbox_marks",
        sa.Column("mailbox", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("value", sa.String(length=64), server_default="", nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("mailbox", "name"),
    )


def downgrade() -> None:
    """Bring them back."""
    op.drop_table("mailbox_marks")
    op.drop_index("mail_bounces_by_end", table_name="mail_bounces")
    op.drop_table("mail_bounces")
