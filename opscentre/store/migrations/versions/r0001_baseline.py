"""The tables of the releases before migrations."""

from __future__ import annotations

from alembic import op
from sqlalchemy.schema import CreateIndex, CreateTable, DropTable

from opscentre.store.migrations.baseline import metadata

revision = "0001"
down_revision = None
works_with = "0001"


def upgrade() -> None:
    """Make the tables and their indexes."""
    for table in metadata.sorted_tables:
        op.execute(CreateTable(table))
        for index in sorted(table.indexes, key=lambda one: str(one.name)):
            op.execute(CreateIndex(index))


def downgrade() -> None:
    """Drop all of them, with what they hold."""
    for table in reversed(metadata.sorted_tables):
        op.execute(DropTable(table))
