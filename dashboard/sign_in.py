"""``/sign-in`` and ``/sign-out``: from a login and a password to a session, and out of it again."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from urllib.parse import quote

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dashboard.gate import SIGN_IN
from dashboard.plain_pages import form, inner, page, words_of
from dashboard.ways.session import cookie_name, set_cookie, token_of
from layouts.place import Place
from opscentre.access import audit, known_browser
from opscentre.access.people import Person
from opscentre.access.sign_in import Refused, by_password
from opscentre.clock import wall_ms
from opscentre.store import people, sessions
from opscentre.store.sessions import Limits

Handler = Callable[[Request], Awaitable[Response]]
#: The service worker kept pages for the time without a server: they are nobody else's.
_FORGET = {"Clear-Site-Data": '"storage"'}
#: Path, method, handler.
Route = tuple[str, str, Handler]
#: Passwords are tried two at a time (each takes 64 MiB and a core for a tenth of a second), in threads of their own:
#: whoever sends many of them keeps waiting those who sign in, and nobody who looks at a page.
_trying = ThreadPoolExecutor(2, thread_name_prefix="password")


class SignIn:
    """The pages, for one installation."""

    def __init__(self, store: Engine, limits: Limits, place: Place, provider: str = "") -> None:
        """``provider``: what the button for signing in with a provider says; empty: there is none."""
        self._store = store
        self._limits = limits
        self._place = place
        self._provider = provider

    def routes(self) -> list[Route]:
        """The paths of the pages."""
        return [("/sign-in", "GET", self.show), ("/sign-in", "POST", self.enter), ("/sign-out", "POST", self.leave)]

    async def show(self, request: Request) -> Response:
        """The form."""
        return self.form(request, inner(request.query_params.get("next", "/")))

    async def enter(self, request: Request) -> Response:
        """A session for whoever gives a login and its password."""
        given = await form(request)
        wanted = inner(given.get("next", "/"))
        login, password = given.get("login", "").strip(), given.get("password", "")
        if not login or not password:
            return self.form(request, wanted, 400, login, words_of(request)("sign.empty"))
        try:
            found = await tried(self._store, request, login, password)
            if isinstance(found, Person):
                return await asyncio.to_thread(self.begin, request, found, "password", wanted)
        except SQLAlchemyError:
            return self.form(request, wanted, 503, login, words_of(request)("page.unavailable.text"))
        return self.refused(request, wanted, login, found)

    def begin(self, request: Request, person: Person, how: str, wanted: str) -> Response:
        """A new session, in the place of the one that the browser had; and on to the page that was wanted."""
        now, agent = wall_ms(), request.headers.get("user-agent", "")
        with self._store.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
            sessions.clear(connection, self._limits, now)
            old = token_of(request)
            if old is not None:
                sessions.end(connection, old)
            token = sessions.begin(connection, person.login, how, agent, address(request), now)
            audit.record(
                connection, moment=now, who=person.login, action="session.begin", subject=f"person:{person.login}",
                detail={"how": how},
            )  # fmt: skip
        response = RedirectResponse(wanted, 303, headers={"Cache-Control": "no-store"})
        set_cookie(request, response, token)
        if how == "password":
            make_known(self._store, request, response, person)
        response.headers.update(_FORGET)
        return response

    async def leave(self, request: Request) -> Response:
        """End the session; what the browser kept of pages goes too."""
        token = token_of(request)
        if token is not None:
            await asyncio.to_thread(self._end, token)
        response = RedirectResponse(SIGN_IN, 303)
        set_cookie(request, response, None)
        response.headers.update(_FORGET)
        return response

    def _end(self, token: str) -> None:
        with self._store.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
            sessions.end(connection, token)

    def form(self, request: Request, wanted: str, status: int = 200, login: str = "", wrong: str = "") -> Response:
        """The page with the form, and what went wrong."""
        return page(
            request, self._place, "sign_in.html", status, next=wanted, next_quoted=quote(wanted, safe=""),
            login=login[:100], wrong=wrong, provider=self._provider,
        )  # fmt: skip

    def refused(self, request: Request, wanted: str, login: str, refused: Refused) -> Response:
        """The form, and why nobody signed in."""
        words = words_of(request)
        said = words(f"sign.{refused.why}", wait=words.length(refused.wait + 999))
        response = self.form(request, wanted, 401 if refused.why == "wrong" else 429, login, said)
        if refused.wait:
            response.headers["Retry-After"] = str(refused.wait // 1000 + 1)
        return response


async def tried(store: Engine, request: Request, login: str, password: str) -> Person | Refused:
    """Whoever a login and a password are of, as this browser gives them."""
    shown = request.cookies.get(cookie_name(request, _browser(login)), "")
    attempt = partial(by_password, store, login, password, address(request), wall_ms(), shown)
    # Under the request's name, as what it logs is to be found by.
    return await asyncio.get_running_loop().run_in_executor(_trying, copy_context().run, attempt)


def make_known(store: Engine, request: Request, response: Response, person: Person) -> None:
    """Have a browser keep that somebody gave their password here: strangers' failures do not count against it."""
    known = people.find(store, person.login)
    if known is not None and known.password is not None:
        shown = known_browser.made(person.login, known.password)
        set_cookie(request, response, shown, _browser(person.login), lasts=known_browser.KEPT)


def _browser(login: str) -> str:
    """Part of a cookie's name: a browser may be several people's, and does not tell whose."""
    return f"browser-{hashlib.sha256(people.spelt(login).encode()).hexdigest()[:16]}"


def address(request: Request) -> str:
    """Where a request comes from."""
    return request.client.host if request.client else "?"
