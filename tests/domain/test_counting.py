"""The progress table counts by the letter of its definitions, and the live counters say the same."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opscentre.domain.calendar import Calendar
from opscentre.domain.counting import (
    CELLS,
    contribution,
    count_table,
    next_change,
    table_cells,
    table_document,
    table_row,
)
from opscentre.domain.dossier import Progress, Snapshot, Supplement
from opscentre.domain.fold import DossierState, fold
from opscentre.domain.moments import DAY, MINUTE, parse_local
from opscentre.domain.units import Unit, Units
from tests.domain.lives import EPOCH, UNITS, histories, moments

CALENDAR = Calendar()


def at(text: str) -> int:
    return parse_local(text)


def dossier(status: int, **facts: object) -> DossierState:
    dates = {
        name: at(value) if isinstance(value, str) else value
        for name, value in facts.items()
        if name not in ("channel", "unit", "observed")
    }
    snapshot = Snapshot(
        source="s",
        number="n",
        status=status,
        observed=at(str(facts.get("observed", "2026-11-20T08:00"))),
        channel=facts.get("channel", 1),
        unit=facts.get("unit", "H55.12"),
        **dates,
    )
    vouched = [v for v in (snapshot.submitted, snapshot.received, snapshot.finished, snapshot.returned) if v]
    for supplement in snapshot.supplements:
        vouched += [v for v in (supplement.requested, supplement.answered) if v]
    return fold(None, Snapshot(**{**_fields(snapshot), "version": max(vouched, default=0)}))[0]


def _fields(snapshot: Snapshot) -> dict[str, object]:
    return {name: getattr(snapshot, name) for name in snapshot.__struct_fields__}


def cells(state: DossierState, start: str, end: str, now: str) -> list[str]:
    found = table_cells(state, at(start), at(end), at(now))
    return [CELLS[cell] for cell in found] if found else []


NOVEMBER = ("2026-11-01", "2026-12-01")
NOW = "2026-11-20T10:00"


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (dossier(2, received="2026-11-10T09:00", due="2026-11-20T10:00"), ["counter", "in_process_in_time"]),
        (dossier(4, received="2026-11-10T09:00", due="2026-11-20T09:59"), ["counter", "in_process_overdue"]),
        (dossier(4, received="2026-11-10T09:00", channel=2), ["online", "in_process_in_time"]),
        (dossier(4, received="2026-10-30T09:00", channel=2), ["carried_over", "in_process_in_time"]),
        (dossier(1, submitted="2026-11-10T09:00"), []),
        (dossier(3, submitted="2026-11-10T09:00", received="2026-11-10T10:00", refused="2026-11-11T10:00"), []),
        (dossier(2, received="2026-11-20T10:00"), []),
    ],
    ids=["due this very moment", "a minute late", "no due date", "carried over", "only filed", "refused", "now"],
)
def test_open_dossiers_stand_where_the_definitions_put_them(state, expected):
    assert cells(state, *NOVEMBER, NOW) == expected


@pytest.mark.parametrize(
    ("finished", "expected"),
    [
        ("2026-11-16T16:59", "early"),
        ("2026-11-17T09:00", "on_time"),
        ("2026-11-17T10:00", "on_time"),
        ("2026-11-17T10:01", "finished_overdue"),
    ],
)
def test_finished_is_early_by_calendar_day_and_overdue_after_the_due_moment(finished, expected):
    state = dossier(9, received="2026-11-10T09:00", due="2026-11-17T10:00", finished=finished)
    assert cells(state, *NOVEMBER, NOW) == ["counter", expected]


def test_finished_without_a_due_date_is_on_time():
    assert cells(dossier(10, received="2026-11-10T09:00", returned="2026-11-12T09:00"), *NOVEMBER, NOW) == [
        "counter",
        "on_time",
    ]


def test_a_dossier_finished_before_the_period_is_not_in_it():
    state = dossier(9, received="2026-10-10T09:00", finished="2026-10-31T23:59")
    assert cells(state, *NOVEMBER, NOW) == []
    assert cells(state, "2026-10-31", "2026-12-01", NOW) == ["carried_over", "on_time"]


def test_a_dossier_finished_after_a_past_period_stands_as_it_stood_then():
    pause = Supplement(at("2026-11-03T09:00"), at("2026-11-05T09:00"), None, None)
    state = dossier(
        9, received="2026-11-02T09:00", due="2026-11-10T09:00", finished="2026-11-09T09:00", supplements=(pause,)
    )
    assert cells(state, "2026-11-01", "2026-11-03", NOW) == ["counter", "in_process_in_time"]
    assert cells(state, "2026-11-01", "2026-11-04", NOW) == ["counter", "paused_in_time"]
    assert cells(state, "2026-11-01", "2026-11-06", NOW) == ["counter", "in_process_in_time"]
    assert cells(state, "2026-11-01", "2026-11-10", NOW) == ["counter", "early"]


def test_finished_exactly_at_the_end_of_the_period_is_not_finished_in_it():
    state = dossier(9, received="2026-11-02T09:00", due="2026-11-09T09:00", finished="2026-11-10T00:00")
    assert cells(state, "2026-11-01", "2026-11-10", NOW) == ["counter", "in_process_overdue"]
    assert cells(state, "2026-11-10", "2026-11-11", NOW) == ["carried_over", "finished_overdue"]


def test_a_pause_is_judged_by_when_it_began():
    def asked(when: str) -> DossierState:
        return dossier(
            5,
            received="2026-11-02T09:00",
            due="2026-11-10T09:00",
            supplements=(Supplement(at(when), None, None, None),),
        )

    assert cells(asked("2026-11-10T09:00"), *NOVEMBER, NOW) == ["counter", "paused_in_time"]
    assert cells(asked("2026-11-10T09:01"), *NOVEMBER, NOW) == ["counter", "paused_overdue"]


def test_a_pause_without_a_supplement_began_when_the_progress_says_or_else_when_first_seen():
    early = (Progress(at("2026-11-09T09:00"), 6),)
    dated = dossier(6, received="2026-11-02T09:00", due="2026-11-10T09:00", progress=early)
    undated = dossier(6, received="2026-11-02T09:00", due="2026-11-10T09:00", observed="2026-11-11T08:00")
    assert cells(dated, *NOVEMBER, NOW) == ["counter", "paused_in_time"]
    assert cells(undated, *NOVEMBER, NOW) == ["counter", "paused_overdue"]


def test_the_new_date_of_the_newest_supplement_is_the_due_date():
    redated = (Supplement(at("2026-11-03T09:00"), at("2026-11-05T09:00"), None, at("2026-11-20T09:00")),)
    state = dossier(
        9, received="2026-11-02T09:00", due="2026-11-06T09:00", finished="2026-11-19T09:00", supplements=redated
    )
    assert cells(state, *NOVEMBER, NOW) == ["counter", "early"]


def test_nine_ends_the_clock_also_when_ten_is_known():
    steps = (Progress(at("2026-11-09T09:00"), 9), Progress(at("2026-11-12T09:00"), 10))
    state = dossier(
        10, received="2026-11-02T09:00", due="2026-11-10T09:00", returned="2026-11-12T09:00", progress=steps
    )
    assert cells(state, *NOVEMBER, NOW) == ["counter", "early"]


def test_a_withdrawal_finishes_a_dossier():
    state = dossier(7, received="2026-11-02T09:00", due="2026-11-10T09:00", finished="2026-11-10T08:00")
    assert cells(state, *NOVEMBER, NOW) == ["counter", "on_time"]


def states_of(history: list[Snapshot]) -> list[DossierState]:
    known: dict[tuple[str, str], DossierState] = {}
    for snapshot in history:
        known[snapshot.key], _ = fold(known.get(snapshot.key), snapshot)
    return list(known.values())


@settings(max_examples=300, deadline=None)
@given(histories(), moments, st.integers(1, 30), moments)
def test_every_row_and_every_sum_keeps_the_identity(history, start, days, now):
    units = Units([Unit(code=code, name=code, kind="department", group="I") for code in UNITS])
    document = table_document(count_table(states_of(history), start, start + days * DAY, now), units)
    for row in [*document["rows"], document["total"]]:
        received = row["received"]
        assert received["carried_over"] + received["in_period"] == (
            row["finished"]["total"] + row["in_process"]["total"] + row["paused"]["total"]
        )


@settings(max_examples=300, deadline=None)
@given(histories(), st.integers(-25, 0), st.integers(0, 25 * 24 * 6))
def test_live_counters_summed_by_day_are_the_table_of_any_period_that_reaches_to_now(history, first, tens):
    start, now = EPOCH + first * DAY, EPOCH + tens * 10 * MINUTE + 1
    states = states_of(history)
    table = count_table(states, start, now + DAY, now)
    for unit in UNITS:
        added = [contribution(state, now, CALENDAR) for state in states if state.snapshot.unit == unit]
        row = table_row(table.get(unit, [0] * len(CELLS)))
        assert row["in_process"]["total"] == sum(0 in one.now for one in added)
        assert row["in_process"]["overdue"] == sum(1 in one.now for one in added)
        assert row["paused"]["total"] == sum(2 in one.now for one in added)
        assert row["paused"]["overdue"] == sum(3 in one.now for one in added)
        assert row["received"]["in_period"] == sum(one.received >= start for one in added)
        assert row["finished"]["total"] == sum(one.finished >= start for one in added)
        assert row["finished"]["overdue"] == sum(one.finished >= start and one.finished_cell == 5 for one in added)


@settings(max_examples=300, deadline=None)
@given(histories(most=4), st.integers(0, 20 * 24 * 60))
def test_between_two_alarms_the_clock_changes_nothing(history, minutes):
    now = EPOCH + minutes * MINUTE
    for state in states_of(history):
        adds = contribution(state, now, CALENDAR)
        alarm = next_change(state, now, CALENDAR)
        for later in (now + 7 * MINUTE, now + 5 * 60 * MINUTE, now + 3 * DAY, now + 60 * DAY):
            if alarm is None or later < alarm:
                assert contribution(state, later, CALENDAR) == adds


@settings(max_examples=200, deadline=None)
@given(histories(most=4), st.integers(0, 20 * 24 * 60))
def test_a_table_as_of_now_counts_the_same_whether_the_period_ends_now_or_later(history, minutes):
    now = EPOCH + minutes * MINUTE + 1
    states = states_of(history)
    assert count_table(states, EPOCH, now, now) == count_table(states, EPOCH, now + 9 * DAY, now)
