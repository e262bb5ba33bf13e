"""A stream installation of real processes that tests may break, and the comparison of all that it says."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import OperationalError

from opscentre import profile
from opscentre.board import look_back
from opscentre.clock import ClockAnchor, RealClock
from opscentre.domain.counting import CELLS, table_row
from opscentre.domain.dossier import Snapshot
from opscentre.domain.moments import DAY, SECOND, day_number, day_start
from opscentre.domain.status import Status
from opscentre.live.reader import BoardReader
from opscentre.pipe import topics
from opscentre.pipe.base import Producer, open_producer
from opscentre.settings import Settings
from opscentre.store import journal, tables
from opscentre.store.engine import open_store
from tests.parts.process import die_with_parent, wait_until
from tests.streams.books import NOW, batches, by_code, recount, said_by_code

ROOT = Path(__file__).parents[3]
PROVINCE = profile.load("thai-nguyen")
TODAY = day_start(day_number(NOW))
#: A simulated clock that stands at NOW: the real moment it counts from is never reached.
STANDING = msgspec.json.encode(ClockAnchor(real=2**52, simulated=NOW, speed=1.0)).decode()
#: Periods of the progress table that are compared, in days before today.
PERIODS = (0, 1, 7, 30)


class Now(RealClock):
    """The clock of the workers, for readers in the test's own process."""

    def now(self) -> int:
        """Always NOW."""
        return NOW


def tangled(snapshots: Sequence[Snapshot], seed: int = 5) -> list[Snapshot]:
    """A history with further twins: the same version seen again later, or earlier, with another content."""
    dice = random.Random(seed)
    found = list(snapshots)
    for snapshot in dice.sample(found, len(found) // 12):
        seen = snapshot.observed + dice.choice((-30, 30)) * SECOND
        twin = msgspec.structs.replace(snapshot, observed=seen, unit=dice.choice(("H55.12", "05443")))
        found.insert(dice.randrange(len(found)), twin)
    return found


class StreamWorker:
    """``opscentre stream`` as a process that a thread starts anew whenever it ended, as the supervisor does."""

    def __init__(self, settings: Settings, name: str) -> None:
        self.log = settings.data / f"{name}.log"
        #: Exit codes of the processes that ended, negative for a signal.
        self.codes: list[int] = []
        self.process: subprocess.Popen[bytes] | None = None
        self._environment = {**os.environ, **settings.environment()}
        self._kept = True
        self._start()
        self._keeper = threading.Thread(target=self._keep, name=name, daemon=True)
        self._keeper.start()

    def send(self, number: int) -> None:
        """Send the process a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    def says(self, text: str) -> bool:
        """Whether its log has a text."""
        return text in self.log.read_text(encoding="utf-8", errors="replace")

    def leave(self, number: int = signal.SIGTERM) -> None:
        """End it with a signal, for good."""
        self._kept = False
        self._keeper.join(10)
        assert self.process is not None
        if self.process.poll() is None:
            # A process that was stopped takes no other signal until it goes on.
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(number)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(20)

    def _start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "opscentre", "stream"],
                cwd=ROOT, env=self._environment, stdout=log, stderr=log, preexec_fn=die_with_parent,
            )  # fmt: skip

    def _keep(self) -> None:
        while self._kept:
            assert self.process is not None
            if (code := self.process.poll()) is not None:
                self.codes.append(code)
                time.sleep(0.2)
                if self._kept:
                    self._start()
            time.sleep(0.05)


class Installation:
    """Pipe, SQL, Redis and workers of one test; what was sent, and whether everything says the same of it."""

    def __init__(self, settings: Settings, partitions: int) -> None:
        self.settings = settings
        self.partitions = partitions
        self.engine: Engine = open_store(settings.database_url)
        self.producer: Producer = open_producer(settings.broker_url, partitions)
        self.reader = BoardReader(settings.redis_url, PROVINCE, Now(), partitions, [], [])
        self.workers: list[StreamWorker] = []
        #: Everything sent, and the last offset of each partition.
        self.snapshots: list[Snapshot] = []
        self.sent: dict[int, int] = {}

    def worker(self) -> StreamWorker:
        """Start one more worker."""
        made = StreamWorker(self.settings, f"stream-{len(self.workers)}")
        self.workers.append(made)
        return made

    def close(self) -> None:
        """End every worker and let go of the parts."""
        # In order on Kafka: for a member that was killed the next test would wait until its session has expired.
        number = signal.SIGKILL if self.settings.embedded else signal.SIGTERM
        with ThreadPoolExecutor() as threads:
            list(threads.map(lambda worker: worker.leave(number), self.workers))
        self.producer.close()
        self.engine.dispose()

    def send(self, snapshots: Sequence[Snapshot], size: int = 10, at_once: int = 20, pause: float = 0.0) -> None:
        """Append snapshots in messages of ``size``, ``at_once`` messages a call, resting between calls."""
        self.snapshots += snapshots
        packed = batches(list(snapshots), self.partitions, size)
        for begin in range(0, len(packed), at_once):
            messages = packed[begin : begin + at_once]
            offsets = self.producer.append(topics.DOSSIERS, messages)
            for (partition, _), offset in zip(messages, offsets, strict=True):
                self.sent[partition] = offset
            time.sleep(pause)

    def offsets(self) -> dict[int, int]:
        """Where SQL goes on in each partition."""
        return journal.next_offsets(self.engine, topics.DOSSIERS, range(self.partitions))

    def counted(self) -> bool:
        """Whether SQL holds everything sent."""
        try:
            stored = self.offsets()
        except OperationalError:
            return False
        return all(stored[partition] > offset for partition, offset in self.sent.items())

    def wait(self, true: Callable[[], bool], seconds: float, what: str) -> None:
        """Wait for something; what the workers said last where it does not come."""
        try:
            wait_until(true, seconds, what)
        except AssertionError as error:
            said = "\n".join(f"{w.log.name}, ended {w.codes}: {w.log.read_text()[-2500:]}" for w in self.workers)
            raise AssertionError(f"{error}; the workers say:\n{said}") from None

    def wait_assigned(self, worker: StreamWorker, seconds: float = 60.0) -> None:
        """Wait until a worker has been given partitions for the first time."""
        self.wait(lambda: worker.says("assigned partitions"), seconds, "the worker has not been assigned")

    def settle(self, seconds: float = 90.0) -> None:
        """Wait until everything sent is counted and the board says what SQL says."""
        self.wait(self.counted, seconds, f"not everything is counted: sent {self.sent}")
        self.wait(lambda: self.reader.wall().state == "live", 30.0, "the board is not whole")
        # The board follows SQL by a moment; a board that stays wrong is what the comparison is there to find.
        try:
            wait_until(lambda: not self.differences(), 15.0, "the board follows SQL")
        except AssertionError:
            self.require_equal()

    def require_equal(self) -> None:
        """Raise ``AssertionError`` naming every cell in which SQL, the board and a recount differ."""
        found = self.differences()
        assert not found, f"{len(found)} differences: {found[:12]}"

    def differences(self) -> list[str]:
        """Every cell in which SQL or the board differs from the recount in one pass."""
        found: list[str] = []
        today = {}
        for days in PERIODS:
            start, end = TODAY - days * DAY, TODAY + DAY
            expected = _document(recount(self.snapshots, start, end, NOW))
            truth = look_back(self.engine, PROVINCE, start, end, NOW)
            live = self.reader.progress_table(start, end)
            for name, document in (("SQL", truth), ("board", live)):
                found += _compare(f"{name}, {days} days", document, expected)
            if not days:
                today = truth["total"]
        found += self._compare_totals(today)
        said, wanted = said_by_code(self.reader.services()), by_code(self.snapshots, NOW)
        found += [
            f"board, {place} {code!r}: {said[place].get(code)}, want {wanted[place].get(code)}"
            for place, rows in wanted.items()
            for code in rows.keys() | said[place].keys()
            if said[place].get(code) != rows.get(code)
        ]
        with self.engine.connect() as connection:
            letters = connection.execute(select(func.count()).select_from(tables.dead_letters)).scalar_one()
        return found + ([f"{letters} dead letters"] if letters else [])

    def flips(self) -> Counter[tuple[str, str, str, int]]:
        """How many rows tell of each flip by the clock."""
        column = tables.transitions.c
        query = select(column.source, column.number, column.kind, column.at).where(column.kind != "status")
        with self.engine.connect() as connection:
            return Counter((row.source, row.number, row.kind, row.at) for row in connection.execute(query))

    def _compare_totals(self, today: dict[str, Any]) -> list[str]:
        wall = self.reader.wall()
        newest: dict[tuple[str, str], Snapshot] = {}
        for snapshot in self.snapshots:
            known = newest.get(snapshot.key)
            if known is None or _order(snapshot) > _order(known):
                newest[snapshot.key] = snapshot
        wanted = {
            "in_process": today["in_process"]["total"],
            "in_process_overdue": today["in_process"]["overdue"],
            "paused": today["paused"]["total"],
            "paused_overdue": today["paused"]["overdue"],
            "received_today": today["received"]["in_period"],
            "finished_overdue_today": today["finished"]["overdue"],
            "waiting": sum(snapshot.status == Status.FILED for snapshot in newest.values()),
        }
        shown = {name: getattr(wall.totals, name) for name in wanted}
        return [f"wall, {name}: {shown[name]}, want {wanted[name]}" for name in wanted if shown[name] != wanted[name]]


def _order(snapshot: Snapshot) -> tuple[int, int, bytes]:
    return snapshot.version, snapshot.observed, msgspec.json.encode(snapshot)


def _document(cells: dict[str, list[int]]) -> dict[str, Any]:
    return {code: table_row(row) for code, row in cells.items()}


def _compare(where: str, document: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    nothing = table_row([0] * len(CELLS))
    rows = {row["unit"]["code"]: {k: v for k, v in row.items() if k != "unit"} for row in document["rows"]}
    found = [f"{where}: no row for {code}" for code in expected.keys() - rows.keys()]
    for code, row in rows.items():
        want = expected.get(code, nothing)
        found += [
            f"{where}, {code}, {group}.{name}: {row[group][name]}, want {want[group][name]}"
            for group in want
            for name in want[group]
            if row[group][name] != want[group][name]
        ]
    return found
