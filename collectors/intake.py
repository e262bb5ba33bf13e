"""From raw records to the pipe: parse by the source's own words, set the bad ones aside, send the good ones durably."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec
from sqlalchemy import Engine

from collectors.packing import Packer
from opscentre.clock import wall_ms
from opscentre.domain import dvcqg
from opscentre.domain.dossier import UNMAPPED
from opscentre.domain.units import Units
from opscentre.domain.vocabulary import Unmapped, Vocabulary
from opscentre.pipe.base import Producer
from opscentre.store.intake import SetAside, set_aside
from opscentre.store.quarantine import has_open, settle
from opscentre.store.unmapped import Word, note_words

#: Rows held back before they are written to the quarantine.
_MOST_SET_ASIDE = 500
#: Notes about a source's spelling that are remembered as already written.
_MOST_REMEMBERED = 4096
#: Dossiers taken of which it is looked up together whether an earlier record of theirs was bad.
_MOST_SOUND = 2_000


class Record(NamedTuple):
    """One raw record: where it stood, and the value or the bytes of it."""

    #: File or endpoint and the record in it: ``dossiers.json, record 17 (byte 5120)``.
    place: str
    #: Decoded (a CSV or SQL row); None when ``raw`` is to be decoded as JSON.
    value: object = None
    raw: bytes = b""
    #: The reader could not tell the record's end: a key of ``FAULTS``.
    fault: str = ""


class Taken(msgspec.Struct):
    """What became of records; ``read`` = ``sent`` + ``rejected``."""

    read: int = 0
    sent: int = 0
    rejected: int = 0
    #: How many were rejected, by reason.
    reasons: Counter[str] = msgspec.field(default_factory=Counter)
    #: How many were counted under no unit, by what the source wrote.
    unmapped: Counter[str] = msgspec.field(default_factory=Counter)
    #: The newest offset of each partition that was sent to.
    offsets: dict[int, int] = msgspec.field(default_factory=dict)


#: What a reader can say of a record that it could not take apart.
FAULTS = {
    "bad_csv": "its quotes or its number of cells do not fit the header",
    "bad_encoding": "it is not UTF-8; write the file as UTF-8",
    "bad_json": "it is not valid JSON",
    "truncated_file": "the file ends in the middle of it; have the source write the file in full",
    "too_long": "it is longer than a dossier can be",
}


def decode(raw: bytes) -> object:
    """The JSON value of a record's bytes. Raises ``Refusal`` (``bad_json``, ``bad_encoding``) without quoting them."""
    try:
        return msgspec.json.decode(raw)
    except UnicodeDecodeError as error:
        told = f"the record is not UTF-8 (byte 0x{error.object[error.start]:02x}); write the file as UTF-8"
        raise dvcqg.Refusal("bad_encoding", "", told) from None
    except RecursionError:
        raise dvcqg.Refusal("bad_json", "", "the record is nested too deeply; correct it at the source") from None
    except msgspec.DecodeError as error:
        told = f"the record is not valid JSON ({error}); correct it at the source"
        raise dvcqg.Refusal("bad_json", "", told) from None


class Intake:
    """Takes the records of one source.

    ``now`` is the product's clock; ``vocabulary`` gives the source's mapping table as it is now; ``receipt`` marks
    the messages of an import run, which also get their snapshots' places; ``on_refusal`` hears of every rejected
    record.
    """

    def __init__(
        self,
        source: str,
        *,
        units: Units,
        store: Engine,
        producer: Producer,
        now: Callable[[], int],
        vocabulary: Callable[[], Vocabulary] = lambda: dvcqg.PLAIN,
        receipt: str = "",
        on_refusal: Callable[[SetAside], None] | None = None,
    ) -> None:
        self.source = source
        self._units = units
        self._store = store
        self._producer = producer
        self._now = now
        self._vocabulary = vocabulary
        self._receipt = receipt
        self._on_refusal = on_refusal
        self._remembered: set[str] = set()

    def take(self, records: Iterable[Record], unchanged: Callable[[dvcqg.Parsed], bool] | None = None) -> Taken:
        """Take records one by one, in flat memory; when it returns, all good ones are durable in the pipe.

        ``unchanged`` tells of a snapshot that it was sent before (a row at a cursor's boundary): it is left
        out. Raises ``PipeError`` or an SQL error: then nothing may be taken as sent, and the same records
        may be given again.
        """
        load = _Load(self)
        for record in records:
            load.add(record, unchanged)
        return load.finish()

    def reject(self, place: str, reason: str, message: str, basis: bytes) -> Taken:
        """Set aside something that is no record: a file that cannot be read at all. ``basis`` tells it from others."""
        row = self._row(Record(place, raw=basis), reason, "", message, "", "rejected")
        set_aside(self._store, [row])
        if self._on_refusal:
            self._on_refusal(row)
        return Taken(rejected=1, reasons=Counter({reason: 1}))

    def read(self, value: object, observed: int, vocabulary: Vocabulary) -> dvcqg.Parsed:
        """What a record says. Raises ``Refusal``."""
        return dvcqg.parse(value, source=self.source, observed=observed, units=self._units, vocabulary=vocabulary)

    def _row(
        self, record: Record, reason: str, field: str, message: str, number: str, severity: str, basis: bytes = b""
    ) -> SetAside:
        basis = basis or record.raw or msgspec.json.encode(record.value)
        return SetAside(
            source=self.source,
            reason=reason,
            place=record.place[:300],
            message=f"{self.source}, {record.place}: {message}",
            digest=hashlib.blake2b(basis, digest_size=16).hexdigest(),
            seen_at=wall_ms(),
            number=number,
            field=field[:64],
            severity=severity,
        )


class _Load:
    """One call of ``Intake.take``: what is being packed, set aside, and noted."""

    def __init__(self, intake: Intake) -> None:
        self.intake = intake
        self.taken = Taken()
        self.packer = Packer(intake._producer, intake._receipt)
        self.vocabulary = intake._vocabulary()
        self.aside: list[SetAside] = []
        self.words: dict[Unmapped, Word] = {}
        #: Dossiers taken → what is odd about them; kept only where something of the source may come right.
        self.sound: dict[str, frozenset[str]] = {}
        self.may_settle = has_open(intake._store, intake.source)
        self.observed = intake._now()

    def add(self, record: Record, unchanged: Callable[[dvcqg.Parsed], bool] | None) -> None:
        """Parse one record; pack it, or set it aside."""
        intake = self.intake
        if self.taken.read % 1000 == 999:
            self.observed = intake._now()
        value: object = None
        try:
            if record.fault:
                raise dvcqg.Refusal(record.fault, "", f"the record cannot be read: {FAULTS[record.fault]}")
            value = decode(record.raw) if record.value is None else record.value
            parsed = intake.read(value, self.observed, self.vocabulary)
        except dvcqg.Refusal as refusal:
            self._refuse(record, value, refusal)
            return
        if unchanged and unchanged(parsed):
            return
        self.taken.read += 1
        self.taken.sent += 1
        if parsed.notes:
            self._note(record, parsed)
        self.packer.add(parsed.snapshot, record.place)
        if self.may_settle:
            self.sound[parsed.snapshot.number] = frozenset(note.reason for note in parsed.notes)
            if len(self.sound) >= _MOST_SOUND:
                self._set_aside()
                self._settle()

    def finish(self) -> Taken:
        """Send what is still open."""
        self.packer.finish()
        self.taken.offsets = self.packer.offsets
        self._set_aside()
        self._settle()
        return self.taken

    def _refuse(self, record: Record, value: object, refusal: dvcqg.Refusal) -> None:
        self.taken.read += 1
        self.taken.rejected += 1
        self.taken.reasons[refusal.reason] += 1
        row = self.intake._row(record, refusal.reason, refusal.field, refusal.message, refusal.number, "rejected")
        row.unit = dvcqg.unit_of_refused(value, self.intake._units, self.vocabulary, self.observed)
        if refusal.unmapped:
            since = dvcqg.modified_of_refused(value)
            self._count(refusal.unmapped, refusal.number, self.observed if since is None else since)
        if self.intake._on_refusal:
            self.intake._on_refusal(row)
        self.may_settle = True
        self.sound.pop(refusal.number, None)
        self._keep(row)

    def _note(self, record: Record, parsed: dvcqg.Parsed) -> None:
        snapshot = parsed.snapshot
        if snapshot.unit == UNMAPPED:
            self.taken.unmapped[snapshot.unit_seen] += 1
        for note in parsed.notes:
            if note.unmapped:
                self._count(note.unmapped, snapshot.number, snapshot.version or self.observed)
                if note.vocabulary:
                    # The list of words without a code says it, and how often.
                    continue
            # A spelling is noted once a source, not once a dossier.
            about = "" if note.vocabulary else snapshot.number
            basis = f"{about}\x1f{note.message}".encode()
            row = self.intake._row(record, note.reason, note.field, note.message, snapshot.number, "note", basis)
            row.unit = snapshot.unit
            if row.digest not in self.intake._remembered:
                self._keep(row)

    def _count(self, unmapped: Unmapped, number: str, since: int) -> None:
        word = self.words.get(unmapped)
        if word is None:
            at = wall_ms()
            self.words[unmapped] = Word(
                source=self.intake.source, kind=unmapped.kind, seen=unmapped.seen, first_seen=at, last_seen=at,
                number=number, since=since,
            )  # fmt: skip
        else:
            word.times, word.number, word.since = word.times + 1, number, min(word.since, since)
        if len(self.words) >= _MOST_SET_ASIDE:
            self._set_aside()

    def _keep(self, row: SetAside) -> None:
        self.aside.append(row)
        if len(self.aside) >= _MOST_SET_ASIDE:
            self._set_aside()

    def _set_aside(self) -> None:
        set_aside(self.intake._store, self.aside)
        note_words(self.intake._store, self.words.values())
        remembered = self.intake._remembered
        if len(remembered) > _MOST_REMEMBERED:
            remembered.clear()
        remembered.update(row.digest for row in self.aside if row.severity == "note")
        self.aside = []
        self.words = {}

    def _settle(self) -> None:
        if settle(self.intake._store, self.intake.source, self.sound, wall_ms()):
            # What came right may go wrong again in the same words.
            self.intake._remembered.clear()
        self.sound = {}
