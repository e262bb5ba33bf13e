"""What every administration page works with: the installation, how a page is shown, how a deed is done and told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlencode

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dashboard import plain_pages, trace
from dashboard.gate import person_of
from layouts.place import Place
from layouts.words import Words
from opscentre.access import audit
from opscentre.access.people import Person, signed_in
from opscentre.access.rights import Action, may
from opscentre.clock import Clock, wall_ms
from opscentre.profile import Profile
from opscentre.settings import Settings

log = logging.getLogger(__name__)

#: Where all of it lies, and what leads to it.
HOME = "/admin"
#: Bytes of a form: a calendar's preview travels with its row only.
_LONGEST = 32_000

Values = dict[str, Any]


class Room(NamedTuple):
    """One installation, as the pages see it."""

    store: Engine
    settings: Settings
    profile: Profile
    place: Place
    clock: Clock

    def writing(self) -> Any:
        """A transaction that writes."""
        return self.store.execution_options(sqlite_begin="IMMEDIATE").begin()


class Refused(Exception):
    """A deed that cannot be done; the text is for the person, in their language. Nothing was changed."""


class Asked(NamedTuple):
    """What a request brings to a page."""

    words: Words
    #: The query of the address; the fields of the form, where one was sent.
    query: Mapping[str, str]
    fields: Mapping[str, str]
    person: Person | None

    def field(self, name: str, most: int = 300) -> str:
        """A field's text on one line, without blanks around it; shortened to ``most`` characters."""
        return " ".join(self.fields.get(name, "").split())[:most]


#: Does something; where it leads to (query of the page), or values to show on the page at once (a preview).
Deed = Callable[[Room, Asked], "Done | Values"]


class Done(NamedTuple):
    """A deed was done: what is said of it (a key of the catalogue), and the query that the page is shown with."""

    said: str
    query: Mapping[str, str] = {}


class Page(Protocol):
    """A module of this folder: one page."""

    #: Last part of its path; the key of its words.
    NAME: str
    #: Who may see and use it.
    RIGHT: Action
    #: Its deeds, by the name of the button.
    DEEDS: Mapping[str, Deed]

    def values(self, room: Room, asked: Asked) -> Values:
        """What its template shows."""
        ...


def note(connection: Connection, action: str, subject: str, **detail: audit.Value) -> None:
    """A row of the audit log, by whoever is being answered; last in its transaction."""
    audit.record(connection, moment=wall_ms(), who=trace.who(), action=action, subject=subject, detail=detail)


def routes(room: Room, pages: Mapping[str, Page]) -> list[tuple[str, Callable[[Request], Awaitable[Response]]]]:
    """The paths of the pages and their handlers, for GET and POST."""

    def handler(page: Page) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            person = person_of(request)
            if not may(person, page.RIGHT):
                return Response("Tài khoản này không có quyền ở trang này.", 403, media_type="text/plain")
            fields = await plain_pages.form(request, _LONGEST) if request.method == "POST" else {}
            asked = Asked(plain_pages.words_of(request), dict(request.query_params), fields, person)
            return await asyncio.to_thread(_answered, room, pages, page, request, asked)

        return answer

    return [(HOME if not page.NAME else f"{HOME}/{page.NAME}", handler(page)) for page in pages.values()]


def _answered(room: Room, pages: Mapping[str, Page], page: Page, request: Request, asked: Asked) -> Response:
    """The page; after a deed the way to it, so that reloading does nothing twice."""
    shown: Values = {}
    status = 200
    try:
        if request.method == "POST":
            deed = page.DEEDS.get(asked.fields.get("deed", ""))
            if deed is None:
                return Response("Không có việc này.", 400, media_type="text/plain")
            outcome = deed(room, asked)
            if isinstance(outcome, Done):
                query = {"said": outcome.said, **outcome.query}
                return RedirectResponse(f"{request.url.path}?{urlencode(query)}", 303, headers=_UNKEPT)
            shown = outcome
    except Refused as refused:
        shown, status = {"wrong": str(refused)}, 400
    except SQLAlchemyError as error:
        log.warning("%s %s: SQL does not answer: %s", request.method, request.url.path, error)
        shown, status = {"wrong": asked.words("admin.unavailable")}, 503
    try:
        values = page.values(room, asked)
    except SQLAlchemyError as error:
        log.warning("%s cannot be shown, SQL does not answer: %s", request.url.path, error)
        values, status, shown = {"lost": True}, 503, {"wrong": asked.words("page.unavailable.text")}
    said = asked.query.get("said", "")
    known = said if request.method == "GET" and said in _said(page) else ""
    return plain_pages.page(
        request, room.place, f"admin/{page.NAME or 'home'}.html", status, page=page, home=HOME,
        menu=[one for one in pages.values() if one.NAME and may(asked.person, one.RIGHT)], person=asked.person,
        signed_in=signed_in(asked.person) is not None, said=known, fields=asked.fields, now=wall_ms(),
        **{**values, **shown},
    )  # fmt: skip


_UNKEPT = {"Cache-Control": "no-store"}


def _said(page: Page) -> frozenset[str]:
    return frozenset({"admin.done", "admin.gone", *(f"{page.NAME}.done.{name}" for name in page.DEEDS)})
