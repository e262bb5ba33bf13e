"""Other consumers of the same topic with the same fold: ``python -m bench.stream.peers NAME BOOTSTRAP N``.

Each gets the form that is quickest for it: plain Python state in memory, no changelog, no recovery store.
"""

from __future__ import annotations

import logging
import os
import sys
import uuid
from typing import Any

from bench.stream.folding import Fold, Watch
from opscentre.pipe import topics


def bare(bootstrap: str, watch: Watch, fold: Fold) -> None:
    """confluent-kafka and a loop: what Python can do at most."""
    from confluent_kafka import Consumer

    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": uuid.uuid4().hex, "auto.offset.reset": "earliest"})
    consumer.subscribe([topics.DOSSIERS])
    while True:
        for message in consumer.consume(200, 1.0):
            watch.begin()
            if watch.count(fold.take(message.partition(), message.value())):
                fold.settle()
                watch.report(fold.ledgers)
                consumer.close()
                return


def quixstreams(bootstrap: str, watch: Watch, fold: Fold) -> None:
    """quixstreams: bytes in, one function applied to each message."""
    from quixstreams import Application, message_context

    app = Application(
        broker_address=bootstrap,
        consumer_group=uuid.uuid4().hex,
        auto_offset_reset="earliest",
        auto_create_topics=False,
        loglevel="WARNING",
    )

    def take(value: bytes) -> None:
        watch.begin()
        if watch.count(fold.take(message_context().partition, value)):
            fold.settle()
            watch.report(fold.ledgers)
            app.stop()

    topic = app.topic(topics.DOSSIERS, value_deserializer="bytes", key_deserializer="bytes")
    app.dataframe(topic).apply(take)
    app.run()


def bytewax(bootstrap: str, watch: Watch, fold: Fold) -> None:
    """bytewax: a stateful step keyed by partition, one worker."""
    from bytewax import operators
    from bytewax.connectors.kafka import KafkaSource
    from bytewax.dataflow import Dataflow
    from bytewax.operators import StatefulBatchLogic
    from bytewax.testing import TestingSink, run_main

    class Step(StatefulBatchLogic[Any, int, None]):
        def on_batch(self, batch: list[Any]) -> tuple[list[int], bool]:
            watch.begin()
            for message in batch:
                if watch.count(fold.take(message.partition, message.value)):
                    fold.settle()
                    watch.report(fold.ledgers)
                    # Its source would wait for more.
                    os._exit(0)
            return [], False

        def snapshot(self) -> None:
            return None

    flow = Dataflow("bench")
    source = KafkaSource([bootstrap], [topics.DOSSIERS], batch_size=1000)
    keyed = operators.key_on("partition", operators.input("kafka", flow, source), lambda m: str(m.partition))
    out = operators.stateful_batch("fold", keyed, lambda _: Step())
    operators.output("out", out, TestingSink([]))
    run_main(flow)


CONTENDERS = {one.__name__: one for one in (bare, quixstreams, bytewax)}


def main() -> None:
    """Run one contender over the whole topic and print its measurement."""
    logging.basicConfig(level=logging.WARNING)
    name, bootstrap, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    CONTENDERS[name](bootstrap, Watch(count), Fold())


if __name__ == "__main__":
    main()
