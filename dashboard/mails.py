"""The page ``/mails``: the last mails of an installation that sends none for real (a demo, a dry run)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from opscentre.mail_folder import Kept, MailFolder

Route = tuple[str, Callable[[Request], Awaitable[Response]]]

#: Mails that the page lists.
LISTED = 100
_PAGE = """<!DOCTYPE html>
<html lang="vi"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Thư cảnh báo</title><link rel="icon" href="/assets/icon.svg" type="image/svg+xml"></head>
<body style="margin:0;font-family:'Be Vietnam Pro','Segoe UI',sans-serif;background:#eef2f6;color:#1c2733">
<main style="display:flex;flex-wrap:wrap;min-height:100vh">
<section style="flex:1 1 340px;max-height:100vh;overflow:auto">
<h1 style="font-size:18px;padding:12px 16px;margin:0">Thư cảnh báo</h1>
<p style="padding:0 16px;margin:0 0 8px;color:#5b6b7c">Hộp thư nội bộ: không thư nào rời khỏi máy này.</p>
{rows}</section>
<iframe name="mail" title="Thư" sandbox="allow-popups allow-popups-to-escape-sandbox"
style="flex:3 1 600px;min-height:80vh;border:0;background:#fff"{first}></iframe>
</main></body></html>"""
_ROW = """<a href="/mails/{name}" target="mail" style="display:block;padding:10px 16px;border-top:1px solid #d5dde6;
color:inherit;text-decoration:none"><b style="font-size:14px">{subject}</b><br>
<small style="color:#5b6b7c">{to}</small></a>"""


def routes(folder: MailFolder) -> list[Route]:
    """Paths and their handlers."""

    async def listing(_: Request) -> Response:
        mails = await asyncio.to_thread(lambda: list(folder.listed())[:LISTED])
        return HTMLResponse(_page(mails), headers={"Cache-Control": "no-store"})

    async def one(request: Request) -> Response:
        mail = await asyncio.to_thread(folder.read, request.path_params["name"])
        body = mail.get_body(("html", "plain")) if mail is not None else None
        if body is None:
            return Response("Không có thư này.", 404, media_type="text/plain")
        return HTMLResponse(body.get_content())

    return [("/mails", listing), ("/mails/{name}", one)]


def _page(mails: list[Kept]) -> str:
    rows = "".join(
        _ROW.format(name=escape(mail.name), subject=escape(mail.subject), to=escape(mail.to)) for mail in mails
    )
    first = f' src="/mails/{escape(mails[0].name)}"' if mails else ""
    return _PAGE.format(rows=rows or '<p style="padding:0 16px">Chưa có thư nào.</p>', first=first)
