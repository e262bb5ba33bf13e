"""A department's one-stop system on loopback: real HTTP, tokens that expire, and every way to misbehave."""

from __future__ import annotations

import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    #: As many as may knock at once.
    request_queue_size = 256


class Department:
    """Its dossiers, and how it behaves. Pages are in the order of (NgayCapNhat, MaHoSo)."""

    def __init__(self) -> None:
        self.dossiers: dict[str, dict[str, Any]] = {}
        self.secret = "s3cret"
        self.tokens: set[str] = set()
        self.sign_ins = 0
        #: Whether a token stays good when another one is given out.
        self.keep_tokens = False
        #: (tuNgay, trang) of every question for dossiers.
        self.asked: list[tuple[str, int]] = []
        #: How many of them were for keys only.
        self.light = 0
        #: The form of every sign-in, and the seconds that a token lasts.
        self.forms: list[dict[str, str]] = []
        self.lasts = 300
        #: Whether sign-in is OAuth 2 client credentials.
        self.oauth = False
        #: The status of every page, and headers beside it.
        self.status = 200
        self.headers: dict[str, str] = {}
        self.delay = 0.0
        #: Sent instead of a page.
        self.body: bytes | None = None
        #: Called before a page is made, with its number.
        self.before_page: Any = None
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._open = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def put(self, *records: dict[str, Any]) -> None:
        """Take in dossiers, or their new state."""
        self.dossiers.update({record["MaHoSo"]: record for record in records})

    def behind_tls(self, certificate: Path, key: Path) -> str:
        """Speak TLS from now on; the URL."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        return f"https://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Listen no more."""
        if self._open:
            self._open = False
            self._server.shutdown()
            self._server.server_close()

    def page(self, since: str, number: int, rows: int) -> dict[str, Any]:
        """One page as the interface answers it."""
        if self.before_page:
            self.before_page(number)
        found = sorted(
            (record for record in self.dossiers.values() if str(record.get("NgayCapNhat")) >= since),
            key=lambda record: (str(record.get("NgayCapNhat")), record["MaHoSo"]),
        )
        data = found[(number - 1) * rows : number * rows]
        return {"error_code": "00", "data": data, "trang": number, "tongSoTrang": -(-len(found) // rows)}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        department = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: object) -> None:
                """Nothing is printed."""

            def do_POST(self) -> None:
                asked = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                form = {name: values[0] for name, values in asked.items()}
                department.forms.append(form)
                department.sign_ins += 1
                if department.oauth and form.get("grant_type") != "client_credentials":
                    self.answer({"error": "unsupported_grant_type"}, 400)
                    return
                if form.get("client_secret") != department.secret:
                    refusal = ({"error": "invalid_client"}, 400) if department.oauth else ({"error_code": "401"}, 401)
                    self.answer(*refusal)
                    return
                token = f"token-{department.sign_ins}"
                department.tokens = {token} | (department.tokens if department.keep_tokens else set())
                self.answer({"access_token": token, "expires_in": department.lasts})

            def do_GET(self) -> None:
                time.sleep(department.delay)
                if self.headers.get("Authorization", "")[7:] not in department.tokens:
                    self.answer({"error_code": "401"}, 401)
                    return
                query = {key: value[0] for key, value in parse_qs(urlsplit(self.path).query).items()}
                since, number = query.get("tuNgay", ""), int(query["trang"])
                department.asked.append((since, number))
                if department.status != 200:
                    self.answer({"error_code": str(department.status)}, department.status)
                elif department.body is not None:
                    self.reply(department.body, 200)
                else:
                    page = department.page(since, number, int(query["soDong"]))
                    if query.get("chi_ma") == "1":
                        department.light += 1
                        kept = ("MaHoSo", "NgayCapNhat")
                        page["data"] = [{name: row[name] for name in kept} for row in page["data"]]
                    self.answer(page, 200)

            def answer(self, body: dict[str, Any], status: int = 200) -> None:
                self.reply(json.dumps(body).encode(), status)

            def reply(self, body: bytes, status: int) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                for name, value in department.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        return Handler
