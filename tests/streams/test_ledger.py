"""The ledger's counters are the sum over its states at every moment; its rows tell SQL all of it."""

from __future__ import annotations

from collections import Counter

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from opscentre.domain.calendar import Calendar
from opscentre.domain.counting import NOW, contribution, count_table, open_moments
from opscentre.domain.dossier import Snapshot
from opscentre.domain.fold import DossierState
from opscentre.domain.moments import DAY, MINUTE, day_number, parse_local
from streams.ledger import Ledger
from tests.domain.lives import EPOCH, histories

CALENDAR = Calendar()
HOUR = 60 * MINUTE

decode = msgspec.json.Decoder(DossierState).decode


def states(ledger: Ledger) -> list[DossierState]:
    return [decode(entry.state) for entry in ledger.entries.values()]


def summed(ledger: Ledger, now: int) -> tuple[dict, dict]:
    standing: Counter = Counter()
    flows: Counter = Counter()
    for state in states(ledger):
        adds = contribution(state, now, CALENDAR)
        standing.update((adds.unit, cell) for cell in adds.now)
        if adds.received >= 0:
            flows[day_number(adds.received), adds.unit, adds.received_cell] += 1
        if adds.finished >= 0:
            flows[day_number(adds.finished), adds.unit, adds.finished_cell] += 1
    return dict(standing), dict(flows)


def counted(ledger: Ledger) -> tuple[dict, dict]:
    standing = {(unit, cell): n for unit, row in ledger.now.items() for cell, n in enumerate(row) if n}
    flows = {
        (day, unit, cell): n
        for day, units in ledger.daily.items()
        for unit, row in units.items()
        for cell, n in enumerate(row)
        if n
    }
    return standing, flows


@settings(max_examples=200, deadline=None)
@given(histories(), st.lists(st.integers(1, 3 * 24 * 60), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_counters_equal_a_recount_after_any_changes_and_ticks(history, steps, random):
    ledger = Ledger(0, CALENDAR)
    now = EPOCH - 5 * DAY
    queue = history * 2
    random.shuffle(queue)
    for minutes in steps:
        for snapshot in queue[: len(queue) // 2 + 1]:
            ledger.apply(snapshot, now)
        queue = queue[len(queue) // 2 + 1 :]
        now += minutes * MINUTE
        ledger.tick(now)
        assert counted(ledger) == summed(ledger, now)
    hours = sum(sum(row) for row in ledger.hourly.values())
    assert hours == sum(sum(row) for units in ledger.daily.values() for row in units.values())


@settings(max_examples=100, deadline=None)
@given(histories(), st.integers(0, 30 * 24 * 60))
def test_a_ledger_loaded_from_its_own_rows_counts_the_same(history, minutes):
    first, now = Ledger(0, CALENDAR), EPOCH + minutes * MINUTE
    for snapshot in history:
        first.apply(snapshot, now)
    rows = first.drain().dossiers
    second = Ledger(0, CALENDAR)
    second.load([row["state"] for row in rows], now)
    assert counted(second) == counted(first)
    table = count_table(states(second), EPOCH, now + DAY, now)
    assert table == count_table(states(first), EPOCH, now + DAY, now)
    for row in rows:
        assert (row["open_due"], row["reception_due"]) == open_moments(decode(row["state"]), now, CALENDAR)


def open_dossier(due: str) -> Snapshot:
    received = parse_local("2026-11-16T09:00")
    return Snapshot(
        source="s", number="n", status=4, observed=received, version=received, received=received, due=parse_local(due)
    )


def test_a_dossier_becomes_due_soon_then_overdue_by_the_clock_alone_each_once():
    ledger = Ledger(0, CALENDAR)
    ledger.apply(open_dossier("2026-11-18T09:00"), parse_local("2026-11-16T09:30"))
    ledger.drain()
    flips = []
    for hour in range(72):
        ledger.tick(parse_local("2026-11-16T09:30") + hour * HOUR)
        flips += [(row["kind"], row["at"]) for row in ledger.drain().transitions]
    assert flips == [
        ("due_soon", parse_local("2026-11-17T09:00")),
        ("overdue", parse_local("2026-11-18T09:00")),
    ]
    assert ledger.now["unmapped"] == [1 if name in ("in_process", "in_process_overdue") else 0 for name in NOW]


def test_a_flip_whose_moment_passed_while_the_worker_was_down_is_made_at_loading():
    before = Ledger(0, CALENDAR)
    before.apply(open_dossier("2026-11-18T09:00"), parse_local("2026-11-16T09:30"))
    after = Ledger(0, CALENDAR)
    after.load([row["state"] for row in before.drain().dossiers], parse_local("2026-11-19T08:00"))
    assert [row["kind"] for row in after.drain().transitions] == ["overdue"]
    assert after.now["unmapped"][NOW.index("in_process_overdue")] == 1


def test_a_correction_moves_a_dossier_from_one_unit_to_another():
    ledger, now = Ledger(0, CALENDAR), parse_local("2026-11-16T09:30")
    snapshot = open_dossier("2026-11-18T09:00")
    ledger.apply(snapshot, now)
    ledger.apply(msgspec.structs.replace(snapshot, unit="H55.12", version=snapshot.version + 1), now)
    assert ledger.now["unmapped"] == [0] * len(NOW)
    assert ledger.now["H55.12"][NOW.index("in_process")] == 1


def test_an_unknown_move_is_recorded_as_an_anomaly_and_taken():
    ledger, now = Ledger(0, CALENDAR), parse_local("2026-11-16T09:30")
    snapshot = open_dossier("2026-11-18T09:00")
    for minute, status in enumerate((4, 7, 2)):
        version = snapshot.version + minute * MINUTE
        ledger.apply(msgspec.structs.replace(snapshot, status=status, version=version), now)
    moves = [(row["from_status"], row["to_status"], row["anomaly"]) for row in ledger.drain().transitions]
    assert moves == [(None, 4, ""), (4, 7, ""), (7, 2, "unknown_move")]
    assert ledger.now["unmapped"][NOW.index("in_process")] == 1


def test_the_clocks_of_an_agency_run_by_its_own_hours():
    morning = ((7 * HOUR, 11 * HOUR + 30 * MINUTE),)
    calendar = Calendar(agencies={"H55.12": (*CALENDAR.week[:5], morning, ())})
    friday = parse_local("2026-11-20T16:00")
    filed = Snapshot(source="s", number="n", status=1, observed=friday, version=friday, submitted=friday)
    found = {}
    for unit in ("H55.12", "H55.02"):
        ledger = Ledger(0, calendar)
        ledger.apply(msgspec.structs.replace(filed, unit=unit), friday)
        (row,) = ledger.drain().dossiers
        ledger.tick(parse_local("2026-11-23T12:00"))
        found[unit] = row["reception_due"], [change["kind"] for change in ledger.drain().transitions]
    assert found == {
        "H55.12": (parse_local("2026-11-23T09:30"), ["reception_overdue"]),
        "H55.02": (parse_local("2026-11-23T16:00"), []),
    }
