"""Serves the chart library to the walls: packed, kept by browsers for a year, compiled beside the page."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from functools import cache

from plotly.offline import get_plotlyjs
from starlette.requests import Request
from starlette.responses import Response

from layouts.wall import CHARTS

#: Asks the browser to compile the whole library while it is fetched, in a thread of its own; else it compiles while the
#: library runs and the wall stands still (0.76 against 0.45 s). A browser that does not know this reads a comment.
HINT = b"//# allFunctionsCalledOnLoad\n"
#: The address names the library's version, so that what it leads to never changes.
HEADERS = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}


def _library() -> bytes:
    return HINT + get_plotlyjs().encode()


@cache
def _packed() -> bytes:
    return gzip.compress(_library(), 6)


async def serve(request: Request) -> Response:
    """The library; packed once, at the first request of a browser that can unpack it."""
    if "gzip" in request.headers.get("accept-encoding", ""):
        packed = await asyncio.to_thread(_packed)
        return Response(packed, headers={**HEADERS, "Content-Encoding": "gzip"}, media_type="text/javascript")
    return Response(await asyncio.to_thread(_library), headers=HEADERS, media_type="text/javascript")


def routes() -> list[tuple[str, Callable[[Request], Awaitable[Response]]]]:
    """Its one address."""
    return [(CHARTS, serve)]
