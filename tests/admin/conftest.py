"""A dashboard with sign-in over a profile of its own, so that its files may be changed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from opscentre import paths
from opscentre import profile as profiles
from tests.access.house import House, furnish
from tests.parts.redis import Redis


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of the profile that the pages change: a copy of Thái Nguyên's."""
    folder = tmp_path_factory.mktemp("config")
    shutil.copytree(paths.CONFIG, folder, dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "CONFIG", folder)
        yield folder / "thai-nguyen"


@pytest.fixture(scope="module")
def house(_redis_server: Redis, tmp_path_factory: pytest.TempPathFactory, config: Path) -> Iterator[House]:
    """The dashboard, with its people."""
    _redis_server.ensure()
    found = furnish(tmp_path_factory.mktemp("house"), profiles.load("thai-nguyen"), _redis_server.url)
    yield found
    found.engine.dispose()
