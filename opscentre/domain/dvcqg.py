"""One dossier record in the vocabulary of the national portal's synchronisation (DOMAIN §2) → a snapshot, or a refusal.

An allow-list: a field that is not read here gets nowhere. What is refused is a record that would make a
count wrong; what is only odd is taken and noted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from opscentre.domain import anomalies
from opscentre.domain.desk_words import is_whole, shown
from opscentre.domain.dossier import UNMAPPED, Apology, Progress, Snapshot, Supplement
from opscentre.domain.feed_values import (
    Refusal,
    bounded,
    by_moment,
    count_documents,
    count_fees,
    date,
    entries,
    missing,
    unwanted,
    whole,
)
from opscentre.domain.kept_text import is_code, is_number, kept_name
from opscentre.domain.masking import quoted
from opscentre.domain.moments import DAY
from opscentre.domain.status import NOT_RECEIVED, Status
from opscentre.domain.units import Units
from opscentre.domain.vocabulary import EMPTY, Kind, Unmapped, Vocabulary, is_national

__all__ = ["DATES", "FIELDS", "Note", "Parsed", "Refusal", "parse"]

LONGEST_NUMBER = 128
LONGEST_CODE = 64
LONGEST_NAME = 200

#: The fields that are read, by the names of DOMAIN §2: what a view or a CSV file may give.
FIELDS = (
    "MaHoSo", "MaTTHC", "TenTTHC", "MaLinhVuc", "TenLinhVuc", "KenhThucHien", "LoaiDoiTuong", "NgayNopHoSo",
    "NgayTiepNhan", "NgayHenTra", "TrangThaiHoSo", "NgayKetThucXuLy", "NgayTra", "NgayTuChoi", "NgayCapNhat",
    "HinhThuc", "DonViXuLy", "HoSoCoThanhPhanSoHoa", "TaiKhoanDuocXacThucVoiVNeID", "DuocThanhToanTrucTuyen",
    "TaiLieuNop", "DanhSachLePhi", "DanhSachHoSoBoSung", "DanhSachGiayToKetQua", "DanhSachTienDo",
    # Not in the national contract, read where a source has it: the apology slips with their new dates.
    "DanhSachPhieuXinLoi",
)  # fmt: skip
#: Those of them that hold dates.
DATES = frozenset(name for name in FIELDS if name.startswith("Ngay"))

_CODE = re.compile(rf"[\w.\-/]{{1,{LONGEST_CODE}}}")
_MEND = "correct it at the source, or give it a code in the source's mapping table"
_STATUSES = {int(status) for status in Status}
_CHANNELS, _SUBJECTS, _PAYMENTS, _FLAGS = (1, 2, 3), (0, 1, 2, 3, 4), (0, 1, 2, 3), (0, 1)


class Note(NamedTuple):
    """Something odd about a record that was taken.

    ``reason`` is ``unknown_unit``, ``unknown_procedure``, ``unknown_channel`` or ``unknown_value``, or names an
    anomaly (``opscentre/domain/anomalies.py``). ``vocabulary`` tells that it is about the source's spelling and not
    about this one dossier; ``unmapped`` is the word that a mapping table could give a code.
    """

    reason: str
    field: str
    message: str
    vocabulary: bool = False
    unmapped: Unmapped | None = None


class Parsed(NamedTuple):
    """A record that is taken, and what is odd about it."""

    snapshot: Snapshot
    notes: tuple[Note, ...]


#: Of a source that speaks the contract's own words.
PLAIN = Vocabulary()


def parse(record: object, *, source: str, observed: int, units: Units, vocabulary: Vocabulary = PLAIN) -> Parsed:
    """Read one record.

    ``record`` is decoded JSON, a CSV row or an SQL row by the names of DOMAIN §2; numbers may be written
    as strings, an empty string is an absent value, and a list may be given as JSON text. ``observed`` is
    the moment it was read, on the product's clock. What ``vocabulary`` gives a word wins over all other
    readings of it. Raises ``Refusal``.
    """
    if not isinstance(record, Mapping):
        raise Refusal("not_an_object", "", "the record is not a JSON object; ask the source's operator to look at it")
    number = _number(record)
    try:
        return _Reader(record, number, observed, vocabulary).read(source, units)
    except Refusal as refusal:
        refusal.number = number
        raise


def _number(record: Mapping[str, Any]) -> str:
    value = record.get("MaHoSo")
    number = value.strip() if isinstance(value, str) else "" if value is None else str(value)
    if not number:
        raise missing("MaHoSo", "a dossier without its number cannot be told from another")
    written = type(value) in (str, int) and len(number) <= LONGEST_NUMBER
    # Kept as it is, so a person's name or number in its column is refused.
    if not written or not is_number(number):
        wanted = f"a dossier number of 1 to {LONGEST_NUMBER} printable characters"
        raise unwanted("bad_value", "MaHoSo", value, wanted)
    return number


def unit_of(value: object, units: Units, vocabulary: Vocabulary, at: int) -> tuple[str, str]:
    """The code of the unit that a source wrote, and of what has none as much of the text as is kept (§7)."""
    seen = str(value).strip() if isinstance(value, str | int) else ""
    code = vocabulary.code("unit", seen) or (units.resolve(seen, at) if seen else UNMAPPED)
    return code, "" if code != UNMAPPED else kept_name(seen[: 2 * LONGEST_NAME])[:LONGEST_NAME]


def meaning(word: Unmapped, units: Units, vocabulary: Vocabulary, at: int) -> str:
    """The code that a word which had none has by now; empty: still none, or not shown in full (§7)."""
    if not is_whole(word.seen):
        return ""
    seen = "" if word.seen == EMPTY else word.seen
    if word.kind == "unit":
        code, _ = unit_of(seen, units, vocabulary, at)
        return "" if code == UNMAPPED else code
    return vocabulary.code(word.kind, seen)


def unit_of_refused(record: object, units: Units, vocabulary: Vocabulary, at: int) -> str:
    """The code of the unit of a record that was refused, where it can be told; else empty (§7)."""
    if not isinstance(record, Mapping):
        return ""
    code, _ = unit_of(record.get("DonViXuLy"), units, vocabulary, at)
    return "" if code == UNMAPPED else code


def modified_of_refused(record: object) -> int | None:
    """When a record that was refused was modified at its source, where it says so (§2)."""
    try:
        return date(record, "NgayCapNhat") if isinstance(record, Mapping) else None
    except Refusal:
        return None


class _Reader:
    """Reads one record; collects what is odd about it."""

    __slots__ = ("ahead", "notes", "number", "observed", "row", "vocabulary")

    def __init__(self, row: Mapping[str, Any], number: str, observed: int, vocabulary: Vocabulary) -> None:
        self.row = row
        self.number = number
        self.observed = observed
        self.ahead = observed + DAY
        self.vocabulary = vocabulary
        self.notes: list[Note] = []

    def read(self, source: str, units: Units) -> Parsed:
        row = self.row
        status = self._status()
        submitted, received = date(row, "NgayNopHoSo"), date(row, "NgayTiepNhan")
        if received is None and status not in NOT_RECEIVED:
            raise missing("NgayTiepNhan", f"status {status} says that the dossier was received")
        due, finished = date(row, "NgayHenTra"), date(row, "NgayKetThucXuLy")
        returned, refused = date(row, "NgayTra"), date(row, "NgayTuChoi")
        supplements, progress, apologies = self._supplements(), self._progress(), self._apologies()
        vouched = [("NgayNopHoSo", submitted), ("NgayTiepNhan", received), ("NgayKetThucXuLy", finished),
                   ("NgayTra", returned), ("NgayTuChoi", refused)]  # fmt: skip
        vouched += [("ThoiDiemXuLy", step.at) for step in progress]
        vouched += [("NgayXinLoi", apology.made) for apology in apologies]
        for supplement in supplements:
            vouched += [("NgayBoSung", supplement.requested), ("NgayTiepNhanBoSung", supplement.answered)]
        modified, version = self._version(vouched)
        unit, unit_seen = self._unit(units, received or submitted or self.observed)
        documents = entries(row, "TaiLieuNop")
        snapshot = Snapshot(
            source=source,
            number=self.number,
            status=status,
            observed=self.observed,
            version=version,
            modified=modified,
            unit=unit,
            unit_seen=unit_seen,
            procedure=self._procedure(),
            procedure_name=self._text("TenTTHC"),
            field=self._code("MaLinhVuc"),
            field_name=self._text("TenLinhVuc"),
            channel=self._channel(),
            subject=self._coded("LoaiDoiTuong", _SUBJECTS, 0),
            submitted=submitted,
            received=received,
            due=due,
            finished=finished,
            returned=returned,
            refused=refused,
            return_by=self._coded("HinhThuc", _FLAGS, 0),
            digitised=bool(self._coded("HoSoCoThanhPhanSoHoa", _FLAGS, 0)),
            vneid=bool(self._coded("TaiKhoanDuocXacThucVoiVNeID", _FLAGS, 0)),
            payment=self._coded("DuocThanhToanTrucTuyen", _PAYMENTS, 0),
            documents=count_documents(documents),
            fees=count_fees(entries(row, "DanhSachLePhi")),
            results=self._count_results(entries(row, "DanhSachGiayToKetQua"), documents),
            supplements=supplements,
            progress=progress,
            apologies=apologies,
            apologies_told="DanhSachPhieuXinLoi" in row,
        )
        for name in anomalies.of_snapshot(snapshot):
            self.anomaly(name)
        return Parsed(snapshot, tuple(self.notes))

    def note(self, reason: str, field: str, message: str, unmapped: Unmapped | None = None) -> None:
        """Something about the source's vocabulary."""
        self.notes.append(Note(reason, field, message, True, unmapped))

    def anomaly(self, name: str, field: str = "", detail: str = "") -> None:
        """Something odd about this dossier."""
        kind = anomalies.KINDS[name]
        self.notes.append(Note(name, field or kind.field, f"{detail or kind.field}: {kind.told}; {kind.remedy}"))

    def _status(self) -> int:
        value = self.row.get("TrangThaiHoSo")
        if code := self.vocabulary.code("status", value):
            return int(code)
        if value is None or value == "":
            raise missing("TrangThaiHoSo", "without its status a dossier stands in no column")
        status = whole(value)
        if status not in _STATUSES or status is None or isinstance(value, bool):
            refusal = unwanted("bad_status", "TrangThaiHoSo", value, "a status from 1 to 10", _MEND)
            refusal.unmapped = Unmapped("status", shown(value))
            raise refusal
        return status

    def _procedure(self) -> str:
        if code := self.vocabulary.code("procedure", self.row.get("MaTTHC")):
            return code
        code = self._code("MaTTHC")
        if code and not is_national(code):
            message = f"MaTTHC: {code!r} is no procedure's code, want one like 2.000815; {_MEND}"
            self.note("unknown_procedure", "MaTTHC", message, Unmapped("procedure", code))
        return code

    def _channel(self) -> int:
        value = self.row.get("KenhThucHien")
        if code := self.vocabulary.code("channel", value):
            return int(code)
        return self._coded("KenhThucHien", _CHANNELS, 1, "unknown_channel", "channel")

    def _text(self, name: str) -> str:
        value = self.row.get(name)
        return kept_name(value.strip()[: 2 * LONGEST_NAME])[:LONGEST_NAME] if isinstance(value, str) else ""

    def _code(self, name: str) -> str:
        value = self.row.get(name)
        if value is None or value == "":
            return ""
        code = str(value).strip() if isinstance(value, str | int) else ""
        if _CODE.fullmatch(code) and is_code(code):
            return code
        unmapped = Unmapped("procedure", shown(value)) if name == "MaTTHC" else None
        self.note("unknown_value", name, f"{name}: saw {quoted(value)}, want a code; left empty", unmapped)
        return ""

    def _coded(
        self, name: str, known: tuple[int, ...], otherwise: int, reason: str = "unknown_value", kind: Kind | None = None
    ) -> int:
        value = self.row.get(name)
        if value is None or value == "":
            return otherwise
        number = whole(value)
        if number in known and number is not None:
            return number
        wanted = ", ".join(map(str, known))
        message = f"{name}: saw {quoted(value)}, known are {wanted}; counted as {otherwise}"
        self.note(reason, name, message, Unmapped(kind, shown(value)) if kind else None)
        return otherwise

    def _unit(self, units: Units, at: int) -> tuple[str, str]:
        code, seen = unit_of(self.row.get("DonViXuLy"), units, self.vocabulary, at)
        if code != UNMAPPED:
            return code, ""
        told = f"{seen[:40]!r} is the code or the name of no unit, or of several" if seen else "it is missing or empty"
        mend = "add the unit to units.csv, its spelling to aliases.csv or the source's mapping table, or correct the"
        message = f"DonViXuLy: {told}; counted under {UNMAPPED!r}: {mend} source"
        self.note("unknown_unit", "DonViXuLy", message, Unmapped("unit", seen or EMPTY))
        return UNMAPPED, seen

    def _supplements(self) -> tuple[Supplement, ...]:
        found = set()
        for index, entry in enumerate(bounded(self.row, "DanhSachHoSoBoSung"), start=1):
            place = f"DanhSachHoSoBoSung[{index}]."
            moments = (
                date(entry, "NgayBoSung", place),
                date(entry, "NgayTiepNhanBoSung", place),
                date(entry, "NgayHenTraTruoc", place),
                date(entry, "NgayHenTraMoi", place),
            )
            if any(at is not None for at in moments):
                # The same request sent twice is one request: a second one would make the dossier count as late.
                found.add(moments)
        return tuple(Supplement(*moments) for moments in sorted(found, key=by_moment))

    def _apologies(self) -> tuple[Apology, ...]:
        found = set()
        for index, entry in enumerate(bounded(self.row, "DanhSachPhieuXinLoi"), start=1):
            place = f"DanhSachPhieuXinLoi[{index}]."
            made = date(entry, "NgayXinLoi", place)
            if made is not None:
                found.add((made, date(entry, "NgayHenTraTruoc", place), date(entry, "NgayHenTraMoi", place)))
        return tuple(Apology(*moments) for moments in sorted(found, key=by_moment))

    def _progress(self) -> tuple[Progress, ...]:
        found = []
        for index, entry in enumerate(bounded(self.row, "DanhSachTienDo"), start=1):
            place = f"DanhSachTienDo[{index}]."
            at = date(entry, "ThoiDiemXuLy", place)
            seen = entry.get("TrangThai")
            code = self.vocabulary.code("status", seen)
            status = int(code) if code else whole(seen)
            if at is None or status is None or status not in _STATUSES:
                told = "has no ThoiDiemXuLy" if at is None else f"has TrangThai {quoted(seen)}"
                self.anomaly("incomplete_progress", detail=f"{place[:-1]} {told}")
            else:
                found.append((at, status))
        if found != sorted(found) and found != sorted(found, reverse=True):
            self.anomaly("progress_disordered")
        steps = sorted(set(found))
        if len({at for at, _ in steps}) < len(steps):
            self.anomaly("progress_same_second")
        return tuple(Progress(at, status) for at, status in steps)

    def _version(self, vouched: list[tuple[str, int | None]]) -> tuple[int | None, int]:
        """The source's modification time, and the version: that time, else the newest moment vouched for."""
        newest, future = 0, ""
        for name, at in vouched:
            if at is None:
                continue
            if at > self.ahead:
                future = name
            elif at > newest:
                newest = at
        modified = date(self.row, "NgayCapNhat")
        if modified is not None and modified > self.ahead:
            modified, future = None, "NgayCapNhat"
        if future:
            # Believed, it would hold back every later change until that day.
            self.anomaly("future_moment", future, future)
        return modified, newest if modified is None else modified

    def _count_results(self, results: list[Mapping[str, Any]], documents: list[Mapping[str, Any]]) -> tuple[int, int]:
        """Result papers, and those with an electronic file that is not one of the files handed in."""
        if not results:
            return (0, 0)
        links = [link for paper in results if (link := paper.get("DuongDanTepTinKetQua"))]
        handed_in = {value for entry in documents for value in entry.values() if isinstance(value, str)}
        passed_off = sum(isinstance(link, str) and link in handed_in for link in links)
        if passed_off:
            self.anomaly("input_as_result")
        return (len(results), len(links) - passed_off)
