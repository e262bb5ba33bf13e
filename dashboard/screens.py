"""``/pair``: the code that a screen shows until somebody pairs it. ``/screens``: pair it by that code, list, revoke."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
from collections.abc import Awaitable, Callable

from redis.exceptions import RedisError
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dashboard import trace
from dashboard.plain_pages import form, inner, page, words_of
from dashboard.sign_in import address
from dashboard.ways.screen import keep_secret, secret_of
from layouts.place import Place
from opscentre.access import audit
from opscentre.access.backoff import asker
from opscentre.clock import wall_ms
from opscentre.live.pairing import DIGITS, LASTS, Codes
from opscentre.live.rates import Rates
from opscentre.store import screens

log = logging.getLogger(__name__)

Handler = Callable[[Request], Awaitable[Response]]
#: Path, method, handler.
Route = tuple[str, str, Handler]

#: Seconds after which a screen that waits looks again.
LOOKS = 3
#: Codes that one address is given, and wrong codes that one person may type, in ten minutes.
MOST_CODES, MOST_WRONG = 10, 10
#: Letters of a screen's name at most.
LONGEST_NAME = 80
_SPACES = re.compile(r"[\s.-]+")


class Screens:
    """The pages, for one installation."""

    def __init__(self, store: Engine, redis_url: str, place: Place) -> None:
        self._store = store
        self._codes = Codes(redis_url)
        self._rates = Rates(redis_url)
        self._place = place

    def routes(self) -> list[Route]:
        """The paths of the pages."""
        return [
            ("/pair", "GET", self.wait),
            ("/screens", "GET", self.show),
            ("/screens", "POST", self.pair),
            ("/screens/revoke", "POST", self.revoke),
        ]

    async def wait(self, request: Request) -> Response:
        """The code of the screen that asks, until it is paired; then on to the wall."""
        wanted = inner(request.query_params.get("next", "/wall"))
        wanted = wanted if wanted.startswith("/wall") else "/wall"
        secret = secret_of(request)
        try:
            if secret is not None and await asyncio.to_thread(self._paired, secret):
                return RedirectResponse(wanted, 303, headers={"Cache-Control": "no-store"})
            if secret is None or await asyncio.to_thread(screens.known, self._store, secret):
                secret = secrets.token_urlsafe(32)
            code, wait = await asyncio.to_thread(self._code, screens.digest(secret), asker(address(request)))
        except (RedisError, SQLAlchemyError) as error:
            log.warning("a screen cannot be given a code: %s", error)
            code, wait = "", LOOKS
        status = 200 if code else 429 if wait > LOOKS else 503
        response = page(
            request, self._place, "pair.html", status, code=code, next=wanted, minutes=LASTS // 60,
            here=str(request.base_url.replace(path="/screens")),
        )  # fmt: skip
        response.headers["Refresh"] = str(LOOKS if code else max(wait, LOOKS))
        if secret is not None:
            keep_secret(request, response, secret)
        return response

    def _paired(self, secret: str) -> bool:
        return screens.find(self._store, secret, wall_ms()) is not None

    def _code(self, kept: str, at: str) -> tuple[str, int]:
        """The code that a screen waits by; empty, and the seconds to wait, where its address had too many."""
        code = self._codes.of(kept)
        if code is not None:
            return code, 0
        wait = self._rates.wait(f"pairing:{at}", MOST_CODES, LASTS)
        return ("", wait) if wait else (self._codes.offer(kept), 0)

    async def show(self, request: Request) -> Response:
        """The form, and the screens there are."""
        return await self._page(request)

    async def pair(self, request: Request) -> Response:
        """Make the screen that shows a code a known one."""
        given = await form(request)
        words = words_of(request)
        code, name = _SPACES.sub("", given.get("code", "")), " ".join(given.get("name", "").split())
        if len(code) != DIGITS or not code.isdecimal() or not 0 < len(name) <= LONGEST_NAME:
            return await self._page(request, 400, words("screens.wanted", digits=DIGITS), given)
        who = trace.who()
        try:
            wait = await asyncio.to_thread(self._rates.wait, f"pairing-by:{who}", MOST_WRONG, LASTS)
            if wait:
                return await self._page(request, 429, words("screens.often", wait=words.length(wait * 1000)), given)
            kept = await asyncio.to_thread(self._codes.take, code)
            if kept is None:
                return await self._page(request, 404, words("screens.nobody", code=code), given)
            await asyncio.to_thread(self._keep, name, kept, "dossiers" in given, who)
        except (RedisError, SQLAlchemyError) as error:
            log.warning("a screen cannot be paired: %s", error)
            return await self._page(request, 503, words("page.unavailable.text"), given)
        return RedirectResponse("/screens", 303)

    def _keep(self, name: str, kept: str, dossiers: bool, who: str) -> None:
        now = wall_ms()
        with self._store.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
            code = screens.pair(connection, name=name, kept=kept, dossiers=dossiers, who=who, now=now)
            audit.record(
                connection, moment=now, who=who, action="screen.pair", subject=f"screen:{code}",
                detail={"name": name, "dossiers": dossiers},
            )  # fmt: skip

    async def revoke(self, request: Request) -> Response:
        """Let a screen show nothing any more."""
        code = (await form(request)).get("code", "")
        try:
            await asyncio.to_thread(self._revoke, code, trace.who())
        except SQLAlchemyError as error:
            log.warning("a screen cannot be revoked: %s", error)
            return await self._page(request, 503, words_of(request)("page.unavailable.text"))
        return RedirectResponse("/screens", 303)

    def _revoke(self, code: str, who: str) -> None:
        with self._store.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
            if screens.revoke(connection, code):
                audit.record(
                    connection, moment=wall_ms(), who=who, action="screen.revoke", subject=f"screen:{code}", detail={}
                )

    async def _page(
        self, request: Request, status: int = 200, wrong: str = "", given: dict[str, str] | None = None
    ) -> Response:
        try:
            found = await asyncio.to_thread(screens.listed, self._store)
        except SQLAlchemyError as error:
            log.warning("the screens cannot be listed: %s", error)
            found, status, wrong = [], 503, words_of(request)("page.unavailable.text")
        return page(
            request, self._place, "screens.html", status, wrong=wrong, given=given or {}, now=wall_ms(),
            screens=[one for one in found if one.revoked_at is None],
            gone=[one for one in found if one.revoked_at is not None][:20],
        )  # fmt: skip
