"""Real processes, real kills: every alert is told, once, and what is repeated is repeated under the same name."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from opscentre import paths
from opscentre.clock import wall_ms
from opscentre.domain.dossier import Snapshot
from opscentre.store.alert_tables import notification_attempts, notification_lines, notifications
from tests.alerts.postoffice import PostOffice
from tests.alerts.processes import NOW
from tests.alerts.scene import Scene, snapshot
from tests.parts.process import wait_until


class Centre:
    """One database and one mail server, and the processes that share them."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self.scene = Scene(folder, url)
        self.office = PostOffice()
        self.began = wall_ms()

    def start(self, task: str, seconds: float, units: int, lease: float = 60, seed: int = 1) -> subprocess.Popen[str]:
        """Processes that work or are killed for so long; a message of a killed one is free again after ``lease``."""
        arguments = (task, self.scene.url, self.office.url, self.began, seconds, units, lease, seed)
        command = [sys.executable, "-m", "tests.alerts.processes", *map(str, arguments)]
        return subprocess.Popen(command, cwd=paths.ROOT, stdout=subprocess.PIPE, text=True)

    def late(self, units: int, each: int = 1) -> list[str]:
        """Put so many dossiers that are overdue since one and the same second into so many units; their numbers."""
        due = NOW - 60_000
        found: list[Snapshot] = [
            snapshot(f"d{unit:04}-{index}", f"u{unit:04}", due=due) for unit in range(units) for index in range(each)
        ]
        self.scene.dossiers(found, NOW)
        return [one.number for one in found]

    def states(self) -> dict[str, int]:
        """How many messages are in which state."""
        column = notifications.c
        with self.scene.engine.connect() as connection:
            query = select(column.state, func.count()).group_by(column.state)
            return dict(connection.execute(query).tuples().all())

    def assert_told_once(self, numbers: list[str]) -> int:
        """Nothing is missing, and what arrived twice arrived under one Message-ID; how many mails were repeats."""
        named: dict[str, set[str]] = {number: set() for number in numbers}
        for mail in self.office.arrived:
            for number in mail.numbers:
                named[number].add(mail.id)
        assert {len(ids) for ids in named.values()} == {1}
        line, attempt = notification_lines.c, notification_attempts.c
        with self.scene.engine.connect() as connection:
            lines = connection.execute(select(line.state, func.count()).group_by(line.state)).tuples().all()
            outcomes = select(attempt.notification, attempt.outcome, func.count())
            rows = connection.execute(outcomes.group_by(attempt.notification, attempt.outcome)).tuples().all()
        assert lines == [("told", len(numbers))]
        unknown = {name: count for name, outcome, count in rows if outcome in ("begun", "doubtful")}
        arrived = Counter(mail.id.strip("<>").split("@")[0] for mail in self.office.arrived)
        repeats = {name: count - 1 for name, count in arrived.items() if count > 1}
        assert {name for name, count in repeats.items() if count > unknown.get(name, 0)} == set()
        return sum(repeats.values())

    def close(self) -> None:
        self.office.close()
        self.scene.engine.dispose()


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    made = Centre(tmp_path)
    yield made
    made.close()


@pytest.fixture
def shared(tmp_path: Path, postgres_url: str) -> Iterator[Centre]:
    """The same on the database of production, where two processes truly write at once."""
    made = Centre(tmp_path, postgres_url)
    yield made
    made.close()


def finish(running: list[subprocess.Popen[str]]) -> None:
    for one in running:
        one.terminate()
        one.communicate(timeout=20)


@pytest.mark.postgres
def test_two_processes_tell_each_of_a_thousand_alerts_exactly_once_in_one_mail_a_unit(shared: Centre):
    centre = shared
    numbers = centre.late(100, 10)
    running = [centre.start("work", 120, 100) for _ in range(2)]
    try:
        wait_until(lambda: centre.states() == {"sent": 100}, 120, "one mail a unit is sent")
    finally:
        finish(running)
    assert len(centre.office.arrived) == 100
    assert len(numbers) == 1_000
    assert centre.assert_told_once(numbers) == 0


def test_killed_again_and_again_nothing_is_missing_and_repeats_have_one_message_id(centre: Centre):
    numbers = centre.late(150, 2)
    said, _ = centre.start("kill", 8, 150, lease=2).communicate(timeout=90)
    assert int(said) >= 8
    last = centre.start("work", 90, 150, lease=2)
    try:
        wait_until(lambda: centre.states() == {"sent": 150}, 90, "one mail a unit is sent")
    finally:
        finish([last])
    assert centre.assert_told_once(numbers) <= int(said)
