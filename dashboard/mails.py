"""The page ``/mails``: the last mails of an installation that sends none for real (a demo, a dry run)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from dashboard import plain_pages
from layouts.place import Place
from layouts.words import DASH, Words
from opscentre.domain.moments import SECOND
from opscentre.mail_folder import Kept, MailFolder

Route = tuple[str, Callable[[Request], Awaitable[Response]]]

#: Mails that the page lists.
LISTED = 100


def routes(folder: MailFolder, place: Place) -> list[Route]:
    """Paths and their handlers."""

    async def listing(request: Request) -> Response:
        mails = await asyncio.to_thread(lambda: list(folder.listed())[:LISTED])
        words = plain_pages.words_of(request)
        names = [mail.name for mail in mails]
        wanted = request.query_params.get("mail", "")
        return plain_pages.page(
            request, place, "mails.html",
            mails=[(mail, _moment(mail, words)) for mail in mails], opened=wanted in names,
            shown=wanted if wanted in names else next(iter(names), ""),
        )  # fmt: skip

    async def one(request: Request) -> Response:
        mail = await asyncio.to_thread(folder.read, request.path_params["name"])
        body = mail.get_body(("html", "plain")) if mail is not None else None
        if body is None:
            return plain_pages.refusal(request, 404, "page.missing")
        return HTMLResponse(body.get_content())

    return [("/mails", listing), ("/mails/{name}", one)]


def _moment(mail: Kept, words: Words) -> str:
    """When a mail was made, as it says itself; a dash where it does not."""
    try:
        return words.moment(int(parsedate_to_datetime(mail.date).timestamp()) * SECOND)
    except ValueError:
        return DASH
