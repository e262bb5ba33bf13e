"""A look at a source: connects, reads three records, and shows what they would become; nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from collectors import registry
from collectors.base import Given, Serving, mapping_of
from collectors.intake import Intake, Record, Taken, decode
from opscentre.domain import dvcqg
from opscentre.domain.dossier import UNMAPPED, Snapshot
from opscentre.domain.kept_text import kept_name
from opscentre.domain.moments import local
from opscentre.store.figures import FedFigure
from opscentre.store.intake import SetAside

#: Records that are looked at.
LOOKED_AT = 3
#: Field of the contract → what it becomes in a snapshot.
BECOMES = {
    "MaHoSo": "number", "MaTTHC": "procedure", "TenTTHC": "procedure_name", "MaLinhVuc": "field",
    "TenLinhVuc": "field_name", "KenhThucHien": "channel", "LoaiDoiTuong": "subject", "NgayNopHoSo": "submitted",
    "NgayTiepNhan": "received", "NgayHenTra": "due", "TrangThaiHoSo": "status", "NgayKetThucXuLy": "finished",
    "NgayTra": "returned", "NgayTuChoi": "refused", "NgayCapNhat": "modified", "HinhThuc": "return_by",
    "DonViXuLy": "unit", "HoSoCoThanhPhanSoHoa": "digitised", "TaiKhoanDuocXacThucVoiVNeID": "vneid",
    "DuocThanhToanTrucTuyen": "payment", "TaiLieuNop": "documents", "DanhSachLePhi": "fees",
    "DanhSachHoSoBoSung": "supplements", "DanhSachGiayToKetQua": "results", "DanhSachTienDo": "progress",
    "DanhSachPhieuXinLoi": "apologies",
}  # fmt: skip
_LISTS = ("supplements", "progress", "apologies")
#: Names of what a source shows beyond the contract, at most.
_MOST_NAMES = 60


class Mapped(msgspec.Struct):
    """One field of the contract: under which name the source has it, what it becomes, and a value a record."""

    field: str
    column: str
    becomes: str
    #: Of each record that was taken; empty where it has none. Never a person's data: only what snapshots keep.
    values: list[str]


class Look(msgspec.Struct):
    """What was seen of a source."""

    code: str
    kind: str
    records: int = 0
    mapping: list[Mapped] = []
    #: Names of fields that the source shows and that are not read.
    unread: list[str] = []
    #: What would be set aside, and what is odd about records that are taken.
    refused: list[str] = []
    notes: list[str] = []
    #: Why nothing was asked for although all is well; empty where something was.
    waits: str = ""

    @property
    def problems(self) -> list[str]:
        """Everything worth a word, in one list."""
        none = [] if self.records or self.waits else ["there is no record to look at; is anything in the source?"]
        return [*none, *self.refused, *self.notes]


class _Enough(Exception):
    """Raised out of a poll once its first records are there: what would follow moves cursors and files."""


@dataclass
class _Seen:
    values: list[object] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class _Looking(Intake):
    """An intake that keeps the first records and ends the poll."""

    def __init__(self, source: str, *, seen: _Seen, **given: Any) -> None:
        super().__init__(source, **given)
        self._seen = seen

    def take(self, records: Iterable[Record], unchanged: Callable[[dvcqg.Parsed], bool] | None = None) -> Taken:
        for count, record in enumerate(records, start=1):
            self._look(record)
            if count == LOOKED_AT:
                break
        raise _Enough

    def _look(self, record: Record) -> None:
        seen = self._seen
        try:
            value = decode(record.raw) if record.value is None else record.value
            seen.values.append(value)
            parsed = self.read(value, self._now(), self._vocabulary())
        except dvcqg.Refusal as refusal:
            seen.refused.append(f"[{refusal.reason}] {record.place}: {refusal.message}")
            return
        seen.snapshots.append(parsed.snapshot)
        seen.notes += (f"[{note.reason}] {record.place}: {note.message}" for note in parsed.notes)

    def reject(self, place: str, reason: str, message: str, basis: bytes) -> Taken:
        self._seen.refused.append(f"[{reason}] {place}: {message}")
        raise _Enough


@dataclass(frozen=True)
class _Rehearsal(Given):
    """What a collector is given to read from the beginning and leave no trace."""

    seen: _Seen = field(default_factory=_Seen)

    def intake(self, on_refusal: Callable[[SetAside], None] | None = None) -> Intake:
        return _Looking(
            self.config.code,
            seen=self.seen,
            units=self.profile.units,
            store=self.store,
            producer=self.producer,
            now=self.clock.now,
            vocabulary=mapping_of(self.profile, self.config.code).now,
        )

    def read_cursor(self) -> str | None:
        return None

    def write_cursor(self, cursor: str) -> None:
        """Nothing is written."""

    def set_aside(self, rows: Sequence[SetAside]) -> None:
        self.seen.refused += (f"[{row.reason}] {row.message}" for row in rows)

    def keep_figures(self, figures: Sequence[FedFigure]) -> int:
        self.seen.values += figures
        return 0


def look(given: Given) -> Look:
    """Read the first records of a source. Raises ``CollectError`` and ``SettingsError``."""
    settings = given.config.settings
    if "page_rows" in registry.settings_of(given.config, given.where).__struct_fields__:
        settings = {**settings, "page_rows": LOOKED_AT}
    config = msgspec.structs.replace(given.config, settings=settings)
    seen = _Seen()
    parts = {name: getattr(given, name) for name in Given.__dataclass_fields__} | {"config": config}
    collector = registry.make(_Rehearsal(**parts, seen=seen))
    if isinstance(collector, Serving):
        # Its port may be the running collectors', and what comes there is for them.
        waits = "it is pushed to, so there is nothing to look at; its settings and its secret are in order"
        return Look(given.config.code, given.config.kind, waits=waits)
    try:
        collector.poll()
    except _Enough:
        return _look(given, seen)
    finally:
        collector.close()
    return _look(given, seen)


def _look(given: Given, seen: _Seen) -> Look:
    columns: Mapping[str, str] = given.config.settings.get("columns") or {}
    rows = [value for value in seen.values if isinstance(value, dict)]
    mapping = [
        Mapped(name, columns.get(name, name), becomes, [_told(snapshot, becomes) for snapshot in seen.snapshots])
        for name, becomes in BECOMES.items()
        if any(name in row for row in rows)
    ]
    names = _field_names(rows)
    return Look(
        given.config.code,
        given.config.kind,
        len(seen.values),
        mapping,
        names[:_MOST_NAMES],
        seen.refused,
        seen.notes,
    )


def _field_names(rows: list[dict[str, Any]]) -> list[str]:
    """Names of fields that are not read: those that every record has. One of a single record may be a person's."""
    names = set.intersection(*(set(map(str, row)) for row in rows)) - set(BECOMES) if rows else set()
    return sorted({name[:60] if name.isascii() and name.isidentifier() else kept_name(name)[:60] for name in names})


def _told(snapshot: Snapshot, name: str) -> str:
    value = getattr(snapshot, name)
    if value is None or value == "":
        return ""
    if name == "unit" and value == UNMAPPED:
        return f"{UNMAPPED} ({snapshot.unit_seen})"
    if name in _LISTS:
        return str(len(value))
    if name in ("submitted", "received", "due", "finished", "returned", "refused", "modified"):
        return local(value).strftime("%Y-%m-%d %H:%M:%S")
    return str(value)
