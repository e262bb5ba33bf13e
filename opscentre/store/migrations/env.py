"""What alembic runs for each of its commands: our tables, and the connection that was handed to it."""

from __future__ import annotations

from typing import Any

from alembic import context

from opscentre.store.all_tables import metadata
from opscentre.store.migrations.runner import note

given = context.config.attributes
options: dict[str, Any] = {"target_metadata": metadata, "on_version_apply": note, "transaction_per_migration": True}
if context.is_offline_mode():
    context.configure(dialect_name=given["dialect"], literal_binds=True, **options)
else:
    context.configure(connection=given["connection"], **options)
with context.begin_transaction():
    context.run_migrations()
