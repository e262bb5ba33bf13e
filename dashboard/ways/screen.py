"""Screens: one that was paired, known by its cookie; and, where the wall is public, any that asks for the wall."""

from __future__ import annotations

from sqlalchemy import Engine
from starlette.requests import HTTPConnection
from starlette.responses import Response

from dashboard.gate import AGAIN
from dashboard.ways.session import cookie_name, set_cookie
from opscentre.access.people import Device
from opscentre.clock import wall_ms
from opscentre.store import screens

#: Seconds for which a browser keeps what makes it a known screen: as long as browsers keep anything.
KEPT = 400 * 86_400
#: Whom a public wall is shown to.
ANYBODY = Device(code="public", name="Công khai", dossiers=False)
#: What the wall's page consists of.
_OF_THE_WALL = ("/wall", "/stream", "/api/page", "/api/areas", "/_dash-layout", "/_dash-dependencies",
                "/_dash-update-component", "/_reload-hash")  # fmt: skip


def secret_of(request: HTTPConnection) -> str | None:
    """What a screen shows of itself."""
    return request.cookies.get(cookie_name(request, "screen")) or None


def keep_secret(request: HTTPConnection, response: Response, secret: str) -> None:
    """Have a browser show a secret from now on, to us alone and to no script."""
    set_cookie(request, response, secret, "screen", lasts=KEPT)


class PairedScreen:
    """Knows screens by their cookie."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def identify(self, request: HTTPConnection) -> Device | None:
        """Which screen it is; a stream that asks whether it still is one does not count as seen."""
        secret = secret_of(request)
        if secret is None:
            return None
        used = not request.scope.get(AGAIN)
        found = screens.find(self._engine, secret, wall_ms(), used=used)
        return None if found is None else Device(code=found.code, name=found.name, dossiers=found.dossiers)


class PublicWall:
    """Takes whoever asks for the wall, and for nothing else, for a screen without dossiers."""

    def identify(self, request: HTTPConnection) -> Device | None:
        """Anybody, on the wall's paths."""
        path = request.url.path
        return ANYBODY if path in _OF_THE_WALL or path.startswith("/wall/") else None
