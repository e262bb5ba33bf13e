"""``make soak-stream``: the stream under kills, wipes and a million deadlines, with real parts.

Four parts: ``kills`` and ``kafka`` (workers killed every few seconds while a long history flows, on either pipe, then
compared with a recount), ``wipes`` (FLUSHALL on a board of many dossiers: seconds until it is whole), ``deadlines`` (a
million open dossiers: memory, loading, and how late a flip by the clock comes).
"""

from __future__ import annotations

import argparse
import gc
import random
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psutil
import redis
from sqlalchemy import func, select

from bench.report import machine, percentile
from opscentre.domain.dossier import Snapshot
from opscentre.domain.moments import DAY, HOUR, MINUTE, SECOND
from opscentre.domain.status import Status
from opscentre.live.writer import BoardWriter
from opscentre.pipe import topics
from opscentre.settings import Settings
from opscentre.store import tables
from opscentre.store.engine import open_store
from streams.worker import Message, Worker
from tests.parts.kafka import Kafka
from tests.parts.process import wait_until
from tests.parts.redis import Redis
from tests.streams.books import NOW, batches, history
from tests.streams.crashes.installation import PROVINCE, STANDING, Installation, tangled

PARTITIONS = 4
#: One in so many deadlines falls on one and the same moment, as at closing time.
SHARING = 100
CLUSTER = NOW + 45 * MINUTE


def main() -> None:
    """Run the parts asked for and print what was measured."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--parts", nargs="+", default=["kills", "kafka", "wipes", "deadlines"])
    options.add_argument("--dossiers", type=int, default=20_000, help="of the history under kills")
    options.add_argument("--board", type=int, default=100_000, help="dossiers on the board that is wiped")
    options.add_argument("--open", type=int, default=1_000_000, help="open dossiers with a deadline")
    options.add_argument("--seconds", type=float, default=60.0, help="of feeding under kills (default: %(default)s)")
    given = options.parse_args()
    print(f"machine: {machine()}")
    runs: dict[str, Callable[[], str]] = {
        "kills": lambda: kills(given.dossiers, given.seconds, on_kafka=False),
        "kafka": lambda: kills(given.dossiers, given.seconds, on_kafka=True),
        "wipes": lambda: wipes(given.board),
        "deadlines": lambda: deadlines(given.open),
    }
    for part in given.parts:
        begun = time.monotonic()
        print(f"{part}: {runs[part]()} ({time.monotonic() - begun:.0f} s in all)", flush=True)


@contextmanager
def installed(*, on_kafka: bool = False) -> Iterator[tuple[Installation, Redis]]:
    """An installation with servers of its own in a temporary folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cache, broker = Redis(folder), Kafka(folder) if on_kafka else None
        cache.start()
        try:
            settings = Settings(data=folder, redis=cache.url, clock=STANDING, partitions=PARTITIONS)
            if broker is not None:
                broker.start()
                settings = msgspec.structs.replace(settings, broker=broker.url)
            place = Installation(settings, PARTITIONS)
            try:
                yield place, cache
            finally:
                place.close()
        finally:
            if broker is not None:
                broker.stop()
            cache.stop()


def long_history(dossiers: int) -> list[Snapshot]:
    """A history of about seven changes a dossier, retries and contradictions among them."""
    story = tangled(history(dossiers))
    wanted = dossiers * 7 - len(story)
    again = random.Random(3).choices(story, k=max(0, wanted))
    return [*story, *again]


def kills(dossiers: int, seconds: float, *, on_kafka: bool) -> str:
    """Kill the worker (of two on Kafka, either) at random moments while a history flows; then compare everything."""
    dice, killed = random.Random(), 0
    story = long_history(dossiers)
    with installed(on_kafka=on_kafka) as (place, _):
        workers = [place.worker() for _ in range(2 if on_kafka else 1)]
        place.wait_assigned(workers[0])
        calls = max(1, len(story) // 200)
        feeding = threading.Thread(target=place.send, args=(story,), kwargs={"pause": seconds / calls})
        feeding.start()
        while feeding.is_alive():
            time.sleep(dice.uniform(2, 6))
            dice.choice(workers).send(signal.SIGKILL)
            killed += 1
        feeding.join()
        begun = time.monotonic()
        place.settle(300.0)
        caught_up = time.monotonic() - begun
        place.require_equal()
        others = [code for worker in workers for code in worker.codes if code != -signal.SIGKILL]
    return (
        f"{len(story)} changes of {dossiers} dossiers, {killed} kills survived ({len(others)} further ends: {others}), "
        f"caught up {caught_up:.1f} s after the last change, SQL = board = recount in every cell"
    )


def wipes(dossiers: int) -> str:
    """FLUSHALL on a whole board, five times: seconds until it says live again, and then says the same."""
    with installed() as (place, cache):
        worker = place.worker()
        place.wait_assigned(worker)
        place.send(history(dossiers), size=200)
        place.settle(300.0)
        client, took = redis.Redis.from_url(cache.url), []
        for _ in range(5):
            time.sleep(1.3)
            client.flushall()
            begun = time.monotonic()
            if place.reader.wall().state != "rebuilding":
                raise SystemExit("a wiped board does not say that it is being rebuilt")
            wait_until(lambda: place.reader.wall().state == "live", 60.0, "the board is whole")
            took.append(time.monotonic() - begun)
        place.require_equal()
    return f"{dossiers} dossiers; whole again after {', '.join(f'{t:.2f}' for t in took)} s"


class HandClock:
    """A clock moved by hand."""

    simulated = True
    speed = 1.0

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> int:
        """The moment it was set to."""
        return self.at


def deadlines(dossiers: int) -> str:
    """A worker with very many open dossiers: what it takes in memory, to load, and how late its flips come."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cache = Redis(folder)
        cache.start()
        try:
            return _deadlines(folder, cache, dossiers)
        finally:
            cache.stop()


def _deadlines(folder: Path, cache: Redis, dossiers: int) -> str:
    engine, clock = open_store(f"sqlite:///{folder / 'truth.db'}"), HandClock()

    def start() -> Worker:
        worker = Worker(engine, BoardWriter(cache.url), PROVINCE.calendar, clock)
        worker.assign(range(PARTITIONS), observations=False)
        return worker

    begun = time.monotonic()
    worker = start()
    offsets = [0] * PARTITIONS
    for first in range(0, dossiers, 20_000):
        packed = batches([_open(n) for n in range(first, first + 20_000)], PARTITIONS, 200)
        messages = []
        for partition, value in packed:
            messages.append(Message(topics.DOSSIERS, partition, offsets[partition], value))
            offsets[partition] += 1
        worker.digest(messages)
    filled = time.monotonic() - begun
    del worker, messages, packed
    gc.collect()
    before = psutil.Process().memory_info().rss
    # The worker was away for half an hour of open deadlines.
    clock.at += 30 * MINUTE
    begun = time.monotonic()
    worker = start()
    loaded = time.monotonic() - begun
    worker.digest([])
    shown = time.monotonic() - begun
    memory = psutil.Process().memory_info().rss - before
    delays = _flips(worker, clock)
    clock.at = CLUSTER + 1
    begun = time.monotonic()
    worker.digest([])
    cluster = time.monotonic() - begun
    with engine.connect() as connection:
        column = tables.transitions.c
        rows = connection.execute(
            select(func.count(), func.count(func.distinct(column.source + column.number + column.kind))).where(
                column.kind == "overdue"
            )
        ).one()
    if rows[0] != rows[1]:
        raise SystemExit(f"{rows[0]} rows for {rows[1]} flips")
    return (
        f"{dossiers} open dossiers: filled in {filled:.0f} s; loaded in {loaded:.1f} s, flips of the time away in SQL "
        f"and on the board {shown - loaded:.1f} s later; {memory / 2**20:.0f} MiB; flip to SQL and board p50 "
        f"{percentile(delays, 50) * 1000:.0f} ms, worst {max(delays) * 1000:.0f} ms over {len(delays)} s; "
        f"{dossiers // SHARING} at one moment after {cluster:.2f} s; "
        f"{rows[0]} overdue flips, each one row"
    )


def _flips(worker: Worker, clock: HandClock) -> list[float]:
    """Second after second of the product's time: how long the cycle takes that acts on the moments of that second."""
    delays = []
    for _ in range(300):
        clock.at += SECOND
        begun = time.monotonic()
        worker.digest([])
        delays.append(time.monotonic() - begun)
    return delays


def _open(number: int) -> Snapshot:
    # Due over twenty days, at whole minutes of office hours, as dossiers are: hundreds share a minute.
    day, minute = number % 20, number * 7 // 20 % 480
    due = NOW - 2 * HOUR + day * DAY + minute * MINUTE if number % SHARING else CLUSTER
    return Snapshot(
        source="s", number=f"H55.12-2611-{number:07}", status=Status.PROCESSING, observed=NOW, version=NOW - DAY,
        unit=("H55.12", "H55.05", "01840", "05443")[number % 4], channel=number % 3 + 1,
        submitted=NOW - 2 * DAY, received=NOW - 2 * DAY, due=due,
    )  # fmt: skip


if __name__ == "__main__":
    main()
