"""The two pipes behind one face for the contract tests: append, ask what is committed, trim, run workers."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete

from opscentre.pipe.base import open_producer
from opscentre.pipe.embedded import log_path
from opscentre.pipe.eventlog import EventLog
from tests.parts.process import die_with_parent, wait_until

PARTITIONS = 4
ROOT = Path(__file__).parents[2]


class Worker:
    """A contract worker in a process of its own, and the diary it keeps."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.diary = folder / f"diary-{uuid.uuid4().hex[:6]}"
        self.diary.touch()
        self.log = self.diary.with_suffix(".log")
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.streams.contract_worker"],
                cwd=ROOT,
                env={**os.environ, **environment, "CONTRACT_DIARY": str(self.diary)},
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent,
            )

    def lines(self, kind: str) -> list[list[str]]:
        """The words of each diary line of a kind."""
        rows = [line.split() for line in self.diary.read_text(encoding="utf-8").splitlines()]
        return [row[1:] for row in rows if row[0] == kind]

    def seen(self) -> list[tuple[int, int]]:
        """(partition, offset) of each message, in the order it was seen."""
        return [(int(partition), int(offset)) for partition, offset, _ in self.lines("seen")]

    def starts(self) -> dict[int, int]:
        """Where the partitions began, once the worker has said so."""
        self.wait(lambda: bool(self.lines("starts")), "the worker has not set its offsets")
        return {int(key): value for key, value in json.loads(self.lines("starts")[-1][0]).items()}

    def wait_seen(self, count: int, seconds: float = 30.0) -> list[tuple[int, int]]:
        """What was seen, once it is at least so many."""
        self.wait(lambda: len(self.lines("seen")) >= count, f"fewer than {count} messages seen", seconds)
        return self.seen()

    def wait(self, true: object, what: str, seconds: float = 30.0) -> None:
        """Wait for something, telling the worker's log when it does not come."""
        try:
            wait_until(true, seconds, what)  # type: ignore[arg-type]
        except AssertionError as error:
            text = self.log.read_text(encoding="utf-8", errors="replace")[-4000:]
            raise AssertionError(f"{error}; {len(self.seen())} seen; the worker says:\n{text}") from None

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> None:
        """SIGTERM, and wait until it has ended."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


class Pipe:
    """What both transports share: a topic of the test's own, a producer, and the workers."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.topic = f"contract-{uuid.uuid4().hex[:8]}"
        self.group = f"group-{uuid.uuid4().hex[:8]}"
        self.producer = open_producer(url, PARTITIONS)
        self.producer.create_topic(self.topic, PARTITIONS)  # type: ignore[attr-defined]
        self.workers: list[Worker] = []

    def fill(self, per_partition: int, size: int = 0) -> set[tuple[int, int]]:
        """Append so many messages to each partition; the (partition, offset) of each.

        Each is its number, and random bytes (which do not compress) up to ``size`` bytes.
        """
        places: set[tuple[int, int]] = set()
        for begin in range(0, per_partition, 50):
            numbers = range(begin, min(begin + 50, per_partition))
            values = [b"%-16d" % number + os.urandom(max(0, size - 16)) for number in numbers]
            places |= self.append([(partition, value) for value in values for partition in range(PARTITIONS)])
        return places

    def append(self, messages: Sequence[tuple[int, bytes]]) -> set[tuple[int, int]]:
        """Append messages; the (partition, offset) of each."""
        offsets = self.producer.append(self.topic, messages)
        return {(partition, offset) for (partition, _), offset in zip(messages, offsets, strict=True)}

    def worker(self, **told: str) -> Worker:
        """Start a worker; ``told`` are the ``CONTRACT_*`` variables without their prefix."""
        environment = {"CONTRACT_BROKER": self.url, "CONTRACT_TOPIC": self.topic, "CONTRACT_GROUP": self.group}
        environment |= {f"CONTRACT_{name.upper()}": value for name, value in told.items()}
        started = Worker(self.folder, environment)
        self.workers.append(started)
        return started

    def wait_committed(self, worker: Worker, wanted: dict[int, int]) -> None:
        """Wait until exactly these offsets are committed."""
        worker.wait(lambda: self.committed() == wanted, f"commits {self.committed()} do not become {wanted}", 15)

    def committed(self) -> dict[int, int]:
        """The offset the group has committed of each partition, where it has."""
        raise NotImplementedError

    def ends(self) -> dict[int, tuple[int, int]]:
        """The lowest kept offset and the highwater of each partition."""
        raise NotImplementedError

    def trim_committed(self) -> None:
        """Drop what the group has committed past, as retention would."""
        raise NotImplementedError

    def close(self) -> None:
        """Kill what still runs and disconnect."""
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.kill()
        self.producer.close()


class EmbeddedPipe(Pipe):
    """The event log in the test's folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"embedded://{folder / 'events.db'}", folder)
        self.log = EventLog(log_path(self.url))

    def committed(self) -> dict[int, int]:
        found = {partition: self.log.committed(self.group, self.topic, partition) for partition in range(PARTITIONS)}
        return {partition: offset for partition, offset in found.items() if offset is not None}

    def ends(self) -> dict[int, tuple[int, int]]:
        return {
            partition: (self.log.lowest(self.topic, partition), self.log.highwater(self.topic, partition))
            for partition in range(PARTITIONS)
        }

    def trim_committed(self) -> None:
        self.log.trim(-1)

    def close(self) -> None:
        super().close()
        self.log.close()


class KafkaPipe(Pipe):
    """A topic of the session's broker."""

    def __init__(self, url: str, bootstrap: str, folder: Path) -> None:
        super().__init__(url, folder)
        self.bootstrap = bootstrap

    def committed(self) -> dict[int, int]:
        async def ask(admin: AIOKafkaAdminClient) -> dict[int, int]:
            found = await admin.list_consumer_group_offsets(self.group)
            return {tp.partition: at.offset for tp, at in found.items() if tp.topic == self.topic and at.offset >= 0}

        return self._administer(ask)

    def ends(self) -> dict[int, tuple[int, int]]:
        async def ask() -> dict[int, tuple[int, int]]:
            tps = [TopicPartition(self.topic, partition) for partition in range(PARTITIONS)]
            async with AIOKafkaConsumer(bootstrap_servers=self.bootstrap) as consumer:
                lowest, highest = await consumer.beginning_offsets(tps), await consumer.end_offsets(tps)
            return {tp.partition: (lowest[tp], highest[tp]) for tp in tps}

        return asyncio.run(ask())

    def trim_committed(self) -> None:
        committed = self.committed()

        async def trim(admin: AIOKafkaAdminClient) -> None:
            before = {partition: RecordsToDelete(before_offset=at) for partition, at in committed.items()}
            await admin.delete_records({TopicPartition(self.topic, at): offset for at, offset in before.items()})

        self._administer(trim)

    def _administer(self, work):  # type: ignore[no-untyped-def]
        async def run():  # type: ignore[no-untyped-def]
            admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
            await admin.start()
            try:
                return await work(admin)
            finally:
                await admin.close()

        return asyncio.run(run())
