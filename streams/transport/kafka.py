"""Faust's own Kafka transport, with bundles, and answers that do not wait behind an idle fetch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from faust.transport.drivers import aiokafka
from faust.types import TP

from streams.transport.bundles import Bundling, Part

#: Milliseconds that the broker may hold a fetch that finds nothing new. A connection answers in order: whatever is
#: asked while partitions are taken over (four times: where do they begin and end) waits for the fetch before it.
#: Faust has 1,500, which made an assignment 6 s long. A message that arrives ends the wait at once, as before.
FETCH_WAIT = 100


class ConsumerThread(aiokafka.AIOKafkaConsumerThread):
    """Faust's thread around aiokafka's consumer."""

    def _create_worker_consumer(self, transport: aiokafka.Transport) -> Any:
        made = super()._create_worker_consumer(transport)
        # Faust has no setting for it; aiokafka hands it to its fetcher at the start.
        made._fetch_max_wait_ms = FETCH_WAIT
        return made

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Stand each partition at its committed offset, also where that is 0; the offsets.

        aiokafka leaves a partition with offset 0 where it is. It may be further by then: a fetch that was under way
        when partitions were taken away is dropped by Faust, which counts on being put back to what is committed.
        """
        found: Mapping[TP, int] = await self.call_thread(self._stand_at_committed)
        return found

    async def _stand_at_committed(self) -> Mapping[TP, int]:
        consumer = self._ensure_consumer()
        committed: Mapping[TP, int] = await consumer.seek_to_committed()
        for tp, offset in committed.items():
            if offset == 0:
                consumer.seek(tp, 0)
        return committed


class Consumer(Bundling, aiokafka.Consumer):
    """Faust's consumer over aiokafka."""

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    def part(self, record: Any) -> Part:
        """Offset and value of aiokafka's record."""
        return Part(record.offset, record.value)


class Transport(aiokafka.Transport):
    """Faust's transport over aiokafka."""

    Consumer = Consumer
