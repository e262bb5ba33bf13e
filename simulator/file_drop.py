"""A department system that drops CSV files into a folder: what changed since the file before, every few minutes.

Files are UTF-8 with a byte-order mark, appear whole (written aside, then renamed), and are named after the
moment they speak of: ``<code>-yyyyMMdd-HHmmss.csv``. The first file of a run holds everything (``-toan-bo``).
"""

from __future__ import annotations

import csv
from pathlib import Path

import msgspec

from opscentre.clock import CLOSES, OPENS
from opscentre.domain.calendar import Calendar
from opscentre.domain.moments import DAY, MINUTE, day_number, day_start, local
from simulator.feed import Entry, Feed
from simulator.systems import System
from simulator.world import World

#: A file is written at every whole five minutes from 06:30 to 18:00 on working days.
PERIOD = 5 * MINUTE
#: Files older than this are taken away by the system that dropped them.
_KEPT = 2 * DAY

#: Header of the file → field of DOMAIN §2. Lists are JSON text.
COLUMNS = {
    "Mã hồ sơ": "MaHoSo",
    "Mã thủ tục": "MaTTHC",
    "Tên thủ tục": "TenTTHC",
    "Mã lĩnh vực": "MaLinhVuc",
    "Lĩnh vực": "TenLinhVuc",
    "Kênh tiếp nhận": "KenhThucHien",
    "Chủ hồ sơ": "ChuHoSo",
    "Loại đối tượng": "LoaiDoiTuong",
    "Số định danh": "DinhDanhCHS",
    "Thư điện tử": "Email",
    "Fax": "Fax",
    "Điện thoại": "SoDienThoai",
    "Trích yếu": "TrichYeuHoSo",
    "Ngày nộp": "NgayNopHoSo",
    "Ngày tiếp nhận": "NgayTiepNhan",
    "Ngày hẹn trả": "NgayHenTra",
    "Trạng thái": "TrangThaiHoSo",
    "Ngày kết thúc xử lý": "NgayKetThucXuLy",
    "Ngày trả": "NgayTra",
    "Ngày từ chối": "NgayTuChoi",
    "Hình thức trả": "HinhThuc",
    "Đơn vị": "DonViXuLy",
    "Người xử lý": "NguoiXuLy",
    "Số hóa": "HoSoCoThanhPhanSoHoa",
    "VNeID": "TaiKhoanDuocXacThucVoiVNeID",
    "Thanh toán trực tuyến": "DuocThanhToanTrucTuyen",
    "Tài liệu nộp": "TaiLieuNop",
    "Lệ phí": "DanhSachLePhi",
    "Bổ sung": "DanhSachHoSoBoSung",
    "Kết quả": "DanhSachGiayToKetQua",
    "Tiến độ": "DanhSachTienDo",
    "Cập nhật": "NgayCapNhat",
}


class FileDrop:
    """Writes the files of one system."""

    def __init__(self, world: World, system: System, at: int, folder: Path) -> None:
        self._calendar = world.profile.calendar
        self._code = system.code
        self._folder = folder
        self._written = last_export(at, self._calendar)
        self._feed = Feed(world, system, self._written)

    def start(self) -> None:
        """Clear away what an earlier run left and write everything there is."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for left in self._folder.glob(f"{self._code}-*.csv"):
            left.unlink()
        self._write(self._name(self._written, "-toan-bo"), self._feed.all())

    def advance(self, at: int) -> list[Path]:
        """Write the files that have fallen due by a moment (ms), each as its own moment saw it."""
        files = []
        for moment in exports(self._written, at, self._calendar):
            if day_number(moment) != day_number(self._written):
                self._clear(moment - _KEPT)
            self._written = moment
            changed = self._feed.advance(moment)
            if changed:
                files.append(self._write(self._name(moment), changed))
        return files

    def _write(self, name: str, entries: list[Entry]) -> Path:
        aside = self._folder / f".{name}.part"
        with aside.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            for entry in entries:
                shown = self._feed.show(entry.dossier)
                writer.writerow([_cell(shown[field]) for field in COLUMNS.values()])
        return aside.rename(self._folder / name)

    def _name(self, moment: int, suffix: str = "") -> str:
        return f"{self._code}-{local(moment):%Y%m%d-%H%M%S}{suffix}.csv"

    def _clear(self, before: int) -> None:
        oldest = self._name(before)
        for path in self._folder.glob(f"{self._code}-*.csv"):
            if path.name < oldest:
                path.unlink()


def _cell(value: str | list[dict[str, str]] | None) -> str:
    if isinstance(value, list):
        return msgspec.json.encode(value).decode() if value else ""
    return value or ""


def exports(after: int, until: int, calendar: Calendar) -> list[int]:
    """The moments in (after, until] at which files are written."""
    found: list[int] = []
    for day in range(day_number(after), day_number(until) + 1):
        if calendar.is_working_day(day):
            begin = day_start(day) + OPENS
            moments = range(begin, day_start(day) + CLOSES + 1, PERIOD)
            found.extend(moment for moment in moments if after < moment <= until)
    return found


def last_export(at: int, calendar: Calendar) -> int:
    """The last moment at or before ``at`` at which files are written."""
    back = DAY
    while not (found := exports(at - back, at, calendar)):
        back += DAY
    return found[-1]
