"""Reading again: the keys of a source against the dossiers we have, and everything that changed in a given time."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any, NamedTuple, Protocol, runtime_checkable

import msgspec
from sqlalchemy import Engine, select
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from collectors.base import Given
from collectors.intake import Record, Taken
from collectors.window import Window
from opscentre.clock import wall_ms
from opscentre.domain.moments import SECOND
from opscentre.store import tables
from opscentre.store.engine import reading
from opscentre.store.intake import read_cursor, write_cursor

#: Numbers that one statement asks for, and names that a report quotes.
_CHUNK = 500
_QUOTED = 20
#: Missing dossiers that are held in memory at once.
_FETCHED_TOGETHER = 10_000
#: Missing dossiers that lie closer together (ms) are fetched by one reading.
_TOGETHER = 60 * SECOND
#: Of a row set aside that has not come right since.
_OPEN = tables.quarantine.c.resolved_at.is_(None)


class Key(NamedTuple):
    """A dossier as a source lists it: its MaHoSo and when it was modified there (ms; None: not told)."""

    number: str
    modified: int | None


class Row(NamedTuple):
    """A dossier read again."""

    key: Key
    record: Record


@runtime_checkable
class Rereadable(Protocol):
    """A collector that can list its source's keys and read any time of it again, without moving its cursor."""

    def listing(self) -> Iterator[list[Key]]:
        """Every key of the source, page by page."""
        ...

    def rows(self, start: int) -> Iterator[list[Row]]:
        """What was modified at or after a moment (ms), oldest first, page by page; a row may come twice."""
        ...


class Reconciliation(msgspec.Struct, kw_only=True):
    """What the comparison of keys came to."""

    #: When it began (real ms), and the seconds that it took.
    at: int
    seconds: float = 0.0
    #: Keys at the source, and dossiers of the source here.
    listed: int = 0
    here: int = 0
    #: Keys that should have been here and were not; how many of them were fetched, and were refused before.
    missing: int = 0
    fetched: int = 0
    refused: int = 0
    #: Dossiers here that the source does not list any more: reported, never deleted; and some of their numbers.
    gone: int = 0
    gone_numbers: list[str] = []

    @property
    def sentence(self) -> str:
        """The comparison in one line."""
        return (
            f"{self.listed} keys there, {self.here} dossiers here, {self.missing} were missing, "
            f"{self.fetched} of them fetched, {self.gone} gone at the source"
        )


def read_reconciliation(store: Engine, code: str) -> Reconciliation | None:
    """What the last comparison of a source came to; None before the first."""
    text = read_cursor(store, f"keys:{code}")
    return msgspec.json.decode(text, type=Reconciliation) if text else None


def reconcile(given: Given, collector: Rereadable) -> Reconciliation:
    """Compare a source's keys with the dossiers here, fetch what is missing, keep the result.

    For a caller that holds the source. Memory is flat: the keys lie in a temporary file. A key younger than the
    cursor is not missing but still to come. Raises the errors of a poll.
    """
    code, begun = given.config.code, time.monotonic()
    found = Reconciliation(at=wall_ms())
    # An empty name is a database in a temporary file of its own.
    with closing(sqlite3.connect("", isolation_level=None)) as keys:
        keys.execute("CREATE TABLE listed (number TEXT PRIMARY KEY, modified INT, here INT DEFAULT 0) WITHOUT ROWID")
        keys.execute("BEGIN")
        for page in collector.listing():
            keys.executemany("INSERT OR IGNORE INTO listed (number, modified) VALUES (?, ?)", page)
        found.listed = keys.execute("SELECT count(*) FROM listed").fetchone()[0]
        if given.stopping.is_set():
            return found
        for numbers in _numbers_here(given.store, code):
            _mark(keys, numbers, found)
        cursor = given.read_cursor()
        since = Window(cursor, 0).since if cursor else None
        query = "SELECT number, modified FROM listed WHERE NOT here AND modified <= ? ORDER BY modified"
        absent = keys.execute(query, (since if since is not None else -1,))
        while some := absent.fetchmany(_FETCHED_TOGETHER):
            _fetch(given, collector, [Key(*row) for row in some], found)
    found.seconds = round(time.monotonic() - begun, 3)
    write_cursor(given.store, f"keys:{code}", msgspec.json.encode(found).decode(), found.at)
    return found


def read_again(given: Given, collector: Rereadable, start: int, end: int, progress: Callable[[int], None]) -> Taken:
    """Send whatever was modified in [start, end) (ms) once more; ``progress`` hears how far the reading has come.

    The cursor stays; what is known already changes nothing. Raises the errors of a poll.
    """
    intake, total = given.intake(), Taken()
    for page in collector.rows(start):
        within = [row for row in page if row.key.modified is not None and start <= row.key.modified < end]
        taken = intake.take(row.record for row in within)
        total.read, total.sent = total.read + taken.read, total.sent + taken.sent
        total.rejected, total.reasons = total.rejected + taken.rejected, total.reasons + taken.reasons
        total.offsets |= taken.offsets
        newest = max((row.key.modified for row in page if row.key.modified is not None), default=start)
        progress(min(newest, end))
        if newest >= end:
            break
    return total


def _numbers_here(store: Engine, code: str) -> Iterator[list[str]]:
    """The numbers of a source's dossiers in SQL, some at a time; no transaction stays open between."""
    column = tables.dossiers.c
    last = ""
    while True:
        query = select(column.number).where(column.source == code, column.number > last)
        with reading(store).connect() as connection:
            numbers = list(connection.execute(query.order_by(column.number).limit(_CHUNK)).scalars())
        if not numbers:
            return
        yield numbers
        last = numbers[-1]


def _mark(keys: sqlite3.Connection, numbers: Sequence[str], found: Reconciliation) -> None:
    marks = ",".join("?" * len(numbers))
    listed = {row[0] for row in keys.execute(f"SELECT number FROM listed WHERE number IN ({marks})", numbers)}
    keys.execute(f"UPDATE listed SET here = 1 WHERE number IN ({marks})", numbers)
    gone = [number for number in numbers if number not in listed]
    found.here += len(numbers)
    found.gone += len(gone)
    found.gone_numbers += gone[: _QUOTED - len(found.gone_numbers)]


def _fetch(given: Given, collector: Rereadable, absent: Sequence[Key], found: Reconciliation) -> None:
    """Read what is missing again: not what was set aside, nor what has been counted meanwhile."""
    aside = tables.quarantine.c
    refused = _among(given.store, aside, given.config.code, absent, aside.severity == "rejected", _OPEN)
    counted = _among(given.store, tables.dossiers.c, given.config.code, absent)
    found.refused += len(refused)
    wanted = {key.number: key.modified for key in absent if key.number not in refused and key.number not in counted}
    found.missing += len(wanted)
    intake = given.intake()
    for start, end in _spans(at for at in wanted.values() if at is not None):
        for page in collector.rows(start):
            rows = [row for row in page if row.key.number in wanted]
            found.fetched += intake.take(row.record for row in rows).sent
            for row in rows:
                wanted.pop(row.key.number, None)
            newest = max((row.key.modified for row in page if row.key.modified is not None), default=end)
            if newest > end or not wanted or given.stopping.is_set():
                break


def _spans(moments: Iterable[int]) -> list[tuple[int, int]]:
    """Moments in rising order as stretches without a long gap."""
    spans: list[tuple[int, int]] = []
    for at in moments:
        if spans and at - spans[-1][1] <= _TOGETHER:
            spans[-1] = (spans[-1][0], at)
        else:
            spans.append((at, at))
    return spans


def _among(
    store: Engine, column: ReadOnlyColumnCollection[str, Any], code: str, absent: Sequence[Key], *more: Any
) -> set[str]:
    """Which of these numbers stand in the table of these columns, under more conditions where there are any."""
    there: set[str] = set()
    with reading(store).connect() as connection:
        for chunk in _batched(absent):
            numbers = [key.number for key in chunk]
            query = select(column.number).where(column.source == code, column.number.in_(numbers), *more)
            there.update(connection.execute(query).scalars())
    return there


def _batched(keys: Sequence[Key]) -> Iterator[Sequence[Key]]:
    for begin in range(0, len(keys), _CHUNK):
        yield keys[begin : begin + _CHUNK]
