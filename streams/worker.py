"""The worker's cycle: digest messages, let the clock act, write SQL, then the board. Synchronous, one thread."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

import msgspec
from redis.exceptions import RedisError
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from opscentre.clock import Clock
from opscentre.domain.calendar import Calendar
from opscentre.domain.counting import DUE_SOON
from opscentre.domain.dossier import Batch, Snapshot
from opscentre.domain.fold import DossierState, Outcome
from opscentre.domain.life import due_at
from opscentre.domain.observations import Heartbeat, LinkSeen, SourceSeen
from opscentre.live.wall import UrgentDossier
from opscentre.live.writer import BoardWriter, Urgent
from opscentre.pipe import topics
from opscentre.store import journal, settled
from opscentre.store.intake import SetAside
from streams.beginning import fill
from streams.dead_letters import compose
from streams.digestion import UNDIGESTIBLE, read_batch, read_observation
from streams.ledger import Ledger
from streams.meter import Meter
from streams.tally import Names

log = logging.getLogger(__name__)

_encode = msgspec.json.Encoder().encode

#: Repeats of an import that are noted one by one; beyond that they are only counted.
NOTED_REPEATS = 1_000
#: Dossiers on each partition's late and nearly late list.
LISTED = 40
#: Seconds between two looks at whether the board is whole, and between two late lists.
CARE_INTERVAL = 1.0
_RETRIES = 20


class Message(NamedTuple):
    """One message of the pipe."""

    topic: str
    partition: int
    offset: int
    value: bytes


class Gap(Exception):
    """The pipe left messages out: this worker must begin anew where SQL stands, and read them.

    Offsets of the product's topics have no holes: nothing is compacted and nothing written in transactions. What was
    trimmed away below a partition's first message is noticed when a worker takes the partition over.
    """


class Worker:
    """Ledgers of the assigned partitions, and what happens to the messages that reach them."""

    def __init__(
        self, engine: Engine, writer: BoardWriter, calendar: Calendar, clock: Clock, meter: Meter | None = None
    ) -> None:
        self.ledgers: dict[int, Ledger] = {}
        self._meter = meter or Meter()
        self._engine = engine
        self._writer = writer
        self._calendar = calendar
        self._clock = clock
        #: (offset SQL goes on from, next to digest) of the observations partition; None: not ours.
        self._observed: tuple[int, int] | None = None
        self._names = Names()
        self._observing = 0
        self._heartbeat: int | None = None
        self._sources: dict[str, bytes] = {}
        self._links: dict[str, bytes] = {}
        self._unsent = False
        self._cared = 0.0
        self._noted: dict[str, int] = {}
        #: Whether Redis was away at the last look; may be asked from any thread.
        self.redis_away = False
        #: Events whose changes are in SQL and not on the board yet, in their order.
        self._unshown: dict[str, None] = {}

    def assign(self, partitions: Iterable[int], observations: bool) -> None:
        """Take over partitions: load what SQL holds of them, unless it is what this worker wrote last."""
        wanted = set(partitions)
        standing = journal.standing_claims(self._engine, topics.DOSSIERS)
        kept = {p for p in wanted & set(self.ledgers) if self.ledgers[p].claim == standing.get(p)}
        # Claimed before it is read: from then on nobody else's write can come in between.
        claims = journal.take_over(self._engine, topics.DOSSIERS, wanted - kept)
        stored = journal.next_offsets(self._engine, topics.DOSSIERS, wanted)
        now = self._clock.now()
        for partition in set(self.ledgers) - wanted:
            del self.ledgers[partition]
            self._writer.forget(partition)
        fresh = {}
        for partition in wanted:
            if partition not in kept or self.ledgers[partition].stored != stored[partition]:
                ledger = fresh[partition] = Ledger(partition, self._calendar, self._names)
                ledger.claim = claims.get(partition) or standing[partition]
                ledger.stored = stored[partition]
        if fresh:
            self._names.known.update(journal.read_names(self._engine))
            for partition in fresh:
                self.ledgers.pop(partition, None)
            fill(self._engine, fresh, now)
        for partition, ledger in fresh.items():
            self.ledgers[partition] = ledger
            self._writer.forget(partition)
        for ledger in self.ledgers.values():
            ledger.next_offset = ledger.stored
        if observations:
            self._observing = journal.claim(self._engine, topics.OBSERVATIONS, [0])[0]
            offset = journal.next_offsets(self._engine, topics.OBSERVATIONS, [0])[0]
            self._observed = (offset, offset)
            self._sources.update(journal.read_observations(self._engine, "source"))
            self._links.update(journal.read_observations(self._engine, "link"))
            self._unsent = True
        else:
            self._observed = None
        self._cared = 0.0

    def offsets(self, topic: str) -> dict[int, int]:
        """Where each assigned partition of a topic goes on, by SQL; none for one that SQL knows nothing of."""
        if topic == topics.DOSSIERS:
            return {partition: ledger.stored for partition, ledger in self.ledgers.items() if ledger.stored}
        return {0: self._observed[0]} if self._observed and self._observed[0] else {}

    def positions(self) -> dict[tuple[str, int], int]:
        """The offset that SQL holds of each (topic, partition) that is ours; may be asked from any thread."""
        found = {(topics.DOSSIERS, partition): ledger.stored for partition, ledger in list(self.ledgers.items())}
        observed = self._observed
        return found if observed is None else {**found, (topics.OBSERVATIONS, 0): observed[0]}

    def in_memory(self) -> dict[int, int]:
        """Those of them whose states are in memory; may be asked from any thread."""
        return {partition: len(ledger.entries) for partition, ledger in list(self.ledgers.items())}

    def held(self) -> dict[int, int]:
        """Dossiers of each partition that is ours; may be asked from any thread."""
        return {partition: ledger.dossiers for partition, ledger in list(self.ledgers.items())}

    def begin_at(self, topic: str, starts: dict[int, int]) -> None:
        """The pipe begins elsewhere than SQL thought (it was begun anew): digest from there."""
        if topic == topics.DOSSIERS:
            for partition, start in starts.items():
                self.ledgers[partition].next_offset = start
        elif self._observed and 0 in starts:
            self._observed = (self._observed[0], starts[0])

    def digest(self, messages: Iterable[Message]) -> None:
        """One cycle: fold the messages, let the clock act, write SQL in one transaction, then the board.

        Raises ``Fenced`` when another worker owns a partition by now, ``Gap`` when the pipe left messages out,
        ``OperationalError`` when SQL stays away: the process has to start anew from SQL then.
        """
        now = self._clock.now()
        entries = journal.Entries()
        readings: list[tuple[Message, Batch]] = []
        begun = time.monotonic()
        for message in messages:
            if message.topic == topics.DOSSIERS:
                readings += self._read(message, now, entries)
            elif message.topic == topics.OBSERVATIONS:
                self._digest_observation(message, now, entries)
        self._recall(readings)
        for message, batch in readings:
            self._fold(message, batch, now, entries)
        states = entries.states = []
        for ledger in self.ledgers.values():
            ledger.tick(now)
            changes = ledger.drain()
            entries.dossiers += changes.dossiers
            states += changes.states
            entries.transitions += changes.transitions
            if changes.dossiers or changes.transitions or ledger.next_offset != ledger.stored:
                entries.offsets[topics.DOSSIERS, ledger.partition] = (ledger.stored, ledger.next_offset)
                entries.claims[topics.DOSSIERS, ledger.partition] = ledger.claim
        for place, (version, name) in self._names.new.items():
            entries.observations[place] = (version, name.encode())
        if self._observed and self._observed[0] != self._observed[1]:
            entries.offsets[topics.OBSERVATIONS, 0] = self._observed
            entries.claims[topics.OBSERVATIONS, 0] = self._observing
        if entries.offsets:
            self._write(entries)
        events = dict.fromkeys(batch.event for _, batch in readings if batch.event)
        self._unshown |= events
        self._show(now)
        if events:
            number = sum(len(batch.snapshots) for _, batch in readings)
            took = (time.monotonic() - begun) * 1000
            log.info("%d changes counted in %.0f ms", number, took, extra={"event": ",".join(events)})

    def _read(self, message: Message, now: int, entries: journal.Entries) -> list[tuple[Message, Batch]]:
        """What of a message is to be folded in: nothing where it was already, or is another worker's."""
        ledger = self.ledgers.get(message.partition)
        if ledger is None or message.offset < ledger.next_offset:
            return []
        _require_next(message, ledger.next_offset)
        ledger.next_offset = message.offset + 1
        batch, refused = read_batch(message.value)
        for reason, payload in refused:
            self._set_aside(message, reason, payload, now, entries)
        return [(message, batch)]

    def _recall(self, readings: list[tuple[Message, Batch]]) -> None:
        """Bring the settled dossiers that are about to change back into memory, all with one question to SQL."""
        wanted: dict[tuple[str, str], Ledger] = {}
        for message, batch in readings:
            ledger = self.ledgers[message.partition]
            if ledger.dossiers > len(ledger.entries):
                wanted.update((snapshot.key, ledger) for snapshot in batch.snapshots)
        keys = [key for key, ledger in wanted.items() if key not in ledger.entries]
        for held in settled.fetch(self._engine, keys) if keys else ():
            ledger = wanted[held.source, held.number]
            if held.partition == ledger.partition:
                ledger.recall(held)

    def _fold(self, message: Message, batch: Batch, now: int, entries: journal.Entries) -> None:
        ledger = self.ledgers[message.partition]
        accepted = repeated = failed = 0
        for index, snapshot in enumerate(batch.snapshots):
            try:
                outcome = ledger.apply(snapshot, now)
            except Exception as error:
                payload = _encode(Batch([snapshot], batch.receipt))
                log.exception("a snapshot could not be folded in: %s", snapshot.key)
                self._set_aside(message, f"cannot be folded in: {error!r}", payload, now, entries)
                failed += 1
                continue
            if outcome is Outcome.ACCEPTED:
                accepted += 1
            elif batch.receipt:
                repeated += 1
                self._note_repeat(batch, index, snapshot, outcome, entries)
        self._meter.counted(accepted, len(batch.snapshots) - accepted - failed)
        if batch.receipt:
            key = (batch.receipt, message.partition)
            before = entries.receipts.get(key, (0, 0))
            entries.receipts[key] = (before[0] + accepted, before[1] + repeated)

    def _note_repeat(
        self, batch: Batch, index: int, snapshot: Snapshot, outcome: Outcome, entries: journal.Entries
    ) -> None:
        noted = self._noted.get(batch.receipt, 0)
        if noted >= NOTED_REPEATS:
            return
        self._noted = {batch.receipt: noted + 1}
        place = batch.places[index] if index < len(batch.places) else ""
        what = "an older version than the one known" if outcome is Outcome.OLDER else "what is known already"
        entries.notes.append(
            SetAside(
                source=snapshot.source,
                severity="note",
                reason="older_version" if outcome is Outcome.OLDER else "duplicate",
                place=place,
                number=snapshot.number,
                field="MaHoSo",
                message=f"{place}: MaHoSo {snapshot.number!r} shows {what}; nothing was changed, nothing is to be done",
                digest=hashlib.sha256(f"{batch.receipt}{place}{snapshot.number}".encode()).hexdigest(),
                seen_at=snapshot.observed,
            )
        )

    def _digest_observation(self, message: Message, now: int, entries: journal.Entries) -> None:
        if self._observed is None or message.offset < self._observed[1]:
            return
        _require_next(message, self._observed[1])
        self._observed = (self._observed[0], message.offset + 1)
        try:
            seen = read_observation(message.value)
        except UNDIGESTIBLE as error:
            self._set_aside(message, f"not an observation: {error}", message.value, now, entries)
            return
        self._unsent = True
        if isinstance(seen, Heartbeat):
            self._heartbeat = max(seen.at, self._heartbeat or 0)
        elif isinstance(seen, SourceSeen):
            self._sources[seen.code] = message.value
            entries.observations["source", seen.code] = (seen.attempted_at, message.value)
        elif isinstance(seen, LinkSeen):
            self._links[seen.code] = message.value
            entries.observations["link", seen.code] = (seen.checked_at, message.value)

    def _set_aside(self, message: Message, reason: str, payload: bytes, now: int, entries: journal.Entries) -> None:
        letter = compose(message.topic, message.partition, message.offset, reason, payload, now)
        if not entries.dead_letters:
            place = f"{letter.topic} {letter.partition} {letter.offset}"
            log.warning("not everything can be digested; dead letter %s: %s", place, letter.reason)
        entries.dead_letters.append(letter)
        self._meter.set_aside()

    def _write(self, entries: journal.Entries) -> None:
        begun = time.monotonic()
        for attempt in range(_RETRIES):
            try:
                journal.write(self._engine, entries)
                break
            except OperationalError as error:
                # A database that restarts is back within seconds; the same rows written twice are the same rows.
                if attempt == _RETRIES - 1:
                    raise
                log.warning("SQL does not take the batch (%s); trying again", error.orig)
                time.sleep(0.5)
        self._meter.wrote(time.monotonic() - begun)
        for ledger in self.ledgers.values():
            ledger.stored = ledger.next_offset
            ledger.let_go()
        self._names.new.clear()
        if self._observed:
            self._observed = (self._observed[1], self._observed[1])

    def _show(self, now: int) -> None:
        """Bring the board up to date. Redis is a cache: when it is away, the truth goes on without it."""
        caring = time.monotonic() - self._cared >= CARE_INTERVAL
        if self.redis_away and not caring:
            return
        begun = time.monotonic()
        if caring:
            self._cared = begun
        try:
            if self._write_board(now, caring):
                self._meter.showed(time.monotonic() - begun)
        except RedisError as error:
            if not self.redis_away:
                log.warning("Redis is away (%s); counting goes on, the board will be written anew", error)
            self.redis_away = True
            self._meter.redis(away=True)
            for partition in self.ledgers:
                self._writer.forget(partition)
            return
        if self.redis_away:
            log.info("Redis is back; the board is written anew")
            self.redis_away = False
            self._meter.redis(away=False)

    def _write_board(self, now: int, caring: bool) -> bool:
        """Whether anything was to be written."""
        changed = False
        for ledger in self.ledgers.values():
            if not (caring or ledger.dirty_units or ledger.dirty_days):
                continue
            urgent = self._urgent(ledger.partition, now) if caring else None
            if not self._writer.write(ledger, ledger.dossiers, now, urgent):
                urgent = urgent or self._urgent(ledger.partition, now)
                # Redis was emptied, or another worker has written there: SQL knows whose the partition is.
                ours = partial(journal.require, self._engine, topics.DOSSIERS, ledger.partition, ledger.claim)
                self._writer.rewrite(ledger, ledger.dossiers, now, urgent, ours)
            changed = True
        if self._observed is not None and caring and not self._writer.observations_stand():
            self._unsent = True
        if self._observed is not None and self._unsent:
            ours = partial(journal.require, self._engine, topics.OBSERVATIONS, 0, self._observing)
            self._unsent = not self._writer.write_observations(self._heartbeat, self._sources, self._links, ours)
            changed = True
        if changed:
            self._writer.announce(self._unshown)
            self._unshown.clear()
        return changed

    def _urgent(self, partition: int, now: int) -> Urgent:
        horizon = self._calendar.add_working_time(now, DUE_SOON)
        return Urgent(
            overdue=[_listed(state, now) for state in journal.open_due(self._engine, partition, 0, now, LISTED)],
            due_soon=[
                _listed(state, now) for state in journal.open_due(self._engine, partition, now, horizon + 1, LISTED)
            ],
        )


def _require_next(message: Message, expected: int) -> None:
    if message.offset != expected:
        raise Gap(
            f"{message.topic} {message.partition}: message {message.offset} came where {expected} was due; "
            "what lies between would be lost"
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
