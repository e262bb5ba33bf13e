"""Pages that work without any script: their templates, their language, where they may lead to, what a form holds."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from jinja2 import Environment, PackageLoader, select_autoescape
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from layouts.place import Place
from layouts.words import LANGS, WORDS, Lang, Words

#: Bytes of a form that are read.
LONGEST = 8_000
_templates = Environment(
    loader=PackageLoader("dashboard"), autoescape=select_autoescape(), trim_blocks=True, lstrip_blocks=True
)


def words_of(request: HTTPConnection) -> Words:
    """The language of the address, of the cookie, else Vietnamese."""
    asked = request.query_params.get("lang") or request.cookies.get("lang")
    lang: Lang = next((known for known in LANGS if known == asked), "vi")
    return WORDS[lang]


def made(words: Words, place: Place | None, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page in one language from a template; it is kept nowhere."""
    text = _templates.get_template(template).render(words=words, lang=words.lang, place=place, **values)
    return HTMLResponse(text, status, headers={"Cache-Control": "no-store"})


def page(request: Request, place: Place, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page from a template, in the language that is asked for."""
    words = words_of(request)
    response = made(words, place, template, status, **values)
    if request.query_params.get("lang") in LANGS:
        response.set_cookie("lang", words.lang, max_age=31_536_000, samesite="lax", path="/")
    return response


def for_a_person(request: HTTPConnection) -> bool:
    """Whether a browser shows the answer to somebody, and no page or program fetches it."""
    return "text/html" in request.headers.get("accept", "")


def refusal(request: HTTPConnection, status: int, name: str) -> Response:
    """Why a page is not shown, by a key of the catalogue: a page where a person opened it, else a line of text."""
    words = words_of(request)
    title, told = words(name), words(f"{name}.text")
    if not for_a_person(request):
        return PlainTextResponse(f"{title}. {told}", status, headers={"Cache-Control": "no-store"})
    return made(words, None, "refused.html", status, title=title, told=told)


async def form(request: Request, longest: int = LONGEST) -> dict[str, str]:
    """The fields of a form that was sent, each once; nothing of one that is too long."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > longest:
            return {}
    found = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[0] for name, values in found.items()}


def inner(wanted: str) -> str:
    """An address that somebody shall be led to, if it is one of ours; else the overview."""
    if any(ord(sign) < 0x20 or sign == "\\" for sign in wanted) or len(wanted) > 2_000:
        return "/"
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return "/"
    ours = wanted.startswith("/") and not wanted.startswith("//") and not parts.scheme and not parts.netloc
    return wanted if ours and not parts.path.startswith(("/sign-", "/_")) else "/"
