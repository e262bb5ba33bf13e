"""The worker's cycle on real SQL and real Redis: exact counters, whole boards, nothing lost to a bad message."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest
import redis
from sqlalchemy import Engine, select

from opscentre import profile
from opscentre.board import look_back
from opscentre.domain.availability import Availability
from opscentre.domain.counting import CELLS, table_row
from opscentre.domain.dossier import Snapshot
from opscentre.domain.moments import DAY, HOUR, day_number, day_start
from opscentre.domain.observations import Heartbeat, LinkSeen, Observation, SourceSeen
from opscentre.live import keys
from opscentre.live.reader import BoardReader, PastPeriod
from opscentre.live.writer import BoardWriter
from opscentre.pipe import topics
from opscentre.sources import LinkConfig, SourceConfig
from opscentre.store import journal, tables
from streams.worker import Gap, Message, Worker
from tests.parts.redis import Redis
from tests.streams.books import NOW, batches, by_code, history, recount, said_by_code

PROVINCE = profile.load("thai-nguyen")
PARTITIONS = 4
TODAY = day_start(day_number(NOW))


class StandingClock:
    """A clock that a test moves by hand."""

    simulated = False
    speed = 1.0

    def __init__(self, at: int) -> None:
        self.at = at

    def now(self) -> int:
        """The moment it was set to."""
        return self.at


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(NOW)


@pytest.fixture
def reader(redis_server: Redis, clock: StandingClock) -> BoardReader:
    source = SourceConfig(code="s", name="Một cửa", kind="dvcqg_rest", interval=2.0, settings={})
    link = LinkConfig(code="l", name="Cổng tỉnh", kind="http", address="http://127.0.0.1:1")
    return BoardReader(redis_server.url, PROVINCE, clock, PARTITIONS, [source], [link])


def make_worker(engine: Engine, server: Redis, clock: StandingClock) -> Worker:
    worker = Worker(engine, BoardWriter(server.url), PROVINCE.calendar, clock)
    worker.assign(range(PARTITIONS), observations=True)
    return worker


@pytest.fixture
def worker(engine: Engine, redis_server: Redis, clock: StandingClock, board: redis.Redis) -> Worker:
    return make_worker(engine, redis_server, clock)


def messages(packed: list[tuple[int, bytes]]) -> list[Message]:
    offsets = [0] * PARTITIONS
    found = []
    for partition, value in packed:
        found.append(Message(topics.DOSSIERS, partition, offsets[partition], value))
        offsets[partition] += 1
    return found


def care(worker: Worker) -> None:
    """Let the worker look after its board now rather than within a second."""
    worker._board.care_soon()
    worker.digest([])


def cells(document: dict) -> dict[str, object]:
    return {row["unit"]["code"]: {k: v for k, v in row.items() if k != "unit"} for row in document["rows"]}


def test_sql_the_live_board_and_a_recount_agree_cell_by_cell(worker, engine, reader):
    snapshots = history(400)
    queue = messages(batches(snapshots, PARTITIONS))
    for begin in range(0, len(queue), 7):
        worker.digest(queue[begin : begin + 7])
    care(worker)
    for days in (0, 3, 30):
        start, end = TODAY - days * DAY, TODAY + DAY
        live = reader.progress_table(start, end)
        truth = look_back(engine, PROVINCE, start, end, NOW)
        assert cells(live) == cells(truth)
        assert live["total"] == truth["total"]
        expected = recount(snapshots, start, end, NOW)
        assert cells(truth) == {
            code: table_row(expected.get(code, [0] * len(CELLS)))
            for code in (*(unit.code for unit in PROVINCE.units.current(NOW).all), "unmapped")
        }


def test_the_services_say_what_a_recount_by_code_says_and_name_what_they_show(worker, reader, board, clock):
    snapshots = history(400)
    queue = messages(batches(snapshots, PARTITIONS))
    for begin in range(0, len(queue), 7):
        worker.digest(queue[begin : begin + 7])
    care(worker)
    services = reader.services()
    assert (services.state, said_by_code(services)) == ("live", by_code(snapshots, NOW))
    fields = {line.code: (line.name, line.known) for line in services.fields}
    assert fields == {"CT": ("Chứng thực", True), "ZZ": ("Lĩnh vực lạ", False), "": ("", False)}
    procedures = {line.code: (line.name[:14], line.known) for line in services.procedures}
    assert procedures["9.999999"] == ("Thủ tục lạ", False)
    assert procedures["2.000884"] == ("Chứng thực chữ", True), "the profile's name, where no snapshot had one"
    board.flushall()
    assert reader.services().state == "rebuilding"
    care(worker)
    assert reader.services() == services
    # A day later the spans have moved on by themselves, and a month later only what stands now is there.
    clock.at = NOW + DAY
    stale = reader.services()
    assert [line.today.received for line in stale.channels] == [0, 0, 0]
    assert [line.yesterday for line in stale.channels] == [line.today for line in services.channels]
    care(worker)
    assert {k: v for k, v in said_by_code(reader.services())["fields"]["CT"].items() if "." in k} == {
        k: v for k, v in by_code(snapshots, NOW + DAY)["fields"]["CT"].items() if "." in k
    }
    clock.at = NOW + 40 * DAY
    care(worker)
    assert not any("." in name for row in said_by_code(reader.services())["procedures"].values() for name in row)


def test_a_procedure_with_a_provinces_ending_is_shown_under_its_national_code(worker, reader):
    plain = msgspec.structs.replace(history(1)[0], number="a", procedure="2.000815", status=4, received=NOW - DAY)
    ending = msgspec.structs.replace(plain, number="b", procedure="2.000815.000.00.00.H55")
    worker.digest(messages(batches([plain, ending], PARTITIONS)))
    care(worker)
    (line,) = reader.services().procedures
    assert (line.code, line.in_process, line.month.received) == ("2.000815", 2, 2)


def test_what_came_in_by_hour_yesterday_and_a_week_ago_stands_beside_today(worker, reader):
    def received(number: str, at: int) -> Snapshot:
        return Snapshot(source="s", number=number, status=2, observed=NOW, version=at, received=at, channel=2)

    nine = TODAY + 9 * HOUR
    moments = {"t": nine, "y1": nine - DAY, "y2": nine - DAY, "w": nine - 7 * DAY, "o": nine - 6 * DAY}
    worker.digest(messages(batches([received(number, at) for number, at in moments.items()], PARTITIONS)))
    wall = reader.wall()
    assert [hour for hour, count in enumerate(wall.received_by_hour) if count] == [9]
    flows = (wall.received_by_hour, wall.received_by_hour_yesterday, wall.received_by_hour_last_week)
    assert [sum(flow) for flow in flows] == [1, 2, 1]
    assert wall.finished_by_hour == [0] * 24
    assert sum(wall.finished_by_hour_yesterday) == 0


def test_everything_again_after_a_restart_changes_nothing(worker, engine, redis_server, clock, reader):
    queue = messages(batches(history(150), PARTITIONS))
    worker.digest(queue)
    care(worker)
    before = reader.progress_table(TODAY, TODAY + DAY)
    again = make_worker(engine, redis_server, clock)
    again.digest(queue)
    care(again)
    assert reader.progress_table(TODAY, TODAY + DAY) == before
    length = Counter(message.partition for message in queue)
    again.digest([message._replace(offset=message.offset + length[message.partition]) for message in queue])
    care(again)
    assert reader.progress_table(TODAY, TODAY + DAY) == before


def test_a_wiped_board_says_rebuilding_and_is_whole_again_at_the_next_look(worker, reader, board):
    assert reader.wall().state == "rebuilding"
    worker.digest(messages(batches(history(100), PARTITIONS)))
    care(worker)
    before = reader.wall()
    assert before.state == "live"
    board.flushall()
    assert reader.wall().state == "rebuilding"
    care(worker)
    after = reader.wall()
    assert (after.state, after.totals, after.units) == ("live", before.totals, before.units)


def test_one_more_change_does_not_make_a_wiped_board_look_whole(worker, reader, board):
    first, second = messages(batches(history(60), PARTITIONS, size=500)), history(61)[-1:]
    worker.digest(first)
    care(worker)
    board.flushall()
    packed = batches([msgspec.structs.replace(second[0], number="late")], PARTITIONS)
    worker.digest([Message(topics.DOSSIERS, packed[0][0], 1, packed[0][1])])
    states = reader.wall()
    assert states.state == "rebuilding"
    care(worker)
    whole = reader.wall()
    assert whole.state == "live"
    assert len([key for key in board.scan_iter() if key.startswith(b"opscentre:1:meta")]) == PARTITIONS


def test_a_board_without_a_single_dossier_is_empty_not_zero(worker, reader):
    care(worker)
    assert reader.wall().state == "empty"


def test_a_message_that_cannot_be_digested_is_kept_and_the_good_ones_are_taken(worker, engine, reader):
    good = messages(batches(history(20), PARTITIONS, size=500))
    bad = [
        Message(topics.DOSSIERS, 0, 1, b"\xff not json"),
        Message(topics.DOSSIERS, 0, 2, b'{"snapshots":[{"source":"s","number":"x","status":"two","observed":1}]}'),
        Message(topics.DOSSIERS, 0, 3, b'{"snapshots":[{"source":"s","number":"x","status":77,"observed":1}]}'),
    ]
    worker.digest([*good, *bad])
    with engine.connect() as connection:
        letters = connection.execute(select(tables.dead_letters).order_by(tables.dead_letters.c.offset)).all()
    assert [letter.offset for letter in letters] == [1, 2, 3]
    assert "not a batch" in letters[0].reason
    assert "status" in letters[1].reason
    assert "cannot be folded in" in letters[2].reason
    care(worker)
    assert reader.wall().state == "live"
    assert journal.next_offsets(engine, topics.DOSSIERS, [0]) == {0: 4}


def test_a_receipt_says_how_many_were_accepted_and_how_many_were_known(worker, engine):
    snapshots = [s for s in history(30) if s.status == 2][:10]
    packed = batches(snapshots, PARTITIONS, receipt="run-1")
    worker.digest(messages(packed))
    distinct = len({s.key for s in snapshots})
    assert journal.read_receipt(engine, "run-1") == (distinct, len(snapshots) - distinct)
    again = [(partition, value.replace(b"run-1", b"run-2")) for partition, value in packed]
    worker.digest(messages([*packed, *again])[len(packed) :])
    assert journal.read_receipt(engine, "run-2") == (0, len(snapshots))
    with engine.connect() as connection:
        notes = connection.execute(select(tables.quarantine).where(tables.quarantine.c.severity == "note")).all()
    assert {note.reason for note in notes} == {"duplicate"}
    assert {note.number for note in notes} == {s.number for s in snapshots}


def test_a_hole_in_what_the_pipe_brings_is_never_stepped_over(worker, engine):
    queue = messages(batches(history(40), PARTITIONS, size=5))
    first = [message for message in queue if message.partition == 0]
    worker.digest(first[:2])
    with pytest.raises(Gap, match="dossiers 0: message 3 came where 2 was due"):
        worker.digest(first[3:])
    assert journal.next_offsets(engine, topics.DOSSIERS, [0]) == {0: 2}
    beat = msgspec.json.encode(Heartbeat(1))
    with pytest.raises(Gap, match="observations 0: message 1 came where 0 was due"):
        worker.digest([Message(topics.OBSERVATIONS, 0, 1, beat)])


def test_a_worker_that_was_replaced_writes_nothing_more(worker, engine, redis_server, clock):
    queue = messages(batches(history(80), PARTITIONS, size=5))
    worker.digest(queue[: len(queue) // 2])
    successor = make_worker(engine, redis_server, clock)
    successor.digest(queue[len(queue) // 2 :])
    with engine.connect() as connection:
        before = connection.execute(select(tables.dossiers).order_by(tables.dossiers.c.number)).all()
    with pytest.raises(journal.Fenced, match="another worker"):
        worker.digest(queue[len(queue) // 2 :])
    with engine.connect() as connection:
        assert connection.execute(select(tables.dossiers).order_by(tables.dossiers.c.number)).all() == before


def test_the_clock_alone_turns_dossiers_overdue_on_the_board_and_in_sql(worker, engine, reader, clock):
    worker.digest(messages(batches(history(300), PARTITIONS)))
    care(worker)
    before = reader.wall().totals.in_process_overdue
    clock.at = NOW + 2 * DAY
    care(worker)
    wall = reader.wall()
    truth = look_back(engine, PROVINCE, TODAY, TODAY + 5 * DAY, clock.at)
    assert wall.totals.in_process_overdue == truth["total"]["in_process"]["overdue"] > before
    with engine.connect() as connection:
        flips = connection.execute(select(tables.transitions).where(tables.transitions.c.kind == "overdue")).all()
    assert {(f.source, f.number) for f in flips} >= {(d.source, d.number) for d in wall.overdue}


def today(reader: BoardReader) -> int:
    totals = reader.wall().totals
    return totals.received_today + totals.finished_on_time_today + totals.finished_overdue_today


def test_at_midnight_today_begins_again_at_zero(worker, reader, clock):
    worker.digest(messages(batches(history(600), PARTITIONS)))
    care(worker)
    assert today(reader) > 0
    clock.at = TODAY + DAY + 60_000
    assert today(reader) == 0
    care(worker)
    assert today(reader) == 0


def test_the_urgent_lists_hold_the_longest_overdue_and_the_next_due(worker, reader, clock):
    worker.digest(messages(batches(history(300), PARTITIONS)))
    care(worker)
    wall = reader.wall()
    dues = [dossier.due for dossier in wall.overdue]
    assert dues == sorted(dues)
    assert all(due < clock.at for due in dues)
    soon = [dossier.due for dossier in wall.due_soon]
    assert soon == sorted(soon)
    assert all(due >= clock.at for due in soon)
    assert len(wall.overdue) == min(40, wall.totals.in_process_overdue)


def test_what_is_known_of_sources_and_links_outlives_worker_and_redis(
    worker, engine, redis_server, clock, reader, board
):
    seen: list[Observation] = [
        Heartbeat(at=123),
        SourceSeen(code="s", attempted_at=20, observed_at=10, ok=False, total=7, error="timeout"),
        LinkSeen(
            code="l",
            checked_at=30,
            state="down",
            since=5,
            latencies=[4.5, None],
            certificate_expires_at=90,
            flapping=True,
            available_7d=Availability(up=3, down=1, unprobed=4),
        ),
    ]
    worker.digest([Message(topics.OBSERVATIONS, 0, n, msgspec.json.encode(one)) for n, one in enumerate(seen)])
    wall = reader.wall()
    assert (wall.heartbeat_at, wall.sources[0].error, wall.links[0].state) == (123, "timeout", "down")
    board.flushall()
    care(make_worker(engine, redis_server, clock))
    wall = reader.wall()
    link = wall.links[0]
    assert (wall.heartbeat_at, wall.sources[0].total, link.since) == (None, 7, 5)
    assert (link.latencies, link.certificate_expires_at, link.flapping) == ([4.5, None], 90, True)
    assert link.available_7d is not None
    assert (link.available_7d.share, link.available_7d.measured) == (0.75, 0.5)
    assert (link.certificate_due(0), link.available_30d) == (True, None)


def test_while_redis_is_away_counting_goes_on(engine, clock):
    away = Worker(engine, BoardWriter("redis://127.0.0.1:1/0"), PROVINCE.calendar, clock)
    away.assign(range(PARTITIONS), observations=False)
    snapshots = history(50)
    away.digest(messages(batches(snapshots, PARTITIONS)))
    truth = look_back(engine, PROVINCE, TODAY - 30 * DAY, TODAY + DAY, NOW)
    assert truth["total"]["received"]["total"] > 0


def test_a_period_that_has_ended_is_not_answered_from_the_live_board(worker, reader):
    care(worker)
    with pytest.raises(PastPeriod):
        reader.progress_table(TODAY - 3 * DAY, TODAY)


def test_board_keys_carry_the_version_of_their_layout(worker, board):
    worker.digest(messages(batches(history(5), PARTITIONS)))
    care(worker)
    assert all(key.decode().startswith(keys.PREFIX) for key in board.scan_iter())
