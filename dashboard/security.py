"""Headers of every answer: scripts only from this host and none inline, framed by nobody, nothing sniffed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from opscentre.settings import SettingsError

#: Seconds for which a browser that came by TLS comes by nothing else.
HSTS = 31_536_000
#: A mail shows itself in the frame of the list of mails, runs nothing, and is of no origin.
_MAIL = "/mails/"
_MAIL_SANDBOX = "sandbox allow-popups allow-popups-to-escape-sandbox"
#: The same for everybody, and so kept wherever it is wanted. Whatever else does not say how long it may be kept is kept
#: nowhere: who signs out leaves nothing behind, also not for the browser's way back.
_ANYBODYS = ("/assets/", "/_dash-component-suites/", "/_favicon.ico", "/charts/", "/manifest.webmanifest", "/worker.js")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?")
#: What no page of ours asks a browser for.
_UNUSED = ("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer", "microphone",
           "midi", "payment", "usb")  # fmt: skip


def framers(setting: str) -> tuple[str, ...]:
    """The origins of ``OPSCENTRE_FRAMED_BY``, separated by spaces. Raises ``SettingsError``."""
    found = tuple(setting.split())
    for origin in found:
        if not _ORIGIN.fullmatch(origin):
            raise SettingsError(
                f"OPSCENTRE_FRAMED_BY: saw {origin!r}; want origins such as https://portal.example, by spaces"
            )
    return found


def policy(script_hashes: Sequence[str], framed_by: Sequence[str] = ()) -> str:
    """The Content-Security-Policy. Styles may be inline: plotly and React set them; scripts may not."""
    return "; ".join(
        [
            "default-src 'self'",
            " ".join(["script-src 'self'", *script_hashes]),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self'",
            "connect-src 'self'",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            " ".join(["frame-ancestors", *(framed_by or ["'none'"])]),
        ]
    )


class SecurityHeaders:
    """ASGI middleware that adds the headers and touches nothing else, so that streams stay streams."""

    def __init__(self, app: ASGIApp, script_hashes: Sequence[str], framed_by: Sequence[str] = ()) -> None:
        self._app = app
        self._page = policy(script_hashes, framed_by)
        self._mail = "; ".join([policy(script_hashes, ["'self'"]), _MAIL_SANDBOX])
        self._headers = {
            "x-content-type-options": "nosniff",
            "referrer-policy": "same-origin",
            "permissions-policy": ", ".join(f"{name}=()" for name in _UNUSED),
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; HTTP answers get the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Pages rewrite the path on its way in: what was asked for counts.
        path = scope["path"]
        added = {**self._headers, "content-security-policy": self._mail if path.startswith(_MAIL) else self._page}
        if _came_by_tls(scope):
            added["strict-transport-security"] = f"max-age={HSTS}"

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(added)
                if not path.startswith(_ANYBODYS):
                    headers.setdefault("cache-control", "no-store")
            await send(message)

        await self._app(scope, receive, with_headers)


def _came_by_tls(scope: Scope) -> bool:
    """Whether the visitor speaks TLS, with us or with a proxy; who lies about it binds only their own browser."""
    return scope.get("scheme") == "https" or Headers(scope=scope).get("x-forwarded-proto", "").lower() == "https"
