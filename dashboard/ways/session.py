"""A session's cookie: who signed in with this browser, for as long as the session lasts."""

from __future__ import annotations

from sqlalchemy import Engine
from starlette.requests import HTTPConnection
from starlette.responses import Response

from dashboard.gate import AGAIN
from opscentre.access.people import Person
from opscentre.clock import wall_ms
from opscentre.store import sessions
from opscentre.store.sessions import Limits


def over_tls(request: HTTPConnection) -> bool:
    """Whether the browser came by TLS, here or to the proxy before us."""
    return request.url.scheme in ("https", "wss") or request.headers.get("x-forwarded-proto") == "https"


def cookie_name(request: HTTPConnection, what: str = "session") -> str:
    """What a cookie of ours is called: over TLS so that no neighbouring host can set it."""
    return f"__Host-opscentre-{what}" if over_tls(request) else f"opscentre-{what}"


def token_of(request: HTTPConnection) -> str | None:
    """The token that a browser shows."""
    return request.cookies.get(cookie_name(request)) or None


def set_cookie(
    request: HTTPConnection, response: Response, token: str | None, what: str = "session", lasts: int | None = None
) -> None:  # fmt: skip
    """Give a browser a cookie for some seconds (``lasts``; None: until it is closed), or (no token) take it away."""
    response.set_cookie(
        cookie_name(request, what), token or "", max_age=0 if token is None else lasts, path="/",
        secure=over_tls(request), httponly=True, samesite="lax",
    )  # fmt: skip


class SessionCookie:
    """Knows people by their session."""

    def __init__(self, engine: Engine, limits: Limits) -> None:
        self._engine = engine
        self._limits = limits

    def identify(self, request: HTTPConnection) -> Person | None:
        """Whose session it is; a stream that asks whether it still is does not count as use."""
        token = token_of(request)
        if token is None:
            return None
        used = not request.scope.get(AGAIN)
        return sessions.person(self._engine, token, self._limits, wall_ms(), used=used)
