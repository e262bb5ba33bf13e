"""The worker's cycle: digest messages, let the clock act, write SQL, then the board."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import msgspec
from sqlalchemy import Engine

from opscentre.clock import Clock
from opscentre.domain.calendar import Calendar
from opscentre.domain.dossier import Batch, Snapshot
from opscentre.domain.fold import Outcome
from opscentre.domain.observations import Heartbeat, LinkSeen, SourceSeen
from opscentre.live.writer import BoardWriter
from opscentre.pipe import topics
from opscentre.store import journal, settled
from opscentre.store.intake import SetAside
from streams.beginning import fill
from streams.dead_letters import compose
from streams.digestion import UNDIGESTIBLE, read_batch, read_observation
from streams.ledger import Ledger
from streams.meter import Meter
from streams.patience import Patience
from streams.showing import Board, Observed, Picture
from streams.tally import Names

log = logging.getLogger(__name__)

_encode = msgspec.json.Encoder().encode

#: Repeats of an import that are noted one by one; beyond that they are only counted.
NOTED_REPEATS = 1_000


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


class _Told(NamedTuple):
    """Of which events a cycle's changes are, how many there are, and when it began to count them (monotonic)."""

    events: tuple[str, ...]
    changes: int
    begun: float


class _Handed(NamedTuple):
    """A cycle's rows on their way to SQL, and where that will have brought the ledgers."""

    writing: Future[None]
    #: partition → (its ledger, offset SQL goes on from then, number of the draining).
    ledgers: dict[int, tuple[Ledger, int, int]]
    observed: int | None


class Worker:
    """Ledgers of the assigned partitions, and what happens to the messages that reach them.

    A cycle is begun and finished: it counts in the caller's thread, and a thread of its own writes what that gave to
    SQL and then to the board. Where messages wait, the next cycle counts meanwhile; it hands over when the one before
    is written. So SQL and the board always take whole cycles in their order, and what is in memory is at most two of
    them ahead.
    """

    def __init__(
        self, engine: Engine, writer: BoardWriter, calendar: Calendar, clock: Clock, meter: Meter | None = None
    ) -> None:
        self.ledgers: dict[int, Ledger] = {}
        self._meter = meter or Meter()
        self._engine = engine
        self._calendar = calendar
        self._clock = clock
        self._sql = Patience(self._meter)
        self._board = Board(engine, writer, calendar, self._meter, self._sql)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="writing")
        self._handed: _Handed | None = None
        #: (offset SQL goes on from, next to digest) of the observations partition; None: not ours.
        self._observed: tuple[int, int] | None = None
        self._names = Names()
        self._observing = 0
        self._heartbeat: int | None = None
        self._sources: dict[str, bytes] = {}
        self._links: dict[str, bytes] = {}
        self._unshown = False
        self._noted: dict[str, int] = {}

    @property
    def redis_away(self) -> bool:
        """Whether Redis was away at the last look; may be asked from any thread."""
        return self._board.away

    @property
    def sql_away_for(self) -> float | None:
        """Seconds since SQL answered no more; None while it does. May be asked from any thread."""
        return self._sql.away_for

    def give_up(self) -> None:
        """The process is stopping: wait no longer for an SQL that is away. May be called from any thread."""
        self._sql.give_up()

    def assign(self, partitions: Iterable[int], observations: bool) -> None:
        """Take over partitions: load what SQL holds of them, unless it is what this worker wrote last."""
        self.finish()
        wanted = set(partitions)
        # Repeated as a whole: a ledger that was filled in part is thrown away, and its partition claimed once more.
        self._sql.ask(lambda: self._take_over(wanted, observations))

    def _take_over(self, wanted: set[int], observations: bool) -> None:
        standing = journal.standing_claims(self._engine, topics.DOSSIERS)
        kept = {p for p in wanted & set(self.ledgers) if self.ledgers[p].claim == standing.get(p)}
        # Claimed before it is read: from then on nobody else's write can come in between.
        claims = journal.take_over(self._engine, topics.DOSSIERS, wanted - kept)
        stored = journal.next_offsets(self._engine, topics.DOSSIERS, wanted)
        now = self._clock.now()
        for partition in set(self.ledgers) - wanted:
            del self.ledgers[partition]
            self._board.forget(partition)
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
            self._board.forget(partition)
        for ledger in self.ledgers.values():
            ledger.next_offset = ledger.drained = ledger.stored
        if observations:
            self._observing = journal.claim(self._engine, topics.OBSERVATIONS, [0])[0]
            offset = journal.next_offsets(self._engine, topics.OBSERVATIONS, [0])[0]
            self._observed = (offset, offset)
            self._sources.update(journal.read_observations(self._engine, "source"))
            self._links.update(journal.read_observations(self._engine, "link"))
            self._unshown = True
        else:
            self._observed = None
        self._board.care_soon()

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
        """One whole cycle: fold the messages, let the clock act, write SQL in one transaction, then the board.

        Raises ``Fenced`` when another worker owns a partition by now, ``Gap`` when the pipe left messages out,
        SQL's own error when that stays away for long: the process has to start anew from SQL then.
        """
        self.begin(messages)
        self.finish()

    def begin(self, messages: Iterable[Message]) -> None:
        """Count a cycle and hand over what is to be written, once the cycle before is written. Raises as ``digest``."""
        if self._board.broken:
            # Written anew it is from ledgers that hold just what SQL does: before they count on.
            self.finish()
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
        for ledger in self.ledgers.values():
            ledger.tick(now)
        events = tuple(dict.fromkeys(batch.event for _, batch in readings if batch.event))
        self._hand_over(entries, now, _Told(events, sum(len(batch.snapshots) for _, batch in readings), begun))

    def finish(self) -> None:
        """See that the cycle begun last is written and shown. Raises as ``digest``."""
        self._await_written()
        if self._board.broken:
            self._board.mend(self.ledgers, self._clock.now())

    def _hand_over(self, entries: journal.Entries, now: int, told: _Told) -> None:
        """Gather what SQL and the board have yet to learn, and have it written."""
        states = entries.states = []
        handed = {}
        for ledger in self.ledgers.values():
            drained, changes = ledger.drained, ledger.drain()
            entries.dossiers += changes.dossiers
            states += changes.states
            entries.transitions += changes.transitions
            if changes.dossiers or changes.transitions or ledger.drained != drained:
                entries.offsets[topics.DOSSIERS, ledger.partition] = (drained, ledger.drained)
                entries.claims[topics.DOSSIERS, ledger.partition] = ledger.claim
                handed[ledger.partition] = (ledger, ledger.drained, changes.number)
        picture = self._board.prepare(self.ledgers.values(), now, self._known(), told.events)
        self._await_written()
        observed = None
        if self._observed and self._observed[0] != self._observed[1]:
            observed = self._observed[1]
            entries.offsets[topics.OBSERVATIONS, 0] = self._observed
            entries.claims[topics.OBSERVATIONS, 0] = self._observing
        if entries.offsets:
            for place, (version, name) in self._names.new.items():
                entries.observations[place] = (version, name.encode())
            self._names.new.clear()
        if entries.offsets or picture:
            writing = self._thread.submit(self._write_and_show, entries, picture, told)
            self._handed = _Handed(writing, handed, observed)

    def _known(self) -> Observed | None:
        """Sources, links and heartbeat for the board; None where they are not this worker's."""
        if self._observed is None:
            return None
        fresh, self._unshown = self._unshown, False
        return Observed(self._observing, self._heartbeat, dict(self._sources), dict(self._links), fresh)

    def _await_written(self) -> None:
        """Wait for the cycle handed over last; from then on SQL holds it."""
        handed, self._handed = self._handed, None
        if handed is None:
            return
        handed.writing.result()
        for ledger, offset, number in handed.ledgers.values():
            ledger.stored = offset
            ledger.let_go(number)
        if self._observed and handed.observed is not None:
            self._observed = (handed.observed, self._observed[1])

    def _write_and_show(self, entries: journal.Entries, picture: Picture | None, told: _Told) -> None:
        if entries.offsets:
            self._write(entries)
        if picture:
            self._board.show(picture)
        if told.events:
            took = (time.monotonic() - told.begun) * 1000
            log.info("%d changes counted in %.0f ms", told.changes, took, extra={"event": ",".join(told.events)})

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
        for held in self._sql.ask(lambda: settled.fetch(self._engine, keys)) if keys else ():
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
        self._unshown = True
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
        self._sql.ask(journal.attempts(self._engine, entries))
        self._meter.wrote(time.monotonic() - begun)


def _require_next(message: Message, expected: int) -> None:
    if message.offset != expected:
        raise Gap(
            f"{message.topic} {message.partition}: message {message.offset} came where {expected} was due; "
            "what lies between would be lost"
        )
