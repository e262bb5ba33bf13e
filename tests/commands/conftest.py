"""What the tests of the commands share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.collectors.parts import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A store, a pipe and a clock of the test's own."""
    made = Bench(tmp_path)
    yield made
    made.close()
