"""A department's system in a process of its own: ``python -m bench.collectors.department COUNT`` prints its port.

``GET`` pages as the interface of ``dvcqg_rest`` answers them; below ``/quiet`` there is nothing new.
"""

from __future__ import annotations

import sys
from bisect import bisect_left
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from bench.collectors.backlog import A_SECOND, BEGIN, as_json
from opscentre.domain.moments import format_compact

NOTHING = b'{"error_code": "00", "data": [], "tongSoTrang": 0}'


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024
    rows: list[bytes]
    moments: list[str]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is printed."""

    def do_GET(self) -> None:
        """One page."""
        parts = urlsplit(self.path)
        body = NOTHING if parts.path.startswith("/quiet") else self._page(parse_qs(parts.query))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def _page(self, query: dict[str, list[str]]) -> bytes:
        rows, size = self.server.rows, int(query["soDong"][0])
        first = bisect_left(self.server.moments, query.get("tuNgay", [""])[0]) * A_SECOND
        number = int(query["trang"][0])
        page = rows[first + (number - 1) * size : first + number * size]
        pages = -(-(len(rows) - first) // size)
        return b'{"error_code": "00", "data": [%b], "tongSoTrang": %d}' % (b",".join(page), pages)


def main() -> None:
    """Serve until killed."""
    count = int(sys.argv[1])
    server = _Server(("127.0.0.1", 0), _Handler)
    server.rows = list(as_json(count))
    server.moments = [format_compact(BEGIN + second * 1000) for second in range(-(-count // A_SECOND))]
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
