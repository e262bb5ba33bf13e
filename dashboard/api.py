"""The HTTP API beside the pages: the stream of pictures, the wall and the board as JSON, and how it is."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import msgspec
from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from dashboard import openapi
from dashboard.audience import part_of
from dashboard.feed import Feed
from dashboard.gate import caller, still_there
from dashboard.reader import Reader
from dashboard.walls import Control
from dashboard.ways.screen import ANYBODY
from layouts import wall as wall_page
from layouts.place import Place
from layouts.words import LANGS, Lang
from opscentre.access import scope
from opscentre.clock import Clock, wall_ms
from opscentre.domain.moments import DAY, day_number, day_of, day_start
from opscentre.live.reader import PastPeriod
from opscentre.runtime.health import Health

log = logging.getLogger(__name__)

Route = tuple[str, Callable[[Request], Awaitable[Response]]]

#: A picture older than this (ms) is not handed out as the present one.
STALE_MS = 5_000
#: Seconds after which a stream asks again whether its caller is still there.
AGAIN = 15.0


class Refused(Exception):
    """A request that cannot be answered; the text says which value, and what is wanted."""


#: (start, end, now) in ms → the progress table from SQL, for what the live board does not reach.
LookBack = Callable[[int, int, int], dict[str, Any]]


def routes(
    feed: Feed, reader: Reader, look_back: LookBack, clock: Clock, place: Place, control: Control
) -> list[Route]:
    """Paths and their handlers."""
    # A look back reads the whole history: one at a time.
    looking = asyncio.Lock()

    async def stream(request: Request) -> Response:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        # On a public wall anybody looks on: their screens are not among those that the desk lists and controls.
        asked = {} if caller() == ANYBODY else request.query_params
        wanted = await control.screen(asked["screen"][:40], asked.get("wall", "")) if "screen" in asked else None
        messages = _while_there(request, feed.stream(scope.current(), wanted, lang_of(request)))
        if "screen" in asked:
            messages = control.followed(asked["screen"][:40], messages)
        return StreamingResponse(messages, media_type="text/event-stream", headers=headers)

    async def wall(_: Request) -> Response:
        if feed.wall is None or wall_ms() - feed.wall.made_at > STALE_MS:
            return _json(503, {"error": "the live board cannot be read now"})
        return _json(200, part_of(feed.wall, scope.current()))

    async def board(request: Request) -> Response:
        try:
            start, end = period(request.query_params.get("from"), request.query_params.get("to"), clock.now())
            if scope.current().units is not None:
                # The live board has sums of all units; SQL leaves out what this caller does not see.
                raise PastPeriod
            return _json(200, await asyncio.to_thread(reader.progress_table, start, end))
        except Refused as refused:
            return _json(400, {"error": str(refused)})
        except PastPeriod:
            async with looking:
                return _json(200, await asyncio.to_thread(look_back, start, end, clock.now()) | {"state": "history"})
        except (RedisError, OSError) as error:
            log.warning("the progress table cannot be read: %s", error)
            return _json(503, {"error": "the live board cannot be read now"})

    async def area(_: Request) -> Response:
        return _json(200, place.areas) if place.areas else _json(404, {"error": "the map of this wall draws hexagons"})

    description = openapi.document()

    async def described(_: Request) -> Response:
        return _json(200, description)

    content = {lang: wall_page.content(place, lang) for lang in LANGS}

    async def page(request: Request) -> Response:
        return Response(
            content[lang_of(request)], media_type="text/html; charset=utf-8", headers={"Cache-Control": "no-store"}
        )

    return [
        (openapi.PATH, described),
        (wall_page.CONTENT, page),
        ("/api/areas", area),
        ("/stream", stream),
        ("/api/wall", wall),
        ("/api/board", board),
    ]


def lang_of(request: Request) -> Lang:
    """The language that a wall asks for; Vietnamese unless it is another one that there is."""
    return next((lang for lang in LANGS if lang == request.query_params.get("lang")), "vi")


async def _while_there(request: Request, messages: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """A stream that ends when its caller is not any more who they were: signed out, shut out, of another role."""
    asked = time.monotonic()
    async for message in messages:
        if time.monotonic() - asked > AGAIN:
            if not await still_there(request):
                return
            asked = time.monotonic()
        yield message


def health_routes(feed: Feed, health: Health) -> list[Route]:
    """``/healthz``: that this process answers, and what it shows; ``/readyz``: whether it can do its work."""

    async def alive(_: Request) -> Response:
        shown = {
            "state": feed.wall.state if feed.wall else None,
            "picture_age_ms": wall_ms() - feed.wall.made_at if feed.wall else None,
            "screens": feed.screens,
        }
        return _json(200, health.life() | shown)

    async def ready(_: Request) -> Response:
        found = await asyncio.to_thread(health.readiness)
        return _json(200 if found.ready else 503, found)

    return [("/healthz", alive), ("/readyz", ready)]


def unreadable(feed: Feed) -> str:
    """Why there is no present picture of the board; empty where there is one."""
    if feed.failing:
        return "Redis does not answer"
    if feed.wall is None:
        return "no picture has been taken yet"
    age = wall_ms() - feed.wall.made_at
    return f"the newest picture is {age / 1000:.0f} s old" if age > STALE_MS else ""


def period(first: str | None, end: str | None, now: int) -> tuple[int, int]:
    """The period [from, to) of a request in ms; both default so that it is today.

    ``to`` is the day after the last one that counts. Raises ``Refused``.
    """
    today = day_number(now)
    start = day_of(_day("from", first)) if first else today
    stop = day_of(_day("to", end)) if end else max(start, today) + 1
    if stop <= start:
        raise Refused(
            f"from={first or 'today'} to={end}: the period is empty; 'to' is the day after the last one counted"
        )
    if (stop - start) * DAY > 3660 * DAY:
        raise Refused(f"from={first} to={end}: more than ten years; ask for a shorter period")
    return day_start(start), day_start(stop)


def _day(name: str, text: str) -> dt.date:
    try:
        if len(text) != 10:
            raise ValueError
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Refused(f"{name}={text!r} is not a day; want YYYY-MM-DD, such as 2026-11-21") from None


def _json(status: int, body: object) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(msgspec.json.encode(body), status, media_type="application/json", headers=headers)
