"""The page of mails: the newest first, escaped, and no file but its own."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
from starlette.applications import Starlette

from dashboard import mails
from layouts.place import Place
from opscentre.mail_folder import MailFolder


def get(server: Starlette, path: str) -> httpx.Response:
    """An answer of the application, without a port."""

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="http://wall") as browser:
            return await browser.get(path)

    return asyncio.run(ask())


def test_the_last_mails_are_shown_and_nothing_else_of_the_machine(tmp_path: Path, place: Place):
    folder = MailFolder(tmp_path / "mails")
    server = Starlette()
    for path, handler in mails.routes(folder, place):
        server.add_route(path, handler)
    assert "Chưa có thư nào" in get(server, "/mails").text
    for subject in ("first", "<script>last</script>"):
        folder.keep(f"Subject: {subject}\nTo: desk@a.example\nContent-Type: text/html\n\n<p>{subject}</p>".encode())
    page = get(server, "/mails").text
    assert "<script>" not in page
    assert page.index("&lt;script&gt;last") < page.index("first")
    newest = next(folder.listed()).name
    assert f'src="/mails/{newest}"' in page
    assert "<p>" in get(server, f"/mails/{newest}").text
    oldest = list(folder.listed())[-1].name
    chosen = get(server, f"/mails?mail={oldest}").text
    assert f'src="/mails/{oldest}"' in chosen
    for name in ("x.eml", "..%2fsecret.eml", "0" * 19 + ".eml"):
        assert get(server, f"/mails/{name}").status_code == 404
