"""From raw records to the pipe: parse, set the bad ones aside, pack the good ones by partition, send them durably."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec
from sqlalchemy import Engine

from opscentre.clock import wall_ms
from opscentre.domain import dvcqg
from opscentre.domain.dossier import UNMAPPED, partition_of
from opscentre.domain.units import Units
from opscentre.pipe.base import Producer
from opscentre.pipe.topics import DOSSIERS
from opscentre.store.intake import SetAside, set_aside

#: Bounds of one message: what the stream digests in one step, and a fraction of what Kafka takes.
MOST_SNAPSHOTS = 200
MOST_BYTES = 256_000
#: Rows held back before they are written to the quarantine.
_MOST_SET_ASIDE = 500
#: Notes about a source's spelling that are remembered as already written.
_MOST_REMEMBERED = 4096


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


class _Message(msgspec.Struct, omit_defaults=True):
    """A ``Batch`` on the wire, its snapshots already encoded one by one to know their size."""

    snapshots: list[msgspec.Raw]
    receipt: str = ""
    places: list[str] = []


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

    ``now`` is the product's clock; ``receipt`` marks the messages of an import run, which also get their
    snapshots' places; ``on_refusal`` hears of every rejected record.
    """

    def __init__(
        self,
        source: str,
        *,
        units: Units,
        store: Engine,
        producer: Producer,
        now: Callable[[], int],
        receipt: str = "",
        on_refusal: Callable[[SetAside], None] | None = None,
    ) -> None:
        self.source = source
        self._units = units
        self._store = store
        self._producer = producer
        self._now = now
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
    """One call of ``Intake.take``: the messages being packed and the rows being set aside."""

    def __init__(self, intake: Intake) -> None:
        self.intake = intake
        self.taken = Taken()
        self.partitions = intake._producer.partitions(DOSSIERS)
        self.open: dict[int, _Message] = {}
        self.sizes: Counter[int] = Counter()
        self.ready: list[tuple[int, bytes]] = []
        self.aside: list[SetAside] = []
        self.observed = intake._now()

    def add(self, record: Record, unchanged: Callable[[dvcqg.Parsed], bool] | None) -> None:
        """Parse one record; pack it, or set it aside."""
        intake = self.intake
        if self.taken.read % 1000 == 999:
            self.observed = intake._now()
        try:
            if record.fault:
                raise dvcqg.Refusal(record.fault, "", f"the record cannot be read: {FAULTS[record.fault]}")
            value = decode(record.raw) if record.value is None else record.value
            parsed = dvcqg.parse(value, source=intake.source, observed=self.observed, units=intake._units)
        except dvcqg.Refusal as refusal:
            self._refuse(record, refusal)
            return
        if unchanged and unchanged(parsed):
            return
        self.taken.read += 1
        self.taken.sent += 1
        if parsed.notes:
            self._note(record, parsed)
        self._pack(record, parsed)

    def finish(self) -> Taken:
        """Send what is still open."""
        for partition in list(self.open):
            self._close(partition)
        self._send()
        self._set_aside()
        return self.taken

    def _refuse(self, record: Record, refusal: dvcqg.Refusal) -> None:
        self.taken.read += 1
        self.taken.rejected += 1
        self.taken.reasons[refusal.reason] += 1
        row = self.intake._row(record, refusal.reason, refusal.field, refusal.message, refusal.number, "rejected")
        if self.intake._on_refusal:
            self.intake._on_refusal(row)
        self._keep(row)

    def _note(self, record: Record, parsed: dvcqg.Parsed) -> None:
        snapshot = parsed.snapshot
        if snapshot.unit == UNMAPPED:
            self.taken.unmapped[snapshot.unit_seen] += 1
        for note in parsed.notes:
            # A spelling is noted once a source, not once a dossier.
            about = "" if note.vocabulary else snapshot.number
            basis = f"{about}\x1f{note.message}".encode()
            row = self.intake._row(record, note.reason, note.field, note.message, snapshot.number, "note", basis)
            if row.digest not in self.intake._remembered:
                self._keep(row)

    def _keep(self, row: SetAside) -> None:
        self.aside.append(row)
        if len(self.aside) >= _MOST_SET_ASIDE:
            self._set_aside()

    def _set_aside(self) -> None:
        set_aside(self.intake._store, self.aside)
        remembered = self.intake._remembered
        if len(remembered) > _MOST_REMEMBERED:
            remembered.clear()
        remembered.update(row.digest for row in self.aside if row.severity == "note")
        self.aside = []

    def _pack(self, record: Record, parsed: dvcqg.Parsed) -> None:
        raw = msgspec.json.encode(parsed.snapshot)
        partition = partition_of(*parsed.snapshot.key, self.partitions)
        if partition in self.open and self.sizes[partition] + len(raw) > MOST_BYTES:
            self._close(partition)
        message = self.open.get(partition)
        if message is None:
            message = self.open[partition] = _Message([], self.intake._receipt, [])
        message.snapshots.append(msgspec.Raw(raw))
        if self.intake._receipt:
            message.places.append(record.place)
        self.sizes[partition] += len(raw) + len(record.place) + 8
        if len(message.snapshots) >= MOST_SNAPSHOTS:
            self._close(partition)

    def _close(self, partition: int) -> None:
        self.ready.append((partition, msgspec.json.encode(self.open.pop(partition))))
        del self.sizes[partition]
        # One append for as many messages as there are partitions: an append is a disk sync.
        if len(self.ready) >= self.partitions:
            self._send()

    def _send(self) -> None:
        if not self.ready:
            return
        offsets = self.intake._producer.append(DOSSIERS, self.ready)
        for (partition, _), offset in zip(self.ready, offsets, strict=True):
            self.taken.offsets[partition] = max(offset, self.taken.offsets.get(partition, -1))
        self.ready = []
