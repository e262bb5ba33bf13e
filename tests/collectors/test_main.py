"""The role as a process: heartbeats, sources that do not wait for one another, restart, the end on SIGTERM."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from opscentre.domain.observations import Heartbeat, LinkSeen, SourceSeen
from opscentre.store.links import read_intervals
from tests.collectors.department import Department
from tests.collectors.parts import Bench
from tests.collectors.records import dossier
from tests.parts.scrape import scrape

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (
    "from collectors.main import run; from opscentre.settings import load; from opscentre.runtime import role;"
    " role.begin('collect'); run(load())"
)
SOURCES = """
[[source]]
code = "quick"
name = "Nhanh"
kind = "dvcqg_rest"
interval = 0.2
settings = {{ url = "{quick}", client_id = "me", client_secret_env = "SECRET" }}

[[source]]
code = "slow"
name = "Chậm"
kind = "dvcqg_rest"
interval = 0.2
settings = {{ url = "{slow}", client_id = "me", client_secret_env = "SECRET", timeout = 30.0 }}

[[source]]
code = "wrong"
name = "Sai"
kind = "dvcqg_rest"
interval = 0.2
settings = {{ url = "{quick}", client_id = "me", client_secret_env = "NOT_SET" }}
"""
LINKS = """
[[link]]
code = "cong"
name = "Cổng"
kind = "tcp"
address = "{address}"
interval = 0.2
"""


class Collect:
    """The process, its log, and what came out of it."""

    def __init__(self, bench: Bench, port: int) -> None:
        self.bench = bench
        self.port = port
        self.log_path = bench.folder / "collect.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        environment = {**os.environ, "OPSCENTRE_DATA": str(self.bench.folder), "SECRET": "s3cret",
                       "OPSCENTRE_SOURCES": str(self.bench.folder / "conf"),
                       "OPSCENTRE_COLLECT_METRICS": f"127.0.0.1:{self.port}"}  # fmt: skip
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen([sys.executable, "-c", COMMAND], cwd=ROOT, env=environment, stderr=log)

    def wait_for(self, seen: Callable[[], object], seconds: float = 20.0) -> None:
        """Wait until something is so."""
        until = time.monotonic() + seconds
        while not seen():
            assert time.monotonic() < until, self.log_path.read_text(encoding="utf-8")
            time.sleep(0.05)

    def stop(self, how: int = signal.SIGTERM) -> tuple[int, float]:
        """End it; the exit code and how long it took."""
        assert self.process is not None
        begun = time.monotonic()
        self.process.send_signal(how)
        code = self.process.wait(30)
        return code, time.monotonic() - begun


@pytest.fixture
def departments() -> Iterator[tuple[Department, Department]]:
    quick, slow = Department(), Department()
    slow.delay = 60.0
    yield quick, slow
    quick.close()
    slow.close()


@pytest.fixture
def collect(bench: Bench, departments: tuple[Department, Department], free_port: int) -> Iterator[Collect]:
    quick, slow = departments
    folder = bench.folder / "conf"
    folder.mkdir()
    (folder / "sources.toml").write_text(SOURCES.format(quick=quick.url, slow=slow.url), encoding="utf-8")
    (folder / "links.toml").write_text(LINKS.format(address=quick.url[7:]), encoding="utf-8")
    made = Collect(bench, free_port)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.kill()
        made.process.wait()


def test_a_source_that_hangs_holds_up_neither_another_one_nor_the_end(
    collect: Collect, bench: Bench, departments: tuple[Department, Department]
) -> None:
    quick, slow = departments
    quick.put(*(dossier(n, seconds=n) for n in range(20)))
    collect.start()
    collect.wait_for(lambda: len(bench.snapshots()) == 20)
    collect.wait_for(lambda: slow.sign_ins)
    quick.put(dossier(30, seconds=30))
    begun = time.monotonic()
    collect.wait_for(lambda: "0030" in bench.numbers())
    assert time.monotonic() - begun < 2.0
    collect.wait_for(lambda: sum(isinstance(seen, Heartbeat) for seen in bench.observations()) >= 3)
    told = scrape(collect.port)
    code, seconds = collect.stop()
    assert code == 0
    assert seconds < 5.0
    assert told.of("opscentre_collect_records_total", source="quick") == 21
    assert told.of("opscentre_collect_polls_total", source="quick") >= 2
    assert told.of("opscentre_collect_sent_bytes_total", source="quick") > 21 * 100
    assert 0 <= told.of("opscentre_collect_age_seconds", source="quick") < 20
    assert told.of("opscentre_collect_failures_total", source="wrong", kind="settings") == 1
    assert [told.of("opscentre_collect_breaker", source=code) for code in ("quick", "slow", "wrong")] == [0, 0, 2]
    assert told.of("opscentre_collect_link_up", link="cong") == 1
    seen = bench.observations()
    beats = [each.at for each in seen if isinstance(each, Heartbeat)]
    assert all(600 < later - earlier < 1900 for earlier, later in itertools.pairwise(beats))
    sources = {each.code: each for each in seen if isinstance(each, SourceSeen)}
    assert set(sources) == {"quick", "wrong"}
    assert (sources["quick"].ok, sources["quick"].total) == (True, 21)
    assert "'NOT_SET' is not set" in sources["wrong"].error
    links = [each for each in seen if isinstance(each, LinkSeen)]
    assert {each.state for each in links} == {"up"}
    [stretch] = read_intervals(bench.store, "cong", 0)
    assert (stretch.begun, stretch.state) == (links[0].checked_at, "up")
    assert stretch.begun < stretch.ended <= links[-1].checked_at
    assert collect.log_path.read_text(encoding="utf-8").count("ERROR") == 1


def test_killed_in_the_middle_it_goes_on_where_it_was_and_loses_nothing(
    collect: Collect, bench: Bench, departments: tuple[Department, Department]
) -> None:
    quick, _ = departments
    quick.put(*(dossier(n, seconds=n // 3) for n in range(1500)))
    collect.start()
    collect.wait_for(bench.snapshots)
    collect.stop(signal.SIGKILL)
    collect.start()
    collect.wait_for(lambda: len(set(bench.numbers())) == 1500)
    collect.stop()
    assert len(bench.snapshots()) <= 1500 + 200


def test_it_takes_less_than_100_megabytes(
    collect: Collect, bench: Bench, departments: tuple[Department, Department]
) -> None:
    quick, _ = departments
    quick.put(*(dossier(n, seconds=n) for n in range(3000)))
    collect.start()
    collect.wait_for(lambda: len(bench.snapshots()) == 3000, seconds=40)
    assert collect.process is not None
    assert psutil.Process(collect.process.pid).memory_info().rss < 100_000_000
    collect.stop()


def test_a_sources_file_that_cannot_be_used_ends_the_role_with_its_name(collect: Collect, bench: Bench) -> None:
    (bench.folder / "conf" / "sources.toml").write_text('[[source]]\ncode = "a"\nname = "A"\nkind = 3\n')
    collect.start()
    assert collect.process is not None
    assert collect.process.wait(20) != 0
    assert "sources.toml, source a, kind: Expected `str`, got `int`; saw 3" in collect.log_path.read_text()
