"""One dossier record in the vocabulary of the national portal's synchronisation (DOMAIN §2) → a snapshot, or a refusal.

An allow-list: a field that is not read here gets nowhere. What is refused is a record that would make a
count wrong; what is only odd is taken and noted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from opscentre.domain.dossier import UNMAPPED, Apology, Progress, Snapshot, Supplement
from opscentre.domain.masking import masked, quoted
from opscentre.domain.moments import DAY, HOUR, MINUTE, SECOND, parse_compact
from opscentre.domain.status import NOT_RECEIVED, Status
from opscentre.domain.units import Units

LONGEST_NUMBER = 128
LONGEST_CODE = 64
LONGEST_NAME = 200
#: More steps or supplements than this is no dossier but a fault of the source.
MOST_ENTRIES = 1_000

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
_STATUSES = {int(status) for status in Status}
_CHANNELS, _SUBJECTS, _PAYMENTS, _FLAGS = (1, 2, 3), (0, 1, 2, 3, 4), (0, 1, 2, 3), (0, 1)


class Refusal(Exception):
    """A record that is not taken.

    ``reason`` is one of ``not_an_object``, ``missing_field``, ``bad_date``, ``impossible_date``,
    ``bad_status``, ``bad_value``; ``field`` is the name as the source writes it; ``number`` is the dossier's
    MaHoSo where it could be read. The message quotes no value but the offending one, masked.
    """

    def __init__(self, reason: str, field: str, message: str, number: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        self.field = field
        self.message = message
        self.number = number


class Note(NamedTuple):
    """Something odd about a record that was taken.

    ``reason`` is one of ``unknown_unit``, ``unknown_channel``, ``unknown_value``, ``incomplete_progress``,
    ``future_moment``, ``finished_before_received``, ``done_while_paused``, ``input_as_result``.
    ``vocabulary`` tells that it is about the source's spelling and not about this one dossier.
    """

    reason: str
    field: str
    message: str
    vocabulary: bool = False


class Parsed(NamedTuple):
    """A record that is taken, and what is odd about it."""

    snapshot: Snapshot
    notes: tuple[Note, ...]


def parse(record: object, *, source: str, observed: int, units: Units) -> Parsed:
    """Read one record.

    ``record`` is decoded JSON, a CSV row or an SQL row by the names of DOMAIN §2; numbers may be written
    as strings, an empty string is an absent value, and a list may be given as JSON text. ``observed`` is
    the moment it was read, on the product's clock. Raises ``Refusal``.
    """
    if not isinstance(record, Mapping):
        raise Refusal("not_an_object", "", "the record is not a JSON object; ask the source's operator to look at it")
    number = _number(record)
    try:
        return _Reader(record, number, observed).read(source, units)
    except Refusal as refusal:
        refusal.number = number
        raise


def _number(record: Mapping[str, Any]) -> str:
    value = record.get("MaHoSo")
    number = value.strip() if isinstance(value, str) else "" if value is None else str(value)
    if not number:
        raise _missing("MaHoSo", "a dossier without its number cannot be told from another")
    # A space and no digit: a person's name in the wrong column.
    named = " " in number and not any(c.isdigit() for c in number)
    written = type(value) in (str, int) and len(number) <= LONGEST_NUMBER and number.isprintable()
    if not written or named or "@" in number:
        wanted = f"a dossier number of 1 to {LONGEST_NUMBER} printable characters"
        raise _unwanted("bad_value", "MaHoSo", value, wanted)
    return number


def _missing(field: str, why: str) -> Refusal:
    return Refusal("missing_field", field, f"{field} is missing or empty: {why}; have the source fill it in")


def _unwanted(reason: str, field: str, value: object, wanted: str) -> Refusal:
    return Refusal(reason, field, f"{field}: saw {quoted(value)}, want {wanted}; correct it at the source")


@lru_cache(maxsize=4096)
def _day(text: str) -> int | None:
    """The moment a day written as yyyyMMdd begins; None when there is no such day."""
    try:
        return parse_compact(text + "000000")
    except ValueError:
        return None


def _date(row: Mapping[str, Any], name: str, place: str = "") -> int | None:
    """The moment of a date field, None when it is absent."""
    value = row.get(name)
    if value is None or value == "":
        return None
    if type(value) is int:
        value = str(value)
    if isinstance(value, str):
        if len(value) == 14 and value.isascii() and value.isdigit():
            hour, minute, second = int(value[8:10]), int(value[10:12]), int(value[12:])
            day = _day(value[:8])
            if day is not None and hour < 24 and minute < 60 and second < 60:
                return day + hour * HOUR + minute * MINUTE + second * SECOND
            raise _unwanted("impossible_date", place + name, value, "a day and time that exist, 1990 to 2100")
        if not value.strip():
            return None
    raise _unwanted("bad_date", place + name, value, "a date written as yyyyMMddHHmmss")


def _whole(value: object) -> int | None:
    """A small whole number given as a number or as text; None when it is none."""
    if isinstance(value, str):
        text = value.strip()
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return int(value) if isinstance(value, int) else None


def _list(row: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """A list of objects; it may be given as JSON text (a CSV file, an SQL view)."""
    value = row.get(name)
    if not value:
        return []
    if isinstance(value, str):
        if not value.strip():
            return []
        try:
            value = msgspec.json.decode(value)
        except msgspec.DecodeError:
            value = None
    if isinstance(value, list) and all(isinstance(entry, Mapping) for entry in value):
        return value
    # Its value is not quoted: these lists hold the names of files and persons.
    raise Refusal("bad_value", name, f"{name} is not a list of objects; correct it at the source")


def _bounded(row: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    entries = _list(row, name)
    if len(entries) > MOST_ENTRIES:
        found = f"{name} has {len(entries)} entries, at most {MOST_ENTRIES} are taken"
        raise Refusal("bad_value", name, f"{found}; correct it at the source")
    return entries


class _Reader:
    """Reads one record; collects what is odd about it."""

    __slots__ = ("ahead", "notes", "number", "observed", "row")

    def __init__(self, row: Mapping[str, Any], number: str, observed: int) -> None:
        self.row = row
        self.number = number
        self.observed = observed
        self.ahead = observed + DAY
        self.notes: list[Note] = []

    def read(self, source: str, units: Units) -> Parsed:
        row = self.row
        status = self._status()
        submitted, received = _date(row, "NgayNopHoSo"), _date(row, "NgayTiepNhan")
        if received is None and status not in NOT_RECEIVED:
            raise _missing("NgayTiepNhan", f"status {status} says that the dossier was received")
        due, finished = _date(row, "NgayHenTra"), _date(row, "NgayKetThucXuLy")
        returned, refused = _date(row, "NgayTra"), _date(row, "NgayTuChoi")
        supplements, progress, apologies = self._supplements(), self._progress(), self._apologies()
        vouched = [("NgayNopHoSo", submitted), ("NgayTiepNhan", received), ("NgayKetThucXuLy", finished),
                   ("NgayTra", returned), ("NgayTuChoi", refused)]  # fmt: skip
        vouched += [("ThoiDiemXuLy", step.at) for step in progress]
        vouched += [("NgayXinLoi", apology.made) for apology in apologies]
        for supplement in supplements:
            vouched += [("NgayBoSung", supplement.requested), ("NgayTiepNhanBoSung", supplement.answered)]
        modified, version = self._version(vouched)
        self._look_for_contradictions(status, received, finished, supplements)
        unit, unit_seen = self._unit(units, received or submitted or self.observed)
        documents = _list(row, "TaiLieuNop")
        snapshot = Snapshot(
            source=source,
            number=self.number,
            status=status,
            observed=self.observed,
            version=version,
            modified=modified,
            unit=unit,
            unit_seen=unit_seen,
            procedure=self._code("MaTTHC"),
            procedure_name=self._text("TenTTHC"),
            field=self._code("MaLinhVuc"),
            field_name=self._text("TenLinhVuc"),
            channel=self._coded("KenhThucHien", _CHANNELS, 1, "unknown_channel"),
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
            documents=_count_documents(documents),
            fees=_count_fees(_list(row, "DanhSachLePhi")),
            results=self._count_results(_list(row, "DanhSachGiayToKetQua"), documents),
            supplements=supplements,
            progress=progress,
            apologies=apologies,
            apologies_told="DanhSachPhieuXinLoi" in row,
        )
        return Parsed(snapshot, tuple(self.notes))

    def note(self, reason: str, field: str, message: str, *, vocabulary: bool = False) -> None:
        self.notes.append(Note(reason, field, message, vocabulary))

    def _status(self) -> int:
        value = self.row.get("TrangThaiHoSo")
        if value is None or value == "":
            raise _missing("TrangThaiHoSo", "without its status a dossier stands in no column")
        status = _whole(value)
        if status not in _STATUSES or status is None or isinstance(value, bool):
            raise _unwanted("bad_status", "TrangThaiHoSo", value, "a status from 1 to 10")
        return status

    def _text(self, name: str) -> str:
        value = self.row.get(name)
        return masked(value.strip())[:LONGEST_NAME] if isinstance(value, str) else ""

    def _code(self, name: str) -> str:
        value = self.row.get(name)
        if value is None or value == "":
            return ""
        code = str(value).strip() if isinstance(value, str | int) else ""
        if _CODE.fullmatch(code) and masked(code) == code:
            return code
        self.note("unknown_value", name, f"{name}: saw {quoted(value)}, want a code; left empty", vocabulary=True)
        return ""

    def _coded(self, name: str, known: tuple[int, ...], otherwise: int, reason: str = "unknown_value") -> int:
        value = self.row.get(name)
        if value is None or value == "":
            return otherwise
        number = _whole(value)
        if number in known and number is not None:
            return number
        wanted = ", ".join(map(str, known))
        message = f"{name}: saw {quoted(value)}, known are {wanted}; counted as {otherwise}"
        self.note(reason, name, message, vocabulary=True)
        return otherwise

    def _unit(self, units: Units, at: int) -> tuple[str, str]:
        value = self.row.get("DonViXuLy")
        seen = str(value).strip() if isinstance(value, str | int) else ""
        code = units.resolve(seen, at) if seen else UNMAPPED
        if code != UNMAPPED:
            return code, ""
        shown = masked(seen[: 2 * LONGEST_NAME])[:LONGEST_NAME]
        told = f"{shown[:40]!r} is the code or the name of no unit, or of several" if seen else "it is missing or empty"
        mend = "add the unit to units.csv, its spelling to aliases.csv, or correct the source"
        message = f"DonViXuLy: {told}; counted under {UNMAPPED!r}: {mend}"
        self.note("unknown_unit", "DonViXuLy", message, vocabulary=True)
        return UNMAPPED, shown

    def _supplements(self) -> tuple[Supplement, ...]:
        found = set()
        for index, entry in enumerate(_bounded(self.row, "DanhSachHoSoBoSung"), start=1):
            place = f"DanhSachHoSoBoSung[{index}]."
            moments = (
                _date(entry, "NgayBoSung", place),
                _date(entry, "NgayTiepNhanBoSung", place),
                _date(entry, "NgayHenTraTruoc", place),
                _date(entry, "NgayHenTraMoi", place),
            )
            if any(at is not None for at in moments):
                # The same request sent twice is one request: a second one would make the dossier count as late.
                found.add(moments)
        return tuple(Supplement(*moments) for moments in sorted(found, key=_by_moment))

    def _apologies(self) -> tuple[Apology, ...]:
        found = set()
        for index, entry in enumerate(_bounded(self.row, "DanhSachPhieuXinLoi"), start=1):
            place = f"DanhSachPhieuXinLoi[{index}]."
            made = _date(entry, "NgayXinLoi", place)
            if made is not None:
                found.add((made, _date(entry, "NgayHenTraTruoc", place), _date(entry, "NgayHenTraMoi", place)))
        return tuple(Apology(*moments) for moments in sorted(found, key=_by_moment))

    def _progress(self) -> tuple[Progress, ...]:
        found = set()
        for index, entry in enumerate(_bounded(self.row, "DanhSachTienDo"), start=1):
            place = f"DanhSachTienDo[{index}]."
            at = _date(entry, "ThoiDiemXuLy", place)
            status = _whole(entry.get("TrangThai"))
            if at is None or status is None or status not in _STATUSES:
                told = "has no ThoiDiemXuLy" if at is None else f"has TrangThai {quoted(entry.get('TrangThai'))}"
                self.note("incomplete_progress", "DanhSachTienDo", f"{place[:-1]} {told}; the step is left out")
            else:
                found.add((at, status))
        return tuple(Progress(at, status) for at, status in sorted(found))

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
        modified = _date(self.row, "NgayCapNhat")
        if modified is not None and modified > self.ahead:
            modified, future = None, "NgayCapNhat"
        if future:
            # Believed, it would hold back every later change until that day.
            message = f"{future} lies more than a day ahead of now; it does not say how new the record is"
            self.note("future_moment", future, message)
        return modified, newest if modified is None else modified

    def _look_for_contradictions(
        self, status: int, received: int | None, finished: int | None, supplements: tuple[Supplement, ...]
    ) -> None:
        if received is not None and finished is not None and finished < received:
            message = "NgayKetThucXuLy lies before NgayTiepNhan; taken as given, correct it at the source"
            self.note("finished_before_received", "NgayKetThucXuLy", message)
        if status == Status.DONE and any(s.requested is not None and s.answered is None for s in supplements):
            message = "status 9 while a supplement is still awaited; taken as finished, ask the source"
            self.note("done_while_paused", "TrangThaiHoSo", message)

    def _count_results(self, results: list[Mapping[str, Any]], documents: list[Mapping[str, Any]]) -> tuple[int, int]:
        """Result papers, and those with an electronic file that is not one of the files handed in."""
        if not results:
            return (0, 0)
        links = [link for paper in results if (link := paper.get("DuongDanTepTinKetQua"))]
        handed_in = {value for entry in documents for value in entry.values() if isinstance(value, str)}
        passed_off = sum(isinstance(link, str) and link in handed_in for link in links)
        if passed_off:
            message = "the result's file is one of the files handed in; it is not counted as an electronic result"
            self.note("input_as_result", "DanhSachGiayToKetQua", message)
        return (len(results), len(links) - passed_off)


def _by_moment(moments: tuple[int | None, ...]) -> tuple[int, ...]:
    return tuple(-1 if at is None else at for at in moments)


def _count_documents(documents: list[Mapping[str, Any]]) -> tuple[int, int, int, int]:
    digitised = reused = shared = 0
    for entry in documents:
        digitised += _whole(entry.get("DuocSoHoa")) == 1
        reused += _whole(entry.get("DuocTaiSuDung")) == 1
        shared += _whole(entry.get("DuocLayTuKhoDMQG")) == 1
    return (len(documents), digitised, reused, shared)


def _count_fees(fees: list[Mapping[str, Any]]) -> tuple[int, int]:
    # A price may be written 50000, "50000", "50.000": it is zero when no digit but 0 is in it.
    charged = sum(any(c in "123456789" for c in str(fee.get("Gia") or "")) for fee in fees)
    return (len(fees), charged)
