"""Redis and PostgreSQL go away in mid-flow and come back: nothing is lost, doubled or half shown."""

from __future__ import annotations

import http.client
import signal
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress

import pytest
import redis
from redis.exceptions import RedisError

from opscentre.domain.moments import DAY
from tests.parts.postgres import Postgres
from tests.parts.process import free_port, wait_until
from tests.parts.redis import Redis
from tests.streams.books import history
from tests.streams.crashes.installation import TODAY, Installation, tangled


class Watcher:
    """Reads the board without a pause, and keeps every "live" picture whose numbers fall below ones shown before."""

    def __init__(self, installation: Installation) -> None:
        self.lies: list[str] = []
        self.states: set[str] = set()
        self._installation = installation
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Watcher:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(10)

    def _watch(self) -> None:
        reader, most = self._installation.reader, 0
        while not self._over.wait(0.005):
            try:
                wall = reader.wall()
            except RedisError:
                self.states.add("away")
                continue
            self.states.add(wall.state)
            shown = sum(
                (wall.totals.in_process, wall.totals.paused, wall.totals.waiting, wall.totals.finished_on_time_30d,
                 wall.totals.finished_overdue_30d)
            )  # fmt: skip
            # Dossiers are added and change; but for those refused or withdrawn, none ever leaves the picture.
            if wall.state == "live" and shown < most * 0.8:
                self.lies.append(f"live with {shown} dossiers after {most}")
            if wall.state == "live":
                most = max(most, shown)


def test_an_emptied_and_a_restarted_redis_are_whole_again_and_never_half_a_board_in_between(
    install: Callable[..., Installation], redis_server: Redis
):
    place = install()
    place.worker()
    story = tangled(history(1_200))
    third = len(story) // 3
    place.send(story[:third])
    place.settle()
    with Watcher(place) as watcher:
        feeding = threading.Thread(target=place.send, args=(story[third : 2 * third],), kwargs={"pause": 0.02})
        feeding.start()
        for _ in range(5):
            time.sleep(0.3)
            redis.Redis.from_url(redis_server.url).flushall()
        feeding.join()
        place.settle()
        redis.Redis.from_url(redis_server.url).flushall()
        assert place.reader.wall().state == "rebuilding"
        assert place.reader.progress_table(TODAY, TODAY + DAY)["state"] == "rebuilding"
        wait_until(lambda: place.reader.wall().state == "live", 5.0, "the board is whole again")
        place.require_equal()
        redis_server.kill()
        place.send(story[2 * third :])
        redis_server.start()
        place.settle()
    assert not watcher.lies
    assert watcher.states == {"live", "rebuilding", "away"}


def _readiness(port: int) -> str:
    with suppress(OSError), closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as asking:
        asking.request("GET", "/readyz")
        return asking.getresponse().read().decode()
    return ""


@pytest.mark.postgres
def test_postgresql_shut_down_in_mid_flow_loses_and_doubles_nothing(
    install: Callable[..., Installation], postgres: Postgres, postgres_url: str
):
    port = free_port()
    place = install(database=postgres_url, stream_metrics=f"127.0.0.1:{port}")
    worker = place.worker()
    place.wait_assigned(worker)
    story = tangled(history(1_500))
    feeding = threading.Thread(target=place.send, args=(story,), kwargs={"pause": 0.03})
    feeding.start()
    for away in (0.1, 1.5):
        time.sleep(0.7)
        assert postgres.process is not None
        # SIGQUIT: immediate shutdown, the next start recovers from the write-ahead log.
        postgres.process.send_signal(signal.SIGQUIT)
        postgres.process.wait(20)
        time.sleep(away)
        if away > 1:
            wait_until(lambda: "SQL has not answered" in _readiness(port), 20, "nobody is told that SQL is away")
        postgres.ensure()
    feeding.join()
    place.settle()
    assert worker.codes == [], "the worker outlives a restart of its database"
    assert worker.says("SQL is away")
    wait_until(lambda: '"ready":true' in _readiness(port), 20, "the worker is not ready again")
