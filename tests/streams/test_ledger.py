"""The ledger's counters are the sum over its states at every moment; its rows tell SQL all of it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import streams.ledger as ledger_module
from opscentre.domain.calendar import Calendar
from opscentre.domain.counting import NOW, SETTLEMENT_RULES, Held, contribution, open_moments
from opscentre.domain.dossier import Snapshot
from opscentre.domain.fold import DossierState
from opscentre.domain.moments import DAY, MINUTE, day_number, parse_local
from opscentre.domain.windows import SPAN_ROW, SPANS
from streams.ledger import Ledger
from streams.tally import Tally
from tests.domain.lives import EPOCH, histories
from tests.streams.books import NOW as NOW_OF_BOOKS
from tests.streams.books import history

CALENDAR = Calendar()
HOUR = 60 * MINUTE

decode = msgspec.json.Decoder(DossierState).decode


@pytest.fixture(autouse=True)
def _usual_resting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "RESTING", ledger_module.RESTING)


class Desk:
    """A ledger with what SQL would hold of it, written and let go after every step."""

    def __init__(self) -> None:
        self.ledger = Ledger(0, CALENDAR)
        self.rows: dict[tuple[str, str], dict] = {}

    def take(self, snapshots: list[Snapshot], now: int) -> None:
        """One cycle."""
        for snapshot in snapshots:
            if snapshot.key in self.rows:
                row = self.rows[snapshot.key]
                self.ledger.recall(Held(**{name: row[name] for name in Held._fields}))
            self.ledger.apply(snapshot, now)
        self.ledger.tick(now)
        changes = self.ledger.drain()
        self.rows |= {(row["source"], row["number"]): row for row in changes.dossiers}
        self.ledger.let_go(changes.number)

    def states(self) -> list[DossierState]:
        """Of every dossier."""
        return [decode(row["state"]) for row in self.rows.values()]


def summed(states: Iterable[DossierState], now: int) -> tuple[dict, dict]:
    standing: Counter = Counter()
    flows: Counter = Counter()
    for state in states:
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


def tallied(states: Iterable[DossierState], now: int, code: Callable[[Snapshot], str]) -> dict[str, list[int]]:
    """The rows by a code, dossier by dossier and span by span."""
    rows: dict[str, list[int]] = {}
    today = day_number(now)
    for state in states:
        adds = contribution(state, now, CALENDAR)
        row = rows.setdefault(code(state.snapshot), [0] * SPAN_ROW)
        for cell in adds.now:
            row[cell] += 1
        for at, cell in ((adds.received, adds.received_cell), (adds.finished, adds.finished_cell)):
            for place, (first, last) in enumerate(SPANS.values()):
                if at >= 0 and first <= today - day_number(at) <= last:
                    row[len(NOW) + place * 6 + cell] += 1
    return {code: row for code, row in rows.items() if any(row)}


def shown(tally: Tally) -> dict[str, list[int]]:
    return {code: row for code, row in tally.rows.items() if any(row)}


@settings(max_examples=200, deadline=None)
@given(
    histories(),
    st.lists(st.integers(1, 3 * 24 * 60), min_size=1, max_size=6),
    st.randoms(use_true_random=False),
    st.integers(0, 2),
)
def test_counters_equal_a_recount_after_any_changes_and_ticks(history, steps, random, resting):
    desk, ledger_module.RESTING = Desk(), resting
    now = EPOCH - 5 * DAY
    queue = history * 2
    random.shuffle(queue)
    for minutes in steps:
        now += minutes * MINUTE
        desk.take(queue[: len(queue) // 2 + 1], now)
        queue = queue[len(queue) // 2 + 1 :]
        assert counted(desk.ledger) == summed(desk.states(), now)
        assert shown(desk.ledger.fields) == tallied(desk.states(), now, lambda snapshot: snapshot.field)
        assert shown(desk.ledger.procedures) == tallied(desk.states(), now, lambda snapshot: snapshot.procedure)
        assert shown(desk.ledger.channels) == tallied(
            desk.states(), now, lambda snapshot: ("counter", "online", "postal")[snapshot.channel - 1]
        )
        assert desk.ledger.dossiers == len(desk.rows)
        settled = {key for key, row in desk.rows.items() if row["settled"] is not None}
        assert len(settled & desk.ledger.entries.keys()) <= resting
        assert desk.ledger.entries.keys() >= desk.rows.keys() - settled
    hours = sum(sum(row) for row in desk.ledger.hourly.values())
    assert hours == sum(sum(row) for units in desk.ledger.daily.values() for row in units.values())


@settings(max_examples=100, deadline=None)
@given(histories(), st.integers(0, 30 * 24 * 60))
def test_a_ledger_loaded_from_its_own_rows_counts_the_same(history, minutes):
    desk, now = Desk(), EPOCH + minutes * MINUTE
    desk.take(history, now)
    rows = list(desk.rows.values())
    second = Ledger(0, CALENDAR)
    second.load([row["state"] for row in rows], now)
    assert counted(second) == counted(desk.ledger)
    third = Ledger(0, CALENDAR)
    assert third.load_anew([Held(**{name: row[name] for name in Held._fields}) for row in rows], now) == []
    assert counted(third) == counted(desk.ledger)
    assert shown(third.fields) == shown(second.fields) == shown(desk.ledger.fields)
    assert third.entries.keys() == {key for key, row in desk.rows.items() if row["settled"] is None}
    for row in rows:
        assert (row["open_due"], row["reception_due"]) == open_moments(decode(row["state"]), now, CALENDAR)


def test_what_settled_dossiers_add_is_what_the_rules_in_force_were_written_down_for():
    # SQL keeps settlements from one release to the next. Where this fails, dossiers that are over count otherwise
    # than before: raise SETTLEMENT_RULES, so that each worker counts its partitions anew once, and write down both.
    desk = Desk()
    for snapshot in history(600, seed=9):
        desk.take([snapshot], NOW_OF_BOOKS)
    told = sorted(
        (row["number"], row["unit"], row["received"], row["finished"], row["settled"]) for row in desk.rows.values()
    )
    digest = hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]
    assert (SETTLEMENT_RULES, digest) == (1, "ac1452d29492cca0")


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
    # It was due soon before, and nobody looked then.
    assert [(row["kind"], row["at"]) for row in after.drain().transitions] == [
        ("due_soon", parse_local("2026-11-17T09:00")),
        ("overdue", parse_local("2026-11-18T09:00")),
    ]
    assert after.now["unmapped"][NOW.index("in_process_overdue")] == 1


def test_a_dossier_first_seen_late_was_never_known_to_be_due_soon():
    ledger = Ledger(0, CALENDAR)
    late = msgspec.structs.replace(open_dossier("2026-11-18T09:00"), observed=parse_local("2026-11-18T09:01"))
    ledger.apply(late, parse_local("2026-11-18T09:02"))
    assert [row["kind"] for row in ledger.drain().transitions] == ["overdue", "status"]


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
