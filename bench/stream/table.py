"""The throughput table: every contender over the same topic, several times, medians."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec
import psutil
import redis

from bench.stream.changes import PACKED
from tests.parts.kafka import Kafka
from tests.parts.postgres import Postgres
from tests.parts.redis import Redis

ROOT = Path(__file__).parents[2]
#: The peers have an environment of their own: quixstreams wants older packages than the product's.
PEERS_PYTHON = ROOT / ".venv-bench" / "bin" / "python"


#: Of changes sent one by one, one in so many: what each message costs shows in fewer of them.
SINGLE = 4


class Run(msgspec.Struct):
    """What a contender's process printed."""

    changes: int
    seconds: float
    #: Processor seconds of the contender's own process.
    cpu: float
    #: Bytes, the highest resident memory.
    peak: int
    dossiers: int
    sums: list[int]
    #: Processor seconds of PostgreSQL and Redis meanwhile.
    servers: float = 0.0

    @property
    def rate(self) -> float:
        """Changes a second."""
        return self.changes / self.seconds


class Parts(NamedTuple):
    """The servers of a run."""

    kafka: Kafka
    postgres: Postgres
    redis: Redis


class Failed(Exception):
    """A contender cannot be run here; the text says why."""


def measure(parts: Parts, count: int, rounds: int) -> None:
    """Fill the topic and print a table, for packed messages and for single ones (of those a quarter as many)."""
    _measure(parts, count, rounds, PACKED)
    _measure(parts, max(1, count // SINGLE), rounds, 1)


def _measure(parts: Parts, count: int, rounds: int, size: int) -> None:
    parts.kafka.wipe()
    filled = json.loads(run_process([str(PEERS_PYTHON), "-m", "bench.stream.feed", parts.kafka.bootstrap,
                                  str(count), str(size)]))  # fmt: skip
    ends = ",".join(map(str, filled["ends"]))
    print(f"\n{count:,} changes of {filled['bytes'] / count:.0f} bytes, {size} a message; medians of {rounds}:")
    contenders: dict[str, Callable[[], Run]] = {
        "(a) this worker, memory only": lambda: _ours(parts, count, ends, stored=False),
        "(b) this worker, SQL and Redis": lambda: _ours(parts, count, ends, stored=True),
        "(c) bare confluent-kafka loop": lambda: _peer(parts, count, "bare"),
        "(d) quixstreams": lambda: _peer(parts, count, "quixstreams"),
        "(e) bytewax, stateful step": lambda: _peer(parts, count, "bytewax"),
    }
    found: dict[str, list[Run] | str] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            runs = found[name]
            if isinstance(runs, list):
                try:
                    runs.append(run())
                except Failed as why:
                    found[name] = str(why)
    _print(found, count)


def _print(found: dict[str, list[Run] | str], count: int) -> None:
    print(f"{'':32} {'changes/s':>10} {'of (c)':>7} {'CPU s/M':>8} {'servers':>8} {'peak MB':>8}")
    measured = {name: runs for name, runs in found.items() if isinstance(runs, list)}
    rates = {name: statistics.median(run.rate for run in runs) for name, runs in measured.items()}
    limit = next((rate for name, rate in rates.items() if name.startswith("(c)")), 0.0)
    for name, runs in found.items():
        if isinstance(runs, str):
            print(f"{name:32} not run: {runs}")
            continue
        million = 1e6 / count
        cpu, servers = (statistics.median(getattr(run, what) for run in runs) * million for what in ("cpu", "servers"))
        peak = statistics.median(run.peak for run in runs) / 1e6
        share = f"{rates[name] / limit:7.2f}" if limit else f"{'':>7}"
        print(f"{name:32} {rates[name]:10,.0f} {share} {cpu:8.1f} {servers:8.1f} {peak:8.0f}")
    sums = {tuple(run.sums) for runs in measured.values() for run in runs}
    print(f"all counters alike: {'yes' if len(sums) == 1 else f'NO, {len(sums)} different sums'}")
    peers = {name: rate for name, rate in rates.items() if name[:3] in ("(d)", "(e)")}
    ours, stored = (next((rate for name, rate in rates.items() if name[:3] == mark), 0.0) for mark in ("(a)", "(b)"))
    costs = {name[:3]: statistics.median(run.cpu for run in runs) for name, runs in measured.items()}
    if {"(a)", "(c)"} <= costs.keys():
        # Steadier than seconds where the machine has other work.
        print(f"by processor seconds of the process: (a)/(c) {costs['(c)'] / costs['(a)']:.2f}")
    if limit and peers:
        against = "  ".join(f"(a)/{name[4:].split(',')[0]} {ours / rate:.2f}" for name, rate in peers.items())
        print(f"(a)/(c) {ours / limit:.2f} (goal 0.8)  (b)/(c) {stored / limit:.2f} (goal 0.4)  "
              f"{against} (goal 1.5 of the better)", flush=True)  # fmt: skip


def _peer(parts: Parts, count: int, name: str) -> Run:
    return _run([str(PEERS_PYTHON), "-m", "bench.stream.peers", name, parts.kafka.bootstrap, str(count)])


def _ours(parts: Parts, count: int, ends: str, *, stored: bool) -> Run:
    command = [sys.executable, "-m", "bench.stream.ours", parts.kafka.url, str(count), ends]
    if not stored:
        return _run(command)
    name = parts.postgres.create_database()
    redis.Redis.from_url(parts.redis.url).flushall()
    before = servers_cpu(parts)
    try:
        run = _run([*command, parts.postgres.database_url(name), parts.redis.url])
    finally:
        parts.postgres.drop_database(name)
    run.servers = servers_cpu(parts) - before
    return run


def servers_cpu(parts: Parts) -> float:
    """Processor seconds of PostgreSQL (backends that ended included) and Redis so far."""
    total = 0.0
    for server in (parts.postgres, parts.redis):
        assert server.process is not None
        head = psutil.Process(server.process.pid)
        for process in (head, *head.children(recursive=True)):
            # A backend that ends meanwhile is found with its parent, among the children that ended.
            with contextlib.suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                total += times.user + times.system
        ended = head.cpu_times()
        total += ended.children_user + ended.children_system
    return total


def _run(command: list[str]) -> Run:
    lines = run_process(command).splitlines()
    # Faust shows the cursor again, which stands before the JSON.
    measured = [line[line.index("{") :] for line in lines if '{"changes"' in line]
    if not measured:
        raise Failed(f"{' '.join(command[1:4])} printed no measurement: {lines[-1][:300]}")
    return msgspec.json.decode(measured[-1], type=Run)


def run_process(command: list[str]) -> str:
    """What a process prints. Raises ``Failed`` when it ends otherwise than well."""
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=1800, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    if done.returncode != 0 or not done.stdout.strip():
        said = (done.stderr.strip() or done.stdout.strip() or "nothing was printed").splitlines()
        raise Failed(f"{' '.join(command[1:4])} ended with {done.returncode}: {said[-1][:300]}")
    return done.stdout
