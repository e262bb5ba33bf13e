"""``/answer/<token>``: the page behind a mail's link, where an office says "received" or gives a new date, once."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from urllib.parse import parse_qs

from sqlalchemy import Engine
from starlette.requests import Request
from starlette.responses import Response

from dashboard import plain_pages
from layouts.place import Place
from layouts.words import WORDS, Words
from opscentre.answers import PATH, BadToken, signer
from opscentre.clock import Clock, wall_ms
from opscentre.domain.moments import date_of, day_number, day_of, day_start, local
from opscentre.store.answers import Asked, answer, asked, opened

Route = tuple[str, Callable[[Request], Awaitable[Response]]]

#: Days ahead that a new date may lie at most.
FURTHEST = 60
#: Bytes of a form that are read, and characters of a reason that are kept.
_LONGEST, _REASON = 4_000, 300
#: Dossiers that the page names.
_NAMED = 10
#: What the subject of a dossier's alert begins with.
_DOSSIER = "dossier:"


class _NoDay(Exception):
    """A new date that cannot be taken; the text is a key of the catalogue."""


def routes(store: Engine, clock: Clock, environment: Mapping[str, str], place: Place) -> list[Route]:
    """The path and its handler, for GET and POST; none where the installation has no key for links."""
    known = signer(environment)
    if known is None:
        return []

    async def page(request: Request) -> Response:
        # The language of the mail, which its link tells; a browser's own wish does not count.
        words = WORDS["en" if request.query_params.get("lang") == "en" else "vi"]
        show = partial(plain_pages.made, words, place, "answer.html")
        try:
            notification = known.notification(request.path_params["token"], wall_ms())
            if request.method == "POST":
                form = (await request.body())[:_LONGEST]
                until = _until(form, clock.now())
                why = _why(form) if until is not None else ""
                found = await asyncio.to_thread(answer, store, notification, clock.now(), until, why)
            else:
                # Programs that look through mail follow its links: to look answers nothing. It is only noted.
                found = await asyncio.to_thread(asked, store, notification)
                if found is not None and request.method == "GET":
                    await asyncio.to_thread(opened, store, notification, clock.now())
        except BadToken as bad:
            return show(400, wrong=words("answer.expired" if bad.expired else "answer.bad"))
        except _NoDay as wrong:
            return show(400, wrong=words(str(wrong), most=FURTHEST))
        if found is None:
            return show(404, wrong=words("answer.nobody"))
        return show(200, **_values(words, found, clock.now()))

    return [(PATH + "{token}", page)]


def _until(form: bytes, now: int) -> int | None:
    """The end of the day that a form gives; None where it says "received". Raises ``_NoDay`` for any other day."""
    fields = parse_qs(form.decode("utf-8", "replace"))
    if fields.get("kind") == ["received"]:
        return None
    try:
        day = day_of(dt.date.fromisoformat(fields.get("until", [""])[0]))
    except ValueError:
        raise _NoDay("answer.no-day") from None
    if not day_number(now) <= day <= day_number(now) + FURTHEST:
        raise _NoDay("answer.far")
    return day_start(day + 1)


def _why(form: bytes) -> str:
    """The reason that a form gives, on one line; empty: none."""
    given = parse_qs(form.decode("utf-8", "replace")).get("why", [""])[0]
    return " ".join(given.split())[:_REASON]


def _values(words: Words, found: Asked, now: int) -> dict[str, object]:
    """What the page shows of a message: its answer, or what is open of it and the days that may be given."""
    numbers = [about.removeprefix(_DOSSIER).partition("/")[2] for about in found.about if about.startswith(_DOSSIER)]
    return {
        "subject": found.subject,
        "noted": _noted(words, *found.answered) if found.answered is not None else "",
        "count": len(found.about),
        "named": numbers[:_NAMED],
        "more": len(numbers[_NAMED:]),
        # Chosen from a list: a browser would show its own field for dates as its own country writes them.
        "days": [date_of(day_number(now) + ahead) for ahead in range(FURTHEST + 1)],
    }


def _noted(words: Words, kind: str, at: int, until: int | None) -> str:
    told = words("answer.told.received")
    if kind == "redated" and until is not None:
        told = words("answer.told.redated", day=f"{local(until - 1):%d/%m/%Y}")
    return words("answer.noted", at=f"{local(at):%H:%M %d/%m/%Y}", told=told)
