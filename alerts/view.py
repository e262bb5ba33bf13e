"""A read-only look at SQL for the rules: dossiers by their due moments, sources, links, and the centre's own parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, Engine, and_, case, exists, func, or_, select

from opscentre.domain.calendar import Calendar
from opscentre.domain.fold import DossierState
from opscentre.domain.moments import DAY
from opscentre.domain.status import IN_PROCESS, Status
from opscentre.domain.units import Units
from opscentre.store import addresses, alert_tables, dead_letters, source_lag, tables
from opscentre.store.addresses import Failing
from opscentre.store.engine import reading

_DOSSIER = tables.dossiers.c
_TRANSITION = tables.transitions.c
#: Dossiers in process: found among those that are not over, which have an index of their own.
_OPEN = and_(_DOSSIER.settled.is_(None), _DOSSIER.status.in_(sorted(IN_PROCESS)))
_decode_state = msgspec.json.Decoder(DossierState).decode
#: Dossiers of one question for states: SQLite takes no more than so many values.
_PAGE = 400


class DossierRow(NamedTuple):
    """One open dossier, as its columns show it. Moments are epoch ms."""

    source: str
    number: str
    unit: str
    status: int
    received: int | None
    #: When it must be finished, or received or refused: the clock that was asked for.
    due: int

    @property
    def key(self) -> str:
        """Its identity in one text."""
        return f"{self.source}/{self.number}"


class LinkNow(msgspec.Struct, frozen=True):
    """What the rules want to know of a link's newest observation; all times real ms."""

    code: str
    checked_at: int
    state: str
    since: int = 0
    detail: str = ""
    certificate_expires_at: int | None = None
    flapping: bool = False


class SourceNow(msgspec.Struct, frozen=True):
    """What the rules want to know of a source's newest observation; all times real ms."""

    code: str
    attempted_at: int
    observed_at: int | None
    ok: bool
    error: str = ""
    #: Since when a person has had it asked no more; None: it is asked.
    paused_since: int | None = None


class UnitLoad(NamedTuple):
    """Dossiers of a unit that are in process, and those of them that are late."""

    in_process: int
    overdue: int


class View:
    """One look at SQL. ``calendar`` and ``units`` are the profile's; nothing is written."""

    def __init__(self, engine: Engine, calendar: Calendar, units: Units, partitions: int) -> None:
        self._engine = self.engine = reading(engine)
        self.calendar = calendar
        self.units = units
        self._partitions = range(partitions)

    def due_between(self, begin: int, end: int) -> list[DossierRow]:
        """Dossiers in process whose due moment lies in [begin, end), the longest due first."""
        due = _DOSSIER.open_due
        where = and_(_DOSSIER.partition.in_(self._partitions), due >= begin, due < end)
        return self._dossiers(due, where)

    def reception_due_before(self, end: int) -> list[DossierRow]:
        """Dossiers that wait for reception and should have had it before a moment."""
        due = _DOSSIER.reception_due
        return self._dossiers(due, and_(_DOSSIER.status == Status.FILED, due < end))

    def silent_since(self, moment: int) -> list[DossierRow]:
        """Dossiers in process that were received, and last changed their status, before a moment."""
        moved = exists().where(
            _TRANSITION.source == _DOSSIER.source,
            _TRANSITION.number == _DOSSIER.number,
            _TRANSITION.kind == "status",
            _TRANSITION.at >= moment,
        )
        where = and_(_OPEN, _DOSSIER.received < moment, ~moved)
        return self._dossiers(func.coalesce(_DOSSIER.open_due, 0), where)

    def loads(self, now: int) -> dict[str, UnitLoad]:
        """By unit code, seen from the day of ``now``: what is in process and what of it is late."""
        late = func.sum(case((_DOSSIER.open_due < now, 1), else_=0))
        # By an expression: SQLite would walk through all dossiers by unit to group by the column itself.
        unit = func.coalesce(_DOSSIER.unit, "").label("unit")
        query = select(unit, func.count(), late).where(_OPEN)
        with self._engine.connect() as connection:
            rows = {unit: [count, overdue] for unit, count, overdue in connection.execute(query.group_by(unit))}
        return {code: UnitLoad(*row) for code, row in self.units.current(now).gather(rows).items()}

    def states(self, dossiers: Iterable[tuple[str, str]]) -> dict[tuple[str, str], DossierState]:
        """The whole states of dossiers by (source, number); those that are there."""
        wanted = list(dossiers)
        found = {}
        with self._engine.connect() as connection:
            for start in range(0, len(wanted), _PAGE):
                for source, number, state in _states(connection, wanted[start : start + _PAGE]):
                    found[source, number] = _decode_state(state)
        return found

    def sources(self) -> list[SourceNow]:
        """The newest observation of every source."""
        return [msgspec.json.decode(value, type=SourceNow) for value in self._observed("source")]

    def links(self) -> list[LinkNow]:
        """The newest observation of every link."""
        return [msgspec.json.decode(value, type=LinkNow) for value in self._observed("link")]

    def newest_observation(self) -> int | None:
        """Real time of the newest observation that came through pipe and stream into SQL."""
        column = tables.observations.c
        query = select(func.max(column.at)).where(column.kind.in_(("source", "link")))
        with self._engine.connect() as connection:
            return connection.execute(query).scalar()

    def delays(self, since: int) -> dict[str, list[int]]:
        """By source, how long (ms) after they happened changes were seen that were seen since a moment.

        What had happened before a source was first read is a backlog and no delay.
        """
        # Delays of more than a month are another matter, and the index is by when a thing happened.
        oldest = since - 30 * DAY
        query = select(_TRANSITION.source, _TRANSITION.at, _TRANSITION.seen).where(
            _TRANSITION.kind == "status", _TRANSITION.at >= oldest, _TRANSITION.seen >= since
        )
        found: dict[str, list[tuple[int, int]]] = {}
        with self._engine.connect() as connection:
            for source, at, seen in connection.execute(query):
                found.setdefault(source, []).append((at, seen))
            begun = {source: source_lag.begun(source, connection, oldest) for source in found}
        delays = {
            source: [max(0, seen - at) for at, seen in rows if at >= begun[source]] for source, rows in found.items()
        }
        return {source: rows for source, rows in delays.items() if rows}

    def quarantined(self, since: int) -> dict[str, int]:
        """By source, how many rows were set aside since a real moment (ms)."""
        column = tables.quarantine.c
        query = select(column.source, func.count()).where(column.severity == "rejected", column.seen_at >= since)
        with self._engine.connect() as connection:
            return dict(connection.execute(query.group_by(column.source)).tuples().all())

    def dead_letters(self) -> int:
        """How many dead letters are open."""
        return dead_letters.count(self._engine)

    def failing_addresses(self) -> list[Failing]:
        """Recipients whose mails came back for good, each with the newest report."""
        with self._engine.connect() as connection:
            return addresses.failing(connection)

    def waiting_mail(self, times: tuple[int, int]) -> tuple[int, int]:
        """How many messages could have been sent before (product time, real time) and were not; how many failed."""
        column = alert_tables.notifications.c
        now, wall = times
        waiting = and_(column.state.in_(("queued", "sending")), column.not_before < now, column.created_at < now)
        tried = or_(column.try_at < wall, column.attempts > 0)
        counts = (
            func.sum(case((and_(waiting, tried), 1), else_=0)),
            func.sum(case((and_(column.state == "failed", column.created_at >= now - DAY), 1), else_=0)),
        )
        with self._engine.connect() as connection:
            row = connection.execute(select(*counts)).one()
        return row[0] or 0, row[1] or 0

    def episodes(self, rule_codes: Sequence[str], since: int) -> dict[str, int]:
        """By key, how many episodes of some rules began since a moment (a state counts once an episode)."""
        column = alert_tables.alert_history.c
        query = (
            select(column.key, func.count(func.distinct(column.episode)))
            .where(column.rule.in_(rule_codes), column.at >= since, column.state != "resolved")
            .group_by(column.key)
        )
        with self._engine.connect() as connection:
            return dict(connection.execute(query).tuples().all())

    def _observed(self, kind: str) -> list[bytes]:
        column = tables.observations.c
        with self._engine.connect() as connection:
            query = select(column.value).where(column.kind == kind).order_by(column.code)
            return list(connection.execute(query).scalars())

    def _dossiers(self, due: object, where: object) -> list[DossierRow]:
        columns = (_DOSSIER.source, _DOSSIER.number, _DOSSIER.unit, _DOSSIER.status, _DOSSIER.received, due)
        query = select(*columns).where(where).order_by(due, _DOSSIER.source, _DOSSIER.number)  # type: ignore[call-overload]
        with self._engine.connect() as connection:
            return [DossierRow(*row) for row in connection.execute(query)]


def _states(connection: Connection, page: list[tuple[str, str]]) -> Iterator[tuple[str, str, bytes]]:
    by_source: dict[str, list[str]] = {}
    for source, number in page:
        by_source.setdefault(source, []).append(number)
    for source, numbers in by_source.items():
        query = select(_DOSSIER.source, _DOSSIER.number, _DOSSIER.state)
        yield from connection.execute(query.where(_DOSSIER.source == source, _DOSSIER.number.in_(numbers))).tuples()
