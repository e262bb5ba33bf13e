"""``make bench-collectors``: dossiers a second by kind beside what plain reading takes, and what quiet sources cost."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from bench.collectors import backlog, quiet
from bench.collectors.drain import Found, Task, push
from bench.report import machine
from tests.parts.postgres import Postgres
from tests.parts.process import PartMissing, die_with_parent, free_port

#: Dossiers a second that each kind must reach, and the share of a core that quiet sources may take.
WANTED, QUIET_SHARE = 5_000, 0.25
SOURCES, INTERVAL = 500, 30.0


class Line(NamedTuple):
    """One line of the table."""

    name: str
    task: Task


def main() -> None:
    """Measure and print; exit code 1 when a goal is missed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--dossiers", type=int, default=100_000, help="of the backlog (default: %(default)s)")
    options.add_argument("--rounds", type=int, default=3, help="runs of each (default: %(default)s)")
    options.add_argument("--only", action="append", help="only lines that begin so, or quiet (default: all)")
    options.add_argument("--profile", default="", help="write a profile of each kind into this folder")
    given = options.parse_args()
    print(f"machine: {machine()}; load before: {os.getloadavg()[0]:.1f}", flush=True)
    missed = []
    with tempfile.TemporaryDirectory() as folder, department(given.dossiers) as port:
        wanted = [line for line in lines(Path(folder), port, given.dossiers) if is_wanted(line.name, given.only)]
        if wanted:
            head = ("kind", "dossiers/s", "CPU µs each", "plain/s", "plain µs", "MB at 10 %", "at 100 %")
            print("{:<22}{:>12}{:>13}{:>12}{:>10}{:>12}{:>10}".format(*head), flush=True)
        for line in wanted:
            rate = measure(line, given.rounds, given.profile)
            missed += [line.name] if rate < WANTED else []
        if is_wanted("quiet", given.only):
            share = measure_quiet(port)
            missed += ["quiet"] if share > QUIET_SHARE else []
    if missed:
        print(f"missed: {', '.join(missed)}")
        sys.exit(1)


def is_wanted(name: str, only: list[str] | None) -> bool:
    """Whether a line was asked for."""
    return not only or any(name.startswith(one) for one in only)


@contextmanager
def department(count: int) -> Iterator[int]:
    """A department's system; its port."""
    command = [sys.executable, "-m", "bench.collectors.department", str(count)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


def lines(folder: Path, port: int, count: int) -> Iterator[Line]:
    """Each kind, its backlog made when its turn comes."""
    yield Line("dvcqg_rest", Task("dvcqg_rest", count, {"url": f"http://127.0.0.1:{port}"}))
    database = f"sqlite:///{folder / 'department.db'}"
    yield Line("sql_view SQLite", Task("sql_view", count, {"url": database, "view": "v_ho_so"}))
    yield Line("sql_view PostgreSQL", Task("sql_view", count, {"url": "postgresql", "view": "v_ho_so"}))
    for ending in ("csv", "json", "xlsx"):
        task = Task("file_drop", count, {"folder": "drop", "settle": 0}, file=str(folder / f"dossiers.{ending}"))
        yield Line(f"file_drop {ending.upper()}", task)
    yield Line("webhook", Task("webhook", count, {"secret_env": "SECRET", "port": 0}))


@contextmanager
def made(task: Task) -> Iterator[Task]:
    """The task with its backlog in place."""
    if task.file:
        writers = {"csv": backlog.write_csv, "json": backlog.write_json, "xlsx": backlog.write_workbook}
        writers[task.file.rpartition(".")[2]](Path(task.file), task.count)
    elif task.kind == "sql_view" and task.settings["url"] == "postgresql":
        with tempfile.TemporaryDirectory() as folder:
            server = Postgres(Path(folder))
            server.start()
            try:
                url = server.database_url(server.create_database())
                backlog.fill_view(url, task.count)
                yield msgspec.structs.replace(task, settings={**task.settings, "url": url})
            finally:
                server.stop()
        return
    elif task.kind == "sql_view":
        backlog.fill_view(task.settings["url"], task.count)
    yield task


def measure(line: Line, rounds: int, profile: str) -> float:
    """Measure and print one line; dossiers a second."""
    try:
        with made(line.task) as task:
            plain = [run(msgspec.structs.replace(task, plain=True)) for _ in range(rounds)]
            found = [run(task) for _ in range(rounds)]
            if profile:
                run(msgspec.structs.replace(task, profile=f"{profile}/{line.name.replace(' ', '-')}.prof"))
    except PartMissing as missing:
        print(f"{line.name:<22}{missing}", flush=True)
        return float(WANTED)
    rate, least = (statistics.median(one.taken / one.seconds for one in some) for some in (found, plain))
    each, alone = (statistics.median(1e6 * one.processor / one.taken for one in some) for some in (found, plain))
    early, late = (statistics.median(getattr(one, name) for one in found) for name in ("early", "late"))
    print(
        f"{line.name:<22}{rate:>12,.0f}{each:>13.0f}{least:>12,.0f}{alone:>10.0f}{early:>12.0f}{late:>10.0f}",
        flush=True,
    )
    return rate


def run(task: Task) -> Found:
    """One run in a process of its own."""
    if task.kind == "webhook":
        task = msgspec.structs.replace(task, settings={**task.settings, "port": free_port()})
    command = [sys.executable, "-m", "bench.collectors.drain", msgspec.json.encode(task).decode()]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, preexec_fn=die_with_parent)
    assert process.stdout is not None
    assert process.stdin is not None
    said = process.stdout.readline()
    if said.strip() == "ready":
        pushing = threading.Thread(target=push, args=(task.settings["port"], task.count))
        pushing.start()
        said = process.stdout.readline()
        pushing.join()
    process.stdin.close()
    process.wait()
    found = msgspec.json.decode(said, type=Found)
    assert found.taken >= task.count, f"{task.kind}: {found.taken} of {task.count} dossiers came"
    return found


def measure_quiet(port: int) -> float:
    """Measure and print the quiet sources; the share of a core."""
    asked = [str(value) for value in (port, SOURCES, INTERVAL, INTERVAL)]
    command = [sys.executable, "-m", "bench.collectors.quiet", *asked]
    said = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    found = msgspec.json.decode(said, type=quiet.Found)
    print(
        f"{SOURCES} sources with nothing new, every {INTERVAL:g} s: {found.share:.1%} of a core, "
        f"{found.polls} polls in {INTERVAL:g} s, {found.resident:.0f} MB",
        flush=True,
    )
    return found.share


if __name__ == "__main__":
    main()
