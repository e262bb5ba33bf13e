"""History of former units on the real board: rolled up into successors, or kept under its own name."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import msgspec
import redis

from opscentre import profile
from opscentre.board import look_back
from opscentre.domain.moments import DAY, day_number, day_start
from opscentre.live.reader import BoardReader
from opscentre.live.writer import BoardWriter
from opscentre.pipe import topics
from opscentre.store.engine import open_store
from streams.worker import Message, Worker
from tests.parts.redis import Redis
from tests.streams.books import NOW, batches, history

PROVINCE = profile.load("thai-nguyen")
#: Sở Tài nguyên và Môi trường and the department it went into; a district, divided among many communes.
FORMER, SUCCESSOR, DISTRICT = "H55.51", "H55.05", "167"


class StandingClock:
    """A clock that stands."""

    simulated = False
    speed = 1.0

    def now(self) -> int:
        """The moment of the test's history."""
        return NOW


def numbers(document: dict) -> dict[str, int]:
    return {row["unit"]["code"]: row["received"]["total"] for row in document["rows"] if row["received"]["total"]}


def test_wall_live_table_and_sql_agree_on_who_answers_for_former_units(tmp_path: Path, redis_server: Redis) -> None:
    redis.Redis.from_url(redis_server.url).flushall()
    engine = open_store(f"sqlite:///{tmp_path / 'truth.db'}")
    codes = (FORMER, SUCCESSOR, DISTRICT)
    of_unit = {key: codes[index % 3] for index, key in enumerate(sorted({s.key for s in history(150)}))}
    snapshots = [msgspec.structs.replace(s, unit=of_unit[s.key]) for s in history(150)]
    worker = Worker(engine, BoardWriter(redis_server.url), PROVINCE.calendar, StandingClock())
    worker.assign(range(1), observations=True)
    queue = [Message(topics.DOSSIERS, 0, offset, value) for offset, (_, value) in enumerate(batches(snapshots, 1))]
    worker.digest(queue)
    worker._board.care_soon()
    worker.digest([])
    reader = BoardReader(redis_server.url, PROVINCE, StandingClock(), 1, [], [])
    start, end = day_start(day_number(NOW)) - 30 * DAY, day_start(day_number(NOW)) + DAY

    live, truth = reader.progress_table(start, end), look_back(engine, PROVINCE, start, end, NOW)
    assert live["rows"] == truth["rows"]
    assert numbers(truth).keys() == {SUCCESSOR, DISTRICT}
    assert truth["rows"][-1]["unit"]["until"] == "2025-06-30"
    apart = numbers(look_back(engine, PROVINCE, start, end, NOW, dt.date(2024, 6, 3)))
    assert apart.keys() == {FORMER, SUCCESSOR, DISTRICT}
    assert apart[FORMER] + apart[SUCCESSOR] == numbers(truth)[SUCCESSOR]

    wall = reader.wall()
    assert FORMER not in wall.units
    assert len(wall.units) == 108 + 1, "today's units and the district"
    assert wall.units[SUCCESSOR].in_process == next(
        row["in_process"]["total"] for row in truth["rows"] if row["unit"]["code"] == SUCCESSOR
    )
    assert sum(unit.in_process for unit in wall.units.values()) == wall.totals.in_process
    engine.dispose()
