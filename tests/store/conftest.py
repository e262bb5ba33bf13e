"""An empty database of each kind, and folders of revisions that go on where the product's end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine

from opscentre.store.engine import connect
from tests.store.later import later_revisions


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An engine for an empty database of the test's own."""
    postgres = request.param == "postgres"
    engine = connect(request.getfixturevalue("postgres_url") if postgres else f"sqlite:///{tmp_path / 'empty.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def later(tmp_path: Path) -> Callable[..., Path]:
    """Makes the next release's revisions: what it does, how it is taken back, the oldest release that works on it."""
    return partial(later_revisions, tmp_path / "later")
