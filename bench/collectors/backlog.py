"""A backlog of dossiers in every form that a kind of source reads: pages, pushes, files, views."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, insert, text

from opscentre.domain.dvcqg import FIELDS
from opscentre.domain.moments import format_compact, parse_compact

BEGIN = parse_compact("20261101080000")
#: Dossiers modified within one second.
A_SECOND = 20
#: Dossiers of one push.
A_PUSH = 500
UNITS = ("Sở Công Thương", "Sở Xây dựng", "Sở Tư pháp", "Sở Nội vụ", "Sở Y tế", "Sở Tài chính")
#: What a view or a table names; lists stand in it as JSON text.
COLUMNS = [name for name in FIELDS if name not in ("DanhSachPhieuXinLoi", "NgayTuChoi", "NgayTra")]


def dossier(index: int) -> dict[str, Any]:
    """One of the backlog: in process, with two steps, documents and fees, and the personal fields that feeds have."""
    at = format_compact(BEGIN + index // A_SECOND * 1000)
    return {
        "MaHoSo": f"H55.12-261101-{index:06d}", "ChuHoSo": "Nguyễn Hư Cấu", "DinhDanhCHS": "019088001234",
        "SoDienThoai": "0912345678", "MaTTHC": f"2.{488 + index % 90:06d}.000.00.00.H55",
        "TenTTHC": "Cấp giấy phép bán buôn rượu trên địa bàn tỉnh", "MaLinhVuc": "CT-01",
        "TenLinhVuc": "Lưu thông hàng hóa trong nước", "KenhThucHien": "2", "LoaiDoiTuong": "2",
        "NgayNopHoSo": "20261030070000", "NgayTiepNhan": "20261030073000", "NgayHenTra": "20261127073000",
        "TrangThaiHoSo": "4", "NgayKetThucXuLy": "", "DonViXuLy": UNITS[index % len(UNITS)], "HinhThuc": "0",
        "HoSoCoThanhPhanSoHoa": "1", "TaiKhoanDuocXacThucVoiVNeID": "1", "DuocThanhToanTrucTuyen": "1",
        "TaiLieuNop": [{"TenTepDinhKem": "don.pdf", "DuocSoHoa": "1"}, {"TenTepDinhKem": "phep.pdf", "DuocSoHoa": "1"}],
        "DanhSachLePhi": [{"Gia": "50000", "HinhThucThu": "1"}],
        "DanhSachTienDo": [{"ThoiDiemXuLy": "20261030073000", "TrangThai": "2"},
                           {"ThoiDiemXuLy": "20261031080000", "TrangThai": "4"}],
        "NgayCapNhat": at,
    }  # fmt: skip


def as_json(count: int) -> Iterator[bytes]:
    """Each dossier as JSON."""
    return (json.dumps(dossier(index), ensure_ascii=False).encode() for index in range(count))


def row(index: int, columns: Sequence[str] = COLUMNS) -> list[Any]:
    """A dossier's cells."""
    one = dossier(index)
    cells = (one.get(name) for name in columns)
    return [json.dumps(cell, ensure_ascii=False) if isinstance(cell, list) else cell for cell in cells]


def pushes(count: int) -> Iterator[bytes]:
    """Bodies of pushes."""
    rows: list[bytes] = []
    for one in as_json(count):
        rows.append(one)
        if len(rows) == A_PUSH:
            yield b'{"data": [' + b",".join(rows) + b"]}"
            rows = []
    if rows:
        yield b'{"data": [' + b",".join(rows) + b"]}"


def write_json(path: Path, count: int) -> None:
    """One document, as ``DongBoHoSoMC`` is."""
    with path.open("wb") as file:
        for index, one in enumerate(as_json(count)):
            file.write((b"," if index else b'{"data": [') + one)
        file.write(b"]}")


def write_csv(path: Path, count: int) -> None:
    """A table with the contract's names as headers, and a personal column."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*COLUMNS, "ChuHoSo"])
        writer.writerows([*row(index), "Nguyễn Hư Cấu"] for index in range(count))


def write_workbook(path: Path, count: int) -> None:
    """The same as a workbook."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append([*COLUMNS, "ChuHoSo"])
    for index in range(count):
        sheet.append([*row(index), "Nguyễn Hư Cấu"])
    out = io.BytesIO()
    book.save(out)
    path.write_bytes(out.getvalue())


def fill_view(url: str, count: int) -> None:
    """A table with an index on (modified, number) and a view ``v_ho_so`` on it."""
    names = ", ".join(f'"{name}" TEXT' for name in COLUMNS)
    index = 'CREATE INDEX by_key ON ho_so ("NgayCapNhat", "MaHoSo")'
    view = "CREATE VIEW v_ho_so AS SELECT * FROM ho_so"
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as database:
            database.execute(f"CREATE TABLE ho_so ({names})")
            marks = ", ".join("?" * len(COLUMNS))
            database.executemany(f"INSERT INTO ho_so VALUES ({marks})", (row(index) for index in range(count)))
            database.execute(index)
            database.execute(view)
        database.close()
        return
    from sqlalchemy import column, table

    engine = create_engine(url)
    target = table("ho_so", *(column(name) for name in COLUMNS))
    with engine.begin() as connection:
        connection.execute(text(f"CREATE TABLE ho_so ({names})"))
        for first in range(0, count, 2_000):
            rows = [dict(zip(COLUMNS, row(i), strict=True)) for i in range(first, min(count, first + 2_000))]
            connection.execute(insert(target), rows)
        connection.execute(text(index))
        connection.execute(text(view))
        connection.execute(text("ANALYZE ho_so"))
    engine.dispose()
