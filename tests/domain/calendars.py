"""Hypothesis strategies: offices with any hours, half-days and swaps, and moments around them."""

from __future__ import annotations

import datetime as dt

from hypothesis import strategies as st

from opscentre.domain.calendar import DEFAULT_HOURS, Calendar, SpecialDay, Week
from opscentre.domain.deadlines import Limit, Pause
from opscentre.domain.moments import DAY, HOUR, MINUTE, day_of, day_start
from opscentre.domain.worktime import Spans

#: The days around which everything happens: Tết, swaps and an ordinary autumn lie in them.
FIRST = day_of(dt.date(2026, 1, 1))
DAYS = 400

MORNING: Spans = (DEFAULT_HOURS[0],)
hours = st.sampled_from(
    (
        DEFAULT_HOURS,
        MORNING,
        ((8 * HOUR, 12 * HOUR), (13 * HOUR, 16 * HOUR + 30 * MINUTE)),
        ((9 * HOUR, 10 * HOUR), (11 * HOUR, 12 * HOUR), (18 * HOUR, 20 * HOUR)),
        ((0, DAY),),
    )
)
days = st.integers(FIRST, FIRST + DAYS)
moments = st.builds(lambda day, minutes: day_start(day) + minutes * MINUTE, days, st.integers(0, 24 * 60 - 1))
special_days = st.one_of(
    st.just(SpecialDay("off")),
    st.just(SpecialDay("working")),
    hours.map(lambda spans: SpecialDay("half", spans)),
)
limits = st.one_of(st.builds(Limit, st.sampled_from(("d", "h", "cd")), st.integers(1, 60)), st.just(Limit("same-day")))


@st.composite
def weeks(draw: st.DrawFn) -> Week:
    """Seven weekdays, Monday always worked."""
    return (draw(hours), *(draw(st.sampled_from(((), *[draw(hours)] * 3))) for _ in range(6)))


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """An office with a week of its own and up to eight rows of ``calendar.csv``."""
    overrides = draw(st.dictionaries(days, special_days, max_size=8))
    return Calendar(overrides, draw(st.just(Calendar().week) | weeks()))


@st.composite
def pauses_after(draw: st.DrawFn, received: int) -> list[Pause]:
    """Up to three pauses after reception, in order."""
    found = []
    at = received
    for _ in range(draw(st.integers(0, 3))):
        begin = at + draw(st.integers(0, 5 * 24 * 60)) * MINUTE
        at = begin + draw(st.integers(0, 9 * 24 * 60)) * MINUTE
        found.append(Pause(begin, at))
    return found
