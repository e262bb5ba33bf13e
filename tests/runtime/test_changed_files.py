"""A dashboard ends, to be started anew, when what it draws of the day is not what it was at its start."""

from __future__ import annotations

import datetime as dt
import os
import threading
from pathlib import Path

import pytest

from opscentre import maps
from opscentre import profile as profiles
from opscentre.domain.moments import parse_local
from opscentre.runtime import changed_files
from opscentre.runtime.changed_files import ChangedFiles
from opscentre.runtime.role import LIFELINE
from opscentre.settings import Settings
from tests.parts.process import wait_until


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set once a role of this process, under a supervisor, asked itself to end."""
    event = threading.Event()
    monkeypatch.setattr(os, "kill", lambda *_: event.set())
    monkeypatch.setenv(LIFELINE, "0")
    return event


class Hand:
    """A clock that stands where it was put."""

    simulated, speed = True, 1.0

    def __init__(self, day: str) -> None:
        self.day = day

    def now(self) -> int:
        """Eight in the morning of the day."""
        return parse_local(f"{self.day}T08:00:00")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Hand:
    """The clock that a role of this process reads."""
    hand = Hand("2025-06-29")
    monkeypatch.setattr(changed_files, "open_clock", lambda *_: hand)
    return hand


def test_a_dashboard_ends_when_a_reform_brings_other_units(
    tmp_path: Path, killed: threading.Event, clock: Hand
) -> None:
    looks = []
    watch = ChangedFiles("dashboard", Settings(data=tmp_path), every=0.02)
    stand = watch._stand
    watch._stand = lambda: (looks.append(1), stand())[1]  # type: ignore[method-assign]
    watch.start()
    clock.day = "2025-06-30"
    wait_until(lambda: len(looks) > 3, 20, "it looked a few times")
    assert not killed.is_set(), "another day with the same units"
    clock.day = "2025-07-01"
    wait_until(killed.is_set, 20, "the dashboard was asked to end")
    assert watch.changed


def test_a_dashboard_ends_when_boundaries_of_today_are_imported(
    tmp_path: Path, killed: threading.Event, clock: Hand
) -> None:
    clock.day = "2026-11-20"
    profile = profiles.load("thai-nguyen")
    communes = [unit for unit in profile.units.lasting if unit.group == "III"]
    file = tmp_path / "boundaries.geojson"
    file.write_bytes(maps.diagram(communes, tmp_path))
    watch = ChangedFiles("dashboard", Settings(data=tmp_path), every=0.02)
    watch.start()
    scope = maps.scope(profile.units, dt.date(2026, 11, 20))
    maps.store(tmp_path, profile.slug, "x", scope, maps.check(file, scope, {"code": "code"}), "f", "2026-11-20")
    wait_until(killed.is_set, 20, "the dashboard was asked to end")
    assert watch.changed
