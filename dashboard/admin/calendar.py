"""``/admin/calendar``: the working year; days off, swaps and hours, with what they would do before they are written."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from pathlib import Path

from dashboard.admin import files
from dashboard.admin.room import Asked, Done, Refused, Room, Values
from opscentre import calendar_change, profile_change
from opscentre.access.rights import Action
from opscentre.calendar_file import CALENDAR, EVERY_AGENCY, HOURS
from opscentre.domain.calendar import Calendar, holiday_names
from opscentre.domain.calendar_effect import Effect, effect
from opscentre.domain.moments import EARLIEST_YEAR, LATEST_YEAR, date_of, day_number, day_of
from opscentre.procedures_file import check_procedures
from opscentre.store.open_dossiers import open_dossiers

NAME = "calendar"
RIGHT = Action.administer_calendar
#: Deeds that show something instead of leading on.
SHOWN = frozenset({"preview", "look"})
_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)|(\d\d?)/(\d\d?)/(\d{4})")


def values(room: Room, asked: Asked) -> Values:
    """The year of the address, and the forms."""
    today = date_of(day_number(room.clock.now()))
    given = asked.query.get("year", "")
    year = int(given) if given.isdecimal() and EARLIEST_YEAR <= int(given) <= LATEST_YEAR else today.year
    calendar = _calendar(room)
    units = room.profile.units
    weeks = [("", calendar.week), *((code, own.week) for code, own in sorted(calendar.agencies.items()))]
    return {
        "year": year,
        "years": [one for one in range(today.year - 2, today.year + 3) if EARLIEST_YEAR <= one <= LATEST_YEAR],
        "entered": year in calendar.entered_years,
        "months": [_working_days(calendar, year, month) for month in range(1, 13)],
        "days": [(date_of(origin.day), origin) for origin in calendar.special_days(year)],
        "holiday": holiday_names(year, asked.words.lang),
        "weeks": [(units[code].name if code else asked.words("calendar.province"), week) for code, week in weeks],
        "every": EVERY_AGENCY,
        "today": today,
        **files.changes(room, _paths(room)),
        **files.in_use(room, asked, _paths(room)),
    }


def _paths(room: Room) -> list[Path]:
    return [room.profile.folder / CALENDAR, room.profile.folder / HOURS]


def _texts(room: Room) -> dict[str, str | None]:
    return {path.name: profile_change.read(path) for path in _paths(room)}


def _calendar(room: Room) -> Calendar:
    """The calendar as its files say now: the running roles may still have the one before."""
    return calendar_change.calendar_of(_texts(room), room.profile.units.by_code)[0]


def _working_days(calendar: Calendar, year: int, month: int) -> int:
    first = dt.date(year, month, 1)
    following = dt.date(year + month // 12, month % 12 + 1, 1)
    return calendar.working_days(day_of(first), day_of(following) - 1)


# ---- what a form asks for


def _plan(room: Room, asked: Asked) -> files.Plan:
    """The change that a form describes. Raises ``Refused``."""
    texts = _texts(room)
    kind = asked.field("kind")
    if kind == "hours":
        return _hours(room, asked, texts[HOURS])
    before = texts[CALENDAR] or ""
    day = _day(asked, "day")
    if kind == "remove":
        after = calendar_change.with_day(before, day, None)
        return files.Plan(CALENDAR, texts[CALENDAR], after, f"{day:%d/%m/%Y}: {asked.words('calendar.kind.remove')}")
    document, said = asked.field("document", 100), asked.field("note", 200)
    if not document:
        raise Refused(asked.words("calendar.document.wanted"))
    row = {"kind": kind, "document": document, "note": said}
    if kind == "swap":
        other = _day(asked, "other")
        row = {
            "kind": "off",
            "document": document,
            "note": said or asked.words("calendar.swapped", day=asked.words.date(other)),
        }
        makeup = {
            "kind": "working",
            "document": document,
            "note": said or asked.words("calendar.makes-up", day=asked.words.date(day)),
        }
        after = calendar_change.with_day(calendar_change.with_day(before, day, row), other, makeup)
        return files.Plan(CALENDAR, texts[CALENDAR], after, f"{day:%d/%m/%Y} ↔ {other:%d/%m/%Y} ({document})")
    if kind not in ("off", "working", "half"):
        raise Refused(asked.words("admin.gone"))
    if kind == "half":
        row["hours"] = asked.field("hours", 60)
    what = f"{day:%d/%m/%Y}: {asked.words(f'calendar.kind.{kind}')} ({document})"
    return files.Plan(CALENDAR, texts[CALENDAR], calendar_change.with_day(before, day, row), what)


def _hours(room: Room, asked: Asked, before: str | None) -> files.Plan:
    agency, hours, said = asked.field("agency"), asked.field("hours", 60), asked.field("document", 100)
    weekdays = [number for number in range(7) if asked.fields.get(f"weekday-{number}")]
    if agency != EVERY_AGENCY and agency not in room.profile.units.by_code:
        raise Refused(asked.words("admin.gone"))
    if not weekdays or not hours:
        raise Refused(asked.words("calendar.hours.wanted"))
    if not said:
        raise Refused(asked.words("calendar.document.wanted"))
    after = calendar_change.with_hours(before, room.profile.folder, agency, weekdays, hours, said)
    name = asked.words("calendar.province") if agency == EVERY_AGENCY else room.profile.units[agency].name
    days = ", ".join(asked.words(f"calendar.weekday.{one}") for one in weekdays)
    return files.Plan(HOURS, before, after, f"{name}: {days} {hours} ({said})")


def _day(asked: Asked, name: str) -> dt.date:
    found = _DAY.fullmatch(asked.field(name))
    try:
        if found is None:
            raise ValueError
        year, month, day, d, m, y = (int(part) if part else 0 for part in found.groups())
        return dt.date(year or y, month or m, day or d)
    except ValueError:
        raise Refused(asked.words("calendar.day.wanted", seen=asked.field(name, 20))) from None


def _checked(room: Room, asked: Asked, texts: Mapping[str, str | None]) -> Calendar:
    """The calendar that files of these texts make. Raises ``Refused`` for what no role could use."""
    calendar, faults = calendar_change.calendar_of(texts, room.profile.units.by_code)
    if faults:
        fault = faults[0]
        told = f"{fault.file.name}, {fault.key}: {fault.told}, {fault.value!r}; {fault.remedy}"
        raise Refused(asked.words("calendar.faulty", fault=told))
    return calendar


def _effect(room: Room, calendar: Calendar) -> Effect:
    procedures = {one.code: one for one in check_procedures(room.profile.folder / "procedures.csv").values}
    return effect(open_dossiers(room.store), _calendar(room), calendar, procedures, room.clock.now())


# ---- deeds


def preview(room: Room, asked: Asked) -> Values:
    """What a change would do; nothing is written."""
    plan = _plan(room, asked)
    if plan.after == plan.before:
        raise Refused(asked.words("calendar.same"))
    calendar = _checked(room, asked, _texts(room) | {plan.file: plan.after})
    return _shown(room, asked, plan.what, _effect(room, calendar), "apply", profile_change.digest(plan.before))


def _shown(room: Room, asked: Asked, what: str, found: Effect, deed: str, known: str) -> Values:
    units = room.profile.units
    return {
        "what": what, "effect": found, "deed": deed, "known": known,
        "sums": sorted(
            ((units[code].name, one) for code, one in found.by_unit.items()), key=lambda row: (-row[1].moved, row[0])
        ),
        "unit_name": lambda code: units[code].name,
        "kept": {name: value for name, value in asked.fields.items() if name not in ("deed", "known")},
    }  # fmt: skip


def apply(room: Room, asked: Asked) -> Done:
    """Write the change that was previewed, where its file is still the one that the preview saw."""
    plan = _plan(room, asked)
    _checked(room, asked, _texts(room) | {plan.file: plan.after})
    files.change(room, asked, room.profile.folder / plan.file, plan.after, plan.what, asked.field("known", 64))
    return Done("calendar.done.apply", _year(asked))


def look(room: Room, asked: Asked) -> Values:
    """What undoing a change would do; nothing is written."""
    one = files.undoing(room, asked, _paths(room))
    found = _effect(room, _undone(room, asked, one))
    return _shown(room, asked, "", found, "undo", "") | one.shown(asked)


def undo(room: Room, asked: Asked) -> Done:
    """Put the file back as it was before a change."""
    return files.undone(room, asked, _paths(room), "calendar.done.undo", lambda one: _undone(room, asked, one))


def _undone(room: Room, asked: Asked, one: files.Undoing) -> Calendar:
    return _checked(room, asked, _texts(room) | {one.path.name: one.will})


def _year(asked: Asked) -> dict[str, str]:
    year = asked.field("year", 4)
    return {"year": year} if year.isdecimal() else {}


DEEDS = {"preview": preview, "apply": apply, "look": look, "undo": undo}
