"""The schedule: no source is held up by others, a failing one is put off, a daily job has its time."""

from __future__ import annotations

import datetime as dt
import itertools
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

import msgspec
import pytest

from collectors.errors import TimedOut
from collectors.placeholders import Addresses
from collectors.polling import SourcePoll
from collectors.schedule import Schedule
from collectors.telegraph import Telegraph
from opscentre.domain.moments import ZONE
from opscentre.domain.observations import SourceSeen
from opscentre.sources import Behaviour
from tests.collectors.department import Department
from tests.collectors.parts import Bench, given

SOURCES, HANGING = 200, 50
INTERVAL = 4.0


@pytest.fixture
def silence() -> Iterator[str]:
    """A system that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=256) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_of_200_sources_the_50_that_hang_delay_no_other_by_a_second(bench: Bench, silence: str) -> None:
    department = Department()
    # All sources share one account here: a token given to one must not end another's.
    department.keep_tokens = True
    stopping = threading.Event()
    schedule = Schedule()
    schedule.start()
    due: dict[str, float] = {}
    for n in range(SOURCES):
        settings = {"url": silence if n % 4 == 0 else department.url, "timeout": 60.0,
                    "client_id": "me", "client_secret_env": "SECRET"}  # fmt: skip
        plan = replace(given(bench, "dvcqg_rest", settings), stopping=stopping)
        config = msgspec.structs.replace(plan.config, code=f"s{n}", behaviour=Behaviour(jitter=0.0))
        addresses = Addresses(bench.folder / "simulator.json", stopping)
        one = SourcePoll(replace(plan, config=config), addresses, Telegraph(bench.producer))
        due[one.code] = time.time()
        schedule.every(INTERVAL, f"source {n}", one.run, jitter=one.jitter)
        # Spread over an interval, as jitter does in service: 200 at one moment would measure this test's server.
        time.sleep(INTERVAL / SOURCES)
    time.sleep(2 * INTERVAL + 1)
    stopping.set()
    schedule.stop(1.0)
    department.close()
    begun = defaultdict(list)
    for seen in bench.observations():
        if isinstance(seen, SourceSeen):
            assert seen.ok, seen.error
            begun[seen.code].append(seen.attempted_at / 1000)
    assert len(begun) == SOURCES - HANGING
    late = [at - (due[code] + turn * INTERVAL) for code, times in begun.items() for turn, at in enumerate(times)]
    print(f"latest beginning of {len(late)} polls: {max(late):.3f} s")
    assert min(len(times) for times in begun.values()) >= 2
    assert max(late) < 1.0


def test_a_job_that_says_how_long_to_wait_is_run_again_then_and_at_its_interval_afterwards() -> None:
    ran: list[float] = []
    waits: list[float | None] = [1.5, None, None]

    def job() -> float | None:
        ran.append(time.monotonic())
        return waits.pop(0) if waits else None

    schedule = Schedule()
    schedule.every(0.2, "one", job, jitter=0)
    schedule.start()
    until = time.monotonic() + 20
    while len(ran) < 4 and time.monotonic() < until:
        time.sleep(0.05)
    schedule.stop(1.0)
    gaps = [later - earlier for earlier, later in itertools.pairwise(ran)]
    assert gaps[0] >= 1.45
    assert all(gap < 1.4 for gap in gaps[1:])


def test_a_daily_job_runs_at_its_local_time() -> None:
    schedule = Schedule()
    schedule.daily(dt.time(2, 30), "night", lambda: None)
    schedule.start()
    [job] = schedule._scheduler.get_jobs()
    schedule.stop(0.1)
    at = job.next_run_time.astimezone(ZONE)
    assert (at.hour, at.minute) == (2, 30)


def test_a_job_that_ends_after_the_stop_is_no_failure() -> None:
    schedule = Schedule()
    running, go = threading.Event(), threading.Event()

    def job() -> float:
        running.set()
        go.wait(20)
        return 5.0

    schedule.every(60, "one", job)
    schedule.start()
    assert running.wait(20)
    assert not schedule.stop(0.05)
    go.set()
    assert schedule._threads.wait_idle(20)


def test_a_failing_source_says_when_it_is_asked_next(bench: Bench, silence: str) -> None:
    settings = {"url": silence, "timeout": 0.1}
    plan = given(bench, "dvcqg_rest", settings)
    config = msgspec.structs.replace(plan.config, behaviour=Behaviour(backoff_first=8.0))
    addresses = Addresses(bench.folder / "simulator.json", plan.stopping)
    one = SourcePoll(replace(plan, config=config), addresses, Telegraph(bench.producer))
    wait = one.run()
    assert wait is not None
    assert 6.0 <= wait <= 10.0
    [seen] = [each for each in bench.observations() if isinstance(each, SourceSeen)]
    assert seen.error.startswith(f"{TimedOut.kind}: no answer from {silence}")
