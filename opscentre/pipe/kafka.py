"""The producer of the pipe on Kafka: aiokafka on a thread of its own, behind the synchronous interface."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from opscentre.pipe import topics
from opscentre.pipe.base import PipeError
from opscentre.pipe.embedded import KEEP_SECONDS
from opscentre.pipe.outage import outage

ANSWER = TypeVar("ANSWER")

#: Copies of each message, where there are that many brokers.
REPLICAS = 3


def bootstrap_servers(url: str) -> list[str]:
    """The brokers of ``kafka://host:port[;host:port…]`` (the prefix may be repeated, as Faust allows)."""
    servers = []
    for part in filter(None, url.split(";")):
        parts = urlsplit(part if "://" in part else f"kafka://{part}")
        try:
            port = parts.port or 9092
        except ValueError:
            port = 0
        if parts.scheme not in ("kafka", "aiokafka") or not parts.hostname or not port:
            raise PipeError(f"broker URL {url!r}: want kafka://host:port[;host:port], seen {part!r}")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        servers.append(f"{host}:{port}")
    if not servers:
        raise PipeError(f"broker URL {url!r}: want kafka://host:port[;host:port]")
    return servers


def _retention(topic: str) -> dict[str, str]:
    # Nobody reads the dead letters for us: without a time of its own the topic would rely on the cluster's default.
    return {"retention.ms": str(int(KEEP_SECONDS * 1000))} if topic == topics.DEAD_LETTERS else {}


class KafkaProducer:
    """Idempotent, acknowledged by all in-sync replicas, lz4; creates the product's topics.

    ``timeout_seconds`` bounds each call. Raises ``PipeError`` where no broker answers in that time, and
    when the dossiers topic is there with another number of partitions.
    """

    def __init__(self, url: str, dossier_partitions: int, *, timeout_seconds: float = 30.0) -> None:
        self._servers = bootstrap_servers(url)
        self._timeout = timeout_seconds
        self._counts: dict[str, int] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="kafka-producer", daemon=True)
        self._thread.start()
        self._producer: AIOKafkaProducer | None = None
        try:
            self._wait(self._open(dossier_partitions), "connect")
        except BaseException:
            self.close()
            raise

    def partitions(self, topic: str) -> int:
        """How many partitions a topic has; ``PipeError`` when it is not there."""
        if topic not in self._counts:
            found = self._wait(self._existing({topic}), f"look up topic {topic!r}")
            if topic not in found:
                raise PipeError(f"Kafka at {self._where} has no topic {topic!r}; create it first")
            self._counts.update(found)
        return self._counts[topic]

    def create_topic(self, topic: str, partitions: int) -> int:
        """Create a topic where it is missing; return how many partitions it has now."""
        self._wait(self._create_topics({topic: partitions}), f"create topic {topic!r}")
        return self.partitions(topic)

    def append(self, topic: str, messages: Sequence[tuple[int, bytes]]) -> list[int]:
        """Send (partition, value) pairs; their offsets, once all in-sync replicas have them.

        Unlike the embedded log, Kafka may have taken some of them when this raises ``PipeError``; repeating
        the call sends those twice, which the fold ignores.
        """
        count = self.partitions(topic) if messages else 0
        for partition, _ in messages:
            if not 0 <= partition < count:
                raise PipeError(f"topic {topic!r} has partitions 0 to {count - 1}, not {partition}")
        return self._wait(self._send(topic, messages), f"append to {topic!r}")

    def close(self) -> None:
        """Flush, disconnect, and end the thread."""
        if self._loop.is_closed():
            return
        producer, self._producer = self._producer, None
        try:
            if producer is not None:
                self._wait(producer.stop(), "disconnect")
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(self._timeout)
            self._loop.close()

    async def _open(self, dossier_partitions: int) -> None:
        names = (topics.DOSSIERS, topics.OBSERVATIONS, topics.DEAD_LETTERS)
        wanted = {name: topics.partitions(name, dossier_partitions) for name in names}
        await self._create_topics(wanted)
        for topic, have in self._counts.items():
            if have != wanted[topic]:
                raise PipeError(topics.mismatch(f"Kafka at {self._where}", topic, have, wanted[topic]))
        producer = AIOKafkaProducer(
            bootstrap_servers=self._servers,
            acks="all",
            enable_idempotence=True,
            compression_type="lz4",
            linger_ms=5,
            request_timeout_ms=int(self._timeout * 1000),
        )
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        self._producer = producer

    @asynccontextmanager
    async def _administration(self) -> AsyncIterator[AIOKafkaAdminClient]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self._servers, request_timeout_ms=int(self._timeout * 1000))
        try:
            await admin.start()
            yield admin
        finally:
            await admin.close()

    async def _existing(self, names: set[str]) -> dict[str, int]:
        async with self._administration() as admin:
            there = sorted(names & set(await admin.list_topics()))
            found = await admin.describe_topics(there) if there else []
            return {topic["topic"]: len(topic["partitions"]) for topic in found if topic["partitions"]}

    async def _create_topics(self, wanted: Mapping[str, int]) -> None:
        found = await self._existing(set(wanted))
        missing = {name: count for name, count in wanted.items() if name not in found}
        if missing:
            async with self._administration() as admin:
                replicas = min(REPLICAS, len((await admin.describe_cluster())["brokers"]))
                # With three copies a broker may be down and messages are still written twice.
                config = {"min.insync.replicas": "2" if replicas >= REPLICAS else "1"}
                answer = await admin.create_topics(
                    [
                        NewTopic(name, count, replicas, topic_configs=config | _retention(name))
                        for name, count in missing.items()
                    ]
                )
            for name, code, *_ in answer.topic_errors:
                # Another process may have created it in between.
                if code not in (0, TopicAlreadyExistsError.errno):
                    raise PipeError(f"Kafka at {self._where} did not create topic {name!r}: {for_code(code).__name__}")
        while len(found) < len(wanted):
            # A topic just created takes a moment until every broker tells of it.
            await asyncio.sleep(0.02)
            found = await self._existing(set(wanted))
        self._counts.update(found)

    async def _send(self, topic: str, messages: Sequence[tuple[int, bytes]]) -> list[int]:
        producer = self._opened()
        sent = [await producer.send(topic, value, partition=partition) for partition, value in messages]
        return [answer.offset for answer in await asyncio.gather(*sent)]

    def _opened(self) -> AIOKafkaProducer:
        if self._producer is None:
            raise PipeError(f"the producer for Kafka at {self._where} is closed")
        return self._producer

    @property
    def _where(self) -> str:
        return ", ".join(self._servers)

    def _wait(self, work: Coroutine[Any, Any, ANSWER], doing: str) -> ANSWER:
        if self._loop.is_closed():
            work.close()
            raise PipeError(f"cannot {doing}: the producer for Kafka at {self._where} is closed")
        under_way = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            answer = under_way.result(self._timeout)
        except FutureTimeoutError:
            under_way.cancel()
            why = f"no answer within {self._timeout:g} s"
        except (KafkaError, OSError) as error:
            why = f"{type(error).__name__}: {error}"
        else:
            outage.answered()
            return answer
        raise PipeError(
            f"cannot {doing} on Kafka at {self._where}: {why}; check that the broker runs and is reached there, "
            "then repeat"
        )
