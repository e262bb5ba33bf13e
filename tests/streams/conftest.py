"""What the stream's tests share: an empty database of each kind, and an empty Redis."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from sqlalchemy import Engine

from opscentre.store.engine import open_store
from tests.parts.redis import Redis


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database with the schema in place: SQLite, then PostgreSQL."""
    url = f"sqlite:///{tmp_path / 'truth.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    made = open_store(url)
    yield made
    made.dispose()


@pytest.fixture
def board(redis_server: Redis) -> redis.Redis:
    """The session's Redis, emptied."""
    client = redis.Redis.from_url(redis_server.url)
    client.flushall()
    return client
