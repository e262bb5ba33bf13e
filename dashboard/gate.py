"""The gate before every page, route and callback: who is asking, may they, and what part of the province they see.

Who a caller is tells the first of the ways (``dashboard/ways``) that knows; what a path asks of its caller stands in
``dashboard/doors.py``. What a callback may do it asks itself: all of them share one path.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol
from urllib.parse import quote

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard import doors, plain_pages
from opscentre.access import scope as seen
from opscentre.access.people import Caller, Device, Person
from opscentre.access.rights import Action, may

log = logging.getLogger(__name__)

#: Where people sign in; the page they wanted is its ``next``.
SIGN_IN = "/sign-in"
#: Where a screen waits to be paired.
PAIR = "/pair"
#: Methods that change nothing.
SAFE = ("GET", "HEAD", "OPTIONS")
#: In the ASGI scope of a question that the server asks itself.
FROM_INSIDE = "opscentre.from_inside"

#: In the ASGI scope of a question that a stream asks again: it is no use of anything.
AGAIN = "opscentre.again"
_CALLER = "opscentre.caller"
_STILL = "opscentre.still"
_UNKEPT = {"Cache-Control": "no-store"}

_caller: ContextVar[Caller | None] = ContextVar("caller", default=None)


class Way(Protocol):
    """One way of telling who a request comes from. Called for every request, in a thread: it may ask SQL."""

    def identify(self, request: HTTPConnection) -> Caller | None:
        """The caller; None: this way knows nobody by this request."""
        ...


def caller() -> Caller | None:
    """Whoever the request comes from that is being answered now; None outside of one."""
    return _caller.get()


def person_of(request: Request) -> Person | None:
    """The person whom a request comes from; None: a device, or nobody."""
    found = request.scope.get(_CALLER)
    return found if isinstance(found, Person) else None


async def still_there(request: Request) -> bool:
    """Whether a request's caller is still who they were: what a stream asks from time to time. No use of a session."""
    still: Callable[[], Awaitable[bool]] | None = request.scope.get(_STILL)
    return still is None or await still()


def allowed(action: Action) -> bool:
    """Whether the caller of now may do something; what callbacks ask first."""
    return may(caller(), action)


def scope_of(found: Caller | None, codes: Callable[[frozenset[str]], tuple[str, ...]]) -> seen.Scope:
    """What a caller sees. ``codes``: of units, with the former ones that are counted under them."""
    if found is None:
        return seen.NOTHING
    if isinstance(found, Device) or may(found, Action.see_province):
        return seen.Scope(None, may(found, Action.see_dossier))
    # Nobody is of no unit and sees all: without units there is nothing to see.
    return seen.Scope(codes(found.units or frozenset()), may(found, Action.see_dossier))


@contextmanager
def answering(found: Caller | None, scope: seen.Scope = seen.EVERYTHING) -> Iterator[None]:
    """Answer a caller, for as long as the block lasts, who sees what the scope holds."""
    token = _caller.set(found)
    try:
        with seen.narrowed(scope):
            yield
    finally:
        _caller.reset(token)


def same_origin(request: HTTPConnection) -> bool:
    """Whether a request that may change something was made by a page of ours, or by no browser at all."""
    headers = request.headers
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get("origin")
    if origin is not None:
        return headers.get("host", "") not in ("", "null") and origin.partition("://")[2] == headers["host"]
    # A browser says where a page of it comes from; without a cookie there is nothing that it could be misled with.
    return "cookie" not in headers


class Gate:
    """ASGI middleware: nobody passes whom no way knows, except through the public doors."""

    def __init__(
        self, app: ASGIApp, ways: Sequence[Way], codes: Callable[[frozenset[str]], tuple[str, ...]]
    ) -> None:  # fmt: skip
        self._app = app
        self._ways = ways
        self._codes = codes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with its caller and its scope, or refuse it."""
        if scope["type"] == "lifespan" or scope.get(FROM_INSIDE):
            await self._app(scope, receive, send)
            return
        request = HTTPConnection(scope)
        try:
            found, refusal = await self._judge(request)
        except SQLAlchemyError as error:
            log.warning("nobody can be told: SQL does not answer: %s", error)
            found, refusal = None, _unavailable(request)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        with answering(found, scope_of(found, self._codes)):
            await self._app({**scope, _CALLER: found, _STILL: self._still(scope, found)}, receive, send)

    async def _judge(self, request: HTTPConnection) -> tuple[Caller | None, ASGIApp | None]:
        """Who is asking, and the answer where the request may not pass."""
        if request.scope["type"] != "http":
            # Nothing here speaks websocket.
            return None, _closed
        path, method = request.url.path, request.scope["method"]
        if method not in SAFE and not same_origin(request):
            return None, _refused(403, "the request was made by a page of another site")
        asked = doors.asked_of(path)
        if asked is doors.PUBLIC:
            return None, None
        found = await self._identify(request)
        if found is None:
            return None, _to_sign_in(request)
        if not any(may(found, action) for action in asked):
            # At a screen too a person may sign in, who then sees more than the screen does.
            opened = isinstance(found, Device) and _is_opened(request)
            return found, _to_sign_in(request) if opened else _forbidden(request)
        return found, None

    async def _identify(self, request: HTTPConnection) -> Caller | None:
        for way in self._ways:
            found = await asyncio.to_thread(way.identify, request)
            if found is not None:
                return found
        return None

    def _still(self, scope: Scope, found: Caller | None) -> Callable[[], Awaitable[bool]]:
        async def still() -> bool:
            try:
                return await self._identify(HTTPConnection({**scope, AGAIN: True})) == found
            except SQLAlchemyError:
                # A screen is not thrown out because the database is away.
                return True

        return still


def _is_opened(request: HTTPConnection) -> bool:
    """Whether somebody opens a page, and no page fetches something."""
    return request.scope["method"] == "GET" and plain_pages.for_a_person(request)


def _to_sign_in(request: HTTPConnection) -> Response:
    """A page that is opened leads to the sign-in and back; whatever a page fetches is told."""
    path = request.url.path
    if _is_opened(request):
        wanted = path + (f"?{request.url.query}" if request.url.query else "")
        # On a wall hangs a screen without a keyboard: it is paired, and offers people the sign-in all the same.
        where = PAIR if path == "/wall" or path.startswith("/wall/") else SIGN_IN
        return RedirectResponse(f"{where}?next={quote(wanted, safe='')}", 303, headers=_UNKEPT)
    return _refused(401, "nobody is signed in")


def _forbidden(request: HTTPConnection) -> Response:
    """What a page says whose right is missing; the words of a page where a person opened it."""
    if plain_pages.for_a_person(request):
        return plain_pages.refusal(request, 403, "page.refused")
    return _refused(403, f"{request.url.path}: not among the rights of this role")


def _unavailable(request: HTTPConnection) -> Response:
    if plain_pages.for_a_person(request):
        return plain_pages.refusal(request, 503, "page.unavailable")
    return _refused(503, "the database does not answer: who asks cannot be told")


def _refused(status: int, why: str) -> Response:
    return JSONResponse({"error": why}, status, headers=_UNKEPT)


async def _closed(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "websocket.close", "code": 1008})
