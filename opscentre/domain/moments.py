"""Moments and days: conversions between epoch milliseconds, local dates and the feeds' date strings."""

from __future__ import annotations

import datetime as dt
import re

#: Asia/Ho_Chi_Minh: UTC+7 all year, no daylight saving since 1975.
ZONE = dt.timezone(dt.timedelta(hours=7), "Asia/Ho_Chi_Minh")
SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_OFFSET = 7 * HOUR
_EPOCH = dt.date(1970, 1, 1)

#: Moments outside these years are refused as impossible rather than counted in the year 0202.
EARLIEST_YEAR, LATEST_YEAR = 1990, 2100

_COMPACT = re.compile(r"\d{14}")


def moment(local: dt.datetime) -> int:
    """The moment of a date and time; one without a zone is taken as local time of the province."""
    aware = local if local.tzinfo else local.replace(tzinfo=ZONE)
    return round(aware.timestamp() * 1000)


def local(at: int) -> dt.datetime:
    """The local date and time of a moment, with its zone."""
    return dt.datetime.fromtimestamp(at / 1000, ZONE)


def day_number(at: int) -> int:
    """Local days since 1970-01-01: the key of everything counted by day."""
    return (at + _OFFSET) // DAY


def day_start(number: int) -> int:
    """The moment a local day begins."""
    return number * DAY - _OFFSET


def day_of(date: dt.date) -> int:
    """The day number of a calendar date."""
    return (date - _EPOCH).days


def date_of(number: int) -> dt.date:
    """The calendar date of a day number."""
    return _EPOCH + dt.timedelta(days=number)


def parse_compact(text: str) -> int:
    """The moment of a feed's ``yyyyMMddHHmmss`` string (DOMAIN §2: local time of the province).

    Raises ``ValueError`` whose text says what is wrong with the value seen.
    """
    if not _COMPACT.fullmatch(text):
        raise ValueError(f"{text!r} is not a date written as yyyyMMddHHmmss")
    try:
        value = dt.datetime(
            int(text[:4]),
            int(text[4:6]),
            int(text[6:8]),
            int(text[8:10]),
            int(text[10:12]),
            int(text[12:]),
            tzinfo=ZONE,
        )
    except ValueError as error:
        raise ValueError(f"{text!r} is no date of the calendar ({error})") from None
    if not EARLIEST_YEAR <= value.year <= LATEST_YEAR:
        raise ValueError(f"{text!r} lies outside the years {EARLIEST_YEAR}–{LATEST_YEAR}")
    return moment(value)


def format_compact(at: int) -> str:
    """A moment as a feed's ``yyyyMMddHHmmss`` string."""
    return local(at).strftime("%Y%m%d%H%M%S")


def parse_local(text: str) -> int:
    """The moment of a person's ISO date or date and time: ``2026-11-21`` or ``2026-11-21T09:30``.

    Raises ``ValueError`` naming the value seen and the forms wanted.
    """
    try:
        return moment(dt.datetime.fromisoformat(text))
    except ValueError:
        raise ValueError(f"{text!r} is not a local time like 2026-11-21 or 2026-11-21T09:30") from None


def iso(at: int) -> str:
    """A moment as local ISO text with its offset, to the second."""
    return local(at).isoformat(timespec="seconds")
