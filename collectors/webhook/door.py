"""The listening side: one address, shared by the sources that name it; bounds what a caller may cost."""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from typing import Any, NamedTuple

import msgspec

from collectors.errors import Unreachable

PATH = "/webhook/"
#: Connections at once, and pushes whose bodies are in memory at once.
MOST_CONNECTIONS, MOST_PUSHES = 64, 8
#: Seconds without a byte until a connection is given up, and seconds that one body may take in all.
SILENCE, BODY_WITHIN = 10.0, 60.0
_CHUNK = 1 << 16


class Answer(NamedTuple):
    """What a push is answered: HTTP status, and the JSON's bytes."""

    status: int
    body: bytes
    #: Whether it is the answer that this push got before.
    repeated: bool = False


Receive = Callable[[Mapping[str, str], bytes], Answer]


class Listener(NamedTuple):
    """A source behind the door."""

    receive: Receive
    most_bytes: int


def refusal(status: int, message: str, **more: Any) -> Answer:
    """An answer that says no."""
    return Answer(status, msgspec.json.encode({"error_code": str(status), "message": message, **more}))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__(address, _Handler)
        self.listeners: dict[str, Listener] = {}
        self.pushes = threading.BoundedSemaphore(MOST_PUSHES)
        self._connections = threading.BoundedSemaphore(MOST_CONNECTIONS)

    def process_request(self, request: socket | tuple[bytes, socket], client_address: Any) -> None:
        if not self._connections.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: socket | tuple[bytes, socket], client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._connections.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that goes away in the middle is no news; a fault of ours is told by the source itself."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = SILENCE
    server: _Server
    server_version, sys_version = "opscentre", ""

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not logged: an address may hold anything."""

    def do_GET(self) -> None:
        """Only pushes are taken."""
        self._answer(refusal(405, "want POST"))

    do_PUT = do_DELETE = do_PATCH = do_GET

    def do_POST(self) -> None:
        """One push."""
        listener = self.server.listeners.get(self.path.removeprefix(PATH)) if self.path.startswith(PATH) else None
        length = self.headers.get("content-length", "")
        if listener is None:
            self._answer(refusal(404, f"no source listens here; want {PATH} and the code of a source"))
        elif "transfer-encoding" in self.headers or not (length.isascii() and length.isdigit()):
            self._answer(refusal(411, "want a Content-Length"))
        elif len(length) > 12 or int(length) > listener.most_bytes:
            most = f"{listener.most_bytes} bytes are taken at once; send less in a push"
            self._answer(refusal(413, f"at most {most}"))
            self._drain(listener.most_bytes)
        elif not self.server.pushes.acquire(blocking=False):
            self._answer(refusal(503, "too many pushes at once; come again in a second"))
        else:
            try:
                body = self._body(int(length))
                if body is None:
                    self._answer(refusal(408, "the body did not come in full, or not in time"))
                else:
                    self._answer(listener.receive(dict(self.headers), body))
            finally:
                self.server.pushes.release()

    def _body(self, length: int) -> bytes | None:
        until, body = time.monotonic() + BODY_WITHIN, bytearray()
        try:
            while len(body) < length and time.monotonic() < until:
                chunk = self.rfile.read1(min(_CHUNK, length - len(body)))
                if not chunk:
                    return None
                body += chunk
        except TimeoutError:
            return None
        return bytes(body) if len(body) == length else None

    def _drain(self, most: int) -> None:
        """Read some of a body that is not taken: a caller that is cut off while it sends never sees its answer."""
        left, until = most, time.monotonic() + SILENCE
        self.connection.settimeout(0.5)
        try:
            while left > 0 and time.monotonic() < until and (chunk := self.connection.recv(_CHUNK)):
                left -= len(chunk)
        except OSError:
            return

    def _answer(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer.body)))
        if answer.repeated:
            self.send_header("Idempotent-Replayed", "true")
        if answer.status == 503:
            self.send_header("Retry-After", "1")
        # A connection that is kept would go on speaking to a source that has left, and hold a place.
        self.send_header("Connection", "close")
        self.close_connection = True
        self.end_headers()
        self.wfile.write(answer.body)
        self.wfile.flush()


class Door:
    """One address that is listened on while any source is behind it."""

    def __init__(self, host: str, port: int) -> None:
        self.address = (host, port)
        try:
            self._server = _Server(self.address)
        except (OSError, OverflowError) as error:
            told = getattr(error, "strerror", None) or str(error)
            mend = "end what listens there, or choose another host or port"
            if getattr(error, "errno", None) == errno.EADDRINUSE:
                mend = f"where the collectors run they are listening there, and nothing is to be done; else {mend}"
            raise Unreachable(f"{host}:{port} cannot be listened on ({told}); {mend}") from None
        name = f"webhook {host}:{port}"
        threading.Thread(target=self._server.serve_forever, args=(0.1,), name=name, daemon=True).start()

    @property
    def listeners(self) -> dict[str, Listener]:
        """The sources behind it, by code."""
        return self._server.listeners

    def close(self) -> None:
        """Listen no longer."""
        self._server.shutdown()
        self._server.server_close()


_doors: dict[tuple[str, int], Door] = {}
_lock = threading.Lock()


def enter(host: str, port: int, code: str, listener: Listener) -> Door:
    """Put a source behind a door, opening it where it is the first. Raises ``Unreachable``."""
    with _lock:
        door = _doors.get((host, port))
        if door is None:
            door = _doors[host, port] = Door(host, port)
        door.listeners[code] = listener
        return door


def leave(door: Door, code: str) -> None:
    """Take a source from behind its door, closing it where it was the last."""
    with _lock:
        door.listeners.pop(code, None)
        if not door.listeners and _doors.get(door.address) is door:
            del _doors[door.address]
            door.close()
