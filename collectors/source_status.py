"""How the sources are: what the database knows of their polls, cursors, refusals, spellings and delays."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, Engine, func, select

from collectors.reconciling import Reconciliation, read_reconciliation
from opscentre.domain.calendar import Calendar
from opscentre.domain.dossier import UNMAPPED
from opscentre.domain.fold import DossierState
from opscentre.domain.lateness import cleared_by_sync
from opscentre.domain.moments import DAY
from opscentre.domain.status import ENDED
from opscentre.sources import SourceConfig
from opscentre.store import tables
from opscentre.store.by_sync import late_by_sync_of
from opscentre.store.engine import reading
from opscentre.store.source_lag import Lag, lag_of, last_seen

_decode = msgspec.json.Decoder(DossierState).decode


class Status(msgspec.Struct, kw_only=True):
    """One source. Times are real milliseconds, ages seconds; None: never."""

    code: str
    name: str
    kind: str
    #: Whether the last attempt succeeded; None before the first one.
    ok: bool | None = None
    error: str = ""
    observed_at: int | None = None
    #: Until when its dossiers are known: its last good poll, or the last file or push it sent.
    known_at: int | None = None
    attempted_at: int | None = None
    observed_age_s: float | None = None
    cursor_age_s: float | None = None
    taken: int = 0
    total: int = 0
    #: Rows set aside, and rows taken but noted, by reason.
    quarantine: dict[str, int] = {}
    notes: dict[str, int] = {}
    #: Dossiers whose unit is unknown, by what the source wrote.
    unmapped: dict[str, int] = {}
    lag: Lag = msgspec.field(default_factory=Lag)
    #: Shown as overdue now only because the source was not heard since their due moments; and, of the changes of the
    #: last day, ends in time that were seen only after the due moment.
    late_by_sync: int = 0
    cleared_by_sync: int = 0
    #: What the last comparison of keys came to; None: there was none.
    reconciliation: Reconciliation | None = None

    @property
    def troubled(self) -> bool:
        """Whether a person should look at it."""
        gone = self.reconciliation is not None and self.reconciliation.gone > 0
        return self.ok is not True or bool(self.quarantine) or bool(self.unmapped) or gone


def statuses(sources: Sequence[SourceConfig], store: Engine, wall: int, now: int, calendar: Calendar) -> list[Status]:
    """Every source in the order given. ``wall`` is real time, ``now`` the product's (ms)."""
    with reading(store).connect() as connection:
        told = [_status(config, connection, wall, now) for config in sources]
        for status in told:
            heard = None if status.known_at is None else now - (wall - status.known_at)
            found = late_by_sync_of(connection, {status.code: heard}, now, calendar, status.code)
            status.late_by_sync = sum(unit.processing + unit.reception for unit in found.values())
            status.cleared_by_sync = _cleared_by_sync(status.code, connection, now)
    for status in told:
        status.reconciliation = read_reconciliation(store, status.code)
    return told


def _status(config: SourceConfig, connection: Connection, wall: int, now: int) -> Status:
    code = config.code
    status = Status(code=code, name=config.name, kind=config.kind)
    seen = last_seen(code, connection)
    if seen is not None:
        status.ok, status.error, status.observed_at = seen.ok, seen.error, seen.observed_at
        status.known_at = seen.known_at
        status.attempted_at, status.taken, status.total = seen.attempted_at, seen.taken, seen.total
        status.observed_age_s = _age(seen.observed_at, wall)
    column = tables.cursors.c
    status.cursor_age_s = _age(
        connection.execute(select(column.written_at).where(column.source == code)).scalar(), wall
    )
    status.quarantine = _reasons(code, "rejected", connection)
    status.notes = _reasons(code, "note", connection)
    dossier = tables.dossiers.c
    query = select(dossier.unit_seen, func.count()).where(dossier.unit == UNMAPPED, dossier.source == code)
    counted = connection.execute(query.group_by(dossier.unit_seen).order_by(func.count().desc(), dossier.unit_seen))
    status.unmapped = {spelling or "(empty)": count for spelling, count in counted}
    status.lag = lag_of(code, connection, now)
    return status


def _reasons(code: str, severity: str, connection: Connection) -> dict[str, int]:
    column = tables.quarantine.c
    query = select(column.reason, func.count()).where(column.source == code, column.severity == severity)
    query = query.where(column.resolved_at.is_(None))
    counted = connection.execute(query.group_by(column.reason).order_by(func.count().desc(), column.reason))
    return {row[0]: row[1] for row in counted}


def _cleared_by_sync(code: str, connection: Connection, now: int) -> int:
    dossier, move = tables.dossiers.c, tables.transitions.c
    ended = select(move.number).where(
        move.source == code, move.kind == "status", move.to_status.in_(ENDED), move.at >= now - DAY
    )
    query = select(dossier.state).where(dossier.source == code, dossier.number.in_(ended))
    return sum(cleared_by_sync(_decode(state)) for (state,) in connection.execute(query))


def _age(at: int | None, wall: int) -> float | None:
    return None if at is None else max(0, wall - at) / 1000
