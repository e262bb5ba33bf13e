"""Faust's own Kafka transport, with bundles."""

from __future__ import annotations

from typing import Any

from faust.transport.drivers import aiokafka

from streams.transport.bundles import Bundling, Part


class Consumer(Bundling, aiokafka.Consumer):
    """Faust's consumer over aiokafka."""

    def part(self, record: Any) -> Part:
        """Offset and value of aiokafka's record."""
        return Part(record.offset, record.value)


class Transport(aiokafka.Transport):
    """Faust's transport over aiokafka."""

    Consumer = Consumer
