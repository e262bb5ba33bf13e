"""``opscentre calendar``: the working days of a year, and from where each special day is known."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from opscentre import profile as profiles
from opscentre import settings
from opscentre.commands.shared import AsJson, MaybeProfile, fail
from opscentre.domain.calendar import Calendar, Origin
from opscentre.domain.dossier import UNMAPPED
from opscentre.domain.explaining import day_text, hours_text, origin_text, week_text
from opscentre.domain.moments import EARLIEST_YEAR, LATEST_YEAR, date_of, day_of, day_start
from opscentre.profile import Profile


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command("calendar")(show_calendar)


def show_calendar(
    year: Annotated[int, typer.Option(help="The year to print.")],
    agency: Annotated[str | None, typer.Option(help="Code of an agency, to see its own hours.")] = None,
    profile: MaybeProfile = None,
    as_json: AsJson = False,
) -> None:
    """Print the working calendar of a year and the origin of each special day."""
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        fail(f"--year {year}: the calendar knows the years {EARLIEST_YEAR} to {LATEST_YEAR}")
    province = profiles.load(settings.load(profile=profile).profile)
    calendar = calendar_of(province, agency)
    if as_json:
        print(json.dumps(as_document(province, calendar, year), ensure_ascii=False))
    else:
        print("\n".join(as_text(province, calendar, year)))


def calendar_of(province: Profile, agency: str | None) -> Calendar:
    """The calendar of an agency named by its code or official name; of the province where none is named."""
    if agency is None:
        return province.calendar
    code = province.units.resolve(agency)
    if code == UNMAPPED:
        fail(f"--agency {agency!r}: no unit of profile {province.slug} has this code or name; see its units.csv")
    return province.calendar.of(code)


def as_document(province: Profile, calendar: Calendar, year: int) -> dict[str, Any]:
    """The year as JSON: working days a month, and every special day with its origin."""
    return {
        "profile": province.slug,
        "year": year,
        "entered": year in calendar.entered_years,
        "notice": _notice(calendar, year),
        "week": week_text(calendar.week),
        "working_days": calendar.working_days(*_ends(year)),
        "months": [calendar.working_days(*_ends(year, month)) for month in range(1, 13)],
        "days": [_day_document(origin) for origin in calendar.special_days(year)],
        "agencies": {code: week_text(own.week) for code, own in sorted(province.calendar.agencies.items())},
    }


def as_text(province: Profile, calendar: Calendar, year: int) -> Iterator[str]:
    """The year as lines for a person."""
    yield f"Working calendar {year}, {province.province.name}: {calendar.working_days(*_ends(year))} working days"
    yield f"hours: {week_text(calendar.week)}"
    for code, own in sorted(province.calendar.agencies.items()):
        yield f"hours of {code}: {week_text(own.week)}"
    if notice := _notice(calendar, year):
        yield f"notice: {notice}"
    special = calendar.special_days(year)
    for month in range(1, 13):
        yield ""
        name = dt.date(year, month, 1).strftime("%m/%Y")
        yield f"{name}: {calendar.working_days(*_ends(year, month))} working days"
        for origin in special:
            if date_of(origin.day).month == month:
                hours = f" ({hours_text(origin.hours)})" if origin.kind == "half" else ""
                yield f"  {day_text(origin.day)}  {origin_text(origin)}{hours}"


def _day_document(origin: Origin) -> dict[str, Any]:
    return {
        "day": str(date_of(origin.day)),
        "kind": origin.kind,
        "hours": hours_text(origin.hours),
        "origin": origin.source,
        "note": origin.note,
        "document": origin.document,
        "line": origin.line or None,
        "holidays_package": origin.seed,
    }


def _notice(calendar: Calendar, year: int) -> str:
    first, last = _ends(year)
    return calendar.notice(day_start(first), day_start(last))


def _ends(year: int, month: int | None = None) -> tuple[int, int]:
    """The first and the last day number of a year, or of a month of it."""
    begin = dt.date(year, month or 1, 1)
    end = dt.date(year, month, 28) if month else dt.date(year, 12, 28)
    last = (end + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)
    return day_of(begin), day_of(last)
