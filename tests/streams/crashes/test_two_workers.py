"""Workers on Kafka: they join, leave, are killed and stand still, the broker dies; the numbers equal a recount."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from opscentre.pipe import topics
from opscentre.store import journal, schema
from tests.parts.kafka import Kafka
from tests.store.later import EXPANDS, later_revisions
from tests.streams.books import history
from tests.streams.crashes.installation import Installation, tangled

pytestmark = pytest.mark.kafka


def claims(place: Installation) -> dict[int, int]:
    """The number of the claim that each partition is under."""
    return journal.standing_claims(place.engine, topics.DOSSIERS)


def expanded(place: Installation, folder: Path) -> None:
    """Bring the database to the next release's revision, as whichever of its roles starts first does."""
    schema.bring_up_to_date(place.engine, later_revisions(folder, EXPANDS))


def test_an_upgrade_while_workers_join_and_leave_in_order_or_are_killed_and_then_the_broker_too(
    install: Callable[..., Installation], empty_kafka: Kafka, postgres_url: str, tmp_path: Path
):
    place = install(broker=empty_kafka.url, database=postgres_url)
    first = place.worker()
    place.wait_assigned(first)
    story = tangled(history(1_500))
    most = len(story) * 3 // 4
    feeding = threading.Thread(target=place.send, args=(story[:most],), kwargs={"at_once": 4, "pause": 0.05})
    feeding.start()
    # The next release's tables while the first worker writes; who joins later finds them there.
    place.wait(lambda: any(place.offsets().values()), 60.0, "the first worker has written nothing")
    expanded(place, tmp_path / "next")
    second, third = place.worker(), place.worker()
    place.wait_assigned(second)
    place.wait_assigned(third)
    first.leave(signal.SIGTERM)
    second.leave(signal.SIGKILL)
    feeding.join()
    place.settle()
    # A rebalance is no fault: whoever keeps running lets go of its partitions before another takes them.
    assert not [code for worker in place.workers for code in worker.codes if code != -signal.SIGKILL]
    place.send(story[most:-500], pause=0.01)
    empty_kafka.kill()
    time.sleep(1.0)
    empty_kafka.start()
    place.send(story[-500:], pause=0.01)
    place.settle()
    said = third.log.read_text()
    assert "the database is at the newer revision" in said
    assert "the database is at the newer revision" not in first.log.read_text()
    with place.engine.connect() as connection:
        assert connection.execute(text("SELECT DISTINCT weight FROM dossiers")).scalars().all() == [7]
    assert "Kafka does not answer" in said
    # Kafka's client says it forty times a second.
    assert said.count("Unable connect to node") <= 3


def test_a_worker_that_stood_still_wins_neither_in_sql_nor_on_the_board(
    install: Callable[..., Installation], empty_kafka: Kafka
):
    place = install(broker=empty_kafka.url)
    zombie, successor = place.worker(), place.worker()
    place.wait_assigned(zombie)
    place.wait_assigned(successor)
    story = tangled(history(600))
    half = len(story) // 2
    place.send(story[:half])
    place.settle()
    before = claims(place)
    # In mid-flow: it stops with messages taken, counted, written or not.
    feeding = threading.Thread(target=place.send, args=(story[half:],), kwargs={"at_once": 2, "pause": 0.02})
    feeding.start()
    time.sleep(0.3)
    zombie.send(signal.SIGSTOP)
    feeding.join()
    place.wait(lambda: claims(place) != before, 60.0, "nothing was taken over")
    place.settle()
    zombie.send(signal.SIGCONT)
    # It acts at once by what it knew, then hears that its time was over.
    time.sleep(1.0)
    place.require_equal()
