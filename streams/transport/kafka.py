"""Faust's own Kafka transport, with bundles, and answers that do not wait behind an idle fetch."""

from __future__ import annotations

from typing import Any

from faust.transport.drivers import aiokafka

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
