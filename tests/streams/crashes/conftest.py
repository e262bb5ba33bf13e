"""Installations to break: one on the embedded pipe, one on Kafka."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from opscentre.settings import Settings
from tests.parts.process import ELSEWHERE
from tests.parts.redis import Redis
from tests.streams.crashes.installation import STANDING, Installation

PARTITIONS = 4


@pytest.fixture
def install(
    tmp_path: Path, redis_server: Redis, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Installation]]:
    """Make an installation: embedded, but for the settings given. Its workers' machine is set to another zone and
    language, which must change no cell."""
    for name, value in ELSEWHERE[0].items():
        monkeypatch.setenv(name, value)
    redis.Redis.from_url(redis_server.url).flushall()
    made: list[Installation] = []

    def make(**given: object) -> Installation:
        common = {"data": tmp_path, "redis": redis_server.url, "clock": STANDING, "partitions": PARTITIONS}
        made.append(Installation(Settings(**{**common, **given}), PARTITIONS))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for installation in made:
        installation.close()
