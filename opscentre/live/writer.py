"""Writes the live board: absolute counters of each partition, in one transaction a flush, then the announcement.

Every flush is a compare-and-set on the partition's mark: who wrote last, and which of its writes it was. A worker
that was replaced, or a Redis that came back with an older board, is noticed by that before anything is overwritten.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import msgspec
import redis
from redis.client import Pipeline
from redis.exceptions import WatchError

from opscentre.domain.counting import NOW
from opscentre.domain.moments import day_number
from opscentre.domain.windows import KEPT_DAYS, WINDOW
from opscentre.live import keys
from opscentre.live.wall import UrgentDossier

#: Numbers of a unit's row: those of NOW, then today's six of DAILY, then finished on time and overdue in 30 days.
UNIT_ROW = len(NOW) + 6 + 2

#: How often a board is tried to be written from nothing while somebody else keeps writing it.
_ATTEMPTS = 5

_encode = msgspec.json.Encoder().encode


class CodeCounters(Protocol):
    """Counts by code of one dimension."""

    def mark_all(self) -> None:
        """Every row is to be written."""

    def take_changes(self) -> dict[str, Sequence[int]]:
        """The rows that changed, once; an empty one for a code that has nothing to show any more."""
        ...


class CodeNames(Protocol):
    """What snapshots call fields and procedures: by kind and code, (version, name)."""

    known: dict[tuple[str, str], tuple[int, str]]
    unshown: set[tuple[str, str]]


class Counters(Protocol):
    """What the writer needs of a partition's ledger."""

    partition: int
    now: dict[str, list[int]]
    daily: dict[int, dict[str, tuple[int, ...]]]
    hourly: dict[int, list[int]]
    dirty_units: set[str]
    dirty_days: set[tuple[int, str]]
    dirty_hours: set[int]

    @property
    def names(self) -> CodeNames:
        """Shared by all partitions."""
        ...

    @property
    def tallies(self) -> Mapping[str, CodeCounters]:
        """By the dimension's name on the board."""
        ...


class Mark(msgspec.Struct, kw_only=True):
    """Who wrote last: a writer's own name, and how many flushes it had made by then."""

    writer: str = ""
    flush: int = 0


class BoardMeta(Mark, kw_only=True):
    """The state of one partition's board."""

    #: Local day whose "today" the unit rows hold.
    day: int
    #: Dossiers counted, in any status.
    dossiers: int
    #: Days before this one are not in Redis.
    first_day: int


class Urgent(msgspec.Struct):
    """The late and nearly late of one partition."""

    overdue: list[UrgentDossier] = []
    due_soon: list[UrgentDossier] = []


class Flush(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a partition's board is to be told, encoded: nothing that is counted afterwards gets into it."""

    partition: int
    #: Local day whose "today" the unit rows hold, and dossiers counted, in any status.
    day: int
    dossiers: int
    units: dict[Any, Any]
    days: dict[int, dict[Any, Any]]
    hours: dict[int, bytes]
    #: By the dimension's name on the board; None for a row that has nothing to show any more. Empty: not this time.
    codes: dict[str, dict[str, bytes | None]] = {}
    names: dict[Any, Any] = {}


class BoardWriter:
    """Writes partitions' counters to Redis; knows which partitions stand there as it left them."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=2)
        self._name = secrets.token_hex(6)
        self._flushes = 0
        #: The marks as this writer left them, by their key; none for what another may have written since.
        self._left: dict[str, bytes] = {}
        self._today: dict[int, int] = {}

    def observations_stand(self) -> bool:
        """Whether Redis holds sources, links and heartbeat as this writer left them."""
        left = self._left.get(keys.OBSERVER)
        return left is not None and self._redis.get(keys.OBSERVER) == left

    def prepare(self, ledger: Counters, dossiers: int, now: int, *, by_code: bool) -> Flush:
        """What changed in a partition since it was prepared last; every unit when a new day began.

        Where it does not reach Redis, ``rewrite`` is due: it is not prepared again.
        """
        partition, today = ledger.partition, day_number(now)
        if self._today.get(partition) != today:
            ledger.dirty_units.update(_units(ledger))
        self._today[partition] = today
        flush = Flush(
            partition=partition,
            day=today,
            dossiers=dossiers,
            units={unit: _encode(unit_row(ledger, unit, today)) for unit in ledger.dirty_units},
            days={day: mapping for day, mapping in _by_day(ledger).items() if day > today - KEPT_DAYS},
            hours={day: _encode(ledger.hourly[day]) for day in ledger.dirty_hours if day >= today - WINDOW},
            codes=_codes(ledger) if by_code else {},
            names=_names(ledger) if by_code else {},
        )
        ledger.dirty_units.clear()
        ledger.dirty_days.clear()
        ledger.dirty_hours.clear()
        return flush

    def write(self, flush: Flush, urgent: Urgent | None = None) -> bool:
        """Write what was prepared.

        Returns False, and writes nothing, where Redis does not hold what this writer left: ``rewrite`` is due.
        """
        key = keys.meta(flush.partition)
        left = self._left.get(key)
        if left is None:
            return False
        with self._redis.pipeline(transaction=True) as pipe:
            try:
                pipe.watch(key)
                # In this mode the pipeline answers at once.
                stands = pipe.get(key) == left
                if stands:
                    pipe.multi()
                    self._flush(pipe, flush, urgent)
            except WatchError:
                stands = False
        if not stands:
            self.forget(flush.partition)
        return stands

    def rewrite(
        self, ledger: Counters, dossiers: int, now: int, urgent: Urgent | None = None, ours: Callable[[], object] = bool
    ) -> bool:
        """Replace a partition's board, in one transaction. Returns False when others kept writing it meanwhile.

        ``ours`` raises where the partition belongs to another worker; it is asked after looking and before writing,
        so that whoever owns the partition from then on is seen to have written, and is left alone.
        """
        partition = ledger.partition
        flush = None
        for _ in range(_ATTEMPTS):
            with self._redis.pipeline(transaction=True) as pipe:
                try:
                    pipe.watch(keys.meta(partition))
                    ours()
                    stale = list(self._redis.scan_iter(keys.all_days(partition), count=1000))
                    flush = flush or self._prepare_all(ledger, dossiers, now)
                    pipe.multi()
                    codes = [keys.tally(dimension, partition) for dimension in ledger.tallies]
                    pipe.delete(keys.units(partition), *codes, *stale)
                    self._flush(pipe, flush, urgent)
                    return True
                except WatchError:
                    continue
        return False

    def _prepare_all(self, ledger: Counters, dossiers: int, now: int) -> Flush:
        ledger.dirty_units.update(_units(ledger))
        ledger.dirty_days.update((day, unit) for day, units in ledger.daily.items() for unit in units)
        ledger.dirty_hours.update(ledger.hourly)
        ledger.names.unshown.update(ledger.names.known)
        for tally in ledger.tallies.values():
            tally.mark_all()
        return self.prepare(ledger, dossiers, now, by_code=True)

    def _flush(self, pipe: Pipeline, flush: Flush, urgent: Urgent | None) -> None:
        partition = flush.partition
        if flush.units:
            pipe.hset(keys.units(partition), mapping=flush.units)
        for day, mapping in flush.days.items():
            pipe.hset(keys.day(partition, day), mapping=mapping)
        for day, row in flush.hours.items():
            pipe.set(keys.hours(partition, day), row)
        if urgent is not None:
            pipe.set(keys.urgent(partition), _encode(urgent))
        _flush_codes(pipe, flush)
        meta = BoardMeta(
            day=flush.day,
            dossiers=flush.dossiers,
            first_day=flush.day - KEPT_DAYS + 1,
            writer=self._name,
            flush=self._next_flush(),
        )
        self._execute(pipe, keys.meta(partition), _encode(meta))

    def forget(self, partition: int) -> None:
        """Redis does not hold the partition as this writer left it, or another worker has it by now."""
        self._left.pop(keys.meta(partition), None)
        self._today.pop(partition, None)

    def write_observations(
        self,
        heartbeat: int | None,
        sources: Mapping[str, bytes],
        links: Mapping[str, bytes],
        ours: Callable[[], object] = bool,
    ) -> bool:
        """Replace the newest heartbeat and what is known of sources and links; False when others kept writing them.

        ``ours`` as in ``rewrite``: it is asked unless Redis holds what this writer left.
        """
        for _ in range(_ATTEMPTS):
            with self._redis.pipeline(transaction=True) as pipe:
                try:
                    pipe.watch(keys.OBSERVER)
                    if pipe.get(keys.OBSERVER) != self._left.get(keys.OBSERVER, b""):
                        ours()
                    pipe.multi()
                    if heartbeat is not None:
                        pipe.set(keys.HEARTBEAT, heartbeat)
                    for name, mapping in ((keys.SOURCES, sources), (keys.LINKS, links)):
                        if mapping:
                            pipe.hset(name, mapping=dict[Any, Any](mapping))
                    self._execute(pipe, keys.OBSERVER, _encode(Mark(writer=self._name, flush=self._next_flush())))
                    return True
                except WatchError:
                    continue
        return False

    def announce(self, events: Iterable[str] = ()) -> None:
        """Tell every dashboard that the board changed, and by which events."""
        self._redis.publish(keys.CHANNEL, ",".join(events))

    def _execute(self, pipe: Pipeline, key: str, mark: bytes) -> None:
        # Forgotten until the answer is there: where it is lost, nobody knows whether Redis took the flush.
        self._left.pop(key, None)
        pipe.set(key, mark)
        pipe.execute()
        self._left[key] = mark

    def _next_flush(self) -> int:
        self._flushes += 1
        return self._flushes


def _codes(ledger: Counters) -> dict[str, dict[str, bytes | None]]:
    """Less often than the rest: a cycle of some thousand changes touches nearly as many rows of procedures."""
    return {
        dimension: {code: _encode(row) if row else None for code, row in tally.take_changes().items()}
        for dimension, tally in ledger.tallies.items()
    }


def _names(ledger: Counters) -> dict[Any, Any]:
    names = ledger.names
    found = {keys.name(*place): names.known[place][1] for place in names.unshown}
    names.unshown.clear()
    return found


def _flush_codes(pipe: Pipeline, flush: Flush) -> None:
    for dimension, rows in flush.codes.items():
        key = keys.tally(dimension, flush.partition)
        if there := {code: row for code, row in rows.items() if row is not None}:
            pipe.hset(key, mapping=dict[Any, Any](there))
        if gone := [code for code, row in rows.items() if row is None]:
            pipe.hdel(key, *gone)
    if flush.names:
        pipe.hset(keys.NAMES, mapping=flush.names)


def unit_row(ledger: Counters, unit: str, today: int) -> Sequence[int]:
    """The row of a unit in Redis: see UNIT_ROW."""
    daily = ledger.daily
    window = [daily[day][unit] for day in range(today - WINDOW + 1, today + 1) if unit in daily.get(day, ())]
    return (
        *ledger.now.get(unit, (0,) * len(NOW)),
        *daily.get(today, {}).get(unit, (0,) * 6),
        sum(row[3] + row[4] for row in window),
        sum(row[5] for row in window),
    )


def _units(ledger: Counters) -> set[str]:
    return set(ledger.now).union(*ledger.daily.values())


def _by_day(ledger: Counters) -> dict[int, dict[Any, Any]]:
    found: dict[int, dict[Any, Any]] = {}
    for day, unit in ledger.dirty_days:
        found.setdefault(day, {})[unit] = _encode(ledger.daily[day][unit])
    return found
