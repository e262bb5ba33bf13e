"""The HTTP interface of a simulated one-stop system: tokens that expire, and dossiers changed since a moment.

``POST /auth/token`` with ``client_id`` and ``client_secret`` (form or JSON) gives a bearer token;
``GET /api/ho-so?tuNgay=yyyyMMddHHmmss&trang=1&soDong=200`` gives the dossiers whose ``NgayCapNhat`` is at or
after ``tuNgay``, ordered by (``NgayCapNhat``, ``MaHoSo``). Pages follow the living list: a dossier that changes
between two requests moves to its end.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from opscentre.clock import Clock
from opscentre.domain.moments import parse_compact
from simulator.feed import Feed

CLIENT_ID = "opscentre"
#: Rows a page has when none are asked for, and at most.
DEFAULT_ROWS, MOST_ROWS = 200, 1000


def answer(body: Mapping[str, Any], status: int = 200) -> Response:
    """A JSON answer."""
    return Response(msgspec.json.encode(body), status, media_type="application/json")


def failure(code: str, message: str, status: int) -> Response:
    """An answer in the contract's manner: ``error_code`` other than "00"."""
    return answer({"error_code": code, "message": message}, status)


class OneStopApi:
    """One instance of the interface, over one feed."""

    def __init__(
        self,
        feed: Feed,
        clock: Clock,
        secret: str,
        token_seconds: float = 300.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._feed = feed
        self._clock = clock
        self._secret = secret.encode()
        self._token_seconds = token_seconds
        self._monotonic = monotonic
        #: Tokens given out, and when each one expires.
        self._tokens: dict[str, float] = {}
        self._given = 0

    def routes(self, prefix: str) -> list[Route]:
        """The interface's routes below a prefix such as ``/mot-cua-so``."""
        return [
            Route(f"{prefix}/auth/token", self.token, methods=["POST"]),
            Route(f"{prefix}/api/ho-so", self.dossiers, methods=["GET"]),
        ]

    async def token(self, request: Request) -> Response:
        """Gives a token to who knows the secret."""
        body = await request.body()
        try:
            if request.headers.get("content-type", "").startswith("application/json"):
                given = msgspec.json.decode(body, type=dict[str, str])
            else:
                given = dict(parse_qsl(body.decode()))
        except (msgspec.DecodeError, UnicodeDecodeError):
            return failure("400", "want client_id and client_secret as a form or as JSON", 400)
        known = given.get("client_id", "") == CLIENT_ID
        if not known or not hmac.compare_digest(given.get("client_secret", "").encode(), self._secret):
            return failure("401", "unknown client_id or wrong client_secret", 401)
        now = self._monotonic()
        self._tokens = {token: expires for token, expires in self._tokens.items() if expires > now}
        self._given += 1
        token = hashlib.sha256(f"{self._feed.system.code}/{self._given}/{now}".encode()).hexdigest()
        self._tokens[token] = now + self._token_seconds
        return answer({"access_token": token, "token_type": "Bearer", "expires_in": int(self._token_seconds)})

    async def dossiers(self, request: Request) -> Response:
        """One page of the dossiers that changed since a moment."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or self._tokens.get(token, 0.0) <= self._monotonic():
            return failure("401", "the token is missing, unknown or has expired", 401)
        query = request.query_params
        try:
            since = parse_compact(query["tuNgay"]) // 1000 if query.get("tuNgay") else 0
            page = _whole(query.get("trang"), "trang", 1, 1_000_000)
            rows = _whole(query.get("soDong"), "soDong", DEFAULT_ROWS, MOST_ROWS)
        except ValueError as error:
            return failure("400", str(error), 400)
        self._feed.advance(self._clock.now())
        found = self._feed.changed_since(since, page, rows)
        data = [self._feed.show(entry.dossier) for entry in found.entries]
        return answer({"error_code": "00", "data": data, "trang": page, "tongSoTrang": found.pages})


def _whole(text: str | None, name: str, otherwise: int, most: int) -> int:
    if not text:
        return otherwise
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
        raise ValueError(f"{name}: saw {text!r}, want a whole number from 1 to {most}")
    return int(text)
