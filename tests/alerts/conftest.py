"""A fresh province for each test of the alerts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.alerts.scene import Scene


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """An empty store with the profile of Thái Nguyên beside it."""
    return Scene(tmp_path)
