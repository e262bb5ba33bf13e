"""``calendar.csv`` and ``hours.csv``: what they may say, and a message for everything they may not."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from opscentre import paths, profile
from opscentre.calendar_file import check_calendar, parse_hours, parse_weekdays
from opscentre.domain.calendar import DEFAULT_WEEK, Calendar
from opscentre.domain.explaining import week_text
from opscentre.domain.moments import HOUR, MINUTE, day_of

GALLERY = Path(__file__).parent / "gallery" / "calendar"
AGENCIES = {"H55.12", "H55.13"}
_HOURS = "want hours like 07:00-11:30 13:30-17:00, in order, with a space between"
_WEEKDAYS = "want weekdays like Mon-Fri, Sat or Mon Wed Fri, each once"
_COLUMN = "take it out, or mend its name; known are: day, kind, hours, document, note"

#: Sample of the gallery → what is told of it first, without the file.
TOLD = {
    "calendar_closed": f", line 2, hours: is not what belongs here, saw 'closed'; {_HOURS}",
    "calendar_column_missing": (
        ", line 1, day: this column is missing, saw 'ngày,kind,hours,document,note'; add it to the header"
    ),
    "calendar_column_twice": ", line 1, kind: this column is there twice; keep one",
    "calendar_column_unknown": f", line 1, hour: there is no such column; {_COLUMN}",
    "calendar_comma_in_a_note": (
        ", line 3: more cells than columns, saw ' a Monday'; put a text that holds commas between double quotes"
    ),
    "calendar_day_left_out": ", line 3, day: nothing is written here; want a day as YYYY-MM-DD",
    "calendar_day_twice": (", line 3, day: is already on line 2, saw '2026-01-02'; keep one row, or write another one"),
    "calendar_day_written_another_way": (
        ", line 3, day: is not what belongs here, saw '22/08/2026'; want a day as YYYY-MM-DD"
    ),
    "calendar_half_day_without_hours": (
        ", line 3, hours: a half-day needs its hours; write those that are worked, like 07:00-11:30"
    ),
    "calendar_hours_backwards": (
        f", line 3, hours: is not what belongs here, saw '11:30-07:00'; 11:30-07:00 ends before it begins; {_HOURS}"
    ),
    "calendar_hours_on_a_day_off": (
        ", line 3, hours: a day off has no hours, saw '07:00-11:30'; leave the hours empty, or make the kind half"
    ),
    "calendar_hours_overlapping": (
        ", line 3, hours: is not what belongs here, saw '07:00-11:30 11:00-15:00'; "
        "11:00-15:00 does not begin after a break; join it to the hours before, or put them in order"
    ),
    "calendar_hours_past_midnight": (
        f", line 3, hours: is not what belongs here, saw '20:00-25:00'; 20:00-25:00 ends after 24:00; {_HOURS}"
    ),
    "calendar_hours_written_another_way": (f", line 3, hours: is not what belongs here, saw '7h-11h30'; {_HOURS}"),
    "calendar_kind_left_out": ", line 3, kind: nothing is written here; want one of 'off', 'working', 'half'",
    "calendar_kind_unknown": (
        ", line 3, kind: is not what belongs here, saw 'makeup'; want one of 'off', 'working', 'half'"
    ),
    "calendar_no_such_day": ", line 3, day: is not what belongs here, saw '2026-02-30'; want a day as YYYY-MM-DD",
    "calendar_not_utf8": (
        ": cannot be read: 'utf-8' codec can't decode byte 0xea in position 30: invalid continuation byte; "
        "save it as CSV in UTF-8"
    ),
    "calendar_year_outside": (", line 3, day: lies outside the calendar, saw '0202-08-31'; want a year 1990 to 2100"),
    "hours_agency_left_out": ", line 3, agency: nothing is written here; want a text",
    "hours_agency_unknown": (
        ", line 3, agency: no unit has this code, saw 'H55.99'; want a code of units.csv, or * for all"
    ),
    "hours_closed_all_week": (
        ", line 3, agency: is closed on every weekday, saw 'H55.12'; open one of them, or take the rows out"
    ),
    "hours_column_missing": ", line 1, hours: this column is missing, saw 'agency,weekdays,note'; add it to the header",
    "hours_hours_left_out": ", line 3, hours: nothing is written here; write it in",
    "hours_hours_written_another_way": f", line 3, hours: is not what belongs here, saw 'sáng'; {_HOURS}",
    "hours_province_closed": (
        ", line 2, agency: is closed on every weekday, saw '*'; open one of them, or take the rows out"
    ),
    "hours_weekday_twice": (
        ", line 4, weekdays: agency H55.12 has hours for that day on line 3 already, saw 'Sat'; "
        "write all hours of a weekday into one row"
    ),
    "hours_weekdays_backwards": f", line 3, weekdays: is not what belongs here, saw 'Fri-Mon'; {_WEEKDAYS}",
    "hours_weekdays_written_another_way": f", line 3, weekdays: is not what belongs here, saw 'Thứ 7'; {_WEEKDAYS}",
}


def folder_of(tmp_path: Path, calendar: str = "day,kind\n", hours: str | None = None) -> Path:
    (tmp_path / "calendar.csv").write_text(calendar, encoding="utf-8")
    if hours is not None:
        (tmp_path / "hours.csv").write_text(hours, encoding="utf-8")
    return tmp_path


def read(folder: Path) -> Calendar:
    calendar, faults = check_calendar(folder, AGENCIES)
    assert faults == []
    return calendar


@pytest.mark.parametrize("sample", sorted(GALLERY.glob("*.csv")), ids=lambda sample: sample.stem)
def test_a_bad_file_is_told_by_line_value_and_remedy(tmp_path: Path, sample: Path) -> None:
    folder = folder_of(tmp_path)
    bad = folder / f"{sample.stem.partition('_')[0]}.csv"
    bad.write_bytes(sample.read_bytes())
    _, faults = check_calendar(folder, AGENCIES)
    assert str(faults[0]) == f"{bad}{TOLD[sample.stem]}"


def test_every_message_has_a_sample() -> None:
    assert {sample.stem for sample in GALLERY.glob("*.csv")} == set(TOLD)


def test_a_missing_calendar_is_told_and_missing_hours_are_the_usual_ones(tmp_path: Path) -> None:
    calendar, faults = check_calendar(tmp_path, AGENCIES)
    assert [str(fault) for fault in faults] == [
        f"{tmp_path / 'calendar.csv'}: is missing; make it, with the columns day,kind"
    ]
    assert calendar.week == DEFAULT_WEEK


def test_a_profile_with_a_bad_calendar_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    for file in (paths.CONFIG / "thai-nguyen").iterdir():
        if file.is_file():
            (folder / file.name).write_bytes(file.read_bytes())
    (folder / "calendar.csv").write_text("day,kind\n2026-08-22,makeup\n", encoding="utf-8")
    monkeypatch.setattr(paths, "CONFIG", tmp_path)
    with pytest.raises(profile.ProfileError, match=r"calendar\.csv, line 2, kind: .* saw 'makeup'"):
        profile.load("there")


def test_rows_of_the_calendar_keep_their_document_note_and_line(tmp_path: Path) -> None:
    text = (
        "day,kind,hours,document,note\n"
        "# a remark, with commas, and \n"
        "2026-02-13,half,07:00-11:30,12/VP,the day before Tết\n"
        "\n"
        "2026-08-22,working,,,\n"
    )
    calendar = read(folder_of(tmp_path, text))
    origin = calendar.origin(day_of(dt.date(2026, 2, 13)))
    assert (origin.kind, origin.hours) == ("half", ((7 * HOUR, 11 * HOUR + 30 * MINUTE),))
    assert (origin.document, origin.note, origin.line) == ("12/VP", "the day before Tết", 3)
    assert calendar.origin(day_of(dt.date(2026, 8, 22))).line == 5


def test_an_agency_has_the_hours_of_its_rows_and_else_those_of_the_province(tmp_path: Path) -> None:
    hours = (
        "agency,hours,weekdays,note\n"
        "H55.12,07:00-11:30,Sat,Saturday desk\n"
        "H55.13,closed,Fri,\n"
        "H55.13,08:00-12:00,Sat Sun,\n"
        "*,07:30-11:30 13:00-17:00,Mon-Fri,\n"
    )
    calendar = read(folder_of(tmp_path, hours=hours))
    assert week_text(calendar.week) == "Mon-Fri 07:30-11:30 13:00-17:00"
    assert week_text(calendar.of("H55.12").week) == "Mon-Fri 07:30-11:30 13:00-17:00; Sat 07:00-11:30"
    assert week_text(calendar.of("H55.13").week) == "Mon-Thu 07:30-11:30 13:00-17:00; Sat-Sun 08:00-12:00"
    assert calendar.of("H55.14") is calendar


def test_hours_and_weekdays_are_read_in_every_form_that_is_promised() -> None:
    assert parse_hours("7:00-24:00") == ((7 * HOUR, 24 * HOUR),)
    assert parse_weekdays("Mon-Wed Sat") == parse_weekdays("Mon,Tue,Wed,Sat") == (0, 1, 2, 5)
    with pytest.raises(ValueError, match="each once"):
        parse_weekdays("Mon-Wed Tue")
    with pytest.raises(ValueError, match="want weekdays"):
        parse_weekdays("")


def test_the_shipped_hours_are_those_of_the_domain() -> None:
    assert profile.load("thai-nguyen").calendar.week == DEFAULT_WEEK
