"""What links are made of, on loopback: a web server that misbehaves as it is told, with or without TLS, and names."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from simulator.certificates import serving, write_certificate
from simulator.name_server import NameServer


class Web:
    """An HTTP server that answers with what it is told, or not at all."""

    def __init__(self, certificate: Path | None = None) -> None:
        self.status = 200
        self.headers: dict[str, str] = {}
        self.body = b""
        self.paths: list[str] = []
        #: While cleared, nothing is answered; while ``drip`` is set, one byte now and then.
        self.hang = threading.Event()
        self.hang.set()
        self.drip = False
        self.closing = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        # A probe hangs up when it has seen enough.
        self.server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.scheme = "http"
        if certificate is not None:
            context = serving(certificate)
            self.server.socket = context.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False
            )
            self.scheme = "https"
        self.port = self.server.server_port
        self.address = f"127.0.0.1:{self.port}"
        self.url = f"{self.scheme}://{self.address}/"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        web = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:
                """Nothing is printed."""

            def do_GET(self) -> None:
                web.paths.append(self.path)
                web.hang.wait(5)
                if web.drip:
                    for letter in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"y" * 1000:
                        self.wfile.write(bytes([letter]))
                        if web.closing.wait(0.05):
                            return
                redirected = self.path == "/" or "Location" not in web.headers
                self.send_response(web.status if redirected else 200)
                for name, value in web.headers.items() if redirected else ():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(web.body)

        return Handler

    def close(self) -> None:
        """Listen no more."""
        self.hang.set()
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def web_with_certificate(path: Path, days: float, name: str = "localhost", loopback: bool = True) -> Iterator[Web]:
    """An HTTPS server whose certificate ends so many days from now."""
    made = Web(write_certificate(path, dt.timedelta(days=days), name, loopback=loopback))
    try:
        yield made
    finally:
        made.close()


@contextmanager
def name_server(names: Mapping[str, str]) -> Iterator[str]:
    """IP:PORT of a name server that knows these names."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = NameServer(names)
    port = asyncio.run_coroutine_threadsafe(server.start(), loop).result(10)
    try:
        yield f"127.0.0.1:{port}"
    finally:
        loop.call_soon_threadsafe(server.stop)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
