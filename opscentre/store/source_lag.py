"""From a change at a source until it was counted here: how long that took, over the changes of the last day."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, func, select

from opscentre.domain.moments import DAY
from opscentre.domain.observations import Observation, SourceSeen
from opscentre.store import tables


class Lag(msgspec.Struct):
    """From a change at the source until it was counted here: seconds, over the changes of the last day."""

    changes: int = 0
    p50_s: float | None = None
    p95_s: float | None = None


def lag_of(code: str, connection: Connection, now: int) -> Lag:
    """From the rows that say what happened to a dossier when, and when that was seen. ``now``: the product's time, ms.

    What had happened before we first looked at the source is a backlog and no delay.
    """
    column = tables.transitions.c
    query = select(column.seen - column.at).where(
        column.source == code,
        column.kind == "status",
        column.at >= begun(code, connection, now - DAY),
        column.seen >= column.at,
    )
    delays = sorted(connection.execute(query).scalars())
    if not delays:
        return Lag()
    return Lag(len(delays), percentile(delays, 0.5) / 1000, percentile(delays, 0.95) / 1000)


def begun(code: str, connection: Connection, oldest: int) -> int:
    """When a source was first read, or ``oldest`` where that was before it; ``oldest`` too for one never read.

    Of a source read for years any row of the many that are older is enough: all of them need not be looked through.
    """
    column = tables.transitions.c
    older = select(column.seen).where(column.source == code, column.seen < oldest).limit(1)
    if connection.execute(older).first() is not None:
        return oldest
    first = connection.execute(select(func.min(column.seen)).where(column.source == code)).scalar()
    return oldest if first is None else max(oldest, first)


def last_seen(code: str, connection: Connection) -> SourceSeen | None:
    """What the last poll of a source came to; None before the first one."""
    column = tables.observations.c
    query = select(column.value).where(column.kind == "source", column.code == code)
    raw = connection.execute(query).scalar()
    seen = msgspec.json.decode(raw, type=Observation) if raw else None
    return seen if isinstance(seen, SourceSeen) else None


def percentile(ascending: Sequence[int], part: float) -> int:
    """The smallest value that at least this part of the values do not exceed (nearest rank)."""
    rank = -(-part * len(ascending) // 1)
    return ascending[max(0, int(rank) - 1)]
