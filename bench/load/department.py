"""A department that lives: changes by the second, bursts when told, and a recount of its own records.

``python -m bench.load.department RATE`` prints its port. ``GET /api/ho-so`` answers as ``dvcqg_rest`` wants it,
``POST /burst?count=N`` makes that many changes at once, ``POST /stop`` ends all changes, ``GET /truth`` is the recount.
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from bisect import bisect_left
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from opscentre import profile as profiles
from opscentre.clock import wall_ms
from opscentre.domain.moments import DAY, format_compact

PROFILE = "thai-nguyen"
#: Seconds between two handfuls of changes.
STEP = 0.05
#: Of the changes, those that are new dossiers; the others finish or pause one that is in process.
NEW, FINISHED = 0.7, 0.85
#: Dossiers in process that may still change.
OPEN = 50_000


class Records:
    """The dossiers in the order of their last change, and how many of each unit stand how."""

    def __init__(self, seed: int = 1) -> None:
        place = profiles.load(PROFILE)
        self._units = [unit.code for unit in place.units.current(wall_ms()).all]
        self._dice = random.Random(seed)
        self._lock = threading.Lock()
        self._seconds: list[str] = []
        self._rows: list[tuple[str, bytes]] = []
        #: Where in the list the present state of a dossier is.
        self._at: dict[str, int] = {}
        self._open: list[dict[str, Any]] = []
        self._counts: dict[str, Counter[str]] = {}

    def change(self, count: int) -> None:
        """Make so many changes now."""
        now = wall_ms()
        moment = format_compact(now)
        with self._lock:
            for _ in range(count):
                kind = self._dice.random()
                if kind < NEW or not self._open:
                    self._receive(now, moment)
                else:
                    self._end(moment, finished=kind < FINISHED)

    def _receive(self, now: int, moment: str) -> None:
        unit = self._dice.choice(self._units)
        record = {
            "MaHoSo": f"{unit}-{moment[2:8]}-{len(self._at):07d}", "MaTTHC": "2.000488.000.00.00.H55",
            "TenTTHC": "Cấp giấy phép bán buôn rượu trên địa bàn tỉnh", "KenhThucHien": str(len(self._at) % 3 + 1),
            "NgayNopHoSo": moment, "NgayTiepNhan": moment, "NgayHenTra": format_compact(now + 5 * DAY),
            "TrangThaiHoSo": "4", "DonViXuLy": unit,
            "DanhSachTienDo": [{"ThoiDiemXuLy": moment, "TrangThai": "4"}], "NgayCapNhat": moment,
        }  # fmt: skip
        self._keep(record)
        self._counts.setdefault(unit, Counter()).update(["received", "in_process"])
        if len(self._open) < OPEN:
            self._open.append(record)

    def _end(self, moment: str, *, finished: bool) -> None:
        place = self._dice.randrange(len(self._open))
        self._open[place], self._open[-1] = self._open[-1], self._open[place]
        record = self._open.pop()
        status = "10" if finished else "6"
        record |= {"TrangThaiHoSo": status, "NgayCapNhat": moment}
        record["DanhSachTienDo"].append({"ThoiDiemXuLy": moment, "TrangThai": status})
        if finished:
            record["NgayKetThucXuLy"] = moment
        self._keep(record)
        counts = self._counts[record["DonViXuLy"]]
        counts["in_process"] -= 1
        counts["finished" if finished else "paused"] += 1

    def _keep(self, record: dict[str, Any]) -> None:
        self._at[record["MaHoSo"]] = len(self._rows)
        self._seconds.append(record["NgayCapNhat"])
        self._rows.append((record["MaHoSo"], json.dumps(record, ensure_ascii=False).encode()))

    def page(self, since: str, number: int, rows: int) -> list[bytes]:
        """A page of what changed since; a dossier that changed again stands where it did last."""
        with self._lock:
            first, found, skipped = bisect_left(self._seconds, since), [], 0
            for place in range(first, len(self._rows)):
                name, row = self._rows[place]
                if self._at[name] != place:
                    continue
                if skipped < (number - 1) * rows:
                    skipped += 1
                elif len(found) < rows:
                    found.append(row)
                else:
                    break
            return found

    def truth(self) -> dict[str, Any]:
        """How many dossiers of each unit were received, and stand how."""
        with self._lock:
            units = {unit: {name: count for name, count in counts.items() if count}
                     for unit, counts in self._counts.items()}  # fmt: skip
            return {"changes": len(self._rows), "dossiers": len(self._at), "units": units}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    records: Records
    stopping: threading.Event


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""

    def do_GET(self) -> None:
        """A page, or the recount."""
        parts = urlsplit(self.path)
        if parts.path == "/truth":
            self._answer(json.dumps(self.server.records.truth()).encode())
            return
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        page = self.server.records.page(query.get("tuNgay", ""), int(query["trang"]), int(query["soDong"]))
        self._answer(b'{"error_code": "00", "data": [' + b",".join(page) + b"]}")

    def do_POST(self) -> None:
        """Many changes at once, or none any more."""
        parts = urlsplit(self.path)
        if parts.path == "/burst":
            count = int(parse_qs(parts.query)["count"][0])
            for _ in range(0, count, 1000):
                self.server.records.change(1000)
        else:
            self.server.stopping.set()
        self._answer(b"{}")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


def main() -> None:
    """Change and serve until killed."""
    rate = float(sys.argv[1])
    server = _Server(("127.0.0.1", 0), _Handler)
    server.records, server.stopping = Records(), threading.Event()
    print(server.server_port, flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    begun, made = time.monotonic(), 0
    while not server.stopping.wait(STEP):
        wanted = int((time.monotonic() - begun) * rate)
        server.records.change(wanted - made)
        made = wanted
    threading.Event().wait()


if __name__ == "__main__":
    main()
