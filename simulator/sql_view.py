"""A department system that opens an SQL view: its base table follows the feed, one transaction a tick.

The view ``v_ho_so`` shows the vendor's own column names, personal columns included; ``ngay_cap_nhat`` is the
modification time as ``yyyyMMddHHmmss`` text and ``id`` the row's number. Lists are JSON text.
"""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa

from simulator.feed import Entry, Feed

VIEW = "v_ho_so"

#: Column of the view → field of DOMAIN §2.
COLUMNS = {
    "ma_ho_so": "MaHoSo",
    "ma_tthc": "MaTTHC",
    "ten_tthc": "TenTTHC",
    "ma_linh_vuc": "MaLinhVuc",
    "ten_linh_vuc": "TenLinhVuc",
    "kenh": "KenhThucHien",
    "chu_ho_so": "ChuHoSo",
    "loai_doi_tuong": "LoaiDoiTuong",
    "so_dinh_danh": "DinhDanhCHS",
    "email": "Email",
    "fax": "Fax",
    "so_dien_thoai": "SoDienThoai",
    "trich_yeu": "TrichYeuHoSo",
    "ngay_nop": "NgayNopHoSo",
    "ngay_tiep_nhan": "NgayTiepNhan",
    "ngay_hen_tra": "NgayHenTra",
    "trang_thai": "TrangThaiHoSo",
    "ngay_ket_thuc": "NgayKetThucXuLy",
    "ngay_tra": "NgayTra",
    "ngay_tu_choi": "NgayTuChoi",
    "hinh_thuc_tra": "HinhThuc",
    "don_vi": "DonViXuLy",
    "nguoi_xu_ly": "NguoiXuLy",
    "co_so_hoa": "HoSoCoThanhPhanSoHoa",
    "vneid": "TaiKhoanDuocXacThucVoiVNeID",
    "thanh_toan": "DuocThanhToanTrucTuyen",
    "tai_lieu": "TaiLieuNop",
    "le_phi": "DanhSachLePhi",
    "bo_sung": "DanhSachHoSoBoSung",
    "ket_qua": "DanhSachGiayToKetQua",
    "tien_do": "DanhSachTienDo",
    "ngay_cap_nhat": "NgayCapNhat",
}

#: Rows rendered at a time while the table is filled; all at once they would take 100 MB.
_ROWS_AT_ONCE = 300

_METADATA = sa.MetaData()
#: The base table; its modification column has the vendor's internal name.
TABLE = sa.Table(
    "ho_so",
    _METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    *(
        sa.Column("updated_at" if name == "ngay_cap_nhat" else name, sa.Text, unique=name == "ma_ho_so")
        for name in COLUMNS
    ),
    sa.Index("ho_so_updated", "updated_at", "id"),
)


class SqlView:
    """Writes one feed into a database that others read."""

    def __init__(self, feed: Feed, url: str) -> None:
        self._feed = feed
        self._engine = sa.create_engine(url)
        if self._engine.dialect.name == "sqlite":
            sa.event.listen(self._engine, "connect", _prepare_sqlite)
        self._ids: dict[str, int] = {}
        self._last_id = 0
        self._insert = TABLE.insert()
        changing = [column for column in TABLE.columns if column.name not in ("id", "ma_ho_so")]
        self._update = (
            TABLE.update()
            .where(TABLE.c.ma_ho_so == sa.bindparam("number"))
            .values({column.name: sa.bindparam(column.name) for column in changing})
        )

    def rows(self, entries: list[Entry]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The rows to insert and to update for dossiers that changed; gives new ones the next numbers.

        New rows are numbered in order of filing, so that a restart numbers them alike.
        """
        known, new = [], []
        for entry in sorted(entries, key=_filing):
            row = self._row(self._feed.show(entry.dossier))
            if entry.number in self._ids:
                known.append(row | {"number": row.pop("ma_ho_so")})
            else:
                self._last_id += 1
                self._ids[entry.number] = self._last_id
                new.append(row | {"id": self._last_id})
        return new, known

    def fill(self) -> None:
        """Make table and view where there are none, and put in everything that the feed holds, at once."""
        _METADATA.create_all(self._engine)
        entries = sorted(self._feed.all(), key=_filing)
        shown = ", ".join(f"updated_at AS {name}" if name == "ngay_cap_nhat" else name for name in COLUMNS)
        with self._engine.begin() as connection:
            if VIEW not in sa.inspect(connection).get_view_names():
                connection.execute(sa.text(f"CREATE VIEW {VIEW} AS SELECT id, {shown} FROM ho_so"))
            connection.execute(TABLE.delete())
            for place in range(0, len(entries), _ROWS_AT_ONCE):
                connection.execute(self._insert, self.rows(entries[place : place + _ROWS_AT_ONCE])[0])

    def archived(self) -> list[dict[str, Any]]:
        """What the feed has let go of since it was asked last, for ``delete``."""
        gone = [number for number in self._ids if number not in self._feed]
        for number in gone:
            del self._ids[number]
        return [{"number": number} for number in gone]

    def delete(self, gone: list[dict[str, Any]]) -> None:
        """Delete archived rows. May run in another thread than ``archived``."""
        if gone:
            with self._engine.begin() as connection:
                connection.execute(TABLE.delete().where(TABLE.c.ma_ho_so == sa.bindparam("number")), gone)

    def write(self, new: list[dict[str, Any]], known: list[dict[str, Any]]) -> None:
        """Write rows in one transaction. May run in another thread than ``rows``."""
        with self._engine.begin() as connection:
            if new:
                connection.execute(self._insert, new)
            if known:
                connection.execute(self._update, known)

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    @staticmethod
    def _row(shown: dict[str, Any]) -> dict[str, Any]:
        row = {}
        for name, field in COLUMNS.items():
            value = shown[field]
            if isinstance(value, list):
                value = msgspec.json.encode(value).decode() if value else ""
            row["updated_at" if name == "ngay_cap_nhat" else name] = value
        return row


def _filing(entry: Entry) -> tuple[int, str]:
    """When a dossier was filed, then its number."""
    return (entry.dossier.life()[0][0], entry.number)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Readers must not hold up the writer; the log it writes must not stay as large as its first filling."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA busy_timeout=5000")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(f"PRAGMA journal_size_limit={8 * 1024 * 1024}")
