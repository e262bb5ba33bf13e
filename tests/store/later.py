"""The release after this one, made up: the product's revisions and one more."""

from __future__ import annotations

import shutil
from pathlib import Path

from opscentre.store.revisions import FOLDER, head

#: What a next release might add while this one goes on: a column with a default, a table, an index.
EXPANDS = (
    'op.add_column("dossiers", sa.Column("weight", sa.Integer(), server_default="7", nullable=False)); '
    'op.add_column("standings", sa.Column("weight", sa.Integer())); '
    'op.create_table("weights", sa.Column("id", sa.Integer(), primary_key=True)); '
    'large.create_index("dossiers_by_weight", "dossiers", ["weight"])'
)


def later_revisions(folder: Path, upgrade: str, downgrade: str = "pass", works_with: str = "0001") -> Path:
    """Make a folder with the product's revisions and one more, as the next release would bring it."""
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    number = f"{int(head()) + 1:04}"
    (folder / "versions" / f"r{number}_later.py").write_text(
        f'"""A later revision."""\n'
        "import sqlalchemy as sa\nfrom alembic import op\nfrom opscentre.store.migrations import large\n"
        f'revision, down_revision, works_with = "{number}", "{head()}", "{works_with}"\n'
        f"def upgrade():\n    {upgrade}\n"
        f"def downgrade():\n    {downgrade}\n",
        encoding="utf-8",
    )
    return folder
