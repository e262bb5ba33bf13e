"""Packs snapshots by partition into messages of bounded size and appends them to the pipe."""

from __future__ import annotations

import logging
from collections import Counter

import msgspec

from opscentre import tracing
from opscentre.domain.dossier import Snapshot, partition_of
from opscentre.pipe.base import Producer
from opscentre.pipe.topics import DOSSIERS

log = logging.getLogger(__name__)

#: Bounds of one message: what the stream digests in one step, and a fraction of what Kafka takes.
MOST_SNAPSHOTS = 200
MOST_BYTES = 256_000


class _Message(msgspec.Struct, omit_defaults=True):
    """A ``Batch`` on the wire, its snapshots already encoded one by one to know their size."""

    snapshots: list[msgspec.Raw]
    receipt: str = ""
    places: list[str] = []
    event: str = ""


class Packer:
    """Takes snapshots one by one, in flat memory; ``finish`` returns once the pipe holds them all.

    ``receipt`` marks the messages of an import run, which also get their snapshots' places. Raises ``PipeError``.
    """

    def __init__(self, producer: Producer, receipt: str = "") -> None:
        #: The newest offset of each partition that was sent to.
        self.offsets: dict[int, int] = {}
        self._producer = producer
        self._receipt = receipt
        self._event = tracing.event.get() or tracing.new_id()
        self._sent: Counter[str] = Counter()
        self._partitions = producer.partitions(DOSSIERS)
        self._open: dict[int, _Message] = {}
        self._sizes: Counter[int] = Counter()
        self._ready: list[tuple[int, bytes]] = []

    def add(self, snapshot: Snapshot, place: str = "") -> None:
        """Pack one snapshot."""
        raw = msgspec.json.encode(snapshot)
        partition = partition_of(*snapshot.key, self._partitions)
        if partition in self._open and self._sizes[partition] + len(raw) > MOST_BYTES:
            self._close(partition)
        message = self._open.get(partition)
        if message is None:
            message = self._open[partition] = _Message([], self._receipt, [], self._event)
        message.snapshots.append(msgspec.Raw(raw))
        self._sent[snapshot.source] += 1
        if self._receipt:
            message.places.append(place)
        self._sizes[partition] += len(raw) + len(place) + 8
        if len(message.snapshots) >= MOST_SNAPSHOTS:
            self._close(partition)

    def finish(self) -> None:
        """Send what is still open."""
        for partition in list(self._open):
            self._close(partition)
        self._send()
        for source, number in self._sent.items():
            log.info("source %s: %d changes sent", source, number, extra={"event": self._event})
        self._sent.clear()

    def _close(self, partition: int) -> None:
        self._ready.append((partition, msgspec.json.encode(self._open.pop(partition))))
        del self._sizes[partition]
        # One append for as many messages as there are partitions: an append is a disk sync.
        if len(self._ready) >= self._partitions:
            self._send()

    def _send(self) -> None:
        if not self._ready:
            return
        offsets = self._producer.append(DOSSIERS, self._ready)
        for (partition, _), offset in zip(self._ready, offsets, strict=True):
            self.offsets[partition] = max(offset, self.offsets.get(partition, -1))
        self._ready = []
