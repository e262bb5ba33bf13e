"""Units of a province in time: which were there when, whose history goes on under whom, and how a spelling is matched.

A unit is there from ``valid_from`` to ``valid_to``, both days included. The history of a unit with exactly one
successor goes on under that one; a unit with several successors, or none, keeps its history under its own name.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import msgspec

from opscentre.domain.dossier import UNMAPPED
from opscentre.domain.moments import date_of, day_number
from opscentre.domain.spelling import spelling, unaccented, variants

Group = Literal["I", "II", "III", "-"]

#: Spellings that are remembered; sources write what they like, and memory must not grow with it.
REMEMBERED = 50_000

_AGENCY = re.compile(r"(H\d{2})\.(\w{2,3})")


class Unit(msgspec.Struct, frozen=True):
    """One agency that handles dossiers. ``group``: I departments, II land-registration branches, III communes."""

    code: str
    name: str
    kind: str
    group: Group
    short: str = ""
    latitude: float | None = None
    longitude: float | None = None
    #: Code of the unit it belongs to; empty: the province.
    parent: str = ""
    #: First and last day; None: since ever, and without an end.
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    #: Codes of the units that took over.
    successors: tuple[str, ...] = ()
    area_km2: float | None = None

    @property
    def label(self) -> str:
        """The short name for a tile or a narrow column (§7)."""
        return self.short or self.name

    def there_on(self, day: dt.date) -> bool:
        """Whether the unit exists on a day (§7)."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


#: The row under which dossiers of unknown units are counted.
UNMAPPED_UNIT = Unit(code=UNMAPPED, name="Chưa xác định đơn vị", kind="unmapped", group="-", short="Chưa xác định")


class Alias(NamedTuple):
    """A spelling that a source uses for a unit, and the line of the file that says so."""

    alias: str
    code: str
    line: int = 0


class UnitsError(ValueError):
    """The units contradict one another; ``alias``: the spellings do."""

    def __init__(self, message: str, alias: bool = False) -> None:
        super().__init__(message)
        self.alias = alias


class Units:
    """The units of a profile in their official order; those of one day with ``at``."""

    def __init__(self, units: Iterable[Unit], aliases: Iterable[Alias] = (), province: str = "") -> None:
        """Raises ``UnitsError`` where codes, successors or aliases contradict one another."""
        #: Every unit there ever was; of what ``at`` returns, those of that day.
        self.all = tuple(units)
        #: Every unit there ever was, also of what ``at`` returns: a former unit keeps its name.
        self.by_code = {unit.code: unit for unit in self.all}
        if len(self.by_code) != len(self.all):
            raise UnitsError("two units share one code")
        _check_ties(self.by_code)
        self._book = _Spellings(self.by_code, aliases, province)
        self._homes: dict[str, str] = {}
        self._views: dict[dt.date, Units] = {}

    def __getitem__(self, code: str) -> Unit:
        """The unit of a code, former ones included; the row of the unmapped for any other."""
        return self.by_code.get(code, UNMAPPED_UNIT)

    @property
    def lasting(self) -> tuple[Unit, ...]:
        """The units whose end is not known (§7)."""
        return tuple(unit for unit in self.all if unit.valid_to is None)

    def at(self, day: dt.date) -> Units:
        """The units of one day: ``all`` lists those that are there, ``home`` and ``gather`` look from that day (§7)."""
        view = self._views.get(day)
        if view is None:
            if len(self._views) >= 64:
                self._views.clear()
            view = self._views[day] = _view(self, day)
        return view

    def current(self, now: int) -> Units:
        """The units of the local day of a moment (§7)."""
        return self.at(date_of(day_number(now)))

    def rolled_up(self, code: str, on: dt.date) -> str:
        """Under whose code the history of a unit stands, seen from a day (§7).

        A former unit's goes to its only successor, and on to that one's, until one is there on that day. With several
        successors, or none, it stays with the unit; so it does when the unit is yet to come. Codes that no unit has
        stand under the unmapped.
        """
        unit = self.by_code.get(code)
        if unit is None:
            return UNMAPPED
        while unit.valid_to is not None and unit.valid_to < on and len(unit.successors) == 1:
            unit = self.by_code[unit.successors[0]]
        return unit.code

    def home(self, code: str) -> str:
        """Under whose code a dossier of this unit is counted, seen from this view's day; from no day, its own (§7)."""
        return self._homes.get(code) or (code if code in self.by_code else UNMAPPED)

    def gather(self, rows: dict[str, list[int]]) -> dict[str, list[int]]:
        """Counts by unit as this view's day sees them: predecessors' added to their successors' (§7)."""
        gathered: dict[str, list[int]] = {}
        for code, row in rows.items():
            home = self.home(code)
            known = gathered.get(home)
            gathered[home] = row if known is None else [a + b for a, b in zip(known, row, strict=True)]
        return gathered

    def listed(self, codes: Iterable[str]) -> list[Unit]:
        """The rows of a table that shows these codes: this view's units, then others, then the unmapped (§7)."""
        here = {unit.code for unit in self.all}
        wanted = {self.home(code) for code in codes} - here
        others = [unit for code, unit in self.by_code.items() if code in wanted]
        return [*self.all, *others, *([UNMAPPED_UNIT] if UNMAPPED in wanted else [])]

    def resolve(self, seen: str, at: int | None = None) -> str:
        """The code for what a source wrote (code, official name, known spelling), else ``unmapped`` (§7).

        A spelling without any accent is matched where only one unit can be meant. Where units of different times share
        a spelling, the moment ``at`` decides; without it, the one whose end is not known.
        """
        return self._book.resolve(seen, at)


def _view(units: Units, day: dt.date) -> Units:
    view = Units.__new__(Units)
    view.all = tuple(unit for unit in units.by_code.values() if unit.there_on(day))
    view.by_code = units.by_code
    view._book = units._book
    view._views = units._views
    view._homes = {code: units.rolled_up(code, day) for code in units.by_code}
    return view


def _check_ties(by_code: dict[str, Unit]) -> None:
    for unit in by_code.values():
        for column, codes in (("successor", unit.successors), ("parent", (unit.parent,) if unit.parent else ())):
            for code in codes:
                if code not in by_code:
                    raise UnitsError(f"unit {unit.code!r}, {column} {code!r}: no unit has this code")
        seen = [unit.code]
        while len(by_code[seen[-1]].successors) == 1:
            seen.append(by_code[seen[-1]].successors[0])
            if seen[-1] in seen[:-1]:
                raise UnitsError(f"unit {unit.code!r}: its successors lead in a circle: {' → '.join(seen)}")


class _Spellings:
    """All spellings of all units, and what was found for the ones seen."""

    def __init__(self, by_code: dict[str, Unit], aliases: Iterable[Alias], province: str) -> None:
        self._by_code = by_code
        self._exact: dict[str, tuple[str, ...]] = {}
        for unit in by_code.values():
            parent = by_code[unit.parent].name if unit.parent else ""
            for one in variants(unit.name, province, parent):
                _add(self._exact, spelling(one), unit.code)
        self._add_aliases(aliases)
        for code in by_code:
            # A code belongs to one unit, whatever another may be called.
            self._exact[spelling(code)] = (code,)
            if agency := _AGENCY.fullmatch(code):
                self._exact[spelling(f"000.00.{agency[2]}.{agency[1]}")] = (code,)
        self._bare: dict[str, tuple[str, ...]] = {}
        for spelled, codes in self._exact.items():
            for code in codes:
                _add(self._bare, unaccented(spelled), code)
        self._seen: dict[str, str | tuple[str, ...]] = {}

    def _add_aliases(self, aliases: Iterable[Alias]) -> None:
        for alias, code, line in aliases:
            where = f"line {line}, alias {alias!r}"
            spelled = spelling(alias)
            if not spelled:
                raise UnitsError(f"{where}: it has no letter or digit; write what the source sends", alias=True)
            if code not in self._by_code:
                raise UnitsError(f"{where}: no unit has the code {code!r}; see units.csv", alias=True)
            for other in self._exact.get(spelled, ()):
                if other != code and _meet(self._by_code[other], self._by_code[code]):
                    raise UnitsError(
                        f"{where} for {code!r}: {other!r} is written so too, and both are there at one time; "
                        "a spelling can mean one of them only",
                        alias=True,
                    )
            _add(self._exact, spelled, code)

    def resolve(self, seen: str, at: int | None) -> str:
        found = self._seen.get(seen)
        if found is None:
            found = self._look_up(seen)
        return found if isinstance(found, str) else self._choose(found, at)

    def _look_up(self, seen: str) -> str | tuple[str, ...]:
        spelled = spelling(seen)
        codes = self._exact.get(spelled)
        # What bears accents must bear the right ones: a wrong one names another place.
        if codes is None and spelled == unaccented(spelled):
            codes = self._bare.get(spelled)
        found = UNMAPPED if codes is None else codes[0] if len(codes) == 1 else codes
        if len(self._seen) >= REMEMBERED:
            self._seen.clear()
        self._seen[seen] = found
        return found

    def _choose(self, codes: Sequence[str], at: int | None) -> str:
        on = None if at is None else date_of(day_number(at))
        units = [self._by_code[code] for code in codes]
        there = [unit for unit in units if (unit.valid_to is None if on is None else unit.there_on(on))]
        return there[0].code if len(there) == 1 else UNMAPPED


def _add(book: dict[str, tuple[str, ...]], spelled: str, code: str) -> None:
    known = book.get(spelled, ())
    if code not in known:
        book[spelled] = (*known, code)


def _meet(one: Unit, other: Unit) -> bool:
    """Whether two units are there on the same day."""
    first = max(one.valid_from or dt.date.min, other.valid_from or dt.date.min)
    return first <= min(one.valid_to or dt.date.max, other.valid_to or dt.date.max)
