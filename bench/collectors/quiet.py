"""What many sources cost that have nothing new: the real schedule, a connection each, one local server.

``python -m bench.collectors.quiet PORT SOURCES INTERVAL SECONDS`` prints shares of a core as JSON.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import threading
import time
from pathlib import Path

import msgspec
import psutil

from collectors.base import Given
from collectors.placeholders import Addresses
from collectors.polling import SourcePoll
from collectors.schedule import Schedule
from collectors.telegraph import Telegraph
from opscentre import profile as profiles
from opscentre.clock import RealClock
from opscentre.pipe.embedded import EmbeddedProducer
from opscentre.settings import Settings
from opscentre.sources import SourceConfig
from opscentre.store.engine import open_store


class Found(msgspec.Struct):
    """Parts of a core while nothing happens, polls in that time, MB resident."""

    share: float
    polls: int
    resident: float


def main() -> None:
    """Poll them all for a while; the first round, in which everything is opened, does not count."""
    port, sources, interval, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder))
        store, producer = open_store(settings.database_url), EmbeddedProducer(settings.broker_url, 4)
        stopping, province = threading.Event(), profiles.load("thai-nguyen")
        schedule, telegraph = Schedule(), Telegraph(producer)
        addresses = Addresses(settings.data / "simulator.json", stopping)
        polls: list[SourcePoll] = []
        for index in range(sources):
            config = SourceConfig(code=f"s{index}", name="q", kind="dvcqg_rest", interval=interval,
                                  settings={"url": f"http://127.0.0.1:{port}/quiet"})  # fmt: skip
            given = Given(
                config=config, settings=settings, profile=province, store=store, producer=producer, clock=RealClock(),
                environment={}, stopping=stopping, where="bench",
            )  # fmt: skip
            polls.append(SourcePoll(given, addresses, telegraph))
        done = Counter()
        for poll in polls:
            schedule.every(interval, poll.code, done.counted(poll), jitter=poll.jitter)
        schedule.start()
        while done.count < sources:
            time.sleep(0.05)
        time.sleep(1.0)
        first, before, begun = done.count, used(), time.perf_counter()
        time.sleep(seconds)
        share = (used() - before) / (time.perf_counter() - begun)
        found = Found(share, done.count - first, psutil.Process().memory_info().rss / 1e6)
        print(msgspec.json.encode(found).decode(), flush=True)
        os._exit(0)


class Counter:
    """Counts polls."""

    def __init__(self) -> None:
        self.count = 0
        self._lock = threading.Lock()

    def counted(self, poll: SourcePoll):
        """The poll as a job that counts."""

        def run() -> float | None:
            wait = poll.run()
            with self._lock:
                self.count += 1
            return wait

        return run


def used() -> float:
    """Seconds of processor of this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
