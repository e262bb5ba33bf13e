"""What is odd about dossiers, gathered from where each kind is kept: notes, moves, all sources, compared keys."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Select, func, select, text

from opscentre.domain.anomalies import IN_MOVES, IN_RECORDS
from opscentre.store import tables
from opscentre.store.engine import reading

_NOTE = tables.quarantine.c
_MOVE = tables.transitions.c
_DOSSIER = tables.dossiers.c
#: As the index has it, and not as a parameter: else no database sees that the index will do.
_ODD = text("anomaly <> ''")


class Anomaly(msgspec.Struct, kw_only=True):
    """One dossier with one anomaly. ``at``: when it was seen; notes in real ms, moves in the product's time."""

    kind: str
    source: str
    number: str
    unit: str
    at: int | None
    detail: str = ""


class Asked(msgspec.Struct, kw_only=True):
    """Which anomalies are wanted; None: whichever."""

    source: str | None = None
    unit: str | None = None
    kind: str | None = None


class Found(msgspec.Struct, kw_only=True):
    """The newest of each kind, and how many there are of every (kind, source, unit)."""

    rows: list[Anomaly] = []
    counts: dict[tuple[str, str, str], int] = {}


class _Gone(msgspec.Struct):
    """Of what the comparison of keys keeps: dossiers that the source lists no more, and some of their numbers."""

    at: int = 0
    gone: int = 0
    gone_numbers: list[str] = []


def anomalies(engine: Engine, asked: Asked, limit: int) -> Found:
    """Every kind that is wanted, at most ``limit`` rows of each way of finding them, newest first."""
    found = Found()
    with reading(engine).connect() as connection:
        for names, look in ((IN_RECORDS, _noted), (IN_MOVES, _moved)):
            wanted = sorted(names if asked.kind is None else names & {asked.kind})
            if wanted:
                look(connection, wanted, asked, limit, found)
        if asked.kind in (None, "two_sources"):
            _shared(connection, asked, limit, found)
        if asked.kind in (None, "gone_at_source") and asked.unit is None:
            _gone(connection, asked, found)
    return found


def _noted(connection: Connection, kinds: list[str], asked: Asked, limit: int, found: Found) -> None:
    query = _chosen(select(tables.quarantine), _NOTE, asked)
    query = query.where(_NOTE.severity == "note", _NOTE.reason.in_(kinds), _NOTE.resolved_at.is_(None))
    for row in connection.execute(query.order_by(_NOTE.seen_at.desc()).limit(limit)):
        detail = row.message.removeprefix(f"{row.source}, {row.place}: ")
        found.rows.append(
            Anomaly(kind=row.reason, source=row.source, number=row.number, unit=row.unit, at=row.seen_at, detail=detail)
        )
    _count(connection, query, _NOTE.reason, _NOTE, found)


def _moved(connection: Connection, kinds: list[str], asked: Asked, limit: int, found: Found) -> None:
    query = _chosen(select(tables.transitions), _MOVE, asked).where(_ODD, _MOVE.anomaly.in_(kinds))
    for row in connection.execute(query.order_by(_MOVE.at.desc()).limit(limit)):
        before = "nothing" if row.from_status is None else row.from_status
        detail = f"from {before} to {row.to_status}"
        found.rows.append(
            Anomaly(kind=row.anomaly, source=row.source, number=row.number, unit=row.unit, at=row.at, detail=detail)
        )
    _count(connection, query, _MOVE.anomaly, _MOVE, found)


def _shared(connection: Connection, asked: Asked, limit: int, found: Found) -> None:
    several = select(_DOSSIER.number).group_by(_DOSSIER.number).having(func.count() > 1)
    query = _chosen(select(_DOSSIER.source, _DOSSIER.number, _DOSSIER.unit, _DOSSIER.received), _DOSSIER, asked)
    rows = list(connection.execute(query.where(_DOSSIER.number.in_(several)).order_by(_DOSSIER.number)))
    for row in rows:
        key = ("two_sources", row.source, row.unit)
        found.counts[key] = found.counts.get(key, 0) + 1
    found.rows += [
        Anomaly(kind="two_sources", source=row.source, number=row.number, unit=row.unit, at=row.received)
        for row in rows[:limit]
    ]


def _gone(connection: Connection, asked: Asked, found: Found) -> None:
    column = tables.cursors.c
    for row in connection.execute(select(column.source, column.cursor).where(column.source.startswith("keys:"))):
        source = row.source.removeprefix("keys:")
        kept = msgspec.json.decode(row.cursor, type=_Gone)
        if kept.gone and asked.source in (None, source):
            found.counts["gone_at_source", source, ""] = kept.gone
            found.rows += [
                Anomaly(kind="gone_at_source", source=source, number=number, unit="", at=kept.at)
                for number in kept.gone_numbers
            ]


def _count(connection: Connection, query: Select[Any], kind: Any, column: Any, found: Found) -> None:
    group = (kind, column.source, column.unit)
    counting = query.with_only_columns(*group, func.count(func.distinct(column.number))).group_by(*group)
    for name, source, unit, count in connection.execute(counting.order_by(None)):
        found.counts[name, source, unit] = count


def _chosen(query: Select[Any], column: Any, asked: Asked) -> Select[Any]:
    if asked.source is not None:
        query = query.where(column.source == asked.source)
    return query if asked.unit is None else query.where(column.unit == asked.unit)
