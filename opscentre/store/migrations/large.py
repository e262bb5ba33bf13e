"""Steps for revisions that touch large tables: on PostgreSQL nobody who writes has to wait for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from alembic import op


def create_index(name: str, table: str, columns: Sequence[Any], **options: Any) -> None:
    """Make an index. It is built beside the writers; one that an earlier attempt left half built is replaced."""
    context = op.get_context()
    if context.dialect.name != "postgresql":
        op.create_index(name, table, list(columns), **options)
        return
    with context.autocommit_block():
        op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)
        op.create_index(name, table, list(columns), postgresql_concurrently=True, **options)


def drop_index(name: str, table: str) -> None:
    """Drop an index, also one that is there no more because an earlier attempt was cut short."""
    context = op.get_context()
    if context.dialect.name != "postgresql":
        op.drop_index(name, table)
        return
    with context.autocommit_block():
        op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)
