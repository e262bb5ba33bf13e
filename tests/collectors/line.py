"""The line between us and a department's system: a TCP relay that can break in every way lines break."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from urllib.parse import urlsplit


class Line:
    """Relays to one HTTP server on loopback; ``mode`` is how it treats the answers of the requests to come.

    ``through``; ``half``: half of an answer, then the end; ``cut``: the same without a word on its length;
    ``reset``: half of an answer, then a reset; ``silence``: nothing; ``drip``: a byte now and then.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._behind = (parts.hostname or "127.0.0.1", parts.port or 80)
        self.mode = "through"
        #: Requests that may pass before ``mode`` begins.
        self.grace = 0
        self._ended = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, args=(self._server,), daemon=True).start()

    def refuse(self) -> None:
        """Listen no more."""
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def listen_again(self) -> None:
        """Listen at the same port."""
        self._server = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self._server,), daemon=True).start()

    def close(self) -> None:
        """End everything."""
        self._ended.set()
        self.refuse()

    def _accept(self, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = server.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            while request := _message(client):
                if self.mode == "silence" and not self.grace:
                    self._ended.wait(60)
                    return
                with socket.create_connection(self._behind) as behind:
                    behind.sendall(request)
                    answer = _message(behind)
                if self.mode == "through" or self.grace:
                    self.grace = max(0, self.grace - 1)
                    client.sendall(answer)
                    continue
                self._spoil(client, answer)
                return

    def _spoil(self, client: socket.socket, answer: bytes) -> None:
        head, _, body = answer.partition(b"\r\n\r\n")
        if self.mode == "drip":
            client.sendall(head + b"\r\n\r\n")
            for at in range(len(body)):
                client.sendall(body[at : at + 1])
                if self._ended.wait(0.05):
                    return
        if self.mode == "cut":
            lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]
            head = b"\r\n".join([*lines, b"Connection: close"])
        client.sendall(head + b"\r\n\r\n" + body[: len(body) // 2])
        if self.mode == "reset":
            time.sleep(0.05)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _message(sender: socket.socket) -> bytes:
    """One HTTP message with its body, as far as Content-Length says; empty at the end."""
    found = b""
    while b"\r\n\r\n" not in found:
        piece = sender.recv(65536)
        if not piece:
            return b""
        found += piece
    head, _, body = found.partition(b"\r\n\r\n")
    lengths = [int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    while lengths and len(body) < lengths[0]:
        body += sender.recv(65536)
    return head + b"\r\n\r\n" + body
