"""Writes the live board: absolute counters of each partition, in one transaction a flush, then the announcement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec
import redis

from opscentre.domain.counting import NOW
from opscentre.domain.moments import day_number
from opscentre.live import keys
from opscentre.live.wall import UrgentDossier

#: Numbers of a unit's row: those of NOW, then today's six of DAILY, then finished on time and overdue in 30 days.
UNIT_ROW = len(NOW) + 6 + 2
#: Length of the rolling window, in days, today included.
WINDOW = 30
#: Days whose counters are kept in Redis; older periods are answered from SQL.
KEPT_DAYS = 400

_encode = msgspec.json.Encoder().encode


class Counters(Protocol):
    """What the writer needs of a partition's ledger."""

    partition: int
    now: dict[str, list[int]]
    daily: dict[int, dict[str, list[int]]]
    hourly: dict[int, list[int]]
    dirty_units: set[str]
    dirty_days: set[tuple[int, str]]
    dirty_hours: set[int]


class BoardMeta(msgspec.Struct):
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


class BoardWriter:
    """Writes partitions' counters to Redis; knows which partitions it has written whole."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=2)
        self._today: dict[int, int] = {}

    def whole(self, partition: int) -> bool:
        """Whether Redis still holds what was written: False after a wipe, a restart of Redis, or before the first."""
        return partition in self._today and bool(self._redis.exists(keys.meta(partition)))

    def write(self, ledger: Counters, dossiers: int, now: int) -> bool:
        """Write what changed in a partition; every unit when a new day began.

        Returns False when Redis no longer holds the rest (or never did): then ``rewrite`` is due.
        """
        if ledger.partition not in self._today:
            return False
        # XX: only where it still exists. A wiped board must not look whole again by one more change.
        return self._flush(ledger, dossiers, now, only_if_there=True)

    def _flush(self, ledger: Counters, dossiers: int, now: int, *, only_if_there: bool) -> bool:
        today = day_number(now)
        if self._today.get(ledger.partition) != today:
            ledger.dirty_units.update(_units(ledger))
        pipe = self._redis.pipeline(transaction=True)
        if ledger.dirty_units:
            pipe.hset(
                keys.units(ledger.partition),
                mapping={unit: _encode(unit_row(ledger, unit, today)) for unit in ledger.dirty_units},
            )
        for day, mapping in _by_day(ledger).items():
            if day > today - KEPT_DAYS:
                pipe.hset(keys.day(ledger.partition, day), mapping=mapping)
        for day in ledger.dirty_hours:
            if day >= today - WINDOW:
                pipe.set(keys.hours(ledger.partition, day), _encode(ledger.hourly[day]))
        meta = BoardMeta(day=today, dossiers=dossiers, first_day=today - KEPT_DAYS + 1)
        pipe.set(keys.meta(ledger.partition), _encode(meta), xx=only_if_there)
        if not pipe.execute()[-1]:
            self.forget(ledger.partition)
            return False
        self._today[ledger.partition] = today
        ledger.dirty_units.clear()
        ledger.dirty_days.clear()
        ledger.dirty_hours.clear()
        return True

    def rewrite(self, ledger: Counters, dossiers: int, now: int) -> None:
        """Write a partition from nothing; until it is done its meta key is missing and readers say "rebuilding"."""
        partition = ledger.partition
        self._redis.delete(keys.meta(partition), keys.units(partition))
        stale = list(self._redis.scan_iter(keys.all_days(partition), count=1000))
        if stale:
            self._redis.delete(*stale)
        ledger.dirty_units.update(_units(ledger))
        ledger.dirty_days.update((day, unit) for day, units in ledger.daily.items() for unit in units)
        ledger.dirty_hours.update(ledger.hourly)
        self._flush(ledger, dossiers, now, only_if_there=False)

    def forget(self, partition: int) -> None:
        """Redis does not hold the partition as this writer left it, or another worker has it by now."""
        self._today.pop(partition, None)

    def write_urgent(self, partition: int, urgent: Urgent) -> None:
        """Replace a partition's late and nearly late list."""
        self._redis.set(keys.urgent(partition), _encode(urgent))

    def write_observations(
        self, heartbeat: int | None, sources: Mapping[str, bytes], links: Mapping[str, bytes]
    ) -> None:
        """Replace the newest heartbeat and what is known of sources and links."""
        pipe = self._redis.pipeline(transaction=True)
        if heartbeat is not None:
            pipe.set(keys.HEARTBEAT, heartbeat)
        for name, mapping in ((keys.SOURCES, sources), (keys.LINKS, links)):
            if mapping:
                pipe.hset(name, mapping=dict[Any, Any](mapping))
        pipe.execute()

    def announce(self) -> None:
        """Tell every dashboard that the board changed."""
        self._redis.publish(keys.CHANNEL, b"1")


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
