"""Single values of a feed's record (DOMAIN §2): dates, small numbers, lists; each is read, absent, or a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from opscentre.domain.masking import quoted
from opscentre.domain.moments import HOUR, MINUTE, SECOND, parse_compact
from opscentre.domain.vocabulary import Unmapped

#: More steps or supplements than this is no dossier but a fault of the source.
MOST_ENTRIES = 1_000
_DIGITS = {str(digit): digit for digit in range(10)}


class Refusal(Exception):
    """A record that is not taken.

    ``reason`` is one of ``not_an_object``, ``missing_field``, ``bad_date``, ``impossible_date``,
    ``bad_status``, ``bad_value``; ``field`` is the name as the source writes it; ``number`` is the dossier's
    MaHoSo where it could be read. The message quotes no value but the offending one, masked. ``unmapped`` is
    what of the source's own vocabulary is not known and could be.
    """

    def __init__(
        self, reason: str, field: str, message: str, number: str = "", unmapped: Unmapped | None = None
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.field = field
        self.message = message
        self.number = number
        self.unmapped = unmapped


def missing(field: str, why: str) -> Refusal:
    """The refusal of a record without a field that it needs (§2)."""
    return Refusal("missing_field", field, f"{field} is missing or empty: {why}; have the source fill it in")


def unwanted(reason: str, field: str, value: object, wanted: str, remedy: str = "correct it at the source") -> Refusal:
    """The refusal of a value that cannot stand (§2)."""
    return Refusal(reason, field, f"{field}: saw {quoted(value)}, want {wanted}; {remedy}")


@lru_cache(maxsize=4096)
def _day(text: str) -> int | None:
    """The moment a day written as yyyyMMdd begins; None when there is no such day."""
    try:
        return parse_compact(text + "000000")
    except ValueError:
        return None


def date(row: Mapping[str, Any], name: str, place: str = "") -> int | None:
    """The moment of a date field, None when it is absent."""
    value = row.get(name)
    if value is None or value == "":
        return None
    if type(value) is int:
        value = str(value)
    if isinstance(value, str):
        if len(value) == 14 and value.isascii() and value.isdigit():
            hour, minute, second = int(value[8:10]), int(value[10:12]), int(value[12:])
            day = _day(value[:8])
            if day is not None and hour < 24 and minute < 60 and second < 60:
                return day + hour * HOUR + minute * MINUTE + second * SECOND
            raise unwanted("impossible_date", place + name, value, "a day and time that exist, 1990 to 2100")
        if not value.strip():
            return None
    raise unwanted("bad_date", place + name, value, "a date written as yyyyMMddHHmmss")


def whole(value: object) -> int | None:
    """A small whole number given as a number or as text; None when it is none."""
    if isinstance(value, str):
        # Nearly all of them are one digit.
        if (known := _DIGITS.get(value)) is not None:
            return known
        text = value.strip()
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return int(value) if isinstance(value, int) else None


def entries(row: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """A list of objects; it may be given as JSON text (a CSV file, an SQL view)."""
    value = row.get(name)
    if not value:
        return []
    if isinstance(value, str):
        if not value.strip():
            return []
        try:
            value = msgspec.json.decode(value)
        except msgspec.DecodeError:
            value = None
    if isinstance(value, list) and all(isinstance(entry, Mapping) for entry in value):
        return value
    # Its value is not quoted: these lists hold the names of files and persons.
    raise Refusal("bad_value", name, f"{name} is not a list of objects; correct it at the source")


def bounded(row: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """A list of objects with at most so many entries as a dossier can have (§2)."""
    found = entries(row, name)
    if len(found) > MOST_ENTRIES:
        told = f"{name} has {len(found)} entries, at most {MOST_ENTRIES} are taken"
        raise Refusal("bad_value", name, f"{told}; correct it at the source")
    return found


def by_moment(moments: tuple[int | None, ...]) -> tuple[int, ...]:
    """What sorts moments of which some may be absent: those come first."""
    return tuple(-1 if at is None else at for at in moments)


def count_documents(documents: list[Mapping[str, Any]]) -> tuple[int, int, int, int]:
    """Documents filed: all, digitised, reused, taken from the national store (§2)."""
    digitised = reused = shared = 0
    for entry in documents:
        digitised += whole(entry.get("DuocSoHoa")) == 1
        reused += whole(entry.get("DuocTaiSuDung")) == 1
        shared += whole(entry.get("DuocLayTuKhoDMQG")) == 1
    return (len(documents), digitised, reused, shared)


def count_fees(fees: list[Mapping[str, Any]]) -> tuple[int, int]:
    """Fees: how many, and how many of them are not zero (§2)."""
    # A price may be written 50000, "50000", "50.000": it is zero when no digit but 0 is in it.
    charged = sum(any(c in "123456789" for c in str(fee.get("Gia") or "")) for fee in fees)
    return (len(fees), charged)
