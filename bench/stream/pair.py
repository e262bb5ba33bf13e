"""Two stream roles against one over the same topic: seconds, and processor seconds by change."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import redis

from bench.stream.changes import PACKED, PARTITIONS
from bench.stream.delay import STANDING
from bench.stream.table import PEERS_PYTHON, ROOT, Parts, run_process, servers_cpu
from opscentre.pipe import topics
from opscentre.settings import Settings
from opscentre.store import journal
from opscentre.store.engine import open_store


def measure(parts: Parts, folder: Path, changes: int) -> None:
    """Fill the topic; let one, then two workers count it into fresh databases; print both."""
    parts.kafka.wipe()
    command = [str(PEERS_PYTHON), "-m", "bench.stream.feed", parts.kafka.bootstrap, str(changes), str(PACKED)]
    ends = dict(enumerate(json.loads(run_process(command))["ends"]))
    for workers in (1, 2):
        seconds, cpu, servers, starting = _count(parts, folder, ends, workers)
        print(
            f"{workers} worker{'s' * (workers > 1)} with SQL and Redis: {changes / seconds:,.0f} changes/s from start "
            f"to end, {(cpu - starting) / changes * 1e6:.1f} µs of workers and {servers / changes * 1e6:.1f} µs of "
            f"servers a change, and {starting:.1f} s of workers to start",
            flush=True,
        )


def _count(parts: Parts, folder: Path, ends: dict[int, int], workers: int) -> tuple[float, float, float, float]:
    """Seconds from the start of the processes until SQL holds everything; what workers and servers took; of what the
    workers took, what was gone by when they had their partitions."""
    redis.Redis.from_url(parts.redis.url).flushall()
    name = parts.postgres.create_database()
    settings = Settings(
        data=folder, broker=parts.kafka.url, database=parts.postgres.database_url(name), redis=parts.redis.url,
        clock=STANDING, partitions=PARTITIONS,
    )  # fmt: skip
    store = open_store(settings.database_url)
    servers, begun = servers_cpu(parts), time.perf_counter()
    logs = [folder / f"pair-{workers}-{number}.log" for number in range(workers)]
    roles = [_start(settings, log) for log in logs]
    starting: dict[int, float] = {}
    try:
        while any(
            offset < ends[partition] for partition, offset in journal.next_offsets(store, topics.DOSSIERS, ends).items()
        ):
            if time.perf_counter() - begun > 1800 or any(role.poll() is not None for role in roles):
                raise RuntimeError(f"a worker ended, or nothing moves: see {folder}/pair-{workers}-0.log")
            for role, log in zip(roles, logs, strict=True):
                if role.pid not in starting and b"assigned partitions" in log.read_bytes():
                    starting[role.pid] = _processor(role)
            time.sleep(0.1)
        seconds = time.perf_counter() - begun
        return seconds, sum(map(_processor, roles)), servers_cpu(parts) - servers, sum(starting.values())
    finally:
        for role in roles:
            role.terminate()
        for role in roles:
            role.wait(30)
        store.dispose()
        parts.postgres.drop_database(name)


def _start(settings: Settings, log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "opscentre", "stream"], cwd=ROOT, stdout=out, stderr=out,
            env={**os.environ, **settings.environment()},
        )  # fmt: skip


def _processor(role: subprocess.Popen[bytes]) -> float:
    return sum(psutil.Process(role.pid).cpu_times()[:2])
