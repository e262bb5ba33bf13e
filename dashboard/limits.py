"""What no request may do: send more than it needs to, or be answered with the inside of a fault."""

from __future__ import annotations

import logging
import re

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard import plain_pages

log = logging.getLogger(__name__)

#: Bytes of a request's body at most; the largest form here has two thousand letters.
MOST_BYTES = 1_000_000
#: Bytes of its headers at most.
MOST_HEADERS = 32_768
_SEGMENTS = re.compile(r"[/\\]")


class Limits:
    """ASGI middleware: refuses what is too large, and answers a fault of ours with no more than that there was one."""

    def __init__(self, app: ASGIApp, most_bytes: int = MOST_BYTES) -> None:
        self._app = app
        self._most = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on within its bounds."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        body = _Body(receive, send, self._most)
        try:
            await self._app(scope, body.receive, body.send)
        except Exception:
            if not body.too_large:
                log.exception("%s %r failed", scope["method"], scope["path"])
            if not body.answered and not body.too_large:
                await _fault(scope)(scope, receive, send)
        if body.too_large and not body.answered:
            await self._too_large()(scope, receive, send)

    def _refusal(self, scope: Scope) -> JSONResponse | None:
        """The answer to a request that is refused for what its head says; None: it may pass."""
        if sum(len(name) + len(value) for name, value in scope["headers"]) > MOST_HEADERS:
            return _said(431, f"the headers hold more than {MOST_HEADERS} bytes")
        declared = Headers(scope=scope).get("content-length", "0")
        if not declared.isdecimal() or int(declared) > self._most:
            return self._too_large()
        path = scope["path"]
        # Nothing here is named so; what serves files below should not have to be asked.
        if "\0" in path or ".." in _SEGMENTS.split(path):
            return _said(404, "no such path")
        return None

    def _too_large(self) -> JSONResponse:
        return _said(413, f"the request holds more than {self._most} bytes")


class _Body:
    """Counts what a request holds; beyond the bound the application hears that the visitor left, and is not heard."""

    def __init__(self, receive: Receive, send: Send, most: int) -> None:
        self._receive, self._send, self._most = receive, send, most
        self._seen = 0
        #: Whether the visitor has been told anything yet.
        self.answered = False
        self.too_large = False

    async def receive(self) -> Message:
        """The next part of the request."""
        message = await self._receive()
        self._seen += len(message.get("body", b""))
        if self._seen > self._most:
            self.too_large = True
            return {"type": "http.disconnect"}
        return message

    async def send(self, message: Message) -> None:
        """Pass a part of the answer on."""
        if self.too_large and not self.answered:
            return
        self.answered = True
        await self._send(message)


def _fault(scope: Scope) -> Response:
    """A fault of ours: in words where a person opened a page."""
    request = HTTPConnection(scope)
    if plain_pages.for_a_person(request):
        return plain_pages.refusal(request, 500, "page.fault")
    return _said(500, "an error of the server; its log tells more")


def _said(status: int, why: str) -> JSONResponse:
    return JSONResponse({"error": why}, status, headers={"Cache-Control": "no-store", "Connection": "close"})
