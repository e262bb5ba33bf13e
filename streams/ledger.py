"""The ledger of one partition: its dossiers' states and the counters they add up to, in memory, without I/O."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from itertools import islice
from sys import intern
from typing import Any, NamedTuple

import msgspec

from opscentre.domain.calendar import Calendar
from opscentre.domain.counting import (
    DAILY,
    NOW,
    Contribution,
    Held,
    contribution_of,
    next_change,
    open_moments_of,
    settled_contribution,
    settlement,
)
from opscentre.domain.dossier import Snapshot
from opscentre.domain.fold import DossierState, Outcome, fold
from opscentre.domain.life import (
    Kind,
    Standing,
    due_at,
    finished_at,
    last_turn,
    standing_at,
    turning_moments,
)
from opscentre.domain.moments import DAY, day_number, day_start
from opscentre.domain.windows import KEPT_DAYS
from streams.tally import Names, Tally
from streams.transitions import flips, status_change

Key = tuple[str, str]

#: Settled dossiers that stay in memory: sources show the ones they ended last again and again.
RESTING = 1_000
NOTHING_DAILY = (0,) * len(DAILY)

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(DossierState).decode


def _key(snapshot: Snapshot) -> Key:
    # A source's name is one string for all its dossiers.
    return intern(snapshot.source), snapshot.number


_NOWHERE = Contribution("")


class Entry(msgspec.Struct, gc=False):
    """One dossier in memory: its encoded state as of the last ``drain``, and what it adds to the counters."""

    state: bytes
    adds: Contribution
    #: When the clock may change that; the moment is among the alarms.
    alarm: int | None = None


class _Pending(msgspec.Struct, frozen=True, gc=False):
    """A dossier whose row SQL has yet to learn."""

    state: DossierState
    standing: Standing
    #: When it stood so, and its settlement.
    at: int
    settled: int | None


class Changes(NamedTuple):
    """What a batch changed and SQL has yet to learn."""

    #: Which of the ledger's drainings this is: what ``let_go`` is told once SQL has learned it.
    number: int
    dossiers: list[dict[str, Any]]
    transitions: list[dict[str, Any]]
    #: The states of ``dossiers``, one by one.
    states: list[DossierState]


class Ledger:
    """Counters of one partition, always the sum over its dossiers; in memory are the states of those not over yet.

    A dossier is *settled* when it is over and the clock changes nothing any more. SQL then knows what it adds
    (``settlement``), and its state may leave memory until ``recall`` brings it back for another change.
    """

    def __init__(self, partition: int, calendar: Calendar, names: Names | None = None) -> None:
        self.partition = partition
        #: Offset SQL goes on from, as last written here; as of the rows last drained; and the next one to digest.
        self.stored = 0
        self.drained = 0
        self.next_offset = 0
        #: Number of the claim in SQL under which the partition is this worker's.
        self.claim = 0
        #: How many dossiers it answers for, and those of them in memory.
        self.dossiers = 0
        self.entries: dict[Key, Entry] = {}
        #: Per unit the numbers of NOW; per day and unit those of DAILY; per day 24 × received, 24 × finished.
        #: A row of a day seldom changes and mostly looks like many others: tuples, which they can share.
        self.now: dict[str, list[int]] = {}
        self.daily: dict[int, dict[str, tuple[int, ...]]] = {}
        self.hourly: dict[int, list[int]] = {}
        self.fields, self.procedures, self.channels = Tally(), Tally(), Tally()
        self.names = names or Names()
        #: What changed since the board was last written.
        self.dirty_units: set[str] = set()
        self.dirty_days: set[tuple[int, str]] = set()
        self.dirty_hours: set[int] = set()
        self._calendar = calendar
        self._alarms: list[tuple[int, Key]] = []
        self._pending: dict[Key, _Pending] = {}
        self._transitions: list[dict[str, Any]] = []
        self._drainings = 0
        #: Settled dossiers in memory: those that SQL has yet to be told of, by the draining that tells it, and those
        #: it knows, longest there first.
        self._settling: dict[Key, int] = {}
        self._resting: dict[Key, None] = {}
        #: The moment the next day begins.
        self._midnight = 0

    @property
    def tallies(self) -> dict[str, Tally]:
        """The counts by what a dossier is about and how it came, by their names on the board."""
        return {"fields": self.fields, "procedures": self.procedures, "channels": self.channels}

    def load(self, states: Iterable[bytes], now: int) -> None:
        """Take over the encoded states that SQL holds; flips that the clock made meanwhile become rows."""
        self.begin_day(now)
        alarms = []
        for encoded in states:
            state = _decode(encoded)
            standing, adds, alarm = self._look(state, now)
            number = settlement(state, adds, alarm)
            key = self._take_over(state, encoded, adds, alarm, now)
            if alarm is not None:
                alarms.append((alarm, key))
            observed = state.snapshot.observed
            turned = last_turn(state) > observed and any(observed < at <= now for at in turning_moments(state))
            # Where one waits for its reception, that is due by the calendar, which may be another one by now.
            if turned or number is not None or standing.kind is Kind.WAITING:
                # Its columns in SQL may still say what held when the last worker ended.
                self._pending[key] = _Pending(state, standing, now, number)
        self._alarms += alarms
        heapq.heapify(self._alarms)

    def load_anew(self, rows: Iterable[Held], now: int) -> list[dict[str, Any]]:
        """Take over dossiers whose settlements in SQL are not to be trusted; the rows that have to be put right."""
        self.begin_day(now)
        wrong = []
        for held in rows:
            state = _decode(held.state)
            snapshot = state.snapshot
            standing, adds, alarm = self._look(state, now)
            number = settlement(state, adds, alarm)
            self._note_names(snapshot)
            if number is None:
                key = self._take_over(state, held.state, adds, alarm, now)
                if alarm is not None:
                    heapq.heappush(self._alarms, (alarm, key))
            else:
                self.dossiers += 1
                self._count(_NOWHERE, adds)
            if (held.settled, held.field, held.procedure) != (number, snapshot.field, snapshot.procedure):
                wrong.append(self._row(state, held.state, standing, now, number))
        return wrong

    def _take_over(self, state: DossierState, encoded: bytes, adds: Contribution, alarm: int | None, now: int) -> Key:
        key = _key(state.snapshot)
        self._transitions += flips(state, _NOWHERE, adds, now, self._calendar)
        self._count(_NOWHERE, adds)
        self.entries[key] = Entry(encoded, adds, alarm)
        self.dossiers += 1
        return key

    def recall(self, held: Held) -> None:
        """Bring a settled dossier back into memory, counted as it is."""
        key = intern(held.source), held.number
        if held.settled is None or key in self.entries:
            return
        self.entries[key] = Entry(held.state, settled_contribution(held))
        self._resting[key] = None

    def apply(self, snapshot: Snapshot, now: int) -> Outcome:
        """Fold one snapshot in; one that cannot be (its moments lie beyond the calendar) raises and changes nothing."""
        key = _key(snapshot)
        entry, pending = self.entries.get(key), self._pending.get(key)
        before = pending.state if pending else _decode(entry.state) if entry else None
        state, outcome = fold(before, snapshot)
        if state is before:
            return outcome
        moved = []
        if outcome is Outcome.ACCEPTED and (before is None or before.snapshot.status != snapshot.status):
            shown = before.snapshot.status if before else None
            moved.append(status_change(state, shown, now))
        self._put(key, state, now, entry)
        self._transitions += moved
        if outcome is Outcome.ACCEPTED:
            self._note_names(snapshot)
        return outcome

    def tick(self, now: int) -> int:
        """Let the clock act: every dossier whose moment has passed is counted anew. Returns how many were."""
        if now >= self._midnight:
            self.begin_day(now)
        woken = 0
        while self._alarms and self._alarms[0][0] <= now:
            moment, key = heapq.heappop(self._alarms)
            entry = self.entries.get(key)
            if entry is None or entry.alarm != moment:
                # The dossier has changed since.
                continue
            entry.alarm = None
            pending = self._pending.get(key)
            self._put(key, pending.state if pending else _decode(entry.state), now, entry)
            woken += 1
        return woken

    def drain(self) -> Changes:
        """The rows that SQL has yet to learn, once."""
        self._drainings += 1
        self.drained = self.next_offset
        rows = []
        for key, pending in self._pending.items():
            encoded = self.entries[key].state = _encode(pending.state)
            rows.append(self._row(pending.state, encoded, pending.standing, pending.at, pending.settled))
            if pending.settled is not None:
                self._settling[key] = self._drainings
        changes = Changes(
            self._drainings, rows, self._transitions, [pending.state for pending in self._pending.values()]
        )
        self._pending, self._transitions = {}, []
        return changes

    def let_go(self, number: int) -> None:
        """SQL holds what was drained up to a draining: the settled of it leave memory, but for the RESTING most recent.

        A dossier that changed again since waits for the draining that has its newest row.
        """
        known = [key for key, drained in self._settling.items() if drained <= number]
        for key in known:
            del self._settling[key]
            self._resting[key] = None
        for key in list(islice(self._resting, max(0, len(self._resting) - RESTING))):
            del self._resting[key], self.entries[key]

    def _look(self, state: DossierState, now: int) -> tuple[Standing, Contribution, int | None]:
        """How a dossier stands, what it adds, and when the clock may change that."""
        standing = standing_at(state, now)
        adds = contribution_of(state, standing, now, self._calendar)
        return standing, adds, next_change(state, now, self._calendar)

    def _put(self, key: Key, state: DossierState, now: int, entry: Entry | None) -> None:
        # Everything that can fail comes first: a snapshot that cannot be folded in must leave nothing behind.
        standing, adds, alarm = self._look(state, now)
        old = entry.adds if entry else _NOWHERE
        if adds != old:
            self._transitions += flips(state, old, adds, now, self._calendar)
            if now >= self._midnight:
                self.begin_day(now)
            self._count(old, adds)
        if entry is None:
            entry = self.entries[key] = Entry(b"", adds)
            self.dossiers += 1
        else:
            entry.adds = adds
            self._resting.pop(key, None)
            self._settling.pop(key, None)
        if alarm is not None and alarm != entry.alarm:
            heapq.heappush(self._alarms, (alarm, key))
        entry.alarm = alarm
        self._pending[key] = _Pending(state, standing, now, settlement(state, adds, alarm))

    def _count(self, old: Contribution, new: Contribution) -> None:
        """Count what a dossier adds by now instead of what it added."""
        # Texts that are interned, hence "is": one that were not would only be counted the long way.
        if not (
            old.unit is new.unit
            and old.procedure is new.procedure
            and old.field is new.field
            and old.channel is new.channel
        ):
            self._move_now(old, old.now, ())
            self._move_now(new, (), new.now)
            for adds, sign in ((old, -1), (new, +1)):
                self._add_day(adds, adds.received, adds.received_cell, 0, sign)
                self._add_day(adds, adds.finished, adds.finished_cell, 24, sign)
            return
        if old.now != new.now:
            self._move_now(new, old.now, new.now)
        if old.received != new.received or old.received_cell != new.received_cell:
            self._add_day(old, old.received, old.received_cell, 0, -1)
            self._add_day(new, new.received, new.received_cell, 0, +1)
        if old.finished != new.finished or old.finished_cell != new.finished_cell:
            self._add_day(old, old.finished, old.finished_cell, 24, -1)
            self._add_day(new, new.finished, new.finished_cell, 24, +1)

    def _move_now(self, adds: Contribution, out: tuple[int, ...], into: tuple[int, ...]) -> None:
        """Take a dossier out of some cells of NOW and put it into others, wherever it is counted."""
        if not out and not into:
            return
        unit = adds.unit
        row = self.now.get(unit)
        if row is None:
            row = self.now[unit] = [0] * len(NOW)
        self.dirty_units.add(unit)
        rows = (row, self.fields.row(adds.field), self.procedures.row(adds.procedure), self.channels.row(adds.channel))
        for row in rows:
            for cell in out:
                row[cell] -= 1
            for cell in into:
                row[cell] += 1

    def _add_day(self, adds: Contribution, at: int, cell: int, half: int, sign: int) -> None:
        if at < 0:
            return
        day, unit = day_number(at), adds.unit
        units = self.daily.setdefault(day, {})
        row = list(units.get(unit, NOTHING_DAILY))
        row[cell] += sign
        units[unit] = tuple(row)
        self.hourly.setdefault(day, [0] * 48)[half + (at - day_start(day)) * 24 // DAY] += sign
        self.dirty_units.add(unit)
        self.dirty_days.add((day, unit))
        self.dirty_hours.add(day)
        self.fields.add_day(adds.field, day, cell, sign)
        self.procedures.add_day(adds.procedure, day, cell, sign)
        self.channels.add_day(adds.channel, day, cell, sign)

    def begin_day(self, now: int) -> None:
        """The local day of ``now`` began: what is counted by day moves on, and is forgotten where none asks for it."""
        today = day_number(now)
        self._midnight = day_start(today + 1)
        for tally in self.tallies.values():
            tally.begin_day(today)
        for day in [day for day in self.hourly if day <= today - KEPT_DAYS]:
            del self.hourly[day]
            self.daily.pop(day, None)
        self.dirty_days = {(day, unit) for day, unit in self.dirty_days if day in self.daily}
        self.dirty_hours &= self.hourly.keys()

    def _note_names(self, snapshot: Snapshot) -> None:
        self.names.note("field", snapshot.field, snapshot.version, snapshot.field_name)
        self.names.note("procedure", snapshot.procedure, snapshot.version, snapshot.procedure_name)

    def _row(
        self, state: DossierState, encoded: bytes, standing: Standing, at: int, settled: int | None
    ) -> dict[str, Any]:
        snapshot = state.snapshot
        open_due, reception_due = open_moments_of(state, standing, self._calendar)
        return {
            "source": snapshot.source,
            "number": snapshot.number,
            "partition": self.partition,
            "unit": snapshot.unit,
            "unit_seen": snapshot.unit_seen,
            "status": snapshot.status,
            "received": snapshot.received,
            "due": due_at(state, at),
            "finished": finished_at(state),
            "open_due": open_due,
            "reception_due": reception_due,
            "state": encoded,
            "field": snapshot.field,
            "procedure": snapshot.procedure,
            "settled": settled,
        }
