"""The embedded transport's producer: what agents send is appended to the event log."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from aiokafka.partitioner import DefaultPartitioner
from faust.transport import base
from faust.types import TP, HeadersArg, RecordMetadata

from opscentre.pipe.base import PipeError
from opscentre.pipe.eventlog import Entry, EventLog


def choose_partition(topic: str, key: bytes | None, count: int) -> int:
    """The partition that Kafka's default partitioner gives a key, of ``count``."""
    if not count:
        raise PipeError(f"the event log has no topic {topic!r}; create it before the worker starts")
    every = list(range(count))
    return int(DefaultPartitioner()(key, every, every))


class Producer(base.Producer):
    """Appends on a thread of its own; a message counts as sent once it is on disk."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._log: EventLog | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._under_way: set[asyncio.Future[RecordMetadata]] = set()

    async def on_start(self) -> None:
        """Open the log for appending."""
        await super().on_start()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="event-log-append")
        self._log = await self._call(EventLog, self.transport.path)  # type: ignore[attr-defined]

    async def on_stop(self) -> None:
        """Finish what is under way and let go of the log."""
        await super().on_stop()
        await self.flush()
        if self._log is not None:
            await self._call(self._log.close)
        if self._thread is not None:
            self._thread.shutdown()

    async def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        partition: int | None,
        timestamp: float | None,
        headers: HeadersArg | None,
        *,
        transactional_id: str | None = None,
    ) -> Awaitable[RecordMetadata]:
        """Schedule one message; the answer resolves once it is durable.

        Headers are refused: the log has no place for them.
        """
        if headers:
            raise PipeError(f"message for {topic!r} carries headers {headers!r}; the embedded pipe has none")
        sent = asyncio.ensure_future(self._append(topic, key, value, partition))
        self._under_way.add(sent)
        sent.add_done_callback(self._under_way.discard)
        return sent

    async def send_and_wait(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        partition: int | None,
        timestamp: float | None,
        headers: HeadersArg | None,
        *,
        transactional_id: str | None = None,
    ) -> RecordMetadata:
        """Append one message and wait until it is durable."""
        return await (await self.send(topic, key, value, partition, timestamp, headers))

    async def flush(self) -> None:
        """Wait for all messages under way; who awaits a message learns of its failure there."""
        await self.buffer.flush()
        if self._under_way:
            await asyncio.wait(set(self._under_way))

    async def create_topic(
        self,
        topic: str,
        partitions: int,
        replication: int,
        *,
        config: Mapping[str, Any] | None = None,
        timeout: Any = 30.0,  # noqa: ASYNC109 - Faust's signature
        retention: Any = None,
        compacting: bool | None = None,
        deleting: bool | None = None,
        ensure_created: bool = False,
    ) -> None:
        """Create a topic where it is missing; the log has no per-topic options."""
        await self._call(self._opened().create_topic, topic, partitions)

    def key_partition(self, topic: str, key: bytes) -> TP:
        """Where a key lands, as on Kafka."""
        return TP(topic, choose_partition(topic, key, self._opened().partitions(topic)))

    async def _append(
        self, topic: str, key: bytes | None, value: bytes | None, partition: int | None
    ) -> RecordMetadata:
        log = self._opened()
        count = await self._call(log.partitions, topic)
        place = choose_partition(topic, key, count) if partition is None else partition
        offset = (await self._call(log.append, topic, [Entry(place, value, key)]))[0]
        return RecordMetadata(topic, place, TP(topic, place), offset)

    def _opened(self) -> EventLog:
        if self._log is None:
            raise PipeError("the embedded pipe's producer was used before it started, or after it stopped")
        return self._log

    async def _call(self, function: Any, *arguments: Any) -> Any:
        return await self.loop.run_in_executor(cast(ThreadPoolExecutor, self._thread), function, *arguments)
