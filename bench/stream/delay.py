"""From produce to Redis: how long a change takes through Kafka, the stream role, SQL and Redis at a steady rate."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import redis

from bench.report import percentile
from bench.stream.changes import NOW, PARTITIONS
from bench.stream.table import ROOT, Parts
from opscentre.clock import ClockAnchor
from opscentre.domain.dossier import Batch, Snapshot
from opscentre.live import keys
from opscentre.live.writer import BoardMeta
from opscentre.pipe import topics
from opscentre.pipe.base import open_producer
from opscentre.settings import Settings

_encode = msgspec.json.Encoder().encode
_decode_meta = msgspec.json.Decoder(BoardMeta).decode
#: A simulated clock that hardly moves: real time so far away that NOW stays NOW.
STANDING = msgspec.json.encode(ClockAnchor(real=2**52, simulated=NOW, speed=1.0)).decode()
#: Times a second that a message is sent to a partition: a collector's 20 ms.
TICK = 0.02


def measure(parts: Parts, folder: Path, rate: int, seconds: float) -> None:
    """Send new dossiers at ``rate`` a second, watch the board's dossier counts in Redis, print percentiles."""
    parts.kafka.wipe()
    board = redis.Redis.from_url(parts.redis.url)
    board.flushall()
    name = parts.postgres.create_database()
    settings = Settings(
        data=folder,
        broker=parts.kafka.url,
        database=parts.postgres.database_url(name),
        redis=parts.redis.url,
        clock=STANDING,
        partitions=PARTITIONS,
    )
    with (folder / f"stream-{rate}.log").open("wb") as log:
        role = subprocess.Popen(
            [sys.executable, "-m", "opscentre", "stream"], cwd=ROOT, stdout=log, stderr=log,
            env={**os.environ, **settings.environment()},
        )  # fmt: skip
    try:
        delays = _watch(settings, board, rate, seconds)
    finally:
        role.terminate()
        role.wait(30)
        parts.postgres.drop_database(name)
    print(f"produce → Redis at {rate:,}/s: p50 {percentile(delays, 50):.0f} ms, p99 {percentile(delays, 99):.0f} ms "
          f"({len(delays):,} messages)", flush=True)  # fmt: skip


def _watch(settings: Settings, board: redis.Redis, rate: int, seconds: float) -> list[float]:
    """Milliseconds of each message: sent, until its partition's count has reached it."""
    producer = open_producer(settings.broker_url, PARTITIONS)
    watched = board.pubsub()
    watched.subscribe(keys.CHANNEL)
    # One dossier in each partition first: the worker is up when all boards are there.
    sent_to = [1] * PARTITIONS
    producer.append(topics.DOSSIERS, [(partition, _batch(partition, 0, 1)) for partition in range(PARTITIONS)])
    deadline = time.monotonic() + 60
    while counts(board) != sent_to:
        if time.monotonic() > deadline:
            raise TimeoutError(f"no board within 60 s; the worker's log is in {settings.data}")
        time.sleep(0.05)
    size = round(rate * TICK)
    waiting: list[list[tuple[int, float]]] = [[] for _ in range(PARTITIONS)]
    delays: list[float] = []
    begun = time.perf_counter()
    ticks = round(seconds / TICK)
    for tick in range(ticks):
        partition = tick % PARTITIONS
        value = _batch(partition, sent_to[partition], size)
        _look(watched, board, waiting, delays, begun + tick * TICK)
        sent = time.perf_counter()
        sent_to[partition] += size
        waiting[partition].append((sent_to[partition], sent))
        producer.append(topics.DOSSIERS, [(partition, value)])
    while any(waiting) and time.perf_counter() < begun + seconds + 60:
        _look(watched, board, waiting, delays, time.perf_counter() + TICK)
    producer.close()
    if any(waiting):
        raise TimeoutError(f"{sum(map(len, waiting))} messages had not reached Redis a minute after the last was sent")
    return delays


def _look(
    watched: redis.client.PubSub,
    board: redis.Redis,
    waiting: list[list[tuple[int, float]]],
    delays: list[float],
    until: float,
) -> None:
    """Until a moment, note at each announcement which messages are on the board."""
    while (left := until - time.perf_counter()) > 0:
        if watched.get_message(timeout=left) is None:
            continue
        seen, at = counts(board), time.perf_counter()
        for partition, sent in enumerate(waiting):
            while seen and sent and sent[0][0] <= seen[partition]:
                delays.append((at - sent.pop(0)[1]) * 1000)


def counts(board: redis.Redis) -> list[int]:
    """Dossiers on the board by partition; none of them while one partition's board is missing."""
    values = board.mget([keys.meta(partition) for partition in range(PARTITIONS)])
    return [_decode_meta(value).dossiers for value in values] if all(values) else []  # type: ignore[union-attr]


def _batch(partition: int, begin: int, size: int) -> bytes:
    """New dossiers of a partition; which one their numbers would choose does not matter to the worker."""
    return _encode(
        Batch([
            Snapshot(
                source="mot-cua", number=f"H55.{partition:02}-{index:08}", status=2, observed=NOW, version=NOW,
                modified=NOW, unit="H55.12", procedure="2.000488.000.00.00.H55", channel=2,
                submitted=NOW - 60_000, received=NOW - 60_000, due=NOW + 3 * 86_400_000,
            )
            for index in range(begin, begin + size)
        ])
    )  # fmt: skip
