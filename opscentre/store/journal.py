"""The stream's books in SQL: states, transitions, offsets, receipts and dead letters, one transaction a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, func, insert, select, update

from opscentre.clock import wall_ms
from opscentre.domain.fold import DossierState
from opscentre.store import bulk, dead_letters, standings, tables
from opscentre.store.engine import insertion, reading, upsert
from opscentre.store.intake import SetAside

_decode = msgspec.json.Decoder(DossierState).decode
_DOSSIER_COLUMNS = [c.name for c in tables.dossiers.columns if not c.primary_key]
#: Rows fetched at a time when a whole table is walked.
_PAGE = 2_000


class Fenced(Exception):
    """Another worker has written this partition since it was loaded: this one must let go of it."""


class Entries(msgspec.Struct, kw_only=True):
    """What one batch writes, all or nothing."""

    dossiers: list[dict[str, Any]] = []
    #: The states of ``dossiers``, one by one, where they are at hand; None: to be decoded from the rows.
    states: list[DossierState] | None = None
    transitions: list[dict[str, Any]] = []
    #: (topic, partition) → (offset it went on from, offset to go on from).
    offsets: dict[tuple[str, int], tuple[int, int]] = {}
    #: (topic, partition) → number of the claim it is written under.
    claims: dict[tuple[str, int], int] = {}
    #: (receipt, partition) → (accepted, unchanged).
    receipts: dict[tuple[str, int], tuple[int, int]] = {}
    notes: list[SetAside] = []
    dead_letters: list[dead_letters.DeadLetter] = []
    #: (kind, code) → (moment, value).
    observations: dict[tuple[str, str], tuple[int, bytes]] = {}
    #: partition → (rules by which every settlement of it is made by now, claim under which they are kept).
    settled_by: dict[int, tuple[int, int]] = {}


def write(engine: Engine, entries: Entries) -> None:
    """Write a batch in one transaction.

    Raises ``Fenced`` (and writes nothing) when a claim is another worker's or an offset is not as expected.
    """
    with engine.begin() as connection:
        _require(connection, entries.claims)
        for (topic, partition), (expected, following) in sorted(entries.offsets.items()):
            _advance(connection, topic, partition, expected, following)
        bulk.upsert(connection, tables.dossiers, entries.dossiers, update=_DOSSIER_COLUMNS)
        standings.write(connection, entries.dossiers, entries.states)
        bulk.upsert(connection, tables.transitions, entries.transitions)
        upsert(connection, tables.quarantine, [msgspec.structs.asdict(note) for note in entries.notes])
        dead_letters.write(connection, entries.dead_letters)
        _add_receipts(connection, entries.receipts)
        upsert(
            connection,
            tables.observations,
            [
                {"kind": kind, "code": code, "at": at, "value": value}
                for (kind, code), (at, value) in entries.observations.items()
            ],
            update=["at", "value"],
        )
        upsert(
            connection,
            tables.settlements,
            [
                {"partition": partition, "rules": rules, "claim": number}
                for partition, (rules, number) in entries.settled_by.items()
            ],
            update=["rules", "claim"],
        )


def attempts(engine: Engine, entries: Entries) -> Callable[[], None]:
    """``write``, to be called until it ends without an error: a commit whose answer was lost may have gone through."""
    tried = False

    def attempt() -> None:
        nonlocal tried
        again, tried = tried, True
        if not again or not holds(engine, entries):
            write(engine, entries)

    return attempt


def holds(engine: Engine, entries: Entries) -> bool:
    """Whether a batch whose answer was lost was written all the same: its claims stand and its offsets have moved.

    False also where it moves none: such a batch may be written again, its rows are the same rows.
    Raises ``Fenced`` when a claim is another worker's by now.
    """
    column = tables.partitions.c
    with reading(engine).connect() as connection:
        _require(connection, entries.claims)
        rows = connection.execute(select(column.topic, column.partition, column.next_offset))
        stored = {(row.topic, row.partition): row.next_offset for row in rows}
    moved = {place: following for place, (expected, following) in entries.offsets.items() if expected != following}
    return bool(moved) and all(stored.get(place) == following for place, following in moved.items())


def _advance(connection: Connection, topic: str, partition: int, expected: int, following: int) -> None:
    column = tables.partitions.c
    moved = connection.execute(
        update(tables.partitions)
        .where(column.topic == topic, column.partition == partition, column.next_offset == expected)
        .values(next_offset=following)
    )
    if moved.rowcount == 1:
        return
    if expected == 0:
        row = {"topic": topic, "partition": partition, "next_offset": following}
        # Whether the row is new must come from the insert itself: an equal number may be another worker's.
        begin = insertion(connection, tables.partitions).on_conflict_do_nothing().returning(column.next_offset)
        if connection.execute(begin, row).first() is not None:
            return
    raise Fenced(f"partition {partition} of {topic}: went on from {expected}, but another worker has moved it")


def claim(engine: Engine, topic: str, partitions: Iterable[int]) -> dict[int, int]:
    """Make partitions of a topic this worker's own; the number of each claim. Whoever had them is fenced from here."""
    with engine.begin() as connection:
        return {partition: _claim(connection, topic, partition) for partition in sorted(partitions)}


def take_over(engine: Engine, topic: str, partitions: Iterable[int]) -> dict[int, int]:
    """``claim``, and the settlements that the claim before kept are kept under this one from here."""
    kept = tables.settlements
    with engine.begin() as connection:
        found = {partition: _claim(connection, topic, partition) for partition in sorted(partitions)}
        for partition, number in found.items():
            moving = update(kept).where(kept.c.partition == partition, kept.c.claim == number - 1)
            connection.execute(moving.values(claim=number))
        return found


def _claim(connection: Connection, topic: str, partition: int) -> int:
    column = tables.claims.c
    statement = (
        insertion(connection, tables.claims)
        .on_conflict_do_update(index_elements=["topic", "partition"], set_={"number": column.number + 1})
        .returning(column.number)
    )
    return connection.execute(statement, {"topic": topic, "partition": partition, "number": 1}).scalar_one()


def standing_claims(engine: Engine, topic: str) -> dict[int, int]:
    """The number of the claim that each partition of a topic is under now."""
    column = tables.claims.c
    with reading(engine).connect() as connection:
        rows = connection.execute(select(column.partition, column.number).where(column.topic == topic))
        return {row.partition: row.number for row in rows}


def require(engine: Engine, topic: str, partition: int, number: int) -> None:
    """Raise ``Fenced`` unless a partition is still under this claim."""
    with reading(engine).connect() as connection:
        _require(connection, {(topic, partition): number})


def _require(connection: Connection, claims: Mapping[tuple[str, int], int]) -> None:
    if not claims:
        return
    column = tables.claims.c
    rows = connection.execute(select(column.topic, column.partition, column.number))
    standing = {(row.topic, row.partition): row.number for row in rows}
    for (topic, partition), number in claims.items():
        if (found := standing.get((topic, partition))) != number:
            raise Fenced(f"partition {partition} of {topic}: claim {number} is void, another worker has claim {found}")


def _add_receipts(connection: Connection, receipts: Mapping[tuple[str, int], tuple[int, int]]) -> None:
    column, at = tables.receipts.c, wall_ms()
    for (receipt, partition), (accepted, unchanged) in receipts.items():
        added = connection.execute(
            update(tables.receipts)
            .where(column.receipt == receipt, column.partition == partition)
            .values(accepted=column.accepted + accepted, unchanged=column.unchanged + unchanged, at=at)
        )
        if added.rowcount == 0:
            row = {"receipt": receipt, "partition": partition, "accepted": accepted, "unchanged": unchanged, "at": at}
            connection.execute(insert(tables.receipts), row)


def next_offsets(engine: Engine, topic: str, partitions: Iterable[int]) -> dict[int, int]:
    """Where each partition of a topic goes on; 0 for one never written."""
    column = tables.partitions.c
    with reading(engine).connect() as connection:
        rows = connection.execute(select(column.partition, column.next_offset).where(column.topic == topic))
        found = {row.partition: row.next_offset for row in rows}
    return {partition: found.get(partition, 0) for partition in partitions}


def states_received_before(engine: Engine, at: int) -> Iterator[DossierState]:
    """Every dossier received before a moment, for the look-back."""
    column = tables.dossiers.c
    with reading(engine).connect() as connection:
        query = select(column.state).where(column.received < at).execution_options(yield_per=_PAGE)
        for (state,) in connection.execute(query):
            yield _decode(state)


def open_due(engine: Engine, partition: int, since: int, until: int, limit: int) -> list[DossierState]:
    """Dossiers of a partition in process whose due moment lies in [since, until), next due first."""
    column = tables.dossiers.c
    query = (
        select(column.state)
        .where(column.partition == partition, column.open_due >= since, column.open_due < until)
        .order_by(column.open_due, column.source, column.number)
        .limit(limit)
    )
    with reading(engine).connect() as connection:
        return [_decode(state) for (state,) in connection.execute(query)]


def read_receipt(engine: Engine, receipt: str) -> tuple[int, int]:
    """(accepted, unchanged) of an import so far."""
    column = tables.receipts.c
    query = select(func.coalesce(func.sum(column.accepted), 0), func.coalesce(func.sum(column.unchanged), 0))
    with reading(engine).connect() as connection:
        accepted, unchanged = connection.execute(query.where(column.receipt == receipt)).one()
    return accepted, unchanged


def read_observations(engine: Engine, kind: str) -> Sequence[tuple[str, bytes]]:
    """(code, encoded value) of every source or link ever seen."""
    column = tables.observations.c
    with reading(engine).connect() as connection:
        rows = connection.execute(select(column.code, column.value).where(column.kind == kind))
        return [(code, value) for code, value in rows]


def read_names(engine: Engine) -> dict[tuple[str, str], tuple[int, str]]:
    """(``field`` or ``procedure``, code) → (version of the snapshot, name that it gave)."""
    column = tables.observations.c
    query = select(column.kind, column.code, column.at, column.value).where(column.kind.in_(("field", "procedure")))
    with reading(engine).connect() as connection:
        return {(row.kind, row.code): (row.at, row.value.decode()) for row in connection.execute(query)}
