"""Bundles: many messages of a partition handed to Faust as one, because each one costs it some 100 µs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from faust.transport import base
from faust.types import TP, ConsumerMessage

#: What a bundle may weigh before the next one is begun: its bytes, and so much for each message.
BUNDLE_WEIGHT = 256 << 10
MESSAGE_WEIGHT = 200


class Part(NamedTuple):
    """One message of a bundle."""

    offset: int
    value: bytes | None

    @property
    def weight(self) -> int:
        """What it counts where bytes are limited."""
        return len(self.value or b"") + MESSAGE_WEIGHT


class Bundle(NamedTuple):
    """Messages of one partition, one after the other, in the order of the log."""

    parts: list[Part]
    #: What came from the pipe last: the bundle stands at its offset.
    last: Any


def bundles(records: Sequence[Any], part: Any) -> Iterator[Bundle]:
    """The records of one partition in bundles; ``part`` makes a ``Part`` of a record."""
    parts: list[Part] = []
    weight = 0
    for record in records:
        made = part(record)
        parts.append(made)
        weight += made.weight
        if weight >= BUNDLE_WEIGHT:
            yield Bundle(parts, record)
            parts, weight = [], 0
    if parts:
        yield Bundle(parts, records[-1])


if TYPE_CHECKING:
    _Consumer = base.Consumer
else:
    _Consumer = object


class Bundling(_Consumer):
    """A consumer that hands over bundles where the app has an attribute ``bundled`` that is true.

    The value of each message is then a list of ``Part``. It is for agents that acknowledge the messages of a
    partition in their order: what is acknowledged commits everything before it.
    """

    def part(self, record: Any) -> Part:
        """Offset and value of what ``_getmany`` gives."""
        raise NotImplementedError

    @property
    def _bundled(self) -> bool:
        return getattr(self.app, "bundled", False)

    async def _getmany(
        self,
        active_partitions: set[TP] | None,
        timeout: float,  # noqa: ASYNC109 - Faust's signature
    ) -> Any:
        records = await super()._getmany(active_partitions, timeout)  # type: ignore[safe-super]
        if not self._bundled:
            return records
        return {tp: list(bundles(rows, self.part)) for tp, rows in records.items()}

    def _to_message(self, tp: TP, record: Any) -> ConsumerMessage:
        if not self._bundled:
            return super()._to_message(tp, record)  # type: ignore[safe-super]
        message = super()._to_message(tp, record.last)  # type: ignore[safe-super]
        message.value = record.parts
        return message

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        # Between two bundles Faust misses every offset but the last; none is missing.
        if not self._bundled:
            await super()._add_gap(tp, offset_from, offset_to)

    def _new_offset(self, tp: TP) -> int | None:
        if not self._bundled:
            return super()._new_offset(tp)
        acknowledged = self._acked[tp]
        if not acknowledged:
            return None
        newest = max(acknowledged)
        acknowledged.clear()
        self._acked_index[tp].clear()
        return newest + 1
