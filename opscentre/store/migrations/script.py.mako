"""${message}."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
# The oldest revision whose release goes on working on this one: raise it only where something is taken away.
works_with = "0001"


def upgrade() -> None:
    """Bring the tables forward."""
    ${upgrades}


def downgrade() -> None:
    """Bring them back."""
    ${downgrades}
