"""Where each partition begins: at the offsets stored with the state in SQL, on either transport."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import cast

from faust import App
from faust.transport.consumer import Consumer
from faust.types import TP

logger = logging.getLogger(__name__)


async def start_at(app: App, topic: str, offsets: Mapping[int, int]) -> dict[int, int]:
    """Let every assigned partition of ``topic`` begin at ``offsets[partition]``; return where they begin.

    Call it from a handler of ``app.on_rebalance_complete``: Faust runs those after an assignment and before
    it reads. Right after them it seeks to the committed offsets, so this commits the ones given; a
    plain seek would be undone. (It seeks too: on Kafka a committed offset of 0 moves nothing.)

    A partition without an offset begins at the lowest message kept: what is not in SQL has not been
    digested. So does one whose offset the pipe does not reach (its log was begun anew or trimmed):
    Faust would drop every message below that offset without a word.
    """
    consumer = cast(Consumer, app.consumer)
    tps = [tp for tp in sorted(consumer.assignment()) if tp.topic == topic]
    if not tps:
        return {}
    lowest = await consumer.earliest_offsets(*tps)
    highest = await consumer.highwaters(*tps)
    starts: dict[TP, int] = {}
    for tp in tps:
        low, high, wanted = lowest[tp], highest[tp], offsets.get(tp.partition)
        starts[TP(tp.topic, tp.partition)] = low if wanted is None or not low <= wanted <= high else wanted
        if wanted is not None and not low <= wanted <= high:
            logger.warning(
                "%s partition %s: the stored offset %s is outside the pipe, which has %s to %s; reading from %s",
                topic, tp.partition, wanted, low, high, low,
            )  # fmt: skip
    if await consumer._commit(starts):
        await consumer.seek_wait(starts)
    else:
        logger.info("%s: partitions were taken away while their offsets were set; they are set again", topic)
    return {tp.partition: start for tp, start in starts.items()}
