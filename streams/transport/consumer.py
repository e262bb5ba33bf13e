"""The embedded transport's consumer: Faust's flow control and offsets over the event log."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from faust.exceptions import ConsumerNotStarted, ImproperlyConfigured
from faust.transport import base
from faust.types import TP, ConsumerMessage
from mode import Service

from opscentre.pipe.eventlog import EventLog
from opscentre.pipe.topics import DEAD_LETTERS
from streams.transport.bundles import Bundling, Part
from streams.transport.lock import WorkerLock
from streams.transport.producer import choose_partition
from streams.transport.reader import Reader, Record

#: How often the log is asked whether anything was appended, in seconds.
POLL_SECONDS = 0.01
#: How often committed and old messages are trimmed, in seconds.
TRIM_EVERY_SECONDS = 60.0

#: What Kafka calls the timestamp of an append by the broker.
LOG_APPEND_TIME = 1


class EventLogConsumer(base.Consumer):
    """Is assigned every partition of its topics: there is one worker, held to that by a file lock.

    Reading has a connection and a thread of its own; committing and trimming have another, so that a
    commit that waits for a collector's append never holds up reading.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._lock = WorkerLock(self.transport.path, self.app.conf.id)  # type: ignore[attr-defined]
        self._reading: ThreadPoolExecutor | None = None
        self._writing: ThreadPoolExecutor | None = None
        self._reader: Reader | None = None
        self._writer: EventLog | None = None
        self._subscribing = asyncio.Lock()
        self._partition_counts: dict[str, int] = {}
        self._assigned: set[TP] = set()
        self._positions: dict[TP, int] = {}
        self._highwaters: dict[TP, int] = {}

    # -- life

    async def on_start(self) -> None:
        """Take the worker's lock and open the log."""
        if self.app.tables:
            raise ImproperlyConfigured(
                f"the app has tables {sorted(self.app.tables)}: the embedded pipe has no changelog topics; "
                "keep state in SQL"
            )
        self._lock.acquire()
        path = self.transport.path  # type: ignore[attr-defined]
        self._reading = ThreadPoolExecutor(1, thread_name_prefix="event-log-read")
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="event-log-commit")
        self._writer = await self._write(EventLog, path, durable=False)
        self._reader = await self._read(Reader, path)
        await super().on_start()

    async def on_stop(self) -> None:
        """Commit what was acknowledged, let go of the log, then of the lock."""
        await super().on_stop()
        if self._reader is not None:
            await self._read(self._reader.close)
        if self._writer is not None:
            await self._write(self._writer.close)
        for thread in (self._reading, self._writing):
            if thread is not None:
                thread.shutdown()
        self._reader = self._writer = self._reading = self._writing = None
        self._lock.release()

    @Service.task
    async def _trim(self) -> None:
        async for _ in self.itertimer(TRIM_EVERY_SECONDS, name="trim the event log"):
            keep = self.transport.keep_seconds  # type: ignore[attr-defined]
            gone = await self._write(self._opened().trim, keep, unread=(DEAD_LETTERS,))
            if gone:
                self.log.info("Trimmed %s messages from the event log", gone)

    # -- assignment

    async def subscribe(self, topics: Iterable[str]) -> None:
        """Take all partitions of the topics.

        The assignment runs beside the caller: Faust's conductor calls this, and the assignment waits
        for the conductor to have finished subscribing.
        """
        self.add_future(self._reassign(set(topics)))

    async def _reassign(self, topics: set[str]) -> None:
        async with self._subscribing:
            counts = await self._read(self._reader_opened().partitions, topics)
            missing = sorted(topic for topic, count in counts.items() if not count)
            if missing:
                raise ImproperlyConfigured(
                    f"event log {self.transport.path}: no topics {missing}; "  # type: ignore[attr-defined]
                    "create them with the pipe's producer before the worker starts"
                )
            self._partition_counts = counts
            assigned = {TP(topic, partition) for topic, count in counts.items() for partition in range(count)}
            self.app.on_rebalance_start()
            await self.on_partitions_revoked(set(self._assigned))
            # Messages fetched before this line carry the old generation, and streams skip them.
            self.app.consumer_generation_id += 1
            self._assigned = assigned
            await self.seek_to_committed()
            await self.on_partitions_assigned(set(assigned), self.app.consumer_generation_id)

    def assignment(self) -> set[TP]:
        """All partitions of the subscribed topics."""
        if self._reader is None:
            raise ConsumerNotStarted("the event log is not open")
        return set(self._assigned)

    # -- positions

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Stand each partition where the group left off; returns the offsets it stands at."""
        earliest = self.app.conf.consumer_auto_offset_reset != "latest"
        found = await self._read(self._reader_opened().starts, self.app.conf.id, self._assigned, earliest)
        positions = {}
        for tp, (committed, start, ends) in found.items():
            if committed is not None and committed != start:
                self.log.warning(
                    "%s partition %s: committed offset %s is outside the log, which has %s to %s; reading from %s",
                    tp.topic, tp.partition, committed, ends.lowest, ends.highwater, start,
                )  # fmt: skip
            positions[tp] = start
            self._highwaters[tp] = ends.highwater
        self._positions.update(positions)
        return positions

    async def _seek(self, partition: TP, offset: int) -> None:
        self._positions[partition] = offset

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Stand partitions at offsets."""
        for tp, offset in partitions.items():
            await self.seek(tp, offset)

    async def position(self, tp: TP) -> int | None:
        """The next offset to be read, or ``None`` for a partition that is not assigned."""
        return self._positions.get(tp)

    async def earliest_offsets(self, *partitions: TP) -> Mapping[TP, int]:
        """The lowest offsets still kept."""
        ends = await self._read(self._reader_opened().ends, set(partitions))
        return {tp: end.lowest for tp, end in ends.items()}

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        """The offsets that the next messages will get, asked of the log."""
        ends = await self._read(self._reader_opened().ends, set(partitions))
        return {tp: end.highwater for tp, end in ends.items()}

    def highwater(self, tp: TP) -> int:
        """The same from memory, as of the last fetch."""
        return self._highwaters.get(tp, 0)

    # -- messages

    async def _wait_next_records(
        self,
        timeout: float,  # noqa: ASYNC109 - Faust's signature
    ) -> tuple[Mapping[TP, list[Record]] | None, set[TP] | None]:
        """As Faust's, but full buffers are looked at again after 10 ms: Faust sleeps a whole second, in which
        an agent that takes 50 ms for a batch empties them and then idles."""
        if self.flow_active and not self._get_active_partitions():
            await self.sleep(POLL_SECONDS)
            return {}, self._get_active_partitions()
        return await super()._wait_next_records(timeout)

    async def _getmany(
        self,
        active_partitions: set[TP] | None,
        timeout: float,  # noqa: ASYNC109 - Faust's signature
    ) -> Mapping[TP, list[Record]]:
        # An empty set means that every buffer is full; only None would mean "all".
        active = self._assigned if active_partitions is None else active_partitions
        deadline = self.loop.time() + timeout
        while self.flow_active and not self.should_stop:
            starts = {tp: self._positions[tp] for tp in active & self._assigned if tp in self._positions}
            highwaters, records = await self._read(self._reader_opened().fetch, starts)
            self._highwaters.update(highwaters)
            fetched = {tp: rows for tp, rows in records.items() if self._positions.get(tp) == starts[tp]}
            if fetched and self.flow_active:
                for tp, rows in fetched.items():
                    self._positions[tp] = rows[-1].message.offset + 1
                return fetched
            if self.loop.time() >= deadline:
                break
            await asyncio.sleep(POLL_SECONDS)
        return {}

    def _to_message(self, tp: TP, record: Record) -> ConsumerMessage:
        message = record.message
        return ConsumerMessage(
            tp.topic,
            tp.partition,
            message.offset,
            message.timestamp_ms / 1000.0,
            LOG_APPEND_TIME,
            None,
            message.key,
            message.value,
            None,
            tp=tp,
            # Without it streams skip the message silently.
            generation_id=self.app.consumer_generation_id,
        )

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        await self._write(self._opened().commit, self.app.conf.id, dict(offsets))
        return True

    # -- topics

    def _new_topicpartition(self, topic: str, partition: int) -> TP:
        return TP(topic, partition)

    def topic_partitions(self, topic: str) -> int | None:
        """How many partitions a subscribed topic has."""
        return self._partition_counts.get(topic)

    def key_partition(self, topic: str, key: bytes | None, partition: int | None = None) -> int | None:
        """Where a key lands, as on Kafka."""
        if partition is not None:
            return partition
        return choose_partition(topic, key, self._partition_counts.get(topic, 0))

    async def create_topic(self, topic: str, partitions: int, replication: int, **options: Any) -> None:
        """Create a topic where it is missing; the log has no per-topic options."""
        await self._write(self._opened().create_topic, topic, partitions)

    # -- threads

    def _opened(self) -> EventLog:
        if self._writer is None:
            raise ConsumerNotStarted("the event log is not open")
        return self._writer

    def _reader_opened(self) -> Reader:
        if self._reader is None:
            raise ConsumerNotStarted("the event log is not open")
        return self._reader

    async def _read(self, function: Any, *arguments: Any) -> Any:
        return await self.loop.run_in_executor(self._reading, function, *arguments)

    async def _write(self, function: Any, *arguments: Any, **options: Any) -> Any:
        return await self.loop.run_in_executor(self._writing, lambda: function(*arguments, **options))


class Consumer(Bundling, EventLogConsumer):
    """The consumer that the transport makes."""

    def part(self, record: Record) -> Part:
        """Offset and value of the log's record."""
        return Part(record.message.offset, record.message.value)
