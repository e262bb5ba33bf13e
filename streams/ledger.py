"""The ledger of one partition: its dossiers' states and the counters they add up to, in memory, without I/O."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from sys import intern
from typing import Any, NamedTuple

import msgspec

from opscentre.domain.anomalies import of_move
from opscentre.domain.calendar import Calendar
from opscentre.domain.counting import (
    DAILY,
    DUE_SOON,
    NOW,
    Contribution,
    contribution,
    next_change,
    open_moments,
)
from opscentre.domain.dossier import Snapshot
from opscentre.domain.fold import DossierState, Outcome, fold
from opscentre.domain.life import due_at, finished_at, last_turn, status_began, turning_moments
from opscentre.domain.moments import DAY, day_number, day_start

Key = tuple[str, str]

#: ``to_status`` of a flip by the clock: it leads to none (``from_status`` says in which one it happened).
NO_STATUS = 0

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(DossierState).decode


def _key(snapshot: Snapshot) -> Key:
    # A source's name is one string for all its dossiers.
    return intern(snapshot.source), snapshot.number


_NOWHERE = Contribution("")
_OVERDUE = NOW.index("in_process_overdue")
_WAITING_OVERDUE = NOW.index("waiting_overdue")
_DUE_SOON = NOW.index("due_soon")


class Entry(NamedTuple):
    """One dossier in memory: its encoded state and what it adds to the counters."""

    state: bytes
    adds: Contribution


class Changes(NamedTuple):
    """What a batch changed and SQL has yet to learn."""

    dossiers: list[dict[str, Any]]
    transitions: list[dict[str, Any]]


class Ledger:
    """States and counters of one partition; the counters are always the sum over the states."""

    def __init__(self, partition: int, calendar: Calendar) -> None:
        self.partition = partition
        #: Offset SQL goes on from, as last written here; and the next one to digest.
        self.stored = 0
        self.next_offset = 0
        #: Number of the claim in SQL under which the partition is this worker's.
        self.claim = 0
        self.entries: dict[Key, Entry] = {}
        #: Per unit the numbers of NOW; per day and unit those of DAILY; per day 24 × received, 24 × finished.
        self.now: dict[str, list[int]] = {}
        self.daily: dict[int, dict[str, list[int]]] = {}
        self.hourly: dict[int, list[int]] = {}
        #: What changed since the board was last written.
        self.dirty_units: set[str] = set()
        self.dirty_days: set[tuple[int, str]] = set()
        self.dirty_hours: set[int] = set()
        self._calendar = calendar
        self._alarms: list[tuple[int, Key]] = []
        self._rows: dict[Key, dict[str, Any]] = {}
        self._transitions: list[dict[str, Any]] = []

    def load(self, states: Iterable[bytes], now: int) -> None:
        """Take over the encoded states that SQL holds; flips that the clock made meanwhile become rows."""
        for encoded in states:
            self._take_over(_decode(encoded), encoded, now)

    def _take_over(self, state: DossierState, encoded: bytes, now: int) -> None:
        key = _key(state.snapshot)
        self._put(key, state, encoded, now, before=None)
        observed = state.snapshot.observed
        if last_turn(state) > observed and any(observed < moment <= now for moment in turning_moments(state)):
            # Its columns in SQL may still say what held when the last worker ended.
            self._rows[key] = self._row(state, encoded, now)

    def apply(self, snapshot: Snapshot, now: int) -> Outcome:
        """Fold one snapshot in; one that cannot be (its moments lie beyond the calendar) raises and changes nothing."""
        key = _key(snapshot)
        entry = self.entries.get(key)
        before = _decode(entry.state) if entry else None
        state, outcome = fold(before, snapshot)
        if state is before:
            return outcome
        moved = []
        if outcome is Outcome.ACCEPTED and (before is None or before.snapshot.status != snapshot.status):
            shown = before.snapshot.status if before else None
            moved.append(self._transition(state, "status", status_began(state), now, shown))
        encoded = _encode(state)
        row = self._row(state, encoded, now)
        self._put(key, state, encoded, now, before=entry)
        self._transitions += moved
        self._rows[key] = row
        return outcome

    def tick(self, now: int) -> int:
        """Let the clock act: every dossier whose moment has passed is counted anew. Returns how many were."""
        woken = 0
        while self._alarms and self._alarms[0][0] <= now:
            _, key = heapq.heappop(self._alarms)
            entry = self.entries[key]
            state = _decode(entry.state)
            self._put(key, state, entry.state, now, before=entry)
            self._rows[key] = self._row(state, entry.state, now)
            woken += 1
        return woken

    def drain(self) -> Changes:
        """The rows that SQL has yet to learn, once."""
        changes = Changes(list(self._rows.values()), self._transitions)
        self._rows, self._transitions = {}, []
        return changes

    def _put(self, key: Key, state: DossierState, encoded: bytes, now: int, before: Entry | None) -> None:
        old = before.adds if before else _NOWHERE
        # Everything that can fail comes first: a snapshot that cannot be folded in must leave nothing behind.
        adds = contribution(state, now, self._calendar)
        alarm = next_change(state, now, self._calendar)
        if adds != old:
            self._note_flips(state, old, adds, now)
            self._add(old, -1)
            self._add(adds, +1)
        self.entries[key] = Entry(encoded, adds)
        if alarm is not None:
            heapq.heappush(self._alarms, (alarm, key))

    def _add(self, adds: Contribution, sign: int) -> None:
        unit = adds.unit
        if adds.now:
            row = self.now.setdefault(unit, [0] * len(NOW))
            for cell in adds.now:
                row[cell] += sign
            self.dirty_units.add(unit)
        if adds.received >= 0:
            self._add_daily(unit, adds.received, adds.received_cell, 0, sign)
        if adds.finished >= 0:
            self._add_daily(unit, adds.finished, adds.finished_cell, 24, sign)

    def _add_daily(self, unit: str, at: int, cell: int, half: int, sign: int) -> None:
        day = day_number(at)
        self.daily.setdefault(day, {}).setdefault(unit, [0] * len(DAILY))[cell] += sign
        self.hourly.setdefault(day, [0] * 48)[half + (at - day_start(day)) * 24 // DAY] += sign
        self.dirty_units.add(unit)
        self.dirty_days.add((day, unit))
        self.dirty_hours.add(day)

    def _note_flips(self, state: DossierState, old: Contribution, new: Contribution, now: int) -> None:
        due = due_at(state, now)
        if due is not None and _OVERDUE in new.now and _OVERDUE not in old.now:
            self._transitions.append(self._flip(state, "overdue", due, now))
        if due is not None and _DUE_SOON in new.now and _DUE_SOON not in old.now:
            soon = self._calendar.of(state.snapshot.unit).working_time_before(due, DUE_SOON)
            self._transitions.append(self._flip(state, "due_soon", soon, now))
        if _WAITING_OVERDUE in new.now and _WAITING_OVERDUE not in old.now and state.snapshot.submitted is not None:
            at = self._calendar.of(state.snapshot.unit).reception_due(state.snapshot.submitted)
            self._transitions.append(self._flip(state, "reception_overdue", at, now))

    def _transition(
        self, state: DossierState, kind: str, at: int, now: int, from_status: int | None = None
    ) -> dict[str, Any]:
        snapshot = state.snapshot
        return {
            "source": snapshot.source,
            "number": snapshot.number,
            "kind": kind,
            "at": at,
            "to_status": snapshot.status,
            "from_status": from_status,
            "unit": snapshot.unit,
            "seen": now,
            "anomaly": of_move(from_status, state) if kind == "status" else "",
        }

    def _flip(self, state: DossierState, kind: str, at: int, now: int) -> dict[str, Any]:
        # The status is part of a row's key, and a dossier that is late in one status stays so in the next: by the
        # status of the moment, a worker that loads it then would write the same flip once more.
        return self._transition(state, kind, at, now, state.snapshot.status) | {"to_status": NO_STATUS, "anomaly": ""}

    def _row(self, state: DossierState, encoded: bytes, now: int) -> dict[str, Any]:
        snapshot = state.snapshot
        open_due, reception_due = open_moments(state, now, self._calendar)
        return {
            "source": snapshot.source,
            "number": snapshot.number,
            "partition": self.partition,
            "unit": snapshot.unit,
            "unit_seen": snapshot.unit_seen,
            "status": snapshot.status,
            "received": snapshot.received,
            "due": due_at(state, now),
            "finished": finished_at(state),
            "open_due": open_due,
            "reception_due": reception_due,
            "state": encoded,
        }
