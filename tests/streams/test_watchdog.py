"""The watchdog ends a worker that stands still, and none that has nothing to do, loads, or was halted."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

import msgspec
import pytest
import redis

from opscentre.pipe import topics
from opscentre.pipe.base import PipeError, open_producer
from opscentre.runtime import parts
from opscentre.runtime.supervisor import Supervisor
from opscentre.settings import Settings, SettingsError, load
from opscentre.store.engine import open_store
from opscentre.store.journal import next_offsets
from streams.app import Cycle
from streams.ends import Place, open_ends
from streams.watchdog import LOADING, STOOD_STILL, Watchdog
from tests.parts.kafka import Kafka
from tests.parts.process import free_port, wait_until
from tests.parts.redis import Redis
from tests.streams.books import batches, history
from tests.streams.test_stream_role import PARTITIONS, STANDING, StreamRole, settings, wait_counted  # noqa: F401

AFTER = 30.0
ONE, TWO = (topics.DOSSIERS, 0), (topics.DOSSIERS, 1)


class Scene:
    """A worker and a pipe that a test moves by hand, and the watchdog that looks at them."""

    def __init__(self) -> None:
        self.loading = False
        self.sql_away = False
        self.rounds = 0
        self.stored: dict[Place, int] = {ONE: 0, TWO: 0}
        self.end: dict[Place, int] = {ONE: 0, TWO: 0}
        self.away = False
        self.now = 0.0
        self.reasons: list[str] = []
        self.dog = Watchdog(self, lambda: self, AFTER, self.reasons.append, lambda: self.now)

    def positions(self) -> Mapping[Place, int]:
        """What SQL holds."""
        return self.stored

    def ask(self, places: Collection[Place]) -> dict[Place, int]:
        """Where the pipe ends."""
        if self.away:
            raise PipeError("away")
        return {place: self.end[place] for place in places}

    def close(self) -> None:
        """Nothing to let go of."""

    def pass_time(self, seconds: float, each: Callable[[], None] = lambda: None, *, living: bool = True) -> None:
        """Let time pass, with a look every two seconds; a living worker's cycle comes round meanwhile."""
        until = self.now + seconds
        while self.now < until:
            self.now += 2.0
            self.rounds += living
            each()
            self.dog.look()


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_partition_that_stands_still_behind_the_pipe_ends_the_worker(scene: Scene):
    scene.end[TWO] = 7
    scene.pass_time(AFTER)
    assert scene.reasons == []
    scene.pass_time(4)
    assert "partition 1 of opscentre.dossiers at 0 of 7 for 30 s" in scene.reasons[0]
    assert "partition 0" not in scene.reasons[0]


def test_a_worker_that_has_digested_everything_may_stand_still(scene: Scene):
    scene.stored[ONE] = scene.end[ONE] = 500
    scene.pass_time(10 * AFTER)
    assert scene.reasons == []


def test_a_worker_that_is_far_behind_but_moves_goes_on(scene: Scene):
    scene.end[ONE] = 10**6

    def move() -> None:
        scene.stored[ONE] += int(scene.now) % 20 == 0

    scene.pass_time(10 * AFTER, move)
    assert scene.reasons == []


def test_one_partition_that_moves_does_not_hide_one_that_stands(scene: Scene):
    scene.end = {ONE: 10**6, TWO: 1}

    def move() -> None:
        scene.stored[ONE] += 1

    scene.pass_time(2 * AFTER, move)
    assert "partition 1" in scene.reasons[0]


def test_a_cycle_that_does_not_come_round_ends_the_worker_also_without_messages(scene: Scene):
    scene.pass_time(AFTER)
    scene.pass_time(AFTER + 2, living=False)
    assert scene.reasons[0].startswith("for 30 s its cycle has not come round")


def test_a_worker_that_waits_for_sql_is_not_ended_for_it(scene: Scene):
    scene.end[ONE], scene.sql_away = 5, True
    scene.pass_time(10 * AFTER, living=False)
    scene.sql_away = False
    scene.pass_time(AFTER - 4, living=False)
    assert scene.reasons == []
    scene.pass_time(8, living=False)
    assert scene.reasons


def test_loading_may_take_longer_but_not_for_ever(scene: Scene):
    scene.loading, scene.end[ONE] = True, 5
    scene.pass_time(LOADING * AFTER - 4, living=False)
    assert scene.reasons == []
    scene.pass_time(10, living=False)
    assert "loading has not ended" in scene.reasons[0]


def test_time_spent_loading_does_not_count_afterwards(scene: Scene):
    scene.loading, scene.end[ONE] = True, 5
    scene.pass_time(5 * AFTER, living=False)
    scene.loading = False
    scene.pass_time(2, living=False)
    scene.pass_time(AFTER - 4)
    assert scene.reasons == []


def test_a_partition_that_was_given_away_and_came_back_is_looked_at_anew(scene: Scene):
    scene.end[ONE] = 5
    for _ in range(5):
        scene.pass_time(AFTER - 10)
        scene.stored = {TWO: 0}
        scene.pass_time(4)
        scene.stored = {ONE: 0, TWO: 0}
    assert scene.reasons == []


def test_while_the_pipe_is_away_nobody_is_called_behind(scene: Scene):
    scene.end[ONE] = 5
    scene.away = True
    scene.pass_time(10 * AFTER)
    assert scene.reasons == []
    scene.away = False
    scene.pass_time(AFTER + 4)
    assert len(scene.reasons) > 0


def test_a_machine_that_slept_for_an_hour_has_not_stood_still(scene: Scene):
    scene.end[ONE] = 5
    scene.pass_time(4)
    scene.now += 3_600
    scene.dog.look()
    assert scene.reasons == []


@pytest.mark.parametrize("value", ["0", "-1", "soon", "nan"])
def test_a_time_that_cannot_be_one_is_refused(value: str):
    with pytest.raises(SettingsError, match="OPSCENTRE_STALLED_AFTER"):
        load({"OPSCENTRE_STALLED_AFTER": value})


# -- wedged in this process


class Wedged:
    """A worker whose digestion never ends."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.sql_away_for: float | None = None

    def begin(self, _messages: object) -> None:
        """Hang."""
        self.let_go.wait()

    def finish(self) -> None:
        """Nothing is under way."""

    def positions(self) -> Mapping[Place, int]:
        """Nothing is ours."""
        return {}


def ended_in_time(cycle: Cycle, run: Callable[[], None]) -> str:
    """The watchdog's reason while ``run`` runs in another thread."""
    told, reason = threading.Event(), []

    def end(why: str) -> None:
        reason.append(why)
        told.set()

    dog = Watchdog(cycle, lambda: pytest.fail("nothing to ask for"), 1.0, end)
    runner = threading.Thread(target=run, daemon=True)
    runner.start()
    dog.start()
    try:
        assert told.wait(30), "the watchdog has not noticed"
    finally:
        dog.stop()
    return reason[0]


def test_a_thread_that_hangs_in_a_cycle_is_noticed():
    worker = Wedged()
    cycle = Cycle(worker)  # type: ignore[arg-type]
    cycle.loading = False

    async def run() -> None:
        task = asyncio.create_task(cycle.run())
        await asyncio.to_thread(worker.let_go.wait)
        task.cancel()

    try:
        assert "its cycle has not come round" in ended_in_time(cycle, lambda: asyncio.run(run()))
    finally:
        worker.let_go.set()


def test_an_event_loop_that_is_wedged_is_noticed():
    worker = Wedged()
    worker.let_go.set()
    cycle = Cycle(worker)  # type: ignore[arg-type]
    cycle.loading = False
    over = threading.Event()

    async def run() -> None:
        task = asyncio.create_task(cycle.run())
        await asyncio.to_thread(wait_until, lambda: cycle.rounds >= 3, 30.0, "the cycle does not come round at all")
        over.wait()
        task.cancel()

    try:
        assert "after" in ended_in_time(cycle, lambda: asyncio.run(run()))
        assert cycle.rounds >= 3
    finally:
        over.set()


# -- real pipes, the real role


def test_the_pipe_itself_says_where_it_ends(settings: Settings):  # noqa: F811
    producer = open_producer(settings.broker_url, PARTITIONS)
    ends = open_ends(settings.broker_url)
    places = [(topics.DOSSIERS, 0), (topics.DOSSIERS, 3), (topics.OBSERVATIONS, 0)]
    assert ends.ask(places) == dict.fromkeys(places, 0)
    producer.append(topics.DOSSIERS, [(3, b"x"), (3, b"y")])
    assert ends.ask(places) == {places[0]: 0, places[1]: 2, places[2]: 0}
    ends.close()
    producer.close()


def test_a_broker_that_is_not_there_is_told_as_such():
    ends = open_ends(f"kafka://127.0.0.1:{free_port()}")
    for _ in range(2):
        with pytest.raises(PipeError, match="does not say where its topics end"):
            ends.ask([ONE])
    ends.close()


@pytest.fixture
def role(settings: Settings) -> Iterator[StreamRole]:  # noqa: F811
    made = StreamRole(msgspec.structs.replace(settings, stalled_after=3.0))
    yield made
    made.end(signal.SIGKILL)


def locked(path: Path) -> sqlite3.Connection:
    """A connection that keeps everybody else from writing."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=30)
    connection.execute("BEGIN EXCLUSIVE")
    return connection


def test_a_worker_that_cannot_write_to_sql_ends_and_the_next_one_counts_what_it_left(role: StreamRole):
    store = open_store(role.settings.database_url)
    producer = open_producer(role.settings.broker_url, PARTITIONS)
    role.start()
    first, *rest = batches(history(40), PARTITIONS)
    wait_counted(role, {first[0]: producer.append(topics.DOSSIERS, [first])[0]})
    lock = locked(role.settings.data / "opscentre.db")
    sent = {partition: producer.append(topics.DOSSIERS, [(partition, value)])[0] for partition, value in rest}
    assert role._process is not None
    assert role._process.wait(60) == STOOD_STILL
    assert "stands still and is ended" in role.log.read_text()
    assert any(next_offsets(store, topics.DOSSIERS, sent)[p] <= offset for p, offset in sent.items())
    lock.close()
    role.start()
    wait_counted(role, sent)
    producer.close()


def test_an_idle_worker_and_one_that_was_halted_live_on(role: StreamRole):
    producer = open_producer(role.settings.broker_url, PARTITIONS)
    role.start()
    packed = batches(history(40), PARTITIONS)
    wait_counted(role, {p: producer.append(topics.DOSSIERS, [(p, value)])[0] for p, value in packed})
    assert role._process is not None
    time.sleep(7)
    role._process.send_signal(signal.SIGSTOP)
    time.sleep(6)
    role._process.send_signal(signal.SIGCONT)
    again = batches(history(40, source="later"), PARTITIONS)
    wait_counted(role, {p: producer.append(topics.DOSSIERS, [(p, value)])[0] for p, value in again})
    assert role._process.poll() is None
    assert "stands still" not in role.log.read_text()
    producer.close()


@pytest.mark.kafka
def test_a_worker_whose_broker_is_away_waits_for_it(tmp_path: Path, redis_server: Redis, empty_kafka: Kafka):
    settings = Settings(  # noqa: F811
        data=tmp_path, redis=redis_server.url, clock=STANDING, partitions=PARTITIONS, broker=empty_kafka.url,
        stalled_after=3.0,
    )  # fmt: skip
    role = StreamRole(settings)
    producer = open_producer(settings.broker_url, PARTITIONS)
    try:
        role.start()
        packed = batches(history(20), PARTITIONS)
        wait_counted(role, {p: producer.append(topics.DOSSIERS, [(p, value)])[0] for p, value in packed})
        empty_kafka.kill()
        time.sleep(9)
        empty_kafka.start()
        again = batches(history(20, source="later"), PARTITIONS)
        wait_counted(role, {p: producer.append(topics.DOSSIERS, [(p, value)])[0] for p, value in again})
        assert role._process is not None
        assert role._process.poll() is None
        assert "stands still" not in role.log.read_text()
    finally:
        role.end(signal.SIGKILL)
        producer.close()


def test_the_supervisor_starts_a_new_worker_in_place_of_one_that_stood_still(tmp_path: Path, redis_server: Redis):
    redis.Redis.from_url(redis_server.url).flushall()
    common = {"redis": redis_server.url, "clock": STANDING, "stalled_after": 3.0}
    settings = Settings(data=tmp_path, **common)  # type: ignore[arg-type] # noqa: F811
    supervisor = Supervisor(tmp_path / "logs")
    part = parts.stream_part(settings)
    producer = open_producer(settings.broker_url, settings.dossier_partitions)
    try:
        supervisor.start([part], 60.0)
        lock = locked(tmp_path / "opscentre.db")
        partition, value = batches(history(10), settings.dossier_partitions)[0]
        offset = producer.append(topics.DOSSIERS, [(partition, value)])[0]

        def died() -> bool:
            supervisor.look()
            return part.last_exit is not None

        wait_until(died, 60.0, "the worker has not ended")
        assert part.last_exit == STOOD_STILL
        lock.close()
        store = open_store(settings.database_url)

        def counted() -> bool:
            supervisor.look()
            return next_offsets(store, topics.DOSSIERS, [partition])[partition] > offset

        wait_until(counted, 60.0, "the new worker has not counted what was left")
        assert part.restarts >= 1
    finally:
        supervisor.stop()
        producer.close()
