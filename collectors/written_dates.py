"""Dates as people and spreadsheets write them, read as the feeds' ``yyyyMMddHHmmss``."""

from __future__ import annotations

import datetime as dt
import re

from opscentre.domain.moments import ZONE

_TIME = r"(?:[ T]+(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.\d{1,9})?)?)?"
#: The day before the month, as everyone in Viet Nam writes it; never the other way round.
_DAY_FIRST = re.compile(rf"(?P<day>\d{{1,2}})(?P<mark>[/.\-])(?P<month>\d{{1,2}})(?P=mark)(?P<year>\d{{4}}){_TIME}")
_YEAR_FIRST = re.compile(rf"(?P<year>\d{{4}})(?P<mark>[/.\-])(?P<month>\d{{1,2}})(?P=mark)(?P<day>\d{{1,2}}){_TIME}")
_ZONED = re.compile(r"(?:Z|[+-]\d\d:?\d\d)$")


def as_compact(value: object) -> object:
    """A date as ``yyyyMMddHHmmss`` in local time; what is no date is given back as it came.

    Understood are dates and times of a spreadsheet or database (no zone: local time), ``20/11/2026 09:30``
    (also with ``-`` or ``.``, with seconds, without a time) and ISO 8601. A day without a time is its midnight.
    """
    if isinstance(value, dt.datetime):
        at = value if value.tzinfo is None else value.astimezone(ZONE)
        # A spreadsheet's fraction of a day is not exact: 09:30:10 may come as 09:30:09.999.
        return (at + dt.timedelta(milliseconds=500)).strftime("%Y%m%d%H%M%S")
    if isinstance(value, dt.date):
        return value.strftime("%Y%m%d000000")
    if not isinstance(value, str):
        return value
    text = value.strip()
    if _ZONED.search(text) and text[4:5] == "-" and ":" in text:
        try:
            return dt.datetime.fromisoformat(text).astimezone(ZONE).strftime("%Y%m%d%H%M%S")
        except (ValueError, OverflowError):
            return value
    found = _DAY_FIRST.fullmatch(text) or _YEAR_FIRST.fullmatch(text)
    if found is None:
        return value
    # A day that does not exist is left to whoever reads the field: it names the field and the record.
    year, month, day = found["year"], int(found["month"]), int(found["day"])
    hour, minute, second = int(found["hour"] or 0), found["minute"] or "00", found["second"] or "00"
    return f"{year}{month:02d}{day:02d}{hour:02d}{minute}{second}"
