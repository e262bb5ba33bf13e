"""``opscentre stream --workers 2`` on Kafka: one is killed, all are stopped, the parent is killed; nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from opscentre.settings import Settings
from tests.parts.kafka import Kafka
from tests.parts.process import accepts_connections, die_with_parent, free_port, wait_until
from tests.parts.scrape import scrape
from tests.streams.books import history
from tests.streams.crashes.installation import ROOT, Installation, tangled

pytestmark = pytest.mark.kafka


class Workers:
    """The command with two workers, and the processes below it."""

    def __init__(self, settings: Settings) -> None:
        self.log = settings.data / "workers.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "opscentre", "stream", "--workers", "2"], cwd=ROOT, stdout=log, stderr=log,
                env={**os.environ, **settings.environment()}, preexec_fn=die_with_parent,
            )  # fmt: skip

    def children(self) -> list[psutil.Process]:
        """The worker processes."""
        return psutil.Process(self.process.pid).children()

    def wait(self, true: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
        """Wait for something; the log where it does not come."""
        try:
            wait_until(true, seconds, what)
        except AssertionError as error:
            raise AssertionError(f"{error}; the log says:\n{self.log.read_text()[-4000:]}") from None


@pytest.fixture
def started() -> Iterator[list[Workers]]:
    """What the test starts, ended whatever happens."""
    every: list[Workers] = []
    yield every
    for one in every:
        if one.process.poll() is None:
            one.process.terminate()
            one.process.wait(20)


def two_free_ports() -> int:
    """A port that nothing listens on, nor on the next one."""
    while True:
        first = free_port()
        if not accepts_connections(first + 1):
            return first


def test_one_of_two_workers_is_killed_in_mid_flow_and_the_numbers_equal_a_recount(
    install: Callable[..., Installation], empty_kafka: Kafka, started: list[Workers]
) -> None:
    port = two_free_ports()
    place = install(broker=empty_kafka.url, stream_metrics=f"127.0.0.1:{port}")
    story = tangled(history(1_000))
    workers = Workers(place.settings)
    started.append(workers)

    def owned() -> list[float]:
        return [scrape(port + index).sum("opscentre_stream_partitions") for index in range(2)]

    workers.wait(lambda: sorted(owned()) == [2, 2], "the partitions are not shared")
    feeding = threading.Thread(target=place.send, args=(story,), kwargs={"at_once": 4, "pause": 0.04})
    feeding.start()
    workers.wait(
        lambda: all(scrape(port + index).sum("opscentre_stream_changes_total") > 100 for index in range(2)),
        "not both workers count",
    )
    victim = next(one for one in workers.children() if one.environ()["OPSCENTRE_WORKER"] == "2")
    victim.send_signal(signal.SIGKILL)
    feeding.join()
    place.settle()
    workers.wait(lambda: sorted(owned()) == [2, 2], "the killed worker was not replaced")
    assert [scrape(port + index).of("opscentre_stream_restarts_total") for index in range(2)] == [0, 1]
    # Both tell together of every dossier that there is.
    found = [scrape(port + index) for index in range(2)]
    assert sum(one.sum("opscentre_stream_dossiers") for one in found) == len({one.key for one in story})
    workers.wait(lambda: scrape(port).sum("opscentre_stream_lag_messages") == 0, "the lag is told wrongly", 10)
    children = workers.children()
    begun = time.monotonic()
    workers.process.terminate()
    assert workers.process.wait(20) == 0
    # Five seconds, and a while for leaving Kafka's group.
    assert time.monotonic() - begun < 8
    assert not any(one.is_running() for one in children)
    assert "is killed" not in workers.log.read_text()

    again = Workers(place.settings)
    started.append(again)
    again.wait(lambda: sorted(owned()) == [2, 2], "the partitions are not shared again")
    place.require_equal()
    orphans = again.children()
    again.process.kill()
    again.process.wait(10)
    wait_until(lambda: not any(one.is_running() for one in orphans), 10.0, "workers outlive their parent")


def test_a_topic_of_another_number_of_partitions_ends_the_command_in_one_line(
    install: Callable[..., Installation], empty_kafka: Kafka, started: list[Workers]
) -> None:
    place = install(broker=empty_kafka.url)
    for number in ("12", "3"):
        environment = {**os.environ, **place.settings.environment(), "OPSCENTRE_PARTITIONS": number}
        done = subprocess.run(
            [sys.executable, "-m", "opscentre", "stream", "--workers", "2"], cwd=ROOT, env=environment,
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
        assert f"has 4 partitions, {number} are asked for; set OPSCENTRE_PARTITIONS=4" in done.stderr
