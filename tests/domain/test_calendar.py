"""The working calendar: days off, swaps, half-days, hours of agencies, and arithmetic in working time."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opscentre import profile
from opscentre.domain.calendar import DEFAULT_HOURS, DEFAULT_WEEK, Calendar, SpecialDay
from opscentre.domain.moments import DAY, HOUR, MINUTE, date_of, day_number, day_of, day_start, parse_local
from opscentre.domain.worktime import FIRST_DAY, LAST_DAY, OutOfCalendar, WorkTable
from tests.domain.calendars import MORNING, calendars, moments

SHIPPED = profile.load("thai-nguyen").calendar
SATURDAY_DESK = (*DEFAULT_WEEK[:5], MORNING, ())
lengths = st.integers(0, 300 * 60).map(lambda minutes: minutes * MINUTE)


def day(text: str) -> int:
    return day_of(dt.date.fromisoformat(text))


def at(text: str) -> int:
    return parse_local(text)


@pytest.mark.parametrize(
    ("off", "makes_up"),
    [
        ("2024-04-29", "2024-05-04"),
        ("2025-05-02", "2025-04-26"),
        ("2026-01-02", "2026-01-10"),
        ("2026-08-31", "2026-08-22"),
    ],
)
def test_a_swapped_day_is_off_and_its_saturday_is_worked_all_day(off: str, makes_up: str) -> None:
    assert not SHIPPED.is_working_day(day(off))
    assert date_of(day(makes_up)).weekday() == 5
    assert SHIPPED.is_working_day(day(makes_up))
    assert SHIPPED.working_time(day_start(day(makes_up)), day_start(day(makes_up) + 1)) == 8 * HOUR


def test_tet_2026_is_off_from_monday_to_friday_and_worked_before_and_after() -> None:
    assert [SHIPPED.is_working_day(day(f"2026-02-{number}")) for number in range(16, 21)] == [False] * 5
    assert SHIPPED.is_working_day(day("2026-02-13"))
    assert SHIPPED.next_working_day(day("2026-02-13")) == day("2026-02-23")


def test_hung_kings_day_on_a_sunday_gives_the_monday_off() -> None:
    assert not SHIPPED.is_working_day(day("2026-04-27"))
    assert SHIPPED.is_working_day(day("2026-04-28"))


def test_24_november_is_worked_until_a_row_says_otherwise() -> None:
    assert SHIPPED.is_working_day(day("2026-11-24"))
    assert Calendar().is_working_day(day("2030-11-25")), "nor is a day off put in its place"
    entered = Calendar({day("2026-11-24"): SpecialDay("off", note="Vietnam Cultural Day")})
    assert not entered.is_working_day(day("2026-11-24"))
    assert entered.is_working_day(day("2027-11-24")), "each year has its own row"
    assert SHIPPED.origin(day("2026-11-24")).seed == "Vietnam Cultural Day"


def test_the_year_2026_has_250_working_days() -> None:
    assert SHIPPED.working_days(day("2026-01-01"), day("2026-12-31")) == 250


def test_a_row_wins_over_a_holiday_in_both_ways() -> None:
    new_year, ordinary = day("2026-01-01"), day("2026-03-04")
    calendar = Calendar({new_year: SpecialDay("working"), ordinary: SpecialDay("off")})
    assert calendar.is_working_day(new_year)
    assert not calendar.is_working_day(ordinary)


def test_a_half_day_counts_its_hours_only() -> None:
    calendar = Calendar({day("2026-03-04"): SpecialDay("half", MORNING)})
    wednesday = day_start(day("2026-03-04"))
    assert calendar.is_working_day(day("2026-03-04"))
    assert calendar.working_time(wednesday, wednesday + DAY) == 4 * HOUR + 30 * MINUTE
    assert calendar.add_working_time(at("2026-03-04T10:30"), 2 * HOUR) == at("2026-03-05T08:00")
    assert calendar.next_working_moment(at("2026-03-04T12:00")) == at("2026-03-05T07:00")
    assert calendar.working_time_before(at("2026-03-05T08:00"), 2 * HOUR) == at("2026-03-04T10:30")


def test_a_time_of_day_that_a_half_day_does_not_reach_becomes_its_closing() -> None:
    calendar = Calendar({day("2026-03-04"): SpecialDay("half", MORNING)})
    assert calendar.add_working_days(at("2026-03-02T15:00"), 2) == at("2026-03-04T11:30")
    assert calendar.add_working_days(at("2026-03-02T09:00"), 2) == at("2026-03-04T09:00")
    assert calendar.add_working_days(at("2026-03-02T15:00"), 3) == at("2026-03-05T15:00")
    late = Calendar({day("2026-03-04"): SpecialDay("half", DEFAULT_HOURS[1:])})
    assert late.add_working_days(at("2026-03-02T09:00"), 2) == at("2026-03-04T13:30"), "before opening: the opening"


def test_a_saturday_desk_works_on_saturday_mornings_and_all_of_a_make_up_saturday() -> None:
    calendar = Calendar({day("2026-08-22"): SpecialDay("working")}, agencies={"H55.12": SATURDAY_DESK})
    desk = calendar.of("H55.12")
    assert desk.working_time(at("2026-08-15"), at("2026-08-16")) == 4 * HOUR + 30 * MINUTE
    assert desk.working_time(at("2026-08-22"), at("2026-08-23")) == 8 * HOUR
    assert desk.reception_due(at("2026-08-14T16:00")) == at("2026-08-17T09:30")
    assert calendar.reception_due(at("2026-08-14T16:00")) == at("2026-08-17T16:00")
    assert not desk.is_working_day(day("2027-02-06")), "a holiday on a Saturday closes the desk"


def test_an_agency_without_hours_of_its_own_has_the_calendar_of_the_province() -> None:
    calendar = Calendar(agencies={"a": SATURDAY_DESK, "b": SATURDAY_DESK, "c": DEFAULT_WEEK})
    assert calendar.of("a") is calendar.of("b")
    assert calendar.of("c") is calendar.of("nobody") is calendar


def test_a_week_without_any_work_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one of them worked"):
        Calendar(week=((),) * 7)


def test_the_ordinary_hours_are_those_of_the_longest_weekday() -> None:
    assert Calendar(week=(MORNING, DEFAULT_HOURS, MORNING, (), (), (), ())).hours == DEFAULT_HOURS


@pytest.mark.parametrize(
    ("text", "resumes"),
    [
        ("2026-11-20T09:20", "2026-11-20T09:20"),
        ("2026-11-20T07:00", "2026-11-20T07:00"),
        ("2026-11-20T05:00", "2026-11-20T07:00"),
        ("2026-11-20T11:30", "2026-11-20T13:30"),
        ("2026-11-20T12:10", "2026-11-20T13:30"),
        ("2026-11-19T17:00", "2026-11-20T07:00"),
        ("2026-11-20T18:00", "2026-11-23T07:00"),
        ("2026-11-21T10:00", "2026-11-23T07:00"),
        ("2026-08-21T18:00", "2026-08-22T07:00"),
    ],
)
def test_outside_working_time_counts_as_the_next_working_moment(text: str, resumes: str) -> None:
    assert SHIPPED.next_working_moment(at(text)) == at(resumes)


@pytest.mark.parametrize(
    ("filed", "due"),
    [
        ("2026-11-16T09:00", "2026-11-17T09:00"),
        ("2026-11-16T07:00", "2026-11-16T17:00"),
        ("2026-11-20T20:00", "2026-11-23T17:00"),
        ("2026-11-21T08:00", "2026-11-23T17:00"),
        ("2026-11-20T12:00", "2026-11-23T11:30"),
        ("2026-08-21T15:00", "2026-08-22T15:00"),
    ],
)
def test_reception_has_eight_working_hours(filed: str, due: str) -> None:
    assert SHIPPED.reception_due(at(filed)) == at(due)


def test_every_special_day_tells_where_it_is_known_from() -> None:
    row = SHIPPED.origin(day("2026-01-10"))
    assert (row.kind, row.source, row.document, row.line) == ("working", "calendar.csv", "12729/VPCP-KGVX", 7)
    assert row.note == "làm bù cho 02/01/2026"
    tet = SHIPPED.origin(day("2026-02-17"))
    assert (tet.source, tet.note, tet.seed) == ("calendar.csv", "Tết", "Lunar New Year")
    national = SHIPPED.origin(day("2026-09-02"))
    assert (national.kind, national.source, national.note, national.hours) == ("off", "holidays", "National Day", ())
    assert SHIPPED.origin(day("2026-09-05")).source == "week"
    assert [date_of(origin.day).month for origin in SHIPPED.special_days(2026)].count(8) == 2


def test_a_year_without_a_row_is_named_and_an_entered_one_is_not() -> None:
    assert SHIPPED.entered_years == {2024, 2025, 2026}
    assert SHIPPED.notice(at("2026-01-05"), at("2026-12-31T23:59")) == ""
    assert "no row for 2027 yet" in SHIPPED.notice(at("2026-12-28"), at("2027-01-01"))
    assert "no row for 2027, 2028 yet" in SHIPPED.notice(at("2026-12-28"), at("2028-01-01"))


def test_what_lies_outside_the_years_of_the_calendar_is_said_not_guessed() -> None:
    calendar = Calendar()
    for beyond in (at("1988-12-31T10:00"), at("2102-01-01T10:00")):
        for ask in (calendar.next_working_moment, calendar.reception_due):
            with pytest.raises(OutOfCalendar, match="1989–2101"):
                ask(beyond)
        with pytest.raises(OutOfCalendar):
            calendar.is_working_day(day_number(beyond))
        with pytest.raises(OutOfCalendar):
            calendar.next_working_day(day_number(beyond))
    end = day_start(LAST_DAY) + 23 * HOUR
    for sum_up in (calendar.add_working_days, calendar.add_working_time):
        with pytest.raises(OutOfCalendar):
            sum_up(end - 7 * DAY, 100 * HOUR)
    with pytest.raises(OutOfCalendar):
        calendar.next_working_moment(end)
    with pytest.raises(OutOfCalendar):
        calendar.next_working_day(LAST_DAY)
    with pytest.raises(OutOfCalendar):
        calendar.working_time_before(day_start(FIRST_DAY) + 8 * DAY, 100 * HOUR)
    with pytest.raises(OutOfCalendar):
        calendar.working_days(LAST_DAY, FIRST_DAY)
    with pytest.raises(ValueError, match="want the hours of"):
        WorkTable([DEFAULT_HOURS])


def worked_spans(calendar: Calendar, begin: int, end: int) -> list[tuple[int, int]]:
    """Stretches of working time that touch [begin, end], walking day by day: the slow and plain way."""
    found = []
    for number in range(day_number(begin), day_number(end) + 1):
        spans = calendar.origin(number).hours
        found += [(day_start(number) + opens, day_start(number) + closes) for opens, closes in spans]
    return found


@given(calendars(), moments, st.integers(0, 20 * 24 * 60))
@settings(max_examples=80, deadline=None)
def test_working_time_is_the_sum_of_the_stretches_in_between(calendar: Calendar, begin: int, minutes: int) -> None:
    end = begin + minutes * MINUTE
    plain = sum(max(0, min(end, closes) - max(begin, opens)) for opens, closes in worked_spans(calendar, begin, end))
    assert calendar.working_time(begin, end) == plain
    assert calendar.working_time(end, begin) == 0


@given(calendars(), moments, lengths)
@settings(max_examples=80, deadline=None)
def test_adding_working_time_ends_at_the_first_moment_when_just_that_much_has_passed(
    calendar: Calendar, begin: int, length: int
) -> None:
    end = calendar.add_working_time(begin, length)
    assert calendar.working_time(begin, end) == length
    if length:
        assert calendar.working_time(begin, end - 1) == length - 1, "the moment before it was not yet reached"
    else:
        assert end == begin


@given(calendars(), moments, lengths)
@settings(max_examples=80, deadline=None)
def test_working_time_before_is_the_last_moment_from_which_just_that_much_passes(
    calendar: Calendar, end: int, length: int
) -> None:
    begin = calendar.working_time_before(end, length)
    assert calendar.working_time(begin, end) == length
    if length:
        assert calendar.working_time(begin + 1, end) == length - 1
    else:
        assert begin == end


@given(calendars(), moments, lengths, lengths)
@settings(max_examples=80, deadline=None)
def test_adding_in_two_steps_is_adding_at_once(calendar: Calendar, begin: int, one: int, other: int) -> None:
    assert calendar.add_working_time(calendar.add_working_time(begin, one), other) == calendar.add_working_time(
        begin, one + other
    )


@given(calendars(), moments)
@settings(max_examples=80, deadline=None)
def test_the_next_working_moment_is_worked_and_no_work_lies_before_it(calendar: Calendar, begin: int) -> None:
    found = calendar.next_working_moment(begin)
    assert found >= begin
    assert calendar.working_time(begin, found) == 0
    assert calendar.working_time(found, found + 1) == 1


@given(calendars(), moments, st.integers(0, 60))
@settings(max_examples=80, deadline=None)
def test_adding_working_days_walks_over_just_that_many_and_ends_in_one(
    calendar: Calendar, begin: int, count: int
) -> None:
    start = calendar.next_working_moment(begin)
    end = calendar.add_working_days(begin, count)
    passed = [number for number in range(day_number(start) + 1, day_number(end) + 1) if calendar.is_working_day(number)]
    assert len(passed) == count
    opens, closes = calendar.origin(day_number(end)).hours[0][0], calendar.origin(day_number(end)).hours[-1][1]
    assert opens <= end - day_start(day_number(end)) <= closes
