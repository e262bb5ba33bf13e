"""What a cycle brings to the board: prepared from the ledgers as they are, sent once SQL holds the same."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
from redis.exceptions import RedisError
from sqlalchemy import Engine

from opscentre.domain.calendar import Calendar
from opscentre.domain.counting import DUE_SOON
from opscentre.domain.fold import DossierState
from opscentre.domain.life import due_at
from opscentre.live.wall import UrgentDossier
from opscentre.live.writer import BoardWriter, Flush, Urgent
from opscentre.pipe import topics
from opscentre.store import journal
from streams.ledger import Ledger
from streams.meter import Meter
from streams.patience import Patience

log = logging.getLogger(__name__)

#: Dossiers on each partition's late and nearly late list.
LISTED = 40
#: Seconds between two looks at whether a partition's board is whole, and between two late lists of it.
CARE_INTERVAL = 1.0
#: Of how many partitions one is looked after in a cycle: all of them in one would hold up the changes of that cycle.
SPREAD = 5


class Observed(msgspec.Struct, frozen=True):
    """Sources, links and heartbeat as they are known, and the claim under which they are this worker's to show."""

    claim: int
    heartbeat: int | None
    sources: Mapping[str, bytes]
    links: Mapping[str, bytes]
    #: Whether any of it is new to the board.
    fresh: bool


class Picture(msgspec.Struct, frozen=True):
    """What one cycle has to show."""

    now: int
    #: Partitions that are looked after too, not only told what changed.
    cared: frozenset[int]
    flushes: list[Flush]
    observed: Observed | None
    #: Of which events the changes are.
    events: Sequence[str] = ()


class Board:
    """The live board of this worker's partitions. Redis is a cache: when it is away, the truth goes on without it.

    ``prepare`` and ``mend`` belong to the thread that counts, ``show`` to the one that writes; never two at once.
    """

    def __init__(
        self, engine: Engine, writer: BoardWriter, calendar: Calendar, meter: Meter, sql: Patience | None = None
    ) -> None:
        self._engine = engine
        self._writer = writer
        self._calendar = calendar
        self._meter = meter
        self._sql = sql or Patience(meter)
        #: When each partition was looked after last, and anything at all (monotonic seconds).
        self._cared: dict[int, float] = {}
        self._looked = 0.0
        self._soon = True
        #: Whether Redis was away at the last look; may be asked from any thread.
        self.away = False
        #: Events whose changes are in SQL and not on the board yet, in their order.
        self._events: dict[str, None] = {}
        #: Partitions whose board in Redis is not what was left there: to be written anew.
        self._broken: set[int] = set()
        #: Whether sources, links and heartbeat did not reach the board.
        self.unsent = False

    @property
    def broken(self) -> bool:
        """Whether ``mend`` is due."""
        return bool(self._broken)

    def forget(self, partition: int) -> None:
        """A partition comes or goes: what Redis holds of it is not known."""
        self._writer.forget(partition)
        self._broken.discard(partition)
        self._cared.pop(partition, None)

    def care_soon(self) -> None:
        """Look after the whole board with the next cycle."""
        self._soon = True

    def prepare(
        self, ledgers: Iterable[Ledger], now: int, observed: Observed | None, events: Sequence[str] = ()
    ) -> Picture | None:
        """What there is to show; None: nothing."""
        self.unsent = self.unsent or (observed is not None and observed.fresh)
        at = time.monotonic()
        # An absent Redis is asked for once in a while, and then for everything.
        looking = self._soon or at - self._looked >= CARE_INTERVAL
        if self.away and not looking:
            return Picture(now, frozenset(), [], None, events) if events else None
        ledgers = list(ledgers)
        cared = self._due([ledger.partition for ledger in ledgers], at)
        if looking:
            self._looked, self._soon = at, False
        flushes = [
            self._writer.prepare(ledger, ledger.dossiers, now, by_code=ledger.partition in cared)
            for ledger in ledgers
            if ledger.partition in cared or ledger.dirty_units or ledger.dirty_days
        ]
        if observed and self.unsent:
            observed, self.unsent = msgspec.structs.replace(observed, fresh=True), False
        elif not looking:
            observed = None
        return Picture(now, cared, flushes, observed, events) if flushes or observed or events else None

    def _due(self, partitions: Sequence[int], at: float) -> frozenset[int]:
        """Those to be looked after now, the longest not looked after first."""
        waiting = sorted((self._cared.get(partition, 0.0), partition) for partition in partitions)
        few = -(-len(partitions) // SPREAD)
        cared = frozenset(
            partition
            for place, (last, partition) in enumerate(waiting)
            if self._soon or self.away or (at - last >= CARE_INTERVAL and place < few) or at - last >= 2 * CARE_INTERVAL
        )
        self._cared.update(dict.fromkeys(cared, at))
        return cared

    def show(self, picture: Picture) -> None:
        """Bring the board up to date. Raises ``Fenced`` where sources and links are another worker's to show."""
        self._events |= dict.fromkeys(picture.events)
        if not picture.flushes and not picture.observed:
            return
        begun = time.monotonic()
        try:
            if self._write(picture) and not self._broken:
                self._announce()
                self._meter.showed(time.monotonic() - begun)
        except RedisError as error:
            self._lost(error, (flush.partition for flush in picture.flushes))
            self.unsent = self.unsent or picture.observed is not None
            return
        self._found()

    def mend(self, ledgers: Mapping[int, Ledger], now: int) -> None:
        """Write anew what is broken, from ledgers that hold just what SQL does.

        Raises ``Fenced`` where a partition belongs to another worker by now.
        """
        begun = time.monotonic()
        broken = self._broken & ledgers.keys()
        self._broken.clear()
        # What befell these may have befallen the others: those are looked at with the next cycle.
        self._cared = dict.fromkeys(broken, begun)
        try:
            for partition in sorted(broken):
                ledger = ledgers[partition]
                # Redis was emptied, or another worker has written there: SQL knows whose the partition is.
                ours = self._asking(topics.DOSSIERS, partition, ledger.claim)
                self._writer.rewrite(ledger, ledger.dossiers, now, self._urgent(partition, now), ours)
            if broken:
                self._announce()
                self._meter.showed(time.monotonic() - begun)
        except RedisError as error:
            self._lost(error, broken)

    def _write(self, picture: Picture) -> bool:
        """Whether anything reached the board."""
        changed = False
        for flush in picture.flushes:
            urgent = self._urgent(flush.partition, picture.now) if flush.partition in picture.cared else None
            if self._writer.write(flush, urgent):
                changed = True
            else:
                self._broken.add(flush.partition)
        observed = picture.observed
        if observed and (observed.fresh or not self._writer.observations_stand()):
            ours = self._asking(topics.OBSERVATIONS, 0, observed.claim)
            written = self._writer.write_observations(observed.heartbeat, observed.sources, observed.links, ours)
            self.unsent = self.unsent or not written
            changed = True
        return changed

    def _announce(self) -> None:
        self._writer.announce(self._events)
        self._events.clear()

    def _lost(self, error: RedisError, partitions: Iterable[int]) -> None:
        if not self.away:
            log.warning("Redis is away (%s); counting goes on, the board will be written anew", error)
        self.away = True
        self._meter.redis(away=True)
        for partition in partitions:
            self._writer.forget(partition)
        # When Redis is back, nothing stands there as it was left, and all of it is found broken.
        self._broken.clear()

    def _found(self) -> None:
        if self.away:
            log.info("Redis is back; the board is written anew")
            self.away = False
            self._meter.redis(away=False)

    def _asking(self, topic: str, partition: int, claim: int) -> Callable[[], None]:
        """Asks SQL whether a partition is still ours, and raises ``Fenced`` where it is not."""
        return lambda: self._sql.ask(lambda: journal.require(self._engine, topic, partition, claim))

    def _listing(self, partition: int, since: int, until: int, now: int) -> list[UrgentDossier]:
        states = self._sql.ask(lambda: journal.open_due(self._engine, partition, since, until, LISTED))
        return [_listed(state, now) for state in states]

    def _urgent(self, partition: int, now: int) -> Urgent:
        horizon = self._calendar.add_working_time(now, DUE_SOON)
        return Urgent(
            overdue=self._listing(partition, 0, now, now),
            due_soon=self._listing(partition, now, horizon + 1, now),
        )


def _listed(state: DossierState, now: int) -> UrgentDossier:
    snapshot = state.snapshot
    return UrgentDossier(
        source=snapshot.source,
        number=snapshot.number,
        unit=snapshot.unit,
        procedure_name=snapshot.procedure_name,
        status=snapshot.status,
        received=snapshot.received,
        due=due_at(state, now) or 0,
        observed=snapshot.observed,
    )
