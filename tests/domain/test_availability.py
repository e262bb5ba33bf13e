"""Availability against a plain recount minute by minute, which shares no code with the product."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from opscentre.domain.availability import (
    DOWN,
    UNKNOWN,
    UP,
    Availability,
    Interval,
    Windows,
    all_time,
    availability,
    extended,
)
from opscentre.domain.calendar import Calendar
from opscentre.domain.moments import DAY, HOUR, MINUTE, date_of, day_number, day_of, day_start
from tests.domain.calendars import FIRST, calendars

MONDAY = day_start(day_of(dt.date(2026, 11, 23)))
SUNDAY_NIGHT = (frozenset({6}), 22 * HOUR, 2 * HOUR)


@st.composite
def weekly(draw: st.DrawFn) -> tuple[frozenset[int], int, int]:
    opens = draw(st.integers(0, 23)) * HOUR + draw(st.integers(0, 59)) * MINUTE
    closes = draw(st.integers(0, 24 * 60)) * MINUTE
    return draw(st.frozensets(st.integers(0, 6), max_size=3)), opens, closes


@st.composite
def histories(draw: st.DrawFn, start: int) -> list[Interval]:
    """Up to twelve stretches in order, gaps between some of them."""
    found, at = [], start
    for _ in range(draw(st.integers(0, 12))):
        begun = at + draw(st.sampled_from((0, 0, 7, 600))) * MINUTE
        at = begun + draw(st.integers(0, 500)) * MINUTE
        found.append(Interval(begun, at, draw(st.sampled_from((UP, DOWN, UNKNOWN)))))
    return found


def in_window(at: int, windows: Windows) -> bool:
    """Whether a minute lies in a window, by the rule as a person reads it."""
    if any(begin <= at < end for begin, end in windows.dated):
        return True
    day = day_number(at)
    into = at - day_start(day)
    for days, opens, closes in windows.weekly:
        today, yesterday = date_of(day).weekday() in days, date_of(day - 1).weekday() in days
        if closes > opens:
            if today and opens <= into < closes:
                return True
        elif (today and into >= opens) or (yesterday and into < closes):
            return True
    return False


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_it_is_what_counting_every_minute_gives(data: st.DataObject) -> None:
    calendar = data.draw(st.just(Calendar()) | calendars())
    begin = day_start(FIRST + data.draw(st.integers(0, 40))) + data.draw(st.integers(0, 24 * 60)) * MINUTE
    end = begin + data.draw(st.integers(0, 3 * 24 * 60)) * MINUTE
    history = data.draw(histories(begin - 600 * MINUTE))
    dated = data.draw(st.lists(st.tuples(st.integers(-900, 3000), st.integers(1, 2000)), max_size=2))
    windows = Windows(
        tuple(data.draw(st.lists(weekly(), max_size=2))),
        tuple((begin + at * MINUTE, begin + (at + length) * MINUTE) for at, length in dated),
    )
    working = data.draw(st.booleans())
    found = availability(history, windows.spans(begin, end), calendar.working_time if working else all_time, begin, end)
    counted = dict.fromkeys(Availability.__struct_fields__, 0)
    for at in range(begin, end, MINUTE):
        into = at - day_start(day_number(at))
        spans = calendar.table.spans_of(day_number(at))
        if working and not any(opens <= into < closes for opens, closes in spans):
            continue
        seen = next((one.state for one in history if one.begun <= at < one.ended), "unprobed")
        counted["maintenance" if in_window(at, windows) else seen] += MINUTE
    assert found == Availability(**counted)


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_days_add_up_to_their_period(data: st.DataObject) -> None:
    history = data.draw(histories(MONDAY))
    windows = Windows((SUNDAY_NIGHT,))

    def between(begin: int, end: int) -> Availability:
        return availability(history, windows.spans(begin, end), Calendar().working_time, begin, end)

    days = [between(MONDAY + n * DAY, MONDAY + (n + 1) * DAY) for n in range(5)]
    assert sum(days, Availability()) == between(MONDAY, MONDAY + 5 * DAY)


def test_an_outage_over_lunch_and_night_costs_working_time_only() -> None:
    down = Interval(MONDAY + 11 * HOUR, MONDAY + DAY + 8 * HOUR, DOWN)
    history = [Interval(MONDAY + 7 * HOUR, down.begun, UP), down, Interval(down.ended, MONDAY + DAY + 17 * HOUR, UP)]
    found = availability(history, [], Calendar().working_time, MONDAY, MONDAY + 2 * DAY)
    # Monday 11:00–11:30 and 13:30–17:00, Tuesday 07:00–08:00.
    assert (found.down, found.up + found.down) == (5 * HOUR, 16 * HOUR)
    assert found.share == pytest.approx(11 / 16)
    assert found.measured == 1.0


def test_time_that_nobody_watched_is_in_neither_share_but_said() -> None:
    history = [
        Interval(MONDAY + 7 * HOUR, MONDAY + 9 * HOUR, UP),
        Interval(MONDAY + 9 * HOUR, MONDAY + 10 * HOUR, UNKNOWN),
    ]
    found = availability(
        history, [(MONDAY + 13 * HOUR, MONDAY + 15 * HOUR)], Calendar().working_time, MONDAY, MONDAY + DAY
    )
    assert (found.share, found.maintenance) == (1.0, 90 * MINUTE)
    assert found.measured == pytest.approx(2 / 6.5)
    assert Availability().share is None
    assert Availability(maintenance=HOUR).measured is None


def test_a_window_past_midnight_reaches_into_the_next_day_and_is_found_whole() -> None:
    windows = Windows((SUNDAY_NIGHT,), ((MONDAY + 2 * HOUR, MONDAY + 3 * HOUR),))
    assert windows.at(MONDAY + HOUR) == (MONDAY - 2 * HOUR, MONDAY + 3 * HOUR)
    assert windows.at(MONDAY + 3 * HOUR) is None
    assert windows.spans(MONDAY, MONDAY + HOUR) == [(MONDAY, MONDAY + HOUR)]


REACH = 15_000


@pytest.mark.parametrize(
    ("last", "state", "since", "at", "expected"),
    [
        (None, UP, 5_000, 9_000, [(9_000, 9_000, UP)]),
        ((0, 5_000, UP), UP, 0, 10_000, [(0, 10_000, UP)]),
        # Down since the first failure, which was taken for a lost packet then.
        ((0, 10_000, UP), DOWN, 5_000, 15_000, [(0, 5_000, UP), (5_000, 15_000, DOWN)]),
        ((5_000, 5_000, UNKNOWN), DOWN, 5_000, 10_000, [(5_000, 10_000, DOWN)]),
        # The collectors were away: whatever it is now and since, that time is nobody's.
        ((0, 5_000, UP), UP, 0, 60_000, [(0, 5_000, UP), (60_000, 60_000, UP)]),
        ((0, 5_000, UP), DOWN, 5_000, 60_000, [(0, 5_000, UP), (60_000, 60_000, DOWN)]),
        # The machine's clock was put back, within the newest stretch and before it.
        ((0, 50_000, UP), UP, 0, 20_000, [(0, 20_000, UP), (20_000, 20_000, UP)]),
        ((40_000, 50_000, UP), DOWN, 0, 20_000, [(40_000, 50_000, UP)]),
    ],
)
def test_a_probe_goes_on_with_the_history(
    last: tuple[int, int, str] | None, state: str, since: int, at: int, expected: list[tuple[int, int, str]]
) -> None:
    assert extended(Interval(*last) if last else None, state, since, at, REACH) == expected


@given(st.lists(st.tuples(st.integers(0, 40_000), st.sampled_from((UP, DOWN, UNKNOWN))), max_size=40))
@example([(0, UP), (0, DOWN), (0, UP)])
def test_a_history_stays_in_order_and_holds_no_time_twice_or_beyond_the_last_probe(
    steps: list[tuple[int, str]],
) -> None:
    history: list[Interval] = []
    at = 0
    for step, state in steps:
        at += step
        history[-1:] = extended(history[-1] if history else None, state, max(0, at - 7_000), at, REACH)
    assert all(one.begun <= one.ended <= at for one in history)
    assert all(one.ended <= after.begun for one, after in itertools.pairwise(history))
