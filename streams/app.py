"""The Faust app: two agents that hand messages to the worker's cycle, and the cycle's loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections import Counter, deque
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import faust

from opscentre.pipe import topics
from opscentre.store.journal import Fenced
from streams.meter import Meter
from streams.transport import register, start_at
from streams.worker import Message, Worker

log = logging.getLogger(__name__)

#: Name of the consumer group: the same on every worker.
GROUP = "opscentre"
#: Bytes of messages (and MESSAGE_WEIGHT for each) of one cycle, and so of one transaction: some 8,000 changes.
CYCLE = 4 << 20
#: Bytes that wait for a cycle from which on it counts while the one before is written. With less the two threads,
#: which share one interpreter, would only hold each other up, and a change would wait for two cycles instead of one.
BEHIND = CYCLE // 4
#: Bytes that may wait for the cycle; beyond that the agents hold back, and with them the pipe.
WAITING = 2 * CYCLE
#: Seconds between cycles while nothing arrives: the clock must act also then.
IDLE = 0.1
#: Seconds without a heartbeat after which Kafka gives a worker's partitions to another.
SESSION = 8.0
#: Exit code of a worker that cannot go on; the supervisor starts a new one, which loads the truth from SQL.
CANNOT_GO_ON = 70
#: Of one whose partitions had become another's before it noticed.
CLAIM_LOST = 72
FAREWELL = "the stream worker cannot go on; it starts anew from SQL"


class Cycle:
    """Gathers messages from the agents and digests them in a thread of their own, one cycle after the other."""

    def __init__(self, worker: Worker, meter: Meter | None = None) -> None:
        self._worker = worker
        self._meter = meter or Meter()
        #: For the watchdog: whether partitions are being given or taken away, and the cycles that have come round.
        self.loading = True
        self.rounds = 0
        #: When the last one did (monotonic seconds).
        self.came_round = time.monotonic()
        self._events: deque[tuple[Any, int]] = deque()
        self._weight = 0
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="cycle")
        #: The events of a cycle that is counted and not yet known to be written; None: there is no such cycle.
        self._begun: list[Any] | None = None
        #: Held while a cycle is under way, and by nothing else: whoever gives partitions up must not wait for more.
        self._cycling = asyncio.Lock()
        #: Whether partitions were taken away and not given anew yet: until then nothing here is ours to write.
        self._held = False
        self._handovers = 0

    def positions(self) -> dict[tuple[str, int], int]:
        """The offset that SQL holds of each (topic, partition) that is ours."""
        return self._worker.positions()

    @property
    def sql_away(self) -> bool:
        """Whether SQL does not answer and is asked again."""
        return self._worker.sql_away_for is not None

    def give_up(self) -> None:
        """The process is stopping: wait no longer for an SQL that is away."""
        self._worker.give_up()

    async def take(self, stream: AsyncIterator[Any]) -> None:
        """Take messages off a stream until it ends; they are acknowledged once SQL holds them."""
        async for event in stream:
            weight = sum(part.weight for part in event.message.value)
            self._events.append((event, weight))
            self._weight += weight
            self._arrived.set()
            if self._weight >= WAITING:
                self._room.clear()
            await self._room.wait()

    async def run(self) -> None:
        """Digest until cancelled. A cycle that fails ends the process: its memory is ahead of SQL.

        Not until ``app.should_stop``: a stopping app first waits for the messages taken to be acknowledged.
        """
        try:
            while True:
                if not self._events:
                    self._arrived.clear()
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._arrived.wait(), IDLE)
                if self._held:
                    await asyncio.sleep(IDLE)
                else:
                    await self._once()
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - it ends the process
            _give_up(error)

    async def _once(self) -> None:
        async with self._cycling:
            if self._held:
                return
            events = self._next()
            messages = [
                # A message without a value is what Kafka calls a tombstone: here it is as good as empty.
                Message(event.message.topic, event.message.partition, part.offset, part.value or b"")
                for event in events
                for part in event.message.value
            ]
            begun = time.monotonic()
            await self._in_thread(self._worker.begin, messages)
            # Begun it hands over only once the cycle before is written.
            self._acknowledge()
            self._begun = events
            if self._weight < BEHIND:
                await self._finish()
            self.rounds += 1
            self.came_round = time.monotonic()
            if messages:
                self._meter.cycled(time.monotonic() - begun)
                for topic, number in Counter(message.topic for message in messages).items():
                    self._meter.took(topic, number)

    async def _finish(self) -> None:
        """See the cycle begun last written: nothing is to be counted meanwhile."""
        if self._begun is not None:
            await self._in_thread(self._worker.finish)
            self._acknowledge()

    def _acknowledge(self) -> None:
        for event in self._begun or ():
            event.ack()
        self._begun = None

    def _next(self) -> list[Any]:
        """The events of the next cycle."""
        events, weight = [], 0
        while self._events and weight < CYCLE:
            event, heavy = self._events.popleft()
            events.append(event)
            weight += heavy
        self._weight -= weight
        if self._weight < WAITING:
            self._room.set()
        return events

    async def hold(self) -> None:
        """Before a rebalance: let the cycle under way end, and begin none until the partitions are given anew."""
        self._held = self.loading = True
        self._handovers += 1
        # Not for an assignment under way: its commit may be waiting for the very rebalance that waits for this.
        async with self._cycling:
            try:
                await self._finish()
            except Exception as error:  # noqa: BLE001 - it ends the process
                _give_up(error)

    async def assign(self, app: faust.App) -> None:
        """After a rebalance: load the partitions that are ours now and begin each where SQL says.

        Ends the process where that fails: a worker without its ledgers would take messages and count none.
        """
        handover = self._handovers
        try:
            await self._assign(app)
            # Taken away again meanwhile: the next assignment lets the cycles go on.
            if handover == self._handovers:
                self._held = self.loading = False
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - it ends the process
            if handover != self._handovers:
                log.info("the partitions were taken away while they were being taken over (%r)", error)
                return
            _give_up(error)

    async def _assign(self, app: faust.App) -> None:
        self._held = self.loading = True
        async with self._cycling:
            await self._finish()
            self._events.clear()
            self._weight = 0
            self._room.set()
        assigned = app.consumer.assignment()
        ours = {tp.partition for tp in assigned if tp.topic == topics.DOSSIERS}
        observing = any(tp.topic == topics.OBSERVATIONS for tp in assigned)
        await self._in_thread(self._worker.assign, ours, observing)
        for topic in (topics.DOSSIERS, topics.OBSERVATIONS):
            starts = await start_at(app, topic, self._worker.offsets(topic))
            self._worker.begin_at(topic, starts)
        log.info("assigned partitions %s with %s dossiers", sorted(ours), sum(self._worker.held().values()))

    async def _in_thread(self, function: Any, *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)


def _give_up(error: BaseException) -> None:
    log.critical(FAREWELL, exc_info=error)
    os._exit(CLAIM_LOST if isinstance(error, Fenced) else CANNOT_GO_ON)


class BundledApp(faust.App):
    """Its events carry bundles of messages: see ``streams.transport.bundles``."""

    bundled = True


def create_app(cycle: Cycle, broker: str, partitions: int, data: str) -> faust.App:
    """The Faust app that feeds a cycle over ``broker`` (``embedded:///…`` or ``kafka://…``).

    Its topics must exist already.
    """
    register()
    app = BundledApp(
        GROUP,
        broker=broker,
        datadir=data,
        store="memory://",
        web_enabled=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        topic_partitions=partitions,
        broker_commit_interval=0.5,
        # A worker that was killed is replaced after this long; the cycle has a thread of its own, so the
        # heartbeats never wait for it.
        broker_session_timeout=SESSION,
        broker_heartbeat_interval=SESSION / 8,
        stream_buffer_maxsize=64,
        consumer_auto_offset_reset="earliest",
        value_serializer="raw",
        logging_config={"version": 1, "disable_existing_loggers": False},
    )

    @app.agent(app.topic(topics.DOSSIERS, value_serializer="raw"), name="dossiers")
    async def dossiers(stream: Any) -> None:
        await cycle.take(stream.noack().events())

    @app.agent(app.topic(topics.OBSERVATIONS, value_serializer="raw"), name="observations")
    async def observations(stream: Any) -> None:
        await cycle.take(stream.noack().events())

    @app.task
    async def digest() -> None:
        await cycle.run()

    @app.on_partitions_revoked.connect
    async def revoked(*_: Any, **__: Any) -> None:
        await cycle.hold()

    @app.on_before_shutdown.connect
    async def stopping(*_: Any, **__: Any) -> None:
        cycle.give_up()

    @app.on_rebalance_complete.connect
    async def assigned(*_: Any, **__: Any) -> None:
        await cycle.assign(app)

    return app
