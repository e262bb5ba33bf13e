"""The address of a page: path and query, read into a ``View`` and written back. All of a page's state is in it."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode

import msgspec

from layouts.definitions import DEFINITIONS
from layouts.words import LANGS, WORDS, Lang, Words
from opscentre.access.people import Caller
from opscentre.access.rights import Action, may
from opscentre.domain.alert_desk import SEVERITIES, STATES
from opscentre.domain.listing import PERIODS, By, Period, PeriodName, period_of
from opscentre.domain.moments import date_of, day_number
from opscentre.live.walls import called

#: Stands in a path for the code that a source left empty.
NO_CODE = "-"
LEVELS = ("I", "II", "III", "-")
BYS: tuple[By, ...] = ("unit", "field", "procedure")
#: Most units side by side, and what stands for all of them together.
COMPARED = 4
WHOLE = "*"
#: The longest custom period, in days.
LONGEST = 3660
_KEPT_BY_LINKS = ("period", "first", "last", "lang")
#: What a way further into the same question takes along beside these.
_KEPT_GOING_IN = (*_KEPT_BY_LINKS, "channel", "level")
#: Columns by which a progress table may be ordered, greatest first.
RANKS = tuple(name for name, definition in DEFINITIONS.items() if not definition.denominator)


class BadAddress(ValueError):
    """A query that cannot be used; the text names the value seen and what is wanted, for programs."""

    def __init__(self, text: str, key: str, **values: object) -> None:
        """``key``, ``values``: the same for a person, below ``page.wrong.`` of the catalogue."""
        super().__init__(text)
        self._key, self._values = f"page.wrong.{key}", values

    def told(self, words: Words) -> str:
        """What is wrong, for a person."""
        return words(self._key, **self._values)


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What an address asks for. Fields other than ``parts`` stand in the query under their own names."""

    #: The path's parts, decoded.
    parts: tuple[str, ...] = ()
    lang: Lang = "vi"
    #: Whether the address itself names the language.
    lang_given: bool = False
    period: Period
    #: The moment it was asked for (product's clock, ms).
    now: int
    unit: str | None = None
    field: str | None = None
    procedure: str | None = None
    channel: int | None = None
    level: str | None = None
    by: By = "unit"
    #: The column that orders the progress table, greatest first; None: the order of the form.
    rank: str | None = None
    sort: str = "old"
    after: str | None = None
    q: str = ""
    days: int = 15
    #: Units to compare.
    units: tuple[str, ...] = ()
    #: Who is looking, for what a page offers them; None: nobody in particular. No part of the address.
    caller: Caller | None = None
    #: Codes of the units that they see; None: every unit.
    seen: tuple[str, ...] | None = None
    #: Of alerts: severity, kind of rule, state (or ``unanswered``), order.
    severity: str | None = None
    kind: str | None = None
    state: str | None = None
    order: str = "grave"
    #: The wall that is controlled; None: all of them.
    wall: str | None = None

    @property
    def words(self) -> Words:
        """The words of its language."""
        return WORDS[self.lang]

    @property
    def today(self) -> dt.date:
        """The province's day."""
        return date_of(day_number(self.now))

    @property
    def page(self) -> str:
        """The first part of the path; empty for the overview."""
        return self.parts[0] if self.parts else ""

    def offers(self, action: Action) -> bool:
        """Whether a page offers something: whether it may be done is decided where it is done."""
        return self.caller is None or may(self.caller, action)

    def sees(self, unit: str) -> bool:
        """Whether a unit is among those that are seen."""
        return self.seen is None or unit in self.seen

    def query(self, **changes: Any) -> dict[str, Any]:
        """Its query as text values, with changes; what says nothing is left out."""
        period: Period = changes.pop("period", self.period)
        found: dict[str, Any] = {"period": period.name}
        if period.name == "custom":
            found |= {"first": period.first.isoformat(), "last": period.last.isoformat()}
        values = {name: getattr(self, name) for name in _IN_QUERY} | changes
        values |= {name: NO_CODE for name in ("field", "procedure") if values[name] == ""}
        found |= {name: value for name, value in values.items() if value != _SILENT.get(name)}
        if changes.get("lang") or self.lang_given:
            found["lang"] = changes.get("lang") or self.lang
        return {name: value for name, value in found.items() if value not in (None, "", ())}

    def here(self, **changes: Any) -> str:
        """The address of this page with another query."""
        return _written(self.parts, self.query(**changes))

    def to(self, *parts: str, **query: Any) -> str:
        """The address of another page: it takes the period and the language along, nothing else."""
        return self._leading(parts, _KEPT_BY_LINKS, query)

    def into(self, *parts: str, **query: Any) -> str:
        """The address of a page deeper in, or back up: channel and level of units go along as well."""
        return self._leading(parts, _KEPT_GOING_IN, query)

    def _leading(self, parts: tuple[str, ...], names: tuple[str, ...], query: dict[str, Any]) -> str:
        kept = {name: value for name, value in self.query().items() if name in names}
        return _written(parts, kept | {name: value for name, value in query.items() if value not in (None, "", ())})


_IN_QUERY = (
    "unit", "field", "procedure", "channel", "level", "by", "rank", "sort", "after", "q", "days", "units",
    "severity", "kind", "state", "order", "wall",
)  # fmt: skip
_SILENT: dict[str, Any] = {"by": "unit", "sort": "old", "days": 15, "order": "grave"}
#: Orders of the list of alerts.
ORDERS = ("grave", "old", "new")
_TYPED = re.compile(r"(\d{2}|\d(?=\D))[/. -]?(\d{2}|\d(?=\D))[/. -]?(\d{4})", re.ASCII)
_KIND = re.compile(r"[a-z_]{1,40}")


def _written(parts: tuple[str, ...], query: dict[str, Any]) -> str:
    path = "/" + "/".join(quote(part or NO_CODE, safe="") for part in parts)
    return f"{path}?{urlencode(query, doseq=True)}" if query else path


def read(path: str, search: str, now: int, cookie_lang: str | None = None) -> View:
    """The view of an address, asked for at ``now``. Raises ``BadAddress``."""
    query = parse_qs(search.removeprefix("?"))

    def one(name: str) -> str:
        return query.get(name, [""])[-1].strip()

    given = _among("lang", one("lang"), LANGS)
    lang = given or (cookie_lang if cookie_lang in LANGS else "vi")
    return View(
        parts=tuple(unquote(part) for part in path.split("/") if part),
        lang=lang,  # type: ignore[arg-type]
        lang_given=bool(given),
        period=_period(one("period"), one("first"), one("last"), date_of(day_number(now))),
        now=now,
        unit=one("unit") or None,
        field=_code(query, "field"),
        procedure=_code(query, "procedure"),
        channel=_number("channel", one("channel"), 1, 3),
        level=_among("level", one("level"), LEVELS),
        by=_among("by", one("by"), BYS) or "unit",  # type: ignore[arg-type]
        rank=_among("rank", one("rank"), RANKS),
        sort=_among("sort", one("sort"), ("old", "new")) or "old",
        after=one("after") or None,
        q=one("q")[:128],
        days=_number("days", one("days"), 1, 3650) or 15,
        units=tuple(dict.fromkeys(code for code in query.get("units", []) if code))[:COMPARED],
        severity=_among("severity", one("severity"), SEVERITIES),
        kind=one("kind") if _KIND.fullmatch(one("kind")) else None,
        state=_among("state", one("state"), ("unanswered", *STATES)),
        order=_among("order", one("order"), ORDERS) or "grave",
        wall=called(one("wall")) or None,
    )


def language(search: str, cookie_lang: str | None) -> Lang:
    """The language of an address that cannot be used as a whole."""
    asked = parse_qs(search.removeprefix("?")).get("lang", [""])[-1]
    return next((lang for wanted in (asked, cookie_lang) for lang in LANGS if lang == wanted), "vi")


def code_of(part: str) -> str:
    """The code that a part of a path names."""
    return "" if part == NO_CODE else part


def _code(query: dict[str, list[str]], name: str) -> str | None:
    value = query.get(name, [""])[-1].strip()
    return code_of(value) if value else None


def _unlike(name: str, value: str, wanted: str) -> BadAddress:
    return BadAddress(f"{name}={value!r}; want {wanted}", "value", name=name, value=value, wanted=wanted)


def _among(name: str, value: str, wanted: tuple[str, ...]) -> str | None:
    if value and value not in wanted:
        raise _unlike(name, value, ", ".join(wanted))
    return value or None


def _number(name: str, value: str, least: int, most: int) -> int | None:
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and least <= int(value) <= most):
        raise _unlike(name, value, f"{least}–{most}")
    return int(value)


def _period(name: str, first: str, last: str, today: dt.date) -> Period:
    named: PeriodName = _among("period", name, PERIODS) or ("custom" if first and last else "month")  # type: ignore
    if named != "custom":
        return period_of(named, today)
    period = Period("custom", _day("first", first), _day("last", last) + dt.timedelta(days=1))
    if not dt.timedelta(0) < period.end - period.first <= dt.timedelta(days=LONGEST):
        raise BadAddress(
            f"first={first!r}, last={last!r}; want 1–{LONGEST} days", "span", first=first, last=last, longest=LONGEST
        )
    return period


def _day(name: str, value: str) -> dt.date:
    """A day as a person types it, ``21/11/2026`` or ``21112026``, or as addresses have it, ``2026-11-21``.

    Number pads of tablets have neither a slash nor always a full stop.
    """
    try:
        if typed := _TYPED.fullmatch(value):
            day, month, year = map(int, typed.groups())
            found = dt.date(year, month, day)
        else:
            found = dt.date.fromisoformat(value)
    except ValueError:
        raise BadAddress(f"{name}={value!r}; want dd/mm/yyyy", "day", value=value) from None
    if not 1991 <= found.year <= 2099:
        raise BadAddress(f"{name}={value!r}; want 1991–2099", "year", value=value)
    return found
