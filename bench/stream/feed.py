"""Fills the dossiers topic of an empty broker with the changes: ``python -m bench.stream.feed BOOTSTRAP N SIZE``."""

from __future__ import annotations

import json
import sys

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from bench.stream.changes import PARTITIONS, messages
from opscentre.pipe import topics


def main() -> None:
    """Create the topics and produce; print the end offsets and how many bytes there are."""
    bootstrap, count, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    admin = AdminClient({"bootstrap.servers": bootstrap})
    wanted = [
        NewTopic(name, topics.partitions(name, PARTITIONS), 1)
        for name in (topics.DOSSIERS, topics.OBSERVATIONS, topics.DEAD_LETTERS)
    ]
    for created in admin.create_topics(wanted).values():
        created.result()
    producer = Producer(
        {"bootstrap.servers": bootstrap, "compression.type": "lz4", "linger.ms": 20, "enable.idempotence": True}
    )
    ends = [0] * PARTITIONS
    total = 0
    for partition, value, _ in messages(count, size):
        while True:
            try:
                producer.produce(topics.DOSSIERS, value, partition=partition)
                break
            except BufferError:
                producer.poll(0.1)
        ends[partition] += 1
        total += len(value)
        if ends[partition] % 100 == 0:
            producer.poll(0)
    left = producer.flush(60)
    if left:
        raise SystemExit(f"{left} of {sum(ends)} messages were not taken by {bootstrap}")
    print(json.dumps({"ends": ends, "bytes": total}))


if __name__ == "__main__":
    main()
