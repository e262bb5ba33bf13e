"""What a collector needs of the pipe: append messages durably and learn their offsets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class PipeError(Exception):
    """The pipe did not take a message; nothing may be taken as sent. The text says what to do."""


class Producer(Protocol):
    """Appends to topics from any thread."""

    def partitions(self, topic: str) -> int:
        """How many partitions a topic has."""
        ...

    def append(self, topic: str, messages: Sequence[tuple[int, bytes]]) -> list[int]:
        """Append (partition, value) pairs; return their offsets once they are durable.

        Raises ``PipeError`` when they are not; the caller may repeat the whole call.
        """
        ...

    def close(self) -> None:
        """Flush and let go of the connection."""
        ...


def open_producer(broker: str, dossier_partitions: int) -> Producer:
    """The producer for a broker URL: ``embedded:///path/events.db`` or ``kafka://host:port``.

    Topics are created where they are missing.
    """
    if broker.startswith("embedded:"):
        from opscentre.pipe.embedded import EmbeddedProducer

        return EmbeddedProducer(broker, dossier_partitions)
    from opscentre.pipe.kafka import KafkaProducer

    return KafkaProducer(broker, dossier_partitions)
