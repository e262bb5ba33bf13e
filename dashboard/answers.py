"""``/answer/<token>``: the page behind a mail's link, where an office says "received" or gives a new date, once."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from html import escape
from urllib.parse import parse_qs

from sqlalchemy import Engine
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from opscentre.answers import PATH, BadToken, signer
from opscentre.clock import Clock, wall_ms
from opscentre.domain.moments import date_of, day_number, day_of, day_start, local
from opscentre.domain.text import number
from opscentre.store.answers import Asked, answer, asked, opened

#: A text of the page in its language, with its values.
Say = Callable[..., str]
Route = tuple[str, Callable[[Request], Awaitable[Response]]]

#: Days ahead that a new date may lie at most.
FURTHEST = 60
#: Bytes of a form that are read, and characters of a reason that are kept.
_LONGEST, _REASON = 4_000, 300
_AFTER = (
    "Sau khi phản hồi, các hồ sơ này không được nhắc lại cho đến khi xong, hoặc hết ngày hẹn. Liên kết chỉ dùng được "
    "một lần."
)
#: Vietnamese → English of what the page says.
_ENGLISH = {
    "Phản hồi cảnh báo": "Answer to an alert",
    "Đang mở: {count} hồ sơ, sự việc trong thư này.": "Open: {count} dossiers and other things of this mail.",
    "Đã nhận": "Received",
    "Hẹn lại đến hết ngày": "New date, until the end of",
    "Lý do (không bắt buộc)": "Reason (may be left out)",
    "Hẹn lại ngày": "Give a new date",
    _AFTER: "After an answer these are not told of again until they are over, or the new date has passed. The "
    "link can be used once.",
    "Đã ghi nhận lúc {at}: {told}.": "Noted at {at}: {told}.",
    "đã nhận": "received",
    "hẹn lại đến hết ngày {day}": "new date, until the end of {day}",
    "Không có thư này.": "There is no such mail.",
    "Liên kết không hợp lệ.": "This link is not valid.",
    "Liên kết đã hết hạn.": "This link has expired.",
    "Ngày hẹn không hợp lệ.": "This is no date.",
    "Ngày hẹn phải từ hôm nay đến {most} ngày tới.": "The new date must lie between today and {most} days from now.",
}
_PAGE = """<!DOCTYPE html>
<html lang="{lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>{title}</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml"></head>
<body style="margin:0;font-family:'Be Vietnam Pro','Segoe UI',sans-serif;background:#eef2f6;color:#1c2733">
<main style="max-width:520px;margin:32px auto;padding:20px;background:#fff;border:1px solid #d5dde6">{body}</main>
</body></html>"""
_BUTTON = "font:inherit;padding:12px 18px;border:0;background:#12385f;color:#fff;width:100%;margin-top:8px"
_FORM = """<h1 style="font-size:18px">{subject}</h1><p>{open}</p>
<form method="post"><button name="kind" value="received" style="{button}">{received}</button></form>
<form method="post" style="margin-top:20px"><label>{until}
<input type="date" name="until" min="{first}" max="{last}" required style="font:inherit;padding:8px;width:100%;
box-sizing:border-box"></label><label style="display:block;margin-top:8px">{why}
<input name="why" maxlength="300" style="font:inherit;padding:8px;width:100%;box-sizing:border-box"></label>
<button name="kind" value="redated" style="{button}">{redated}</button></form>
<p style="color:#5b6b7c;font-size:13px">{after}</p>"""


def routes(store: Engine, clock: Clock, environment: Mapping[str, str]) -> list[Route]:
    """The path and its handler, for GET and POST; none where the installation has no key for links."""
    known = signer(environment)
    if known is None:
        return []

    async def page(request: Request) -> Response:
        say = partial(_said, english=request.query_params.get("lang") == "en")
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
            told = say(bad.args[0], most=FURTHEST)
            return _html(say, f"<p>{escape(told)}</p>", 400)
        if found is None:
            return _html(say, f"<p>{say('Không có thư này.')}</p>", 404)
        return _html(say, _body(say, found, clock.now()))

    return [(PATH + "{token}", page)]


def _said(text: str, english: bool, **values: object) -> str:
    return (_ENGLISH.get(text, text) if english else text).format(**values)


def _until(form: bytes, now: int) -> int | None:
    """The end of the day that a form gives; None where it says "received". Raises ``BadToken`` for any other day."""
    fields = parse_qs(form.decode("utf-8", "replace"))
    if fields.get("kind") == ["received"]:
        return None
    try:
        day = day_of(dt.date.fromisoformat(fields.get("until", [""])[0]))
    except ValueError:
        raise BadToken("Ngày hẹn không hợp lệ.") from None
    if not day_number(now) <= day <= day_number(now) + FURTHEST:
        raise BadToken("Ngày hẹn phải từ hôm nay đến {most} ngày tới.")
    return day_start(day + 1)


def _why(form: bytes) -> str:
    """The reason that a form gives, on one line; empty: none."""
    given = parse_qs(form.decode("utf-8", "replace")).get("why", [""])[0]
    return " ".join(given.split())[:_REASON]


def _body(say: Say, found: Asked, now: int) -> str:
    subject = escape(found.subject)
    if found.answered is not None:
        kind, at, until = found.answered
        told = say("đã nhận")
        if kind == "redated" and until is not None:
            told = say("hẹn lại đến hết ngày {day}", day=f"{local(until - 1):%d/%m/%Y}")
        noted = say("Đã ghi nhận lúc {at}: {told}.", at=f"{local(at):%H:%M %d/%m/%Y}", told=told)
        return f'<h1 style="font-size:18px">{subject}</h1><p>{noted}</p>'
    return _FORM.format(
        subject=subject, button=_BUTTON, first=date_of(day_number(now)), last=date_of(day_number(now) + FURTHEST),
        open=say("Đang mở: {count} hồ sơ, sự việc trong thư này.", count=number(len(found.about))),
        received=say("Đã nhận"), until=say("Hẹn lại đến hết ngày"), why=say("Lý do (không bắt buộc)"),
        redated=say("Hẹn lại ngày"), after=say(_AFTER),
    )  # fmt: skip


def _html(say: Say, body: str, status: int = 200) -> Response:
    page = _PAGE.format(body=body, lang="en" if say("Đã nhận") == "Received" else "vi", title=say("Phản hồi cảnh báo"))
    return HTMLResponse(page, status, headers={"Cache-Control": "no-store"})
