"""How often programs may ask the API: by token and by address, for all dashboards together."""

from __future__ import annotations

import asyncio

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard.ways.token import API, shown_by
from opscentre.access.backoff import asker
from opscentre.live.rates import Rates
from opscentre.store.tokens import digest

#: Seconds in which requests are counted.
WINDOW = 60
#: So many programs with tokens of their own may ask from one address at full speed.
PROGRAMS = 5


class RateLimit:
    """ASGI middleware before the gate: who asks too often is told when to come back, and costs no look at SQL."""

    def __init__(self, app: ASGIApp, rates: Rates, most: int, *, everybody: bool) -> None:
        """``most``: requests a minute of one token, and of one address without any; ``everybody``: of those too."""
        self._app = app
        self._rates = rates
        self._most = most
        self._everybody = everybody

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 429."""
        if scope["type"] == "http" and scope["path"].startswith(API) and self._most:
            wait = await asyncio.to_thread(self._wait, HTTPConnection(scope))
            if wait:
                told = {"error": f"more than {self._most} requests in {WINDOW} s; come back in {wait} s"}
                headers = {"Retry-After": str(wait), "Cache-Control": "no-store"}
                await JSONResponse(told, 429, headers=headers)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _wait(self, request: HTTPConnection) -> int:
        shown = shown_by(request)
        address = asker(request.client.host) if request.client else "?"
        if shown is None:
            return self._rates.wait(f"address:{address}", self._most, WINDOW) if self._everybody else 0
        by_address = self._rates.wait(f"tokens-of:{address}", PROGRAMS * self._most, WINDOW)
        return by_address or self._rates.wait(f"token:{digest(shown)[:16]}", self._most, WINDOW)
