"""Sign-ins under way at a provider: begun once, taken up once, forgotten after ten minutes."""

from __future__ import annotations

import secrets
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert

from opscentre.store.people_tables import sign_in_journeys
from opscentre.store.sessions import fingerprint

_row = sign_in_journeys.c
#: ms that somebody may take at the provider.
LONGEST = 600_000


class Journey(NamedTuple):
    """What the provider must say again, and where the person wanted to go."""

    state: str
    nonce: str
    verifier: str
    wanted: str


def begin(connection: Connection, wanted: str, now: int) -> tuple[str, Journey]:
    """A new journey, and the token that binds it to one browser."""
    token = secrets.token_urlsafe(32)
    # The verifier: 43 to 128 letters (RFC 7636).
    journey = Journey(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48), wanted)
    connection.execute(delete(sign_in_journeys).where(_row.begun_at < now - LONGEST))
    connection.execute(insert(sign_in_journeys), {"token": fingerprint(token), "begun_at": now, **journey._asdict()})
    return token, journey


def take(connection: Connection, token: str, now: int) -> Journey | None:
    """The journey of a browser, which cannot be taken twice; None: there is none, or it took too long."""
    taken = delete(sign_in_journeys).where(_row.token == fingerprint(token), _row.begun_at >= now - LONGEST)
    row = connection.execute(taken.returning(_row.state, _row.nonce, _row.verifier, _row.wanted)).first()
    return Journey(*row) if row else None
