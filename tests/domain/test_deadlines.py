"""Due moments: the worked examples of docs/deadlines.md, and what must hold for any office and any dossier."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from opscentre import profile
from opscentre.domain.calendar import Calendar, SpecialDay
from opscentre.domain.deadlines import DeadlineError, Limit, Pause, due_moment, is_limit, parse_limit
from opscentre.domain.explaining import explain_due
from opscentre.domain.moments import DAY, HOUR, date_of, day_number, local, parse_local
from opscentre.domain.worktime import OutOfCalendar
from tests.domain.calendars import MORNING, calendars, days, limits, moments, pauses_after, special_days

SHIPPED = profile.load("thai-nguyen").calendar


def at(text: str) -> int:
    return parse_local(text)


def weekday_and_time(moment: int) -> str:
    return f"{local(moment):%a %Y-%m-%d %H:%M}"


def pause(text: str) -> Pause:
    begin, _, end = text.partition("..")
    return Pause(at(begin), at(end))


@pytest.mark.parametrize(
    ("limit", "received", "due"),
    [
        # Working days: from the day after, the same time of day.
        ("3d", "2026-11-16T09:20", "2026-11-19T09:20"),
        ("3d", "2026-11-19T09:20", "2026-11-24T09:20"),
        ("3d", "2026-08-20T16:00", "2026-08-24T16:00"),
        ("2d", "2026-08-20T16:00", "2026-08-22T16:00"),
        ("1d", "2026-08-28T10:00", "2026-09-03T10:00"),
        ("1d", "2026-02-13T10:00", "2026-02-23T10:00"),
        ("1d", "2026-04-24T10:00", "2026-04-28T10:00"),
        ("1d", "2024-04-26T10:00", "2024-05-02T10:00"),
        ("1d", "2024-05-03T10:00", "2024-05-04T10:00"),
        ("1d", "2025-04-25T10:00", "2025-04-26T10:00"),
        ("1d", "2025-04-29T10:00", "2025-05-05T10:00"),
        ("1d", "2025-12-31T10:00", "2026-01-05T10:00"),
        ("5d", "2026-01-05T10:00", "2026-01-10T10:00"),
        ("1d", "2026-11-16T12:00", "2026-11-17T13:30"),
        ("1d", "2026-11-16T18:00", "2026-11-18T07:00"),
        ("1d", "2026-11-21T10:00", "2026-11-24T07:00"),
        # Working hours: they use working time up and end at closing.
        ("12h", "2026-11-16T15:00", "2026-11-18T09:00"),
        ("10h", "2026-11-16T15:00", "2026-11-17T17:00"),
        ("8h", "2026-11-16T07:00", "2026-11-16T17:00"),
        ("1h", "2026-11-16T10:30", "2026-11-16T11:30"),
        ("1h", "2026-11-16T11:00", "2026-11-16T14:00"),
        ("8h", "2026-08-21T15:00", "2026-08-22T15:00"),
        # Calendar days: the same time of day, moved on from a day off to the next opening.
        ("3cd", "2026-11-16T09:20", "2026-11-19T09:20"),
        ("5cd", "2026-11-16T09:20", "2026-11-23T07:00"),
        ("2cd", "2026-08-20T16:00", "2026-08-22T16:00"),
        ("3cd", "2026-08-28T10:00", "2026-09-03T07:00"),
        ("1cd", "2026-11-21T10:00", "2026-11-24T07:00"),
        # Same day: before 15:00 today's closing, else the next working day's.
        ("same-day", "2026-11-16T14:59", "2026-11-16T17:00"),
        ("same-day", "2026-11-16T15:00", "2026-11-17T17:00"),
        ("same-day", "2026-11-20T15:00", "2026-11-23T17:00"),
        ("same-day", "2026-11-20T18:00", "2026-11-23T17:00"),
        ("same-day", "2026-11-21T08:00", "2026-11-23T17:00"),
        ("same-day", "2026-08-21T16:00", "2026-08-22T17:00"),
    ],
)
def test_a_limit_gives_the_due_moment_that_a_desk_would_print(limit: str, received: str, due: str) -> None:
    assert due_moment(limit, at(received), SHIPPED) == at(due)


@pytest.mark.parametrize("limit", ["none", ""])
def test_a_procedure_without_a_limit_has_no_due_moment(limit: str) -> None:
    assert due_moment(limit, at("2026-11-16T09:20"), SHIPPED, [pause("2026-11-17..2026-11-18")]) is None


@pytest.mark.parametrize(
    ("limit", "due"),
    [("1d", "2026-03-04T11:30"), ("1cd", "2026-03-04T11:30"), ("8h", "2026-03-05T08:30")],
)
def test_a_half_day_shortens_hours_and_closes_before_the_time_of_day(limit: str, due: str) -> None:
    calendar = Calendar({day_number(at("2026-03-04")): SpecialDay("half", MORNING)})
    assert due_moment(limit, at("2026-03-03T15:00"), calendar) == at(due)


def test_a_same_day_procedure_on_a_half_day_is_due_at_its_closing() -> None:
    calendar = Calendar({day_number(at("2026-03-04")): SpecialDay("half", MORNING)})
    assert due_moment("same-day", at("2026-03-04T10:00"), calendar) == at("2026-03-04T11:30")
    assert due_moment("same-day", at("2026-03-03T15:30"), calendar) == at("2026-03-04T11:30")


@pytest.mark.parametrize(
    ("limit", "pauses", "due"),
    [
        ("3d", ["2026-11-17T08:00..2026-11-17T10:00"], "2026-11-19T11:20"),
        ("3d", ["2026-11-17T08:00..2026-11-18T08:00"], "2026-11-20T09:20"),
        ("3d", ["2026-11-16T17:00..2026-11-17T07:00"], "2026-11-19T09:20"),
        ("3d", ["2026-11-17T08:00..2026-11-17T10:00", "2026-11-18T16:00..2026-11-19T08:00"], "2026-11-19T15:20"),
        ("3d", ["2026-11-20T08:00..2026-11-20T16:00"], "2026-11-20T07:20"),
        ("same-day", ["2026-11-16T10:00..2026-11-16T16:30"], "2026-11-17T11:30"),
        ("same-day", ["2026-11-16T18:00..2026-11-16T20:00"], "2026-11-16T17:00"),
        ("5cd", ["2026-11-17T07:00..2026-11-17T08:00"], "2026-11-23T08:00"),
    ],
)
def test_a_pause_moves_the_due_moment_on_by_the_working_time_that_passed(
    limit: str, pauses: list[str], due: str
) -> None:
    assert due_moment(limit, at("2026-11-16T09:20"), SHIPPED, [pause(text) for text in pauses]) == at(due)


@pytest.mark.parametrize("text", ["", "none", "same-day", "1d", "15d", "12h", "9999cd"])
def test_a_limit_is_known_by_its_form(text: str) -> None:
    assert is_limit(text)
    kind, number = parse_limit(text)
    assert text in (f"{number}{kind}", kind, "")


@pytest.mark.parametrize("text", ["0d", "3", "d", "-1d", "1.5d", "3D", "3 d", "12345d", "3w", "sameday", "٣d"])
def test_what_is_no_limit_is_refused_with_the_forms_there_are(text: str) -> None:
    assert not is_limit(text)
    with pytest.raises(DeadlineError, match=r"want 3d \(working days\), 12h"):
        parse_limit(text)


@pytest.mark.parametrize(
    ("pauses", "told"),
    [
        (["2026-11-18T08:00..2026-11-17T08:00"], "ends before it begins"),
        (["2026-11-16T08:00..2026-11-17T08:00"], "begins before the reception at 2026-11-16T09:20:00"),
        (
            ["2026-11-17T08:00..2026-11-18T08:00", "2026-11-18T07:00..2026-11-19T08:00"],
            "begins before the end of the pause before it at 2026-11-18T08:00:00",
        ),
    ],
)
def test_pauses_out_of_order_are_refused_by_name(pauses: list[str], told: str) -> None:
    with pytest.raises(DeadlineError, match=told):
        due_moment("3d", at("2026-11-16T09:20"), SHIPPED, [pause(text) for text in pauses])


@pytest.mark.parametrize("limit", ["9999d", "9999h", "9999cd"])
def test_a_due_moment_beyond_the_calendar_is_refused(limit: str) -> None:
    with pytest.raises(OutOfCalendar, match="check the dates and the limit"):
        due_moment(limit, at("2100-12-30T10:00"), SHIPPED)


def test_the_hours_of_an_agency_decide_its_due_moments() -> None:
    week = (*Calendar().week[:5], MORNING, ())
    calendar = Calendar(agencies={"H55.12": week})
    assert due_moment("1d", at("2026-11-20T09:00"), calendar) == at("2026-11-23T09:00")
    assert due_moment("1d", at("2026-11-20T09:00"), calendar.of("H55.12")) == at("2026-11-21T09:00")
    assert due_moment("same-day", at("2026-11-20T16:00"), calendar.of("H55.12")) == at("2026-11-21T11:30")


@given(calendars(), moments, st.integers(1, 400))
@settings(max_examples=80, deadline=None)
def test_hours_use_up_just_so_much_working_time(calendar: Calendar, received: int, hours: int) -> None:
    due = due_moment(Limit("h", hours), received, calendar)
    assert due is not None
    assert calendar.working_time(received, due) == hours * HOUR


@given(calendars(), moments, limits)
@settings(max_examples=80, deadline=None)
def test_a_longer_limit_is_never_due_earlier(calendar: Calendar, received: int, limit: Limit) -> None:
    assume(limit.number)
    due, longer = (due_moment(Limit(limit.kind, n), received, calendar) for n in (limit.number, limit.number + 1))
    assert due is not None
    assert longer is not None
    assert received < due <= longer


@given(calendars(), moments, st.integers(0, 10 * 24 * 60 * 60_000), limits)
@settings(max_examples=80, deadline=None)
def test_what_is_received_later_is_never_due_earlier(
    calendar: Calendar, received: int, later: int, limit: Limit
) -> None:
    due, other = due_moment(limit, received, calendar), due_moment(limit, received + later, calendar)
    assert due is not None
    assert other is not None
    assert due <= other


@given(calendars(), moments, limits, st.data())
@settings(max_examples=80, deadline=None)
def test_a_pause_never_makes_anything_due_earlier(
    calendar: Calendar, received: int, limit: Limit, data: st.DataObject
) -> None:
    pauses = data.draw(pauses_after(received))
    dues = [due_moment(limit, received, calendar, pauses[:count]) for count in range(len(pauses) + 1)]
    assert dues == sorted(dues, key=lambda due: due or 0)
    for before, after, one in zip(dues, dues[1:], pauses, strict=False):
        assert before is not None
        assert after is not None
        assert calendar.working_time(before, after) == calendar.working_time(one.begin, one.end)
        assert after == before or calendar.working_time(one.begin, one.end) > 0


@given(calendars(), moments, limits, days, special_days, st.data())
@settings(max_examples=150, deadline=None)
def test_an_edited_day_redates_only_what_crosses_it(
    calendar: Calendar, received: int, limit: Limit, edited: int, special: SpecialDay, data: st.DataObject
) -> None:
    pauses = data.draw(pauses_after(received))
    before = due_moment(limit, received, calendar, pauses)
    assert before is not None
    last = max(before, *(one.end for one in pauses), received)
    assume(not day_number(received) <= edited <= day_number(last))
    mended = Calendar({**calendar.overrides, edited: special}, calendar.week)
    assert due_moment(limit, received, mended, pauses) == before


@given(calendars(), moments, limits, st.data())
@settings(max_examples=100, deadline=None)
def test_the_explanation_ends_with_the_due_moment_and_names_every_day_up_to_it(
    calendar: Calendar, received: int, limit: Limit, data: st.DataObject
) -> None:
    due = due_moment(limit, received, calendar)
    assert due is not None
    assume(due - received < 200 * DAY)
    told = "\n".join(explain_due(limit, received, calendar))
    begin = calendar.next_working_moment(received)
    for number in range(day_number(begin) + 1, day_number(due) + 1):
        assert told.count(str(date_of(number))) >= 1
    pauses = data.draw(pauses_after(received))
    assert [line for line in explain_due(limit, received, calendar, pauses) if line.startswith("due ")][
        -1
    ] == f"due {weekday_and_time(due_moment(limit, received, calendar, pauses) or 0)}"


PAGE = (Path(__file__).parents[2] / "docs" / "deadlines.md").read_text(encoding="utf-8")
WHEN = r"(\w{3} \d{4}-\d\d-\d\d \d\d:\d\d)"
EXAMPLES = re.findall(rf"^\| `?([a-z0-9-]+)`? \| {WHEN} \| (?:(\S+\.\.\S+) \| )?{WHEN} \|", PAGE, re.MULTILINE)


@pytest.mark.parametrize("example", EXAMPLES, ids=" ".join)
def test_every_worked_example_of_the_page_is_true(example: tuple[str, str, str, str]) -> None:
    limit, received, paused, due = example
    begin = at(received[4:].replace(" ", "T"))
    assert weekday_and_time(begin) == received
    pauses = [pause(paused)] if paused else []
    found = SHIPPED.reception_due(begin) if limit == "reception" else due_moment(limit, begin, SHIPPED, pauses)
    assert weekday_and_time(found or 0) == due


def test_the_page_has_examples_of_every_kind() -> None:
    kinds = {example[0] if example[0] == "reception" else parse_limit(example[0]).kind for example in EXAMPLES}
    assert kinds == {"d", "h", "cd", "same-day", "reception"}
    assert sum(bool(example[2]) for example in EXAMPLES) == 3
