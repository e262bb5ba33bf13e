"""A program's token, shown as ``Authorization: Bearer …``: opens what it was made for below ``/api``, to read."""

from __future__ import annotations

from sqlalchemy import Engine
from starlette.requests import HTTPConnection

from opscentre.access.people import Person, Role
from opscentre.clock import wall_ms
from opscentre.store import tokens
from opscentre.store.tokens import Token

API = "/api/"
_BEARER = "bearer "


def shown_by(request: HTTPConnection) -> str | None:
    """The token that a request shows; None: it shows none."""
    given = request.headers.get("authorization", "")
    return given[len(_BEARER) :].strip() if given.lower().startswith(_BEARER) else None


class BearerToken:
    """Knows programs by their token."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def identify(self, request: HTTPConnection) -> Person | None:
        """Whose token it is; nobody for a path that it was not made for."""
        shown = shown_by(request)
        path = request.url.path
        if shown is None or not path.startswith(API) or request.scope.get("method") not in ("GET", "HEAD"):
            return None
        token = tokens.find(self._engine, shown, wall_ms())
        if token is None or (token.paths is not None and path not in token.paths):
            return None
        return reader_of(token)


def reader_of(token: Token) -> Person:
    """Who reads by a token: somebody of its units, or of the province with or without dossiers; writes nothing."""
    if token.units is not None:
        role, units = Role.department, frozenset(token.units)
    else:
        role, units = Role.leader if token.dossiers else Role.viewer, None
    return Person(login=f"token:{token.id}", name=token.name, role=role, units=units, writes=False)
