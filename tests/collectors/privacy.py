"""Invented persons to plant in everything a department sends, a department that gossips, and a search for them."""

from __future__ import annotations

import html
import json
import re
import threading
import unicodedata
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count, cycle
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from opscentre.domain.dvcqg import FIELDS
from opscentre.domain.spelling import unaccented

#: F, J, W and Z begin no Vietnamese word: what is found of these syllables was planted.
SYLLABLES = [
    onset + rime for rime in ("uỳnh", "ượng", "iễmp", "oạtch", "iểng", "oãnh", "uệch", "ụyng") for onset in "FJWZ"
]
SURNAMES = ("Nguyễn", "Trần Thị", "Lê Văn", "Phạm", "Hoàng", "Nông Thị", "Ma Văn", "Đặng")
#: One of each for everybody: what stands around a find tells where it came from.
CITIZEN, OLD_CITIZEN, PHONE = "019078987898", "290787898", "0987898787"
MAILBOX = "fuynh.wuong"

#: Digits of persons as they are found whatever parts them, and the syllables without accents, in small letters.
_NUMBERS = (CITIZEN, OLD_CITIZEN, PHONE[1:])
_PLAIN = tuple(unaccented(unicodedata.normalize("NFD", one.casefold())) for one in SYLLABLES)


class Person(NamedTuple):
    """Somebody who does not exist, written in the ways that feeds write persons."""

    name: str

    @property
    def plain(self) -> str:
        """Without accents."""
        return unicodedata.normalize("NFD", self.name.replace("Đ", "D")).encode("ascii", "ignore").decode()

    def ways(self) -> list[str]:
        """The name, alone and among other words, and the person's numbers and addresses."""
        glued = self.plain.replace(" ", "")
        street = f"số nhà 12, ngõ 3, đường {self.name.split()[-1]}, xóm {self.name.split()[-2]}"
        return [
            self.name,
            self.name.upper(),
            f"Sở Công Thương - {self.name}, CCCD {CITIZEN}, ĐT 0987.898.787, {MAILBOX}@example.vn, {street}",
            f"Cấp lại giấy phép cho ông {self.name} (CMND {OLD_CITIZEN})",
            unicodedata.normalize("NFD", self.name),
            f"https://{glued.lower()}.example.vn/{glued}?sdt={PHONE}",
            self.plain,
            glued,
        ]


def persons() -> Iterator[Person]:
    """One after the other, each with syllables of its own neighbourhood."""
    surnames, second = cycle(SURNAMES), 1
    for first in count():
        if first % len(SYLLABLES) == 0:
            second += 1
        pair = SYLLABLES[first % len(SYLLABLES)], SYLLABLES[(first + second) % len(SYLLABLES)]
        yield Person(f"{next(surnames)} {pair[0]} {pair[1]}")


NUMBERS = (CITIZEN, OLD_CITIZEN, PHONE, "0987.898.787", "+84 987 898 787", f"{MAILBOX}@example.vn")
_PERSONAL = (
    "ChuHoSo",
    "DinhDanhCHS",
    "Email",
    "Fax",
    "SoDienThoai",
    "TrichYeuHoSo",
    "NguoiXuLy",
    "NoiNopHoSo",
    "GhiChu",
)
#: Fields whose text is kept in some form.
_KEPT = ("MaHoSo", "MaTTHC", "TenTTHC", "TenLinhVuc", "DonViXuLy")


def good(number: str) -> dict[str, Any]:
    """A dossier that is taken, and stands on the list of late ones."""
    return {
        "MaHoSo": number, "MaTTHC": "2.000488.000.00.00.H55", "TenTTHC": "Cấp giấy phép bán buôn rượu",
        "MaLinhVuc": "CT-01", "TenLinhVuc": "Lưu thông hàng hóa", "KenhThucHien": "2", "LoaiDoiTuong": "1",
        "NgayNopHoSo": "20261119070000", "NgayTiepNhan": "20261119073000", "NgayHenTra": "20261120150000",
        "TrangThaiHoSo": "4", "DonViXuLy": "Sở Công Thương", "NgayCapNhat": "20261120160000",
    }  # fmt: skip


def planted(kind: str) -> list[dict[str, Any]]:
    """Dossiers with a person in every field, one field each; the first one is good."""
    crowd, rows = persons(), [good(f"{kind}-0000")]

    def plant(**changes: Any) -> None:
        rows.append(good(f"{kind}-{len(rows):04d}") | changes)

    for field in (*FIELDS, *_PERSONAL):
        # The latest of all are on the wall, and with them the names of their procedures.
        late = {"NgayHenTra": "20261110150000"} if field == "TenTTHC" else {}
        # Where a text is kept, somebody of every surname.
        some = [next(crowd) for _ in range(len(SURNAMES) if field in _KEPT else 1)]
        for way in (*(way for one in some for way in one.ways()), *NUMBERS):
            plant(**{**late, field: way})
    for way in (*next(crowd).ways(), *NUMBERS):
        step = {"ThoiDiemXuLy": "20261120093011", "TrangThai": "4", "NguoiXuLy": way, "NoiDungXuLy": way}
        plant(
            DanhSachTienDo=[step], TaiLieuNop=[{"TenTepDinhKem": way, way: "1"}], DanhSachLePhi=[{"Gia": way}],
            DanhSachGiayToKetQua=[{"DuongDanTepTinKetQua": way}], **{way: way},
        )  # fmt: skip
        plant(DanhSachTienDo=[{"ThoiDiemXuLy": way, "TrangThai": "2"}])
        plant(DanhSachTienDo=[{"ThoiDiemXuLy": "20261120093011", "TrangThai": way}])
        plant(DanhSachHoSoBoSung=[{"NgayBoSung": way}])
        plant(DanhSachPhieuXinLoi=[{"NgayXinLoi": way}])
        plant(DanhSachTienDo={way: way})
    return rows


def as_numbers(row: Mapping[str, Any]) -> dict[str, Any]:
    """The other way that systems write the contract: numbers as numbers, absent as null."""
    return {
        name: int(value) if str(value).isdigit() and str(value)[0] != "0" else value or None
        for name, value in row.items()
    }


def gossip() -> str:
    """What an error page says of somebody."""
    return f"Lỗi: {next(persons()).ways()[2]} {MAILBOX}@example.vn {CITIZEN}"


class Gossip:
    """One server for many departments: the first part of a path says how it answers."""

    def __init__(self) -> None:
        self.asked: set[str] = set()
        #: First part of a path → (status, headers, body) for what is asked below it.
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        #: First part of a path → the answer's bytes, head and all.
        self.raw: dict[str, bytes] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:
                """Nothing is printed."""

            def do_GET(self) -> None:
                outer.answer(self)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                outer.answer(self)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.address = self.url[7:]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        who = request.path.split("/")[1].split("?")[0]
        self.asked.add(who)
        if who in self.raw:
            request.wfile.write(self.raw[who])
            return
        status, headers, body = self.answers[who]
        if request.path.endswith("/auth/token") and status == 200:
            body = b'{"access_token": "token"}'
        request.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    def page(self, who: str, rows: list[Any]) -> None:
        """Answer with dossiers."""
        document = {"error_code": "00", "data": rows, "tongSoTrang": 1}
        self.answers[who] = (200, {}, json.dumps(document, ensure_ascii=False).encode())

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()


def found_in(data: bytes) -> list[str]:
    """What of a planted person stands in bytes, in any letters, case or escape; each with what stands around it."""
    finds = []
    for text in _views(data):
        plain = unaccented(unicodedata.normalize("NFD", text.casefold()))
        digits = re.sub(r"(?<=\d)[ .\-]{1,2}(?=\d)", "", plain)
        for needle, where in (*((n, plain) for n in (*_PLAIN, MAILBOX)), *((n, digits) for n in _NUMBERS)):
            at = where.find(needle)
            if at >= 0:
                finds.append(f"{needle!r} in {where[max(0, at - 120) : at + 60]!r}")
    return finds


def _views(data: bytes) -> Iterator[str]:
    text = data.decode("utf-8", "replace")
    yield text
    if b"\\" in data:
        yield re.sub(r"\\+u([0-9a-fA-F]{4})", lambda match: chr(int(match.group(1), 16)), text)
        raw = re.sub(rb"\\+x([0-9a-fA-F]{2})", lambda match: bytes([int(match.group(1), 16)]), data)
        yield raw.decode("utf-8", "replace")
    if b"%" in data:
        yield unquote_to_bytes(data).decode("utf-8", "replace")
    if b"&" in data:
        yield html.unescape(text)
    if b"\x00" in data:
        yield data.decode("utf-16-le", "ignore")
        yield data[1:].decode("utf-16-le", "ignore")
