"""Dossier records as department systems show them, for the tests of the collectors."""

from __future__ import annotations

from typing import Any

from opscentre.domain.moments import format_compact, parse_compact

BEGIN = parse_compact("20261120080000")

#: Values that must not be found anywhere behind a collector.
PLANTED = {
    "ChuHoSo": "Nguyễn Hư Cấu",
    "DinhDanhCHS": "019088001234",
    "Email": "hu.cau@example.vn",
    "Fax": "02083855123",
    "SoDienThoai": "0912345678",
    "TrichYeuHoSo": "Xin cấp lại giấy cho Nguyễn Hư Cấu",
    "NguoiXuLy": "Trần Cán Bộ",
}
TRACES = ("Hư Cấu", "019088001234", "hu.cau@", "02083855123", "0912345678", "Cán Bộ", "cccd-truoc.jpg")


def dossier(number: int, seconds: int = 0, **changes: Any) -> dict[str, Any]:
    """A dossier in process, modified ``seconds`` after ``BEGIN``, with personal data in every personal field."""
    at = format_compact(BEGIN + seconds * 1000)
    return {
        "MaHoSo": f"H55.12-261120-{number:04d}",
        **PLANTED,
        "MaTTHC": "2.000488.000.00.00.H55",
        "KenhThucHien": "2",
        "NgayNopHoSo": "20261120070000",
        "NgayTiepNhan": "20261120073000",
        "NgayHenTra": "20261127073000",
        "TrangThaiHoSo": "4",
        "DonViXuLy": "Sở Công Thương",
        "TaiLieuNop": [{"TenTepDinhKem": "cccd-truoc.jpg", "DuocSoHoa": "1"}],
        "DanhSachTienDo": [{"ThoiDiemXuLy": "20261120073000", "TrangThai": "2", "NguoiXuLy": "Trần Cán Bộ"}],
        "NgayCapNhat": at,
        **changes,
    }
