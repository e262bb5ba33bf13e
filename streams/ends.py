"""Where the pipe's partitions end, asked apart from Faust's consumer: who watches it must not have to believe it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from opscentre.pipe.base import PipeError
from opscentre.pipe.embedded import SCHEME, log_path
from opscentre.pipe.eventlog import EventLog
from opscentre.pipe.kafka import bootstrap_servers
from opscentre.pipe.outage import outage

Place = tuple[str, int]
#: Seconds that Kafka has for an answer.
ANSWER_WITHIN = 10.0


class Ends(Protocol):
    """Asks the pipe itself; used from one thread."""

    def ask(self, places: Collection[Place]) -> dict[Place, int]:
        """The offset that the next message of each (topic, partition) gets. Raises ``PipeError``."""
        ...

    def close(self) -> None:
        """Let go of the pipe."""
        ...


class EmbeddedEnds:
    """Of the event log, over a connection of its own."""

    def __init__(self, broker: str) -> None:
        self._log = EventLog(log_path(broker), durable=False)

    def ask(self, places: Collection[Place]) -> dict[Place, int]:
        """The offset that the next message of each (topic, partition) gets. Raises ``PipeError``."""
        return {place: self._log.highwater(*place) for place in places}

    def close(self) -> None:
        """Let go of the file."""
        self._log.close()


class KafkaEnds:
    """Of a Kafka cluster, over a client of its own that belongs to no group."""

    def __init__(self, broker: str) -> None:
        self._servers = bootstrap_servers(broker)
        self._loop = asyncio.new_event_loop()
        self._client: AIOKafkaConsumer | None = None

    def ask(self, places: Collection[Place]) -> dict[Place, int]:
        """The offset that the next message of each (topic, partition) gets. Raises ``PipeError``."""
        try:
            ends = self._loop.run_until_complete(asyncio.wait_for(self._ask(places), ANSWER_WITHIN))
        except (KafkaError, OSError, TimeoutError) as error:
            # A client that lost its broker is not trusted to find it again.
            self._let_go()
            where = ", ".join(self._servers)
            raise PipeError(f"Kafka at {where} does not say where its topics end: {error!r}") from None
        outage.answered()
        return ends

    def close(self) -> None:
        """Disconnect."""
        self._let_go()
        self._loop.close()

    async def _ask(self, places: Collection[Place]) -> dict[Place, int]:
        if self._client is None:
            self._client = AIOKafkaConsumer(bootstrap_servers=self._servers, group_id=None)
            await self._client.start()
        ends = await self._client.end_offsets([TopicPartition(*place) for place in places])
        return {(place.topic, place.partition): end for place, end in ends.items()}

    def _let_go(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            self._loop.run_until_complete(client.stop())


def open_ends(broker: str) -> Ends:
    """For a broker URL."""
    return EmbeddedEnds(broker) if broker.startswith(f"{SCHEME}:") else KafkaEnds(broker)
