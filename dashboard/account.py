"""``/account``: who one is here, where one is signed in, and another password; it works without script."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from sqlalchemy import Engine
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dashboard.gate import person_of
from dashboard.plain_pages import form, page, words_of
from dashboard.sign_in import Route, make_known, tried
from dashboard.ways.session import token_of
from layouts.place import Place
from opscentre.access import audit, passwords
from opscentre.access.people import Person
from opscentre.access.sign_in import Refused
from opscentre.clock import wall_ms
from opscentre.profile import Profile
from opscentre.store import people, sessions
from opscentre.store.sessions import Limits

PATH = "/account"


class Account:
    """The page, for one installation."""

    def __init__(self, store: Engine, limits: Limits, place: Place, profile: Profile) -> None:
        self._store = store
        self._limits = limits
        self._place = place
        self._profile = profile

    def routes(self) -> list[Route]:
        """The paths of the page and of its forms."""
        return [
            (PATH, "GET", self.show),
            (f"{PATH}/password", "POST", self._for_person(self.change_password)),
            (f"{PATH}/sessions", "POST", self._for_person(self.end_sessions)),
        ]

    async def show(self, request: Request) -> Response:
        """Who one is, and the sessions one has."""
        person = person_of(request)
        if person is None:
            return Response("Trang này dành cho người đã đăng nhập.", 403, media_type="text/plain")
        return await self._page(request, person, done=request.query_params.get("done", ""))

    async def change_password(self, request: Request, person: Person) -> Response:
        """Another password for whoever knows the present one; every other session of theirs ends."""
        given, words = await form(request), words_of(request)
        new = given.get("new", "")
        known = await asyncio.to_thread(people.find, self._store, person.login)
        if known is None or known.password is None:
            return await self._page(request, person, 403, words("account.elsewhere"))
        found = await tried(self._store, request, person.login, given.get("old", ""))
        if isinstance(found, Refused):
            why = "account.wrong" if found.why == "wrong" else f"sign.{found.why}"
            return await self._page(request, person, 401, words(why, wait=words.length(found.wait + 999)))
        if new != given.get("again", ""):
            return await self._page(request, person, 400, words("account.differ"))
        weak = passwords.weakness(new, passwords.context(person, self._profile.province.name))
        if weak is not None:
            said = words(f"account.{weak}", shortest=passwords.SHORTEST, longest=passwords.LONGEST)
            return await self._page(request, person, 400, said)
        response = RedirectResponse(f"{PATH}?done=password", 303)
        await asyncio.to_thread(self._keep, request, response, person, new)
        return response

    def _keep(self, request: Request, response: Response, person: Person, password: str) -> None:
        kept = passwords.hashed(password)
        with self._store.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
            people.set_password(connection, person.login, kept, wall_ms())
            ended = sessions.revoke(connection, login=person.login, keep=token_of(request) or "")
            audit.record(
                connection, moment=wall_ms(), who=person.login, action="password.change",
                subject=f"person:{person.login}", detail={"sessions_ended": ended},
            )  # fmt: skip
        make_known(self._store, request, response, person)

    async def end_sessions(self, request: Request, person: Person) -> Response:
        """End one session of one's own, or all others."""
        given = await form(request)
        await asyncio.to_thread(self._end, request, person, given.get("id") or None)
        return RedirectResponse(f"{PATH}?done=sessions", 303)

    def _end(self, request: Request, person: Person, id: str | None) -> None:
        with self._store.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
            ended = sessions.revoke(connection, login=person.login, id=id, keep=token_of(request) or "")
            if ended:
                audit.record(
                    connection, moment=wall_ms(), who=person.login, action="session.revoke",
                    subject=f"person:{person.login}", detail={"sessions_ended": ended},
                )  # fmt: skip

    async def _page(
        self, request: Request, person: Person, status: int = 200, wrong: str = "", done: str = ""
    ) -> Response:  # fmt: skip
        found = await asyncio.to_thread(sessions.of, self._store, self._limits, wall_ms(), person.login)
        known = await asyncio.to_thread(people.find, self._store, person.login)
        mine = sessions.fingerprint(token_of(request) or "")
        units = None if person.units is None else [self._profile.units[code].name for code in sorted(person.units)]
        return page(
            request, self._place, "account.html", status, person=person, units=units, sessions=found, mine=mine,
            wrong=wrong, done=done if done in ("password", "sessions") else "", shortest=passwords.SHORTEST,
            has_password=known is not None and known.password is not None,
        )  # fmt: skip

    @staticmethod
    def _for_person(
        handler: Callable[[Request, Person], Awaitable[Response]],
    ) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            person = person_of(request)
            if person is None:
                return Response("Chỉ dành cho người đã đăng nhập.", 403, media_type="text/plain")
            return await handler(request, person)

        return handle
