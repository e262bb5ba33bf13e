"""A name for every request: taken from who asks or made here, told in the answer and in every line of the log."""

from __future__ import annotations

import logging
import re
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from opscentre import tracing

log = logging.getLogger(__name__)

HEADER = "x-request-id"
#: What we repeat of a stranger's: enough for any proxy's ids, nothing that could begin a line or a tag.
_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestId:
    """ASGI middleware, the outermost one; answers of 500 and above get a line of their own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on under its name."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        name = given if _ACCEPTED.fullmatch(given) else tracing.new_id()
        # Never reset: each request has a task of its own, and what the server says after us belongs to it too.
        tracing.request.set(name)
        begun = time.monotonic()

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = name
                if message["status"] >= 500 and scope["path"] != "/readyz":
                    told = (scope["method"], scope["path"], message["status"], (time.monotonic() - begun) * 1000)
                    log.warning("%s %r answered %d after %.0f ms", *told)
            await send(message)

        await self._app(scope, receive, named)
