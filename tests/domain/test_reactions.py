"""How long alerts take: open ones are never left out, and a value that may be too small says so."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from opscentre.domain.moments import MINUTE, parse_local
from opscentre.domain.reactions import Span, Timing, Wait, by_unit, timing
from tests.alerts.scene import BUILDING, PROFILE

SPANS = st.lists(st.builds(Span, st.integers(0, 50), st.booleans()), min_size=1, max_size=40)


def test_median_and_90th_percentile_are_the_smallest_that_so_many_do_not_pass():
    found = timing([Span(length, False) for length in range(10, 110, 10)])
    assert (found.median, found.p90, found.count, found.open) == (50, 90, 10, 0)
    assert timing([]) == Timing()
    assert timing([Span(7, False)]).p90 == 7


def test_what_is_open_counts_with_its_time_so_far_and_makes_a_value_a_least_one():
    found = timing([Span(10, False), Span(20, True), Span(30, False), Span(40, False), Span(50, True)])
    assert (found.median, found.median_least, found.p90, found.p90_least, found.open) == (30, True, 50, True, 2)
    assert timing([Span(10, False), Span(20, False), Span(90, True)]).median_least is False


@given(SPANS, st.lists(st.integers(0, 50), min_size=40, max_size=40))
def test_whatever_the_open_ones_will_take_no_value_falls_and_one_not_marked_stays(spans: list[Span], more: list[int]):
    before = timing(spans)
    after = timing([Span(one.length + (add if one.open else 0), False) for one, add in zip(spans, more, strict=False)])
    assert after.median is not None
    assert before.median is not None
    assert after.median >= before.median
    assert before.median_least or after.median == before.median
    assert (after.p90 or 0) >= (before.p90 or 0)
    assert before.p90_least or after.p90 == before.p90


def test_a_unit_answers_in_its_own_working_hours_and_for_what_it_took_over():
    friday, monday = parse_local("2026-11-20T16:30"), parse_local("2026-11-23T07:30")
    waits = [Wait(BUILDING, friday, monday), Wait("H55.54", friday, None), Wait("", friday, monday)]
    found = by_unit(waits, monday, PROFILE.calendar, PROFILE.units.current(monday))
    assert found[BUILDING] == Timing(
        count=2, open=1, median=60 * MINUTE, p90=60 * MINUTE, median_least=True, p90_least=True
    )
    assert found[""].count == 1
