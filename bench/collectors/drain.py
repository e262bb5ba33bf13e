"""Drains one source, or only reads it: ``python -m bench.collectors.drain TASK`` with the task as JSON.

A process of its own for each run, so that its memory is its own; what it measured is printed as JSON.
"""

from __future__ import annotations

import csv
import os
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import psutil

from bench.collectors import backlog
from collectors import registry
from collectors.base import Collector, Given, PollResult
from collectors.webhook.collector import WebhookCollector, signature_of
from opscentre import profile as profiles
from opscentre.clock import RealClock
from opscentre.domain.moments import DAY
from opscentre.pipe.embedded import EmbeddedProducer
from opscentre.settings import Settings
from opscentre.sources import SourceConfig
from opscentre.store.engine import open_store

SECRET = "a secret of sixteen and more"


class Task(msgspec.Struct):
    """What is measured."""

    kind: str
    count: int
    settings: dict[str, Any]
    #: Only read what the kind reads, in the plainest way there is.
    plain: bool = False
    #: A file to be dropped.
    file: str = ""
    #: Where a profile of the run is written; empty: none is made.
    profile: str = ""


class Found(msgspec.Struct):
    """What came out: seconds by the clock and of the processor, dossiers, MB resident at a tenth and at the end."""

    seconds: float
    processor: float
    taken: int
    early: float
    late: float


class Clock(RealClock):
    """A month after the backlog."""

    def now(self) -> int:
        """Always the same."""
        return backlog.BEGIN + 30 * DAY


class Progress:
    """Notes the memory when a tenth has been taken."""

    def __init__(self, count: int) -> None:
        self._tenth = count // 10
        self.taken = 0
        self.early = 0.0

    def add(self, taken: int) -> None:
        """So many more."""
        self.taken += taken
        if not self.early and self.taken >= self._tenth:
            self.early = resident()


class Counting(EmbeddedProducer):
    """The real producer; tells how far the backlog has come into the pipe."""

    progress: Progress

    def append(self, topic: str, messages: Any) -> list[int]:
        """Append, then count."""
        offsets = super().append(topic, messages)
        self.progress.add(sum(value.count(b'{"source":') for _, value in messages))
        return offsets


def resident() -> float:
    """MB that this process holds."""
    return psutil.Process().memory_info().rss / 1e6


def main() -> None:
    """Run one task."""
    task = msgspec.json.decode(sys.argv[1], type=Task)
    progress = Progress(task.count)
    if task.plain:
        run = lambda: _each(progress, plain(task))  # noqa: E731 - one of two
        found = measured(run, progress, task)
    else:
        with tempfile.TemporaryDirectory() as folder:
            found = drained(task, Path(folder), progress)
    print(msgspec.json.encode(found).decode(), flush=True)
    # The last push is answered after it was counted.
    sys.stdin.read()
    os._exit(0)


def measured(run: Callable[[], None], progress: Progress, task: Task) -> Found:
    """Run it under the watch."""
    profiler = None
    if task.profile:
        import cProfile

        profiler = cProfile.Profile()
        profiler.enable()
    begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    run()
    seconds, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF)
    if profiler:
        profiler.dump_stats(task.profile)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Found(seconds, used, progress.taken, progress.early, resident())


def drained(task: Task, folder: Path, progress: Progress) -> Found:
    """Through the collector into the pipe, until nothing is left."""
    settings = Settings(data=folder)
    producer = Counting(settings.broker_url, 4)
    producer.progress = progress
    if task.file:
        (folder / "drop").mkdir()
        os.link(task.file, folder / "drop" / Path(task.file).name)
    given = Given(
        config=SourceConfig(code="bench", name="bench", kind=task.kind, settings=task.settings), settings=settings,
        profile=profiles.load("thai-nguyen"), store=open_store(settings.database_url), producer=producer,
        clock=Clock(), environment={"SECRET": SECRET}, stopping=threading.Event(), where="bench",
    )  # fmt: skip
    collector = registry.make(given)
    if isinstance(collector, WebhookCollector):
        collector.poll()
        return measured(lambda: pushed(task, progress), progress, task)
    return measured(lambda: until_empty(collector), progress, task)


def until_empty(collector: Collector) -> None:
    """Poll on as long as there is something."""
    while collector.poll() != PollResult():
        continue


def pushed(task: Task, progress: Progress) -> None:
    """Wait for a department in another process to push everything."""
    print("ready", flush=True)
    while progress.taken < task.count:
        time.sleep(0.01)


def push(port: int, count: int) -> None:
    """Be that department."""
    with httpx.Client(trust_env=False, timeout=60) as http:
        for index, body in enumerate(backlog.pushes(count)):
            stamp = str(int(time.time()))
            headers = {"X-Timestamp": stamp, "X-Signature": signature_of(SECRET, stamp, body),
                       "Idempotency-Key": str(index)}  # fmt: skip
            http.post(f"http://127.0.0.1:{port}/webhook/bench", content=body, headers=headers).raise_for_status()


def _each(progress: Progress, counts: Iterable[int]) -> None:
    for taken in counts:
        progress.add(taken)


def plain(task: Task) -> Iterator[int]:
    """The least that reading takes: the same bytes, decoded by a good library, and let go of."""
    settings = task.settings
    if task.kind == "dvcqg_rest":
        with httpx.Client(base_url=settings["url"], trust_env=False) as http:
            for page in range(1, task.count // 200 + 1):
                answer = http.get("/api/ho-so", params={"trang": page, "soDong": 200})
                yield len(msgspec.json.decode(answer.content)["data"])
    elif task.kind == "sql_view":
        from sqlalchemy import create_engine, text

        with create_engine(settings["url"]).connect() as connection:
            rows = connection.execution_options(yield_per=200).execute(text("SELECT * FROM v_ho_so"))
            yield from (len([tuple(row) for row in part]) for part in rows.partitions())
    elif task.kind == "webhook":
        for body in backlog.pushes(task.count):
            signature_of(SECRET, "1", body)
            yield len(msgspec.json.decode(body)["data"])
    elif task.file.endswith(".csv"):
        with Path(task.file).open(encoding="utf-8", newline="") as file:
            yield from (1 for _ in csv.DictReader(file))
    elif task.file.endswith(".json"):
        yield len(msgspec.json.decode(Path(task.file).read_bytes())["data"])
    else:
        from openpyxl import load_workbook

        rows = load_workbook(task.file, read_only=True).active.iter_rows(min_row=2, values_only=True)
        yield from (1 for _ in rows)


if __name__ == "__main__":
    main()
