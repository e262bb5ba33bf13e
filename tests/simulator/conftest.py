"""One small world that the simulator's tests share, and a clock for them."""

from __future__ import annotations

import pytest

from opscentre import profile
from opscentre.domain.moments import parse_local
from simulator.world import World

#: A Friday morning of an ordinary week.
START = parse_local("2026-11-20T09:30")


@pytest.fixture(scope="session")
def province() -> profile.Profile:
    return profile.load("thai-nguyen")


@pytest.fixture(scope="session")
def world(province: profile.Profile) -> World:
    """A full-size world with the usual ten working days of history."""
    return World(province, seed=7, start=START, history_days=10)
