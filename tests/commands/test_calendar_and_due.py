"""``opscentre calendar`` and ``opscentre due``, as a person calls them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from opscentre import cli, paths


class Ran:
    """What a command printed and how it ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


class Command:
    """Calls ``opscentre`` in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *arguments: str) -> Ran:
        self._monkeypatch.setattr(sys, "argv", ["opscentre", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = self._capsys.readouterr()
        return Ran(int(ended.value.code or 0), out, err)


@pytest.fixture
def opscentre(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(monkeypatch, capsys)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A profile whose agency H55.12 has a Saturday desk and whose 13/02/2026 is a half-day."""
    folder = tmp_path / "desk"
    folder.mkdir()
    for file in (paths.CONFIG / "thai-nguyen").iterdir():
        if file.is_file():
            (folder / file.name).write_bytes(file.read_bytes())
    (folder / "hours.csv").write_text("agency,hours,weekdays\nH55.12,07:00-11:30,Sat\n", encoding="utf-8")
    (folder / "calendar.csv").write_text("day,kind,hours\n2026-02-13,half,07:00-11:30\n", encoding="utf-8")
    monkeypatch.setattr(paths, "CONFIG", tmp_path)
    return folder.name


@pytest.mark.parametrize(
    ("limit", "due"), [("3d", "2026-08-24T16:00"), ("12h", "2026-08-22T10:00"), ("5cd", "2026-08-25T16:00")]
)
def test_due_prints_the_due_moment_and_nothing_else(opscentre: Command, limit: str, due: str) -> None:
    ran = opscentre("due", "--received", "2026-08-20T16:00", "--limit", limit)
    assert (ran.code, ran.out, ran.err) == (0, f"{due}\n", "")


def test_due_as_its_own_process_says_the_same() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "opscentre", "due", "--received", "2026-08-20T16:00", "--limit", "3d"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "2026-08-24T16:00\n", "")


def test_due_without_a_limit_is_none(opscentre: Command) -> None:
    assert opscentre("due", "--received", "2026-08-20T16:00", "--limit", "none").out == "none\n"


def test_seconds_are_kept_where_there_are_any(opscentre: Command) -> None:
    assert opscentre("due", "--received", "2026-08-20T16:00:30", "--limit", "1d").out == "2026-08-21T16:00:30\n"


def test_pauses_move_the_due_moment_on(opscentre: Command) -> None:
    ran = opscentre(
        "due", "--received", "2026-11-16T09:20", "--limit", "3d",
        "--pause", "2026-11-17T08:00..2026-11-17T10:00", "--pause", "2026-11-18T16:00..2026-11-19T08:00",
    )  # fmt: skip
    assert (ran.code, ran.out) == (0, "2026-11-19T15:20\n")


def test_the_explanation_tells_every_day_and_why_it_counted(opscentre: Command) -> None:
    ran = opscentre("due", "--received", "2026-08-20T18:00", "--limit", "2d", "--explain")
    assert ran.out.splitlines() == [
        "2026-08-24T07:00",
        "received Thu 2026-08-20 18:00",
        "outside working time: counts as received Fri 2026-08-21 07:00",
        "limit 2d: 2 working days from the day after, same time of day",
        "  Fri 2026-08-21  day of reception:          ordinary working day",
        "  Sat 2026-08-22  working day 1 of 2:        working day by calendar.csv, line 14: làm bù cho 31/08/2026",
        "  Sun 2026-08-23  does not count:            weekend",
        "  Mon 2026-08-24  working day 2 of 2:        ordinary working day",
        "due Mon 2026-08-24 07:00",
    ]


def test_the_explanation_of_calendar_days_tells_the_moving_on(opscentre: Command) -> None:
    ran = opscentre("due", "--received", "2026-08-28T10:00", "--limit", "3cd", "--explain")
    assert ran.out.splitlines()[6:] == [
        "  Mon 2026-08-31  calendar day 3 of 3:       day off by calendar.csv, line 15: hoán đổi với 22/08/2026",
        "  Tue 2026-09-01  moved on:                  day off by the holidays package: National Day",
        "  Wed 2026-09-02  moved on:                  day off by the holidays package: National Day",
        "  Thu 2026-09-03  moved on:                  ordinary working day",
        "due Thu 2026-09-03 07:00",
    ]


def test_the_explanation_of_hours_and_pauses_tells_the_working_time_of_every_day(opscentre: Command) -> None:
    ran = opscentre(
        "due", "--received", "2026-11-20T16:30", "--limit", "3h", "--explain",
        "--pause", "2026-11-23T08:00..2026-11-23T09:00", "--pause", "2026-11-23T18:00..2026-11-23T19:00",
    )  # fmt: skip
    assert ran.out.splitlines() == [
        "2026-11-23T10:30",
        "received Fri 2026-11-20 16:30",
        "limit 3h: 3 hours of working time",
        "  Fri 2026-11-20  30 min counted:            ordinary working day",
        "  Sat 2026-11-21  does not count:            weekend",
        "  Sun 2026-11-22  does not count:            weekend",
        "  Mon 2026-11-23  2 h 30 min counted:        ordinary working day",
        "due Mon 2026-11-23 09:30",
        "paused from Mon 2026-11-23 08:00 to Mon 2026-11-23 09:00: the clock stands still",
        "  Mon 2026-11-23  1 h stood still:           ordinary working day",
        "resumed: the due moment moves on by 1 h",
        "  Mon 2026-11-23  1 h moved on:              ordinary working day",
        "due Mon 2026-11-23 10:30",
        "paused from Mon 2026-11-23 18:00 to Mon 2026-11-23 19:00: the clock stands still",
        "no working time passed in the pause: the due moment stays",
    ]


def test_the_explanation_says_where_a_half_day_cuts_the_time_of_day(opscentre: Command, desk: str) -> None:
    ran = opscentre("due", "--received", "2026-02-12T15:00", "--limit", "1d", "--explain", "--profile", desk)
    assert ran.out.splitlines()[0] == "2026-02-13T11:30"
    assert ran.out.splitlines()[-3:] == [
        "  Fri 2026-02-13  working day 1 of 1:        half-day by calendar.csv, line 2 (07:00-11:30)",
        "  15:00 lies outside the hours of that day",
        "due Fri 2026-02-13 11:30",
    ]


@pytest.mark.parametrize(("limit", "line"), [("same-day", "next working day:"), ("none", "has no due date")])
def test_limits_without_a_number_are_explained_too(opscentre: Command, limit: str, line: str) -> None:
    ran = opscentre("due", "--received", "2026-08-20T15:00", "--limit", limit, "--explain")
    assert ran.code == 0
    assert line in ran.out


def test_a_due_moment_in_a_year_without_a_row_comes_with_a_notice(opscentre: Command) -> None:
    plain = opscentre("due", "--received", "2026-12-30T10:00", "--limit", "5d")
    assert plain.out == "2027-01-07T10:00\n"
    assert plain.err == (
        "opscentre: notice: calendar.csv has no row for 2027 yet: days off are those of the holidays package, "
        "swapped and make-up days are not known\n"
    )
    explained = opscentre("due", "--received", "2026-12-30T10:00", "--limit", "5d", "--explain")
    assert explained.out.splitlines()[-1].startswith("notice: calendar.csv has no row for 2027 yet")
    assert explained.err == ""


def test_an_agency_is_named_by_code_or_name_and_has_its_own_hours(opscentre: Command, desk: str) -> None:
    ask = ("due", "--received", "2026-03-06T09:00", "--limit", "1d", "--profile", desk)
    assert opscentre(*ask).out == "2026-03-09T09:00\n"
    assert opscentre(*ask, "--agency", "H55.12").out == "2026-03-07T09:00\n"
    assert opscentre(*ask, "--agency", "H55.02").out == "2026-03-09T09:00\n"
    assert opscentre(*ask, "--agency", "Sở Nội vụ").out == "2026-03-09T09:00\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--received", "tomorrow"], "--received 'tomorrow' is not a local time like 2026-11-21"),
        (["--received", "2026-02-30T10:00"], "--received '2026-02-30T10:00' is not a local time"),
        (["--received", "0202-08-20"], "--received '0202-08-20': want a year from 1990 to 2100"),
        (["--limit", "3 days"], "limit '3 days': want 3d (working days), 12h (working hours)"),
        (["--limit", "0d"], "limit '0d': want"),
        (["--limit", ""], "--limit '': want"),
        (["--limit", "9999cd", "--received", "2100-01-01"], "outside the working calendar"),
        (["--pause", "2026-08-21"], "--pause '2026-08-21': want FROM..TO"),
        (["--pause", "2026-08-21.."], "--pause '2026-08-21..': want FROM..TO"),
        (["--pause", "now..2026-08-21"], "--pause 'now' is not a local time"),
        (["--pause", "2026-08-24..2026-08-21"], "ends before it begins"),
        (["--pause", "2026-08-19..2026-08-21"], "begins before the reception"),
        (["--pause", "2026-08-21..2026-08-25", "--pause", "2026-08-24..2026-08-26"], "the pause before it"),
        (["--agency", "Sở Ngoại vụ"], "--agency 'Sở Ngoại vụ': no unit of profile thai-nguyen has this code or name"),
        (["--profile", "nowhere"], "profile 'nowhere': no "),
    ],
)
def test_what_cannot_be_is_told_in_one_line_with_exit_code_2(
    opscentre: Command, arguments: list[str], told: str
) -> None:
    usual = {"--received": "2026-08-20T16:00", "--limit": "3d"}
    missing = [word for name, value in usual.items() if name not in arguments for word in (name, value)]
    ran = opscentre("due", *missing, *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("opscentre: ")
    assert told in ran.err
    assert ran.err.count("\n") == 1


def test_the_calendar_prints_each_month_with_its_special_days_and_their_origin(opscentre: Command) -> None:
    ran = opscentre("calendar", "--year", "2026")
    lines = ran.out.splitlines()
    assert (ran.code, ran.err) == (0, "")
    assert lines[0].endswith(": 250 working days")
    assert lines[1] == "hours: Mon-Fri 07:00-11:30 13:30-17:00"
    assert len([line for line in lines if "/2026: " in line and line.endswith("working days")]) == 12
    january = lines[lines.index("01/2026: 21 working days") + 1 :][:3]
    assert january == [
        "  Thu 2026-01-01  day off by the holidays package: New Year's Day",
        "  Fri 2026-01-02  day off by calendar.csv, line 6: hoán đổi với 10/01/2026, 12729/VPCP-KGVX",
        "  Sat 2026-01-10  working day by calendar.csv, line 7: làm bù cho 02/01/2026, 12729/VPCP-KGVX",
    ]
    assert "  Sun 2026-04-26  day off by the holidays package: Hung Kings' Commemoration Day" in lines
    assert (
        "  Tue 2026-11-24  ordinary working day (the holidays package has it off, Vietnam Cultural Day, unconfirmed)"
        in lines
    )
    assert not any(line.startswith("notice") for line in lines)


def test_a_year_without_a_row_says_so_in_text_and_json(opscentre: Command) -> None:
    told = "calendar.csv has no row for 2027 yet"
    assert f"notice: {told}" in opscentre("calendar", "--year", "2027").out
    document = json.loads(opscentre("calendar", "--year", "2027", "--json").out)
    assert document["entered"] is False
    assert document["notice"].startswith(told)


def test_the_calendar_as_json_has_every_special_day_with_its_origin(opscentre: Command) -> None:
    document = json.loads(opscentre("calendar", "--year", "2026", "--json").out)
    assert (document["profile"], document["year"], document["entered"]) == ("thai-nguyen", 2026, True)
    assert (document["notice"], document["working_days"], sum(document["months"])) == ("", 250, 250)
    days = {entry["day"]: entry for entry in document["days"]}
    assert days["2026-08-22"] == {
        "day": "2026-08-22",
        "kind": "working",
        "hours": "07:00-11:30 13:30-17:00",
        "origin": "calendar.csv",
        "note": "làm bù cho 31/08/2026",
        "document": "",
        "line": 14,
        "holidays_package": "",
    }
    assert (days["2026-09-02"]["origin"], days["2026-09-02"]["note"]) == ("holidays", "National Day")
    assert (days["2026-11-24"]["kind"], days["2026-11-24"]["holidays_package"]) == ("working", "Vietnam Cultural Day")


def test_half_days_and_hours_of_agencies_are_printed(opscentre: Command, desk: str) -> None:
    lines = opscentre("calendar", "--year", "2026", "--profile", desk).out.splitlines()
    assert lines[2] == "hours of H55.12: Mon-Fri 07:00-11:30 13:30-17:00; Sat 07:00-11:30"
    assert "  Fri 2026-02-13  half-day by calendar.csv, line 2 (07:00-11:30)" in lines
    own = json.loads(opscentre("calendar", "--year", "2026", "--profile", desk, "--agency", "H55.12", "--json").out)
    assert own["week"] == "Mon-Fri 07:00-11:30 13:30-17:00; Sat 07:00-11:30"
    assert own["working_days"] > 290


@pytest.mark.parametrize(("option", "told"), [("--year=1989", "--year 1989"), ("--year=2101", "--year 2101")])
def test_a_year_outside_the_calendar_is_told(opscentre: Command, option: str, told: str) -> None:
    ran = opscentre("calendar", option)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"opscentre: {told}: the calendar knows the years 1990 to 2100\n"
