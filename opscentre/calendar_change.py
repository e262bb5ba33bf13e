"""The texts of ``calendar.csv`` and ``hours.csv`` with a row more, another, or less; nothing is written here."""

from __future__ import annotations

import csv
import datetime as dt
import io
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path

from opscentre.calendar_file import CALENDAR, HOURS, check_calendar, check_hours
from opscentre.domain.calendar import WEEKDAYS, Calendar
from opscentre.domain.explaining import hours_text
from opscentre.table_file import Fault

_HEADER = "day,kind,hours,document,note"
_HOURS_HEADER = "agency,weekdays,hours,note"


def with_day(text: str, day: dt.date, row: Mapping[str, str] | None) -> str:
    """``calendar.csv`` with a row of a day (kind, hours, document, note) in the place of the one it had; None: none."""
    lines = (text or _HEADER).rstrip("\n").split("\n")
    header = [column.strip() for column in _cells(lines[0].removeprefix("\ufeff"))]
    missing = [column for column, value in (row or {}).items() if value and column not in header]
    if missing:
        header += missing
        lines[0] = ",".join([lines[0], *missing])
    place = header.index("day") if "day" in header else 0
    kept = [line for line in lines[1:] if line.startswith("#") or _cell(line, place) != day.isoformat()]
    if row is not None:
        values = {"day": day.isoformat(), **row}
        fresh = _line([values.get(column, "") for column in header])
        later = (n for n, line in enumerate(kept) if not line.startswith("#") and _cell(line, place) > day.isoformat())
        end = max((n + 1 for n, line in enumerate(kept) if not line.startswith("#")), default=0)
        kept.insert(next(later, end), fresh)
    return "\n".join([lines[0], *kept, ""])


def with_hours(text: str | None, folder: Path, agency: str, weekdays: Collection[int], hours: str, note: str) -> str:
    """``hours.csv`` with other hours of an agency on some weekdays (Monday is 0); its other weekdays stay.

    ``hours``: as the file has them, or ``closed``. ``folder``: where the file of ``text`` lies.
    """
    lines = (text or _HOURS_HEADER).rstrip("\n").split("\n")
    header = [column.strip() for column in _cells(lines[0].removeprefix("\ufeff"))]
    mine = [row for row in check_hours(folder / HOURS, {agency}).rows if row.value.agency == agency]
    days = {day: (hours_text(row.value.hours) if row.value.hours else "closed", row.value.note)
            for row in mine for day in row.value.weekdays}  # fmt: skip
    days |= dict.fromkeys(weekdays, (hours, note))
    gone = {row.line for row in mine}
    kept = [line for number, line in enumerate(lines[1:], 2) if number not in gone]
    for said in dict.fromkeys(days.values()):
        named = " ".join(WEEKDAYS[day] for day in sorted(days) if days[day] == said)
        values = {"agency": agency, "weekdays": named, "hours": said[0], "note": said[1]}
        kept.append(_line([values.get(column, "") for column in header]))
    return "\n".join([lines[0], *kept, ""])


def calendar_of(texts: Mapping[str, str | None], agencies: Collection[str]) -> tuple[Calendar, list[Fault]]:
    """The calendar that files of these texts (by name) make, and what is wrong with them: as every role reads them."""
    with tempfile.TemporaryDirectory() as place:
        for name in (CALENDAR, HOURS):
            text = texts.get(name)
            if text is not None:
                (Path(place) / name).write_text(text, encoding="utf-8")
        return check_calendar(Path(place), agencies)


def _cells(line: str) -> list[str]:
    return next(csv.reader([line]), [])


def _cell(line: str, place: int) -> str:
    cells = _cells(line)
    return cells[place].strip() if len(cells) > place else ""


def _line(cells: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue()
