"""Between giving partitions up and getting the next ones no cycle begins, and neither waits for the other."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from types import SimpleNamespace

import pytest

from streams import app
from streams.app import Cycle


class SlowWorker:
    """Notes what the cycle asks of it; takes partitions over only when a test lets it."""

    def __init__(self) -> None:
        self.cycles = 0
        self.ledgers: dict[int, object] = {}
        self.may_load = threading.Event()
        self.may_load.set()

    def begin(self, messages: Iterable[object]) -> None:
        """Count one cycle."""
        self.cycles += 1

    def finish(self) -> None:
        """Nothing is under way."""

    def assign(self, partitions: Iterable[int], observations: bool) -> None:
        """Load."""
        assert self.may_load.wait(10)

    def held(self) -> dict[int, int]:
        """No dossier."""
        return {}

    def offsets(self, topic: str) -> dict[int, int]:
        """None stored."""
        return {}

    def begin_at(self, topic: str, starts: dict[int, int]) -> None:
        """Nothing to begin."""


FAUST = SimpleNamespace(consumer=SimpleNamespace(assignment=set))


@pytest.fixture
def worker() -> SlowWorker:
    return SlowWorker()


def in_loop(worker: SlowWorker, scene) -> None:
    async def run() -> None:
        cycle = Cycle(worker)  # type: ignore[arg-type]
        running = asyncio.create_task(cycle.run())
        try:
            await scene(cycle)
        finally:
            running.cancel()

    asyncio.run(run())


def test_no_cycle_begins_until_the_partitions_are_given_anew(worker: SlowWorker) -> None:
    async def scene(cycle: Cycle) -> None:
        await cycle.assign(FAUST)
        await cycle.hold()
        before = worker.cycles
        await asyncio.sleep(4 * app.IDLE)
        assert worker.cycles == before
        await cycle.assign(FAUST)
        await asyncio.sleep(20 * app.IDLE)
        assert worker.cycles > before

    in_loop(worker, scene)


def test_partitions_are_given_up_while_they_are_still_being_loaded(worker: SlowWorker) -> None:
    async def scene(cycle: Cycle) -> None:
        worker.may_load.clear()
        loading = asyncio.create_task(cycle.assign(FAUST))
        await asyncio.sleep(app.IDLE)
        await asyncio.wait_for(cycle.hold(), 5)
        worker.may_load.set()
        await loading
        before = worker.cycles
        await asyncio.sleep(4 * app.IDLE)
        # What was loaded is somebody else's by now.
        assert worker.cycles == before
        assert cycle.loading

    in_loop(worker, scene)


def test_a_take_over_that_fails_ends_the_process_unless_it_was_overtaken(
    worker: SlowWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[int] = []
    monkeypatch.setattr(app.os, "_exit", ended.append)

    async def scene(cycle: Cycle) -> None:
        async def overtaken(*_: object) -> dict[int, int]:
            await cycle.hold()
            raise RuntimeError("no current assignment")

        async def broken(*_: object) -> dict[int, int]:
            raise RuntimeError("SQL is away")

        monkeypatch.setattr(app, "start_at", overtaken)
        await cycle.assign(FAUST)
        assert not ended
        monkeypatch.setattr(app, "start_at", broken)
        await cycle.assign(FAUST)
        assert ended == [app.CANNOT_GO_ON]

    in_loop(worker, scene)
