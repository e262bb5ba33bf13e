"""An empty database of each kind, and folders of revisions that go on where the product's end."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from opscentre.store.engine import connect
from opscentre.store.revisions import FOLDER, head


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An engine for an empty database of the test's own."""
    postgres = request.param == "postgres"
    engine = connect(request.getfixturevalue("postgres_url") if postgres else f"sqlite:///{tmp_path / 'empty.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def later(tmp_path: Path) -> Callable[..., Path]:
    """Makes a folder with the product's revisions and one more, as the next release would bring it."""

    def made(upgrade: str, downgrade: str = "pass", works_with: str = "0001") -> Path:
        folder = tmp_path / "later"
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

    return made
