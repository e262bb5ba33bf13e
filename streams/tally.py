"""Counts by code (of a field, a procedure, a channel) in a rolling window: what holds now, and some spans of days."""

from __future__ import annotations

from collections.abc import Sequence

from opscentre.domain.counting import DAILY, NOW
from opscentre.domain.windows import PLACES, SPAN_ROW, WINDOW


class Tally:
    """One row of SPAN_ROW numbers a code; only codes with anything to show have one once the board was written."""

    def __init__(self, today: int = 0) -> None:
        self.rows: dict[str, list[int]] = {}
        #: Codes whose row changed since the board was last written.
        self.dirty: set[str] = set()
        self._today = today
        #: The numbers of DAILY by day and code, for the days of the window: what a new day makes rows of.
        self._days: dict[int, dict[str, list[int]]] = {}

    def add_day(self, code: str, day: int, cell: int, count: int) -> None:
        """Count dossiers in a cell of DAILY of a day; of days outside the window nothing is kept."""
        age = self._today - day
        if not 0 <= age < WINDOW:
            return
        self._days.setdefault(day, {}).setdefault(code, [0] * len(DAILY))[cell] += count
        row = self.row(code)
        for place in PLACES[age]:
            row[place + cell] += count

    def add_days(self, code: str, day: int, counts: Sequence[int]) -> None:
        """Count dossiers in the cells of DAILY of a day."""
        for cell, count in enumerate(counts):
            if count:
                self.add_day(code, day, cell, count)

    def row(self, code: str) -> list[int]:
        """The row of a code, to be changed: the first numbers are those of NOW."""
        self.dirty.add(code)
        row = self.rows.get(code)
        if row is None:
            row = self.rows[code] = [0] * SPAN_ROW
        return row

    def begin_day(self, today: int) -> None:
        """A new day: each span moves on, and what fell out of the window is forgotten."""
        self._today = today
        days = {day: codes for day, codes in self._days.items() if today - WINDOW < day}
        self._days = {}
        for row in self.rows.values():
            row[len(NOW) :] = [0] * (SPAN_ROW - len(NOW))
        for day, codes in days.items():
            for code, numbers in codes.items():
                self.add_days(code, day, numbers)
        self.dirty.update(self.rows)

    def mark_all(self) -> None:
        """The board holds nothing of it any more."""
        self.dirty.update(self.rows)

    def take_changes(self) -> dict[str, Sequence[int]]:
        """The rows that changed; an empty one for a code that has nothing to show any more, and is forgotten."""
        found: dict[str, Sequence[int]] = {}
        for code in self.dirty:
            row = self.rows.get(code, ())
            if not any(row):
                row = ()
                self.rows.pop(code, None)
            found[code] = row
        self.dirty.clear()
        return found


class Names:
    """What snapshots call fields and procedures: the name of the newest version that has one."""

    def __init__(self) -> None:
        #: (``field`` or ``procedure``, code) → (version, name).
        self.known: dict[tuple[str, str], tuple[int, str]] = {}
        #: Those that SQL has yet to learn, and those that the board has.
        self.new: dict[tuple[str, str], tuple[int, str]] = {}
        self.unshown: set[tuple[str, str]] = set()

    def note(self, kind: str, code: str, version: int, name: str) -> None:
        """Take a name that a snapshot gives; a code or a name that is empty tells nothing."""
        if not name or not code:
            return
        known = self.known.get((kind, code))
        if known is None or (version > known[0] and name != known[1]):
            self.known[kind, code] = self.new[kind, code] = (version, name)
            self.unshown.add((kind, code))
