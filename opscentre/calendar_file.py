"""``calendar.csv`` and ``hours.csv`` of a profile, read and checked: the working calendar of a province (§2)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection
from pathlib import Path

import msgspec

from opscentre.domain.calendar import DEFAULT_WEEK, WEEKDAYS, Calendar, DayKind, SpecialDay, Week
from opscentre.domain.explaining import hours_text
from opscentre.domain.moments import DAY, EARLIEST_YEAR, HOUR, LATEST_YEAR, MINUTE, day_of
from opscentre.domain.worktime import Spans
from opscentre.table_file import Fault, Table, read_table

CALENDAR, HOURS = "calendar.csv", "hours.csv"
#: The agency of ``hours.csv`` whose rows are the hours of the whole province.
EVERY_AGENCY = "*"
HOURS_WANTED = "want hours like 07:00-11:30 13:30-17:00, in order, with a space between"
WEEKDAYS_WANTED = "want weekdays like Mon-Fri, Sat or Mon Wed Fri, each once"

_SPAN = re.compile(r"(\d\d?):([0-5]\d)-(\d\d?):([0-5]\d)")


class CalendarRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ``calendar.csv``: a day that differs from its weekday."""

    day: dt.date
    kind: DayKind
    hours: Spans = ()
    document: str = ""
    note: str = ""


class HoursRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ``hours.csv``: the hours of an agency on some weekdays."""

    agency: str
    #: Empty: closed on those weekdays.
    hours: Spans
    #: Monday is 0.
    weekdays: tuple[int, ...]
    note: str = ""


def check_calendar(folder: Path, agencies: Collection[str]) -> tuple[Calendar, list[Fault]]:
    """The working calendar of a profile folder, and everything that is wrong with its files.

    ``agencies``: the unit codes that ``hours.csv`` may name. Rows with a fault are left out of the calendar.
    """
    days = check_special_days(folder / CALENDAR)
    hours = check_hours(folder / HOURS, agencies)
    weeks = {agency: week for agency, week in merged_weeks(hours).items() if any(week)}
    week = weeks.pop(EVERY_AGENCY, DEFAULT_WEEK)
    special = {
        day_of(row.value.day): SpecialDay(row.value.kind, row.value.hours, row.value.document, row.value.note, row.line)
        for row in days.rows
    }
    return Calendar(special, week, weeks), [*days.faults, *hours.faults]


def check_special_days(path: Path) -> Table[CalendarRow]:
    """The rows of ``calendar.csv``, and everything that is wrong with the file, which has to be there."""
    table = read_table(path, CalendarRow, required=True, parsers={"hours": parse_hours})
    table.require_unique("day")
    for row in table.rows:
        special = row.value
        if not EARLIEST_YEAR <= special.day.year <= LATEST_YEAR:
            table.blame(row, "day", "lies outside the calendar", f"want a year {EARLIEST_YEAR} to {LATEST_YEAR}")
        if special.kind == "half" and not special.hours:
            table.blame(row, "hours", "a half-day needs its hours", "write those that are worked, like 07:00-11:30", "")
        if special.kind == "off" and special.hours:
            remedy = "leave the hours empty, or make the kind half"
            table.blame(row, "hours", "a day off has no hours", remedy, hours_text(special.hours))
    return table


def check_hours(path: Path, agencies: Collection[str]) -> Table[HoursRow]:
    """The rows of ``hours.csv``, and everything that is wrong with the file; it need not be there."""
    table = read_table(path, HoursRow, parsers={"hours": parse_hours_or_closed, "weekdays": parse_weekdays})
    first: dict[tuple[str, int], int] = {}
    for row in table.rows:
        agency = row.value.agency
        if agency != EVERY_AGENCY and agency not in agencies:
            table.blame(row, "agency", "no unit has this code", f"want a code of units.csv, or {EVERY_AGENCY} for all")
        for weekday in row.value.weekdays:
            line = first.setdefault((agency, weekday), row.line)
            if line != row.line:
                told = f"agency {agency} has hours for that day on line {line} already"
                table.blame(row, "weekdays", told, "write all hours of a weekday into one row", WEEKDAYS[weekday])
    for agency, week in merged_weeks(table).items():
        if not any(week):
            row = next(row for row in reversed(table.rows) if row.value.agency in (agency, EVERY_AGENCY))
            table.blame(row, "agency", "is closed on every weekday", "open one of them, or take the rows out")
    return table


def merged_weeks(table: Table[HoursRow]) -> dict[str, Week]:
    """The week of every agency that ``hours.csv`` names: its rows' weekdays, the others as in the province."""
    weeks = {EVERY_AGENCY: list(DEFAULT_WEEK)}
    for row in sorted(table.rows, key=lambda row: row.value.agency != EVERY_AGENCY):
        week = weeks.setdefault(row.value.agency, list(weeks[EVERY_AGENCY]))
        for weekday in row.value.weekdays:
            week[weekday] = row.value.hours
    return {agency: tuple(week) for agency, week in weeks.items()}


def parse_hours(text: str) -> Spans:
    """Hours of a day from text like ``07:00-11:30 13:30-17:00``, in ms since midnight.

    Raises ``ValueError`` saying what is wrong and what form is wanted.
    """
    spans: list[tuple[int, int]] = []
    for part in text.split():
        found = _SPAN.fullmatch(part)
        if found is None:
            raise ValueError(HOURS_WANTED)
        hour, minute, until_hour, until_minute = map(int, found.groups())
        opens, closes = hour * HOUR + minute * MINUTE, until_hour * HOUR + until_minute * MINUTE
        if closes > DAY:
            raise ValueError(f"{part} ends after 24:00; {HOURS_WANTED}")
        if closes <= opens:
            raise ValueError(f"{part} ends before it begins; {HOURS_WANTED}")
        if spans and opens <= spans[-1][1]:
            raise ValueError(f"{part} does not begin after a break; join it to the hours before, or put them in order")
        spans.append((opens, closes))
    return tuple(spans)


def parse_hours_or_closed(text: str) -> Spans:
    """Hours as ``parse_hours`` knows them, or ``closed``: none."""
    return () if text == "closed" else parse_hours(text)


def parse_weekdays(text: str) -> tuple[int, ...]:
    """Weekdays from text like ``Mon-Fri`` or ``Tue Sat``, Monday being 0.

    Raises ``ValueError`` saying what form is wanted.
    """
    found: list[int] = []
    for part in text.replace(",", " ").split():
        first, _, last = part.partition("-")
        if first not in WEEKDAYS or (last or first) not in WEEKDAYS:
            raise ValueError(WEEKDAYS_WANTED)
        found += range(WEEKDAYS.index(first), WEEKDAYS.index(last or first) + 1)
    if not found or len(set(found)) != len(found):
        raise ValueError(WEEKDAYS_WANTED)
    return tuple(found)
