"""The quarantine as people ask for it: rows by source, unit and reason, what came right, and how long they are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Engine, Select, and_, case, delete, func, or_, select, update

from opscentre.domain.anomalies import IN_RECORDS
from opscentre.domain.moments import DAY
from opscentre.store import tables
from opscentre.store.engine import reading

#: Days that a row is kept: since it came right, and since it was first seen.
RESOLVED_DAYS, OPEN_DAYS = 30, 400

_COLUMN = tables.quarantine.c
#: Numbers that one statement asks for.
_CHUNK = 400
_OPEN = _COLUMN.resolved_at.is_(None)


class Entry(msgspec.Struct, kw_only=True):
    """One row of the quarantine. Times are real milliseconds."""

    id: int
    source: str
    severity: str
    reason: str
    unit: str
    number: str
    field: str
    place: str
    message: str
    seen_at: int
    resolved_at: int | None


class Summed(msgspec.Struct, kw_only=True):
    """Refused rows of one source, unit and reason."""

    source: str
    unit: str
    reason: str
    #: Not come right yet; new in the last seven days, and in the seven before; come right in the last seven.
    open: int
    week: int
    week_before: int
    resolved_week: int

    @property
    def trend(self) -> int:
        """How many more were new in the last seven days than in the seven before."""
        return self.week - self.week_before


class Asked(msgspec.Struct, kw_only=True):
    """Which rows are wanted; None: whichever."""

    source: str | None = None
    unit: str | None = None
    reason: str | None = None
    #: Also those that came right.
    everything: bool = False


def entries(engine: Engine, asked: Asked, limit: int) -> tuple[list[Entry], int]:
    """The newest refused rows that are wanted, and how many there are in all."""
    query = _chosen(select(*_columns()), asked).order_by(_COLUMN.seen_at.desc(), _COLUMN.id.desc()).limit(limit)
    counting = _chosen(select(func.count()).select_from(tables.quarantine), asked)
    with reading(engine).connect() as connection:
        found = [Entry(**row._mapping) for row in connection.execute(query)]
        return found, connection.execute(counting).scalar_one()


def entry(engine: Engine, number: int) -> Entry | None:
    """One row by its id, notes too."""
    with reading(engine).connect() as connection:
        row = connection.execute(select(*_columns()).where(_COLUMN.id == number)).first()
        return Entry(**row._mapping) if row else None


def summary(engine: Engine, asked: Asked, now: int) -> list[Summed]:
    """Counts by source, unit and reason, most open ones first. ``now`` is real time (ms)."""
    week, before = now - 7 * DAY, now - 14 * DAY

    def count(*conditions: Any) -> Any:
        return func.coalesce(func.sum(case((and_(*conditions), 1), else_=0)), 0)

    query = _chosen(
        select(
            _COLUMN.source,
            _COLUMN.unit,
            _COLUMN.reason,
            count(_OPEN).label("open"),
            count(_COLUMN.seen_at >= week).label("week"),
            count(_COLUMN.seen_at >= before, _COLUMN.seen_at < week).label("week_before"),
            count(_COLUMN.resolved_at >= week).label("resolved_week"),
        ),
        msgspec.structs.replace(asked, everything=True),
    ).group_by(_COLUMN.source, _COLUMN.unit, _COLUMN.reason)
    with reading(engine).connect() as connection:
        found = [Summed(**row._mapping) for row in connection.execute(query)]
    return sorted(found, key=lambda one: (-one.open, one.source, one.unit, one.reason))


def has_open(engine: Engine, source: str) -> bool:
    """Whether anything of a source is set aside or noted that may yet come right."""
    query = select(_COLUMN.id).where(_COLUMN.source == source, _COLUMN.number != "", _OPEN).limit(1)
    with reading(engine).connect() as connection:
        return connection.execute(query).first() is not None


def settle(engine: Engine, source: str, sound: Mapping[str, frozenset[str]], at: int) -> int:
    """Mark what came right: ``sound`` are dossiers that were taken, with the anomalies that they still have.

    ``at`` is real time (ms). Returns how many rows were marked.
    """
    settled = 0
    for numbers in _chunks(sound):
        query = select(_COLUMN.id, _COLUMN.number, _COLUMN.severity, _COLUMN.reason)
        with reading(engine).connect() as connection:
            rows = list(connection.execute(query.where(_COLUMN.source == source, _COLUMN.number.in_(numbers), _OPEN)))
        ids = [
            row.id
            for row in rows
            if row.severity == "rejected" or (row.reason in IN_RECORDS and row.reason not in sound[row.number])
        ]
        if ids:
            with engine.begin() as connection:
                for chunk in _chunks(ids):
                    mark = update(tables.quarantine).where(_COLUMN.id.in_(chunk)).values(resolved_at=at)
                    settled += connection.execute(mark).rowcount
    return settled


def trim(engine: Engine, now: int) -> int:
    """Let go of rows that have been kept long enough; how many. ``now`` is real time (ms)."""
    with engine.begin() as connection:
        return connection.execute(delete(tables.quarantine).where(_old(now))).rowcount


def aged(engine: Engine, now: int) -> int:
    """How many rows ``trim`` would let go of."""
    with reading(engine).connect() as connection:
        return connection.scalar(select(func.count()).select_from(tables.quarantine).where(_old(now))) or 0


def _old(now: int) -> ColumnElement[bool]:
    return or_(_COLUMN.resolved_at < now - RESOLVED_DAYS * DAY, _COLUMN.seen_at < now - OPEN_DAYS * DAY)


def _columns() -> list[Any]:
    return [_COLUMN[name] for name in Entry.__struct_fields__]


def _chosen(query: Select[Any], asked: Asked) -> Select[Any]:
    query = query.where(_COLUMN.severity == "rejected")
    for column, wanted in ((_COLUMN.source, asked.source), (_COLUMN.unit, asked.unit), (_COLUMN.reason, asked.reason)):
        if wanted is not None:
            query = query.where(column == wanted)
    return query if asked.everything else query.where(_OPEN)


def _chunks(values: Iterable[Any]) -> Iterator[list[Any]]:
    listed = list(values)
    for begin in range(0, len(listed), _CHUNK):
        yield listed[begin : begin + _CHUNK]
