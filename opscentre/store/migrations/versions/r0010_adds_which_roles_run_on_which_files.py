"""Adds which roles run on which files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
# The oldest revision whose release goes on working on this one: raise it only where something is taken away.
works_with = "0001"


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "running_roles",
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("host", sa.String(length=120), nullable=False),
        sa.Column("pid", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("renewed", sa.Boolean(), nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("role", "host", "pid"),
    )


def downgrade() -> None:
    """Bring them back."""
    op.drop_table("running_roles")
