"""The online services on the board: by field, procedure and channel they equal a recount of departments' records."""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path

import redis

from opscentre.domain.dvcqg import parse
from opscentre.domain.moments import local, parse_local
from opscentre.live.reader import BoardReader
from opscentre.live.writer import BoardWriter
from opscentre.store.engine import open_store
from simulator.world import World
from streams.worker import Worker
from tests import recount
from tests.parts.redis import Redis
from tests.streams.books import batches, said_by_code
from tests.streams.test_worker import PARTITIONS, PROVINCE, StandingClock, care, messages

AT = parse_local("2026-11-20T10:00")
#: Of the world's dossiers, one in so many.
TAKEN = 15
#: A record without a channel came to the counter.
CHANNELS = {"": "counter", "1": "counter", "2": "online", "3": "postal"}


def gathered(rows: dict[str, Counter[str]], codes: dict[str, str]) -> dict[str, Counter[str]]:
    """Rows added up under other codes."""
    found: dict[str, Counter[str]] = {}
    for code, row in rows.items():
        found.setdefault(codes.get(code, code), Counter()).update(row)
    return found


def test_what_departments_recorded_stands_on_the_board_by_field_procedure_and_channel(
    tmp_path: Path, redis_server: Redis, board: redis.Redis
):
    records = [record for _, record in itertools.islice(World(PROVINCE, 1, AT).dossiers_at(AT), 0, None, TAKEN)]
    # Codes that nobody knows are counted like any other.
    records[0]["MaLinhVuc"], records[1]["MaLinhVuc"], records[2]["MaTTHC"] = "XX", "", "9.999999"
    parsed = [parse(record, source="s", observed=AT, units=PROVINCE.units).snapshot for record in records]
    engine = open_store(f"sqlite:///{tmp_path / 'truth.db'}")
    worker = Worker(engine, BoardWriter(redis_server.url), PROVINCE.calendar, StandingClock(AT))
    worker.assign(range(PARTITIONS), observations=False)
    worker.digest(messages(batches([snapshot for snapshot in parsed if snapshot], PARTITIONS, size=200)))
    care(worker)
    services = BoardReader(redis_server.url, PROVINCE, StandingClock(AT), PARTITIONS, [], []).services()

    when = local(AT).replace(tzinfo=None)
    said = said_by_code(services)
    assert said["fields"] == recount.by_code(records, "MaLinhVuc", when)
    endings = {record["MaTTHC"]: record["MaTTHC"][:8] for record in records}
    assert said["procedures"] == gathered(recount.by_code(records, "MaTTHC", when), endings)
    assert said["channels"] == gathered(recount.by_code(records, "KenhThucHien", when), CHANNELS)
    assert sum(line.month.received for line in services.channels) > 500
    assert {line.code for line in services.procedures if not line.known} == {"9.999999"}
    assert {line.code for line in services.fields if not line.known} == {"XX", ""}
    engine.dispose()
