"""What the pages count: progress tables from SQL, remembered for some seconds; names of fields and procedures."""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Engine

from opscentre.access import scope
from opscentre.domain.counting import CELLS, table_document
from opscentre.domain.dossier import UNMAPPED
from opscentre.domain.listing import By, Filters, Period
from opscentre.domain.moments import iso
from opscentre.domain.procedures import Procedure
from opscentre.domain.units import Units
from opscentre.procedures_file import read_procedures
from opscentre.profile import Profile
from opscentre.store import queries, queries_dossier

#: What a province adds to a national procedure's code.
_ENDING = re.compile(r"\.000\.\d\d\.\d\d\.H\d\d$")
#: Seconds for which a count of a period that reaches to now, and of one that is over, is handed out again.
FRESH, PAST = 10.0, 60.0
#: Seconds for which the moment of the oldest dossier is remembered.
RARE = 600.0
#: Counts remembered, and names.
REMEMBERED, NAMED = 256, 20_000


class Count(NamedTuple):
    """Cells of the progress table by code, and the moment they are of."""

    rows: dict[str, list[int]]
    at: int


class Counts:
    """Counts over SQL; safe to use from threads. A count says of which moment it is: it may be some seconds old."""

    def __init__(self, engine: Engine, profile: Profile) -> None:
        self.engine = engine
        self.profile = profile
        self.procedures = {one.code: one for one in read_procedures(profile.folder / "procedures.csv")}
        self.fields = {one.field: one.field_name for one in self.procedures.values()}
        self._known: OrderedDict[Any, tuple[float, Count]] = OrderedDict()
        self._locks: dict[Any, threading.Lock] = {}
        self._guard = threading.Lock()
        self._names: dict[tuple[str, str], str] = {}
        self._first: tuple[float, int | None] | None = None

    def count(self, by: By, period: Period, now: int, filters: Filters) -> Count:
        """The cells by code for a period as of now (or its end, when that is past)."""
        past = period.end_ms <= now
        # What one person sees is not what the next one does.
        key = (by, period.start_ms, period.end_ms, past, filters, scope.current())
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        # Whoever asks the same while it is being counted waits for that answer.
        with lock:
            found = self._known.get(key)
            if found is None or time.monotonic() - found[0] > (PAST if past else FRESH):
                at = min(now, period.end_ms)
                rows = queries.count(self.engine, by, period.start_ms, period.end_ms, at, filters)
                found = (time.monotonic(), Count(rows, at))
                self._remember(key, found)
        return found[1]

    def forget(self) -> None:
        """Count everything anew."""
        with self._guard:
            self._known.clear()

    def first_received(self) -> int | None:
        """When the oldest dossier known was received, remembered for some minutes: asking reads every row."""
        if self._first is None or time.monotonic() - self._first[0] > RARE:
            self._first = (time.monotonic(), queries.first_received(self.engine))
        return self._first[1]

    def _remember(self, key: Any, found: tuple[float, Count]) -> None:
        with self._guard:
            self._known[key] = found
            self._known.move_to_end(key)
            while len(self._known) > REMEMBERED:
                old, _ = self._known.popitem(last=False)
                self._locks.pop(old, None)

    def document(self, start: int, end: int, now: int) -> dict[str, Any]:
        """The progress table for [start, end) as ``opscentre.board.look_back`` gives it, counted by SQL."""
        at = min(now, end)
        rows = queries.count(self.engine, "unit", start, end, at, Filters())
        units = self.profile.units.current(at if now < end else end - 1)
        table: dict[str, Any] = table_document(rows, units)
        seen = scope.current()
        return {
            "profile": self.profile.slug,
            "from": iso(start)[:10],
            "to": iso(end)[:10],
            "as_of": iso(at),
            **table,
            "rows": [row for row in table["rows"] if seen.sees(row["unit"]["code"])],
        }

    def units(self, period: Period, now: int) -> Units:
        """The units as the last day of a period sees them, or today where it is not over."""
        return self.profile.units.current(now if now < period.end_ms else period.end_ms - 1)

    def filters(
        self, units: Units, unit: str | None, level: str | None, field: str | None, procedure: str | None,
        channel: int | None,
    ) -> Filters:  # fmt: skip
        """Filters as SQL takes them: a unit stands for its predecessors too."""
        codes = None
        if unit is not None:
            codes = codes_under(units, [unit])
        elif level is not None:
            codes = codes_under(units, [one.code for one in units.by_code.values() if one.group == level])
            if level == "-":
                codes = (*codes, UNMAPPED)
        return Filters(codes, field, procedure, channel)

    def name(self, kind: By, code: str) -> str:
        """The name of a field or a procedure: the profile's, else as a dossier gives it, else its code."""
        known = self.fields.get(code) if kind == "field" else None
        if kind == "procedure" and (procedure := self.procedure(code)) is not None:
            known = procedure.name
        return known or self._names.get((kind, code), "") or code

    def procedure(self, code: str) -> Procedure | None:
        """The profile's procedure of a code, national (``2.000815``) or with the province's ending; None: not known."""
        return self.procedures.get(code) or self.procedures.get(_ENDING.sub("", code))

    def learn(self, kind: By, codes: Iterable[str]) -> None:
        """Look up the names of codes that the profile does not know."""
        unknown = [
            code
            for code in codes
            if code
            and (kind, code) not in self._names
            and (code not in self.fields if kind == "field" else self.procedure(code) is None)
        ]
        if unknown:
            if len(self._names) + len(unknown) > NAMED:
                self._names.clear()
            found = queries_dossier.names(self.engine, kind, unknown)
            self._names.update({(kind, code): found.get(code, "") for code in unknown})


def codes_under(units: Units, homes: Iterable[str]) -> tuple[str, ...]:
    """The codes whose dossiers are counted under units, seen from the day of ``units``."""
    wanted = set(homes)
    found = tuple(code for code in units.by_code if units.home(code) in wanted)
    return (*found, UNMAPPED) if UNMAPPED in wanted else found


def summed(rows: Iterable[list[int]]) -> list[int]:
    """The sum of rows of cells."""
    return [sum(column) for column in zip([0] * len(CELLS), *rows, strict=True)]
