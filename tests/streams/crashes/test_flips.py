"""Deadlines that pass: each flip by the clock happens within a second of its moment, and is one row, once."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import select

from opscentre.clock import ClockAnchor, OfficeClock, wall_ms
from opscentre.domain.counting import DUE_SOON
from opscentre.domain.counting import NOW as STANDING_NUMBERS
from opscentre.domain.dossier import Snapshot, Supplement
from opscentre.domain.moments import DAY, HOUR, MINUTE, SECOND
from opscentre.domain.status import Status
from opscentre.store import tables
from streams.ledger import Ledger
from tests.streams.books import NOW
from tests.streams.crashes.installation import PROVINCE, Installation

CALENDAR = PROVINCE.calendar


def in_process(number: int, due: int) -> Snapshot:
    """A dossier in process that will be late after ``due``."""
    return Snapshot(
        source="s", number=f"n{number:06}", status=Status.PROCESSING, observed=NOW, version=NOW - DAY,
        unit="H55.12", submitted=NOW - 2 * DAY, received=NOW - 2 * DAY, due=due,
    )  # fmt: skip


def _key(row: dict[str, Any]) -> tuple[str, str, int, int]:
    return row["number"], row["kind"], row["at"], row["to_status"]


def test_of_ten_thousand_dossiers_each_flips_at_its_moment_once_through_any_restart():
    now, ledger = NOW, Ledger(0, CALENDAR)
    dossiers = [in_process(n, NOW + 9 * HOUR + n % 5_000 * MINUTE) for n in range(10_000)]
    for dossier in dossiers:
        ledger.apply(dossier, now)
    first = ledger.drain()
    rows = {(row["source"], row["number"]): row["state"] for row in first.dossiers}
    # Some are due soon from the first.
    flips = Counter(_key(row) for row in first.transitions if row["kind"] != "status")
    kinds: Counter[str] = Counter()
    step = 17 * MINUTE
    while now < NOW + 6 * DAY:
        now += step
        if now // step % 60 == 0:
            # A new worker: whatever it says again must be the very row that is there already.
            ledger = Ledger(0, CALENDAR)
            ledger.load(rows.values(), now)
        ledger.tick(now)
        changes = ledger.drain()
        rows |= {(row["source"], row["number"]): row["state"] for row in changes.dossiers}
        for row in changes.transitions:
            key = _key(row)
            if not flips[key]:
                assert 0 <= row["seen"] - row["at"] <= step
                kinds[row["kind"]] += 1
            flips[key] += 1
    assert len({(number, kind, at) for number, kind, at, _ in flips}) == len(flips)
    assert kinds["overdue"] == len(dossiers)
    assert ledger.now["H55.12"][STANDING_NUMBERS.index("in_process_overdue")] == len(dossiers)


def test_a_late_dossier_that_moves_on_and_is_loaded_again_has_one_flip_row():
    ledger = Ledger(0, CALENDAR)
    dossier = in_process(1, NOW + HOUR)
    ledger.apply(dossier, NOW)
    ledger.tick(NOW + 2 * HOUR)
    moved = msgspec.structs.replace(dossier, status=Status.RECEIVED, version=NOW + 3 * HOUR, modified=NOW + 3 * HOUR)
    ledger.apply(moved, NOW + 3 * HOUR)
    changes = ledger.drain()
    again = Ledger(0, CALENDAR)
    again.load([row["state"] for row in changes.dossiers], NOW + 4 * HOUR)
    told = [row for row in [*changes.transitions, *again.drain().transitions] if row["kind"] == "overdue"]
    assert len(told) == 2
    assert {(row["at"], row["to_status"]) for row in told} == {(NOW + HOUR, 0)}


def test_columns_that_changed_by_the_clock_while_no_worker_ran_are_put_right_at_loading():
    before = Ledger(0, CALENDAR)
    # The desk's clock is ahead: its answer, which moves the due moment, lies in the future.
    answer = Supplement(NOW - HOUR, NOW + HOUR, NOW + DAY, NOW + 3 * DAY)
    before.apply(msgspec.structs.replace(in_process(1, NOW + DAY), supplements=(answer,)), NOW)
    (row,) = before.drain().dossiers
    assert row["open_due"] == NOW + DAY
    again = Ledger(0, CALENDAR)
    again.load([row["state"]], NOW + 2 * HOUR)
    assert [row["open_due"] for row in again.drain().dossiers] == [NOW + 3 * DAY]
    settled = Ledger(0, CALENDAR)
    settled.apply(in_process(2, NOW + DAY), NOW)
    rows = settled.drain().dossiers
    later = Ledger(0, CALENDAR)
    later.load([row["state"] for row in rows], NOW + 2 * HOUR)
    assert later.drain().dossiers == []


#: Simulated seconds a second, in the test with a real process.
SPEED = 120.0


def test_flips_come_within_a_second_also_those_whose_moment_passed_while_the_worker_was_down(
    install: Callable[..., Installation],
):
    anchor = ClockAnchor(real=wall_ms(), simulated=NOW, speed=SPEED)
    clock = OfficeClock(anchor, CALENDAR)
    place = install(clock=msgspec.json.encode(anchor).decode())
    worker = place.worker()
    moments = [NOW + n * 4 * SECOND for n in range(120, 290)]
    late = [in_process(n, at) for n, at in enumerate(moments)]
    soon = [in_process(10_000 + n, CALENDAR.add_working_time(at, DUE_SOON)) for n, at in enumerate(moments)]
    place.send(late + soon, size=100)
    place.wait_assigned(worker)
    place.wait(place.counted, 60.0, "not counted")
    began = clock.now()
    place.wait(lambda: clock.now() > moments[30], 30.0, "the clock stands")
    down = clock.now()
    worker.leave(signal.SIGKILL)
    time.sleep(0.5)
    again = place.worker()
    place.wait_assigned(again)
    up = clock.now()
    place.wait(lambda: clock.now() > moments[-1] + 2 * SPEED * SECOND, 60.0, "the clock stands")
    expected = {(dossier.number, "overdue", dossier.due) for dossier in late}
    expected |= {(dossier.number, "due_soon", at) for dossier, at in zip(soon, moments, strict=True)}

    def flipped() -> list[Any]:
        with place.engine.connect() as connection:
            return list(connection.execute(select(tables.transitions).where(tables.transitions.c.kind != "status")))

    # Those of ``late`` are due soon from the first.
    place.wait(lambda: sum(row.at > NOW for row in flipped()) >= len(expected), 20.0, "flips are missing")
    rows = flipped()
    found = Counter((row.number, row.kind, row.at) for row in rows if row.at > NOW)
    assert found == Counter(expected)
    second = round(SPEED * SECOND)
    # What passed in the second before the kill may have been waiting for it.
    awaited = {row: up if down - second <= row.at < up else max(row.at, began) for row in rows if row.at > NOW}
    assert not [row for row, at in awaited.items() if row.seen - at > second]
    place.wait(
        lambda: place.reader.wall().totals.in_process_overdue == len(late), 5.0, "the board does not show the late"
    )
