"""``/slip/SOURCE/NUMBER.pdf`` and ``.docx``: the apology slip of a dossier, made when it is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import unquote

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response

from dashboard import trace
from dashboard.desk import Desk
from dashboard.plain_pages import refusal
from opscentre.access import audit
from opscentre.domain.slip import NoSlip
from opscentre.slip.store import FORMS, file_name, read_slip

#: Two at a time: each takes some tens of milliseconds.
_MAKING = 2


def routes(desk: Desk) -> list[tuple[str, Callable[[Request], Awaitable[Response]]]]:
    """The path and its handler."""
    making = asyncio.Semaphore(_MAKING)

    def make(source: str, number: str, ending: str) -> bytes:
        written = read_slip(desk.engine, desk.profile, source, number, desk.clock.now())
        audit.append(
            desk.engine, who=trace.who(), action="dossier.slip", subject=f"dossier:{source}/{number}", detail={}
        )
        return FORMS[ending][0](written)

    async def slip(request: Request) -> Response:
        # As it was sent: a number may hold a slash of its own.
        raw = request.scope.get("raw_path", b"").split(b"?")[0].decode("ascii", "replace")
        source, _, named = raw.removeprefix("/slip/").partition("/")
        number, _, ending = unquote(named).rpartition(".")
        if ending not in FORMS or not number:
            return refusal(request, 404, "page.file")
        try:
            async with making:
                made = await asyncio.to_thread(make, unquote(source), number, ending)
        except NoSlip:
            return refusal(request, 404, "page.slip")
        except SQLAlchemyError:
            return refusal(request, 503, "page.unavailable")
        headers = {
            "Content-Disposition": f'attachment; filename="{file_name(number, ending)}"',
            "Cache-Control": "no-store",
        }
        return Response(made, media_type=FORMS[ending][1], headers=headers)

    return [("/slip/{source}/{number:path}", slip)]
