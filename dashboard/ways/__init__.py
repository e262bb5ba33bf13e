"""Ways of telling who a request comes from, one module each: this machine, a session, a paired screen, a token."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine

from dashboard.gate import Way
from dashboard.ways.local import ThisMachine
from dashboard.ways.screen import PairedScreen, PublicWall
from dashboard.ways.session import SessionCookie
from dashboard.ways.token import BearerToken
from opscentre.settings import Settings
from opscentre.store.sessions import limits_of


def ways_of(settings: Settings, store: Engine) -> Sequence[Way]:
    """The ways of an installation, in the order in which they are tried."""
    if settings.sign_in == "off":
        return [BearerToken(store), ThisMachine()]
    known: list[Way] = [BearerToken(store), SessionCookie(store, limits_of(settings)), PairedScreen(store)]
    return [*known, PublicWall()] if settings.public_wall == "on" else known
