"""Sessions of people who signed in: only a token's hash is kept, so that the table opens no door."""

from __future__ import annotations

import hashlib
import secrets
from typing import NamedTuple

from sqlalchemy import Connection, Engine, delete, insert, select, update

from opscentre.access.people import Person
from opscentre.settings import Settings
from opscentre.store.engine import reading
from opscentre.store.people import person_of_row, spelt
from opscentre.store.people_tables import people, sessions

_row = sessions.c
#: Use is noted to this many ms: a write at every request would be one too many.
NOTED = 60_000


class Limits(NamedTuple):
    """How long (ms) a session lasts without being used, and at all."""

    idle: int
    longest: int


def limits_of(settings: Settings) -> Limits:
    """The limits of an installation."""
    return Limits(round(settings.session_idle * 60_000), round(settings.session_longest * 3_600_000))


class Session(NamedTuple):
    """One session, as a list shows it."""

    #: The hash of its token.
    token: str
    id: str
    login: str
    made_at: int
    seen_at: int
    agent: str
    address: str
    how: str

    @property
    def device(self) -> str:
        """The browser and the system in a few words, as far as its own name tells."""
        browsers = (("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
        systems = (("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"),
                   ("Mac OS", "macOS"), ("Linux", "Linux"))  # fmt: skip
        found = [next((name for sign, name in signs if sign in self.agent), "") for signs in (browsers, systems)]
        return " · ".join(filter(None, found)) or self.agent[:40] or "?"


def fingerprint(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def begin(connection: Connection, login: str, how: str, agent: str, address: str, now: int) -> str:
    """A new session; its token, which is told this once."""
    token = secrets.token_urlsafe(32)
    row = {
        "token": fingerprint(token), "id": secrets.token_hex(6), "login": spelt(login), "made_at": now, "seen_at": now,
        "agent": agent[:200], "address": address[:64], "how": how,
    }  # fmt: skip
    connection.execute(insert(sessions), row)
    return token


def person(engine: Engine, token: str, limits: Limits, now: int, *, used: bool = True) -> Person | None:
    """Whose session a token is; None: nobody's, or it has ended. ``used``: whether that counts as use of it."""
    kept = fingerprint(token)
    with reading(engine).connect() as connection:
        row = connection.execute(
            select(people, _row.seen_at)
            .join(sessions, _row.login == people.c.login)
            .where(
                _row.token == kept, _row.made_at > now - limits.longest, _row.seen_at > now - limits.idle,
                people.c.disabled_at.is_(None),
            )
        ).first()  # fmt: skip
    if row is None:
        return None
    if used and now - row.seen_at > NOTED:
        with engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
            connection.execute(update(sessions).where(_row.token == kept).values(seen_at=now))
    return person_of_row(row)


def of(engine: Engine, limits: Limits, now: int, login: str | None = None) -> list[Session]:
    """The sessions that live, last used first: somebody's, or (None) everybody's."""
    query = select(*(_row[name] for name in Session._fields)).where(
        _row.made_at > now - limits.longest, _row.seen_at > now - limits.idle
    )
    if login is not None:
        query = query.where(_row.login == spelt(login))
    with reading(engine).connect() as connection:
        return [Session(*row) for row in connection.execute(query.order_by(_row.seen_at.desc(), _row.id))]


def end(connection: Connection, token: str) -> None:
    """End the session of a token."""
    connection.execute(delete(sessions).where(_row.token == fingerprint(token)))


def revoke(connection: Connection, *, login: str | None = None, id: str | None = None, keep: str = "") -> int:
    """End sessions of a login, of an id, or of both together; how many. ``keep``: the token of one that stays."""
    query = delete(sessions).where(_row.token != fingerprint(keep))
    if login is not None:
        query = query.where(_row.login == spelt(login))
    if id is not None:
        query = query.where(_row.id == id)
    if login is None and id is None:
        return 0
    return connection.execute(query).rowcount


def clear(connection: Connection, limits: Limits, now: int) -> None:
    """Forget the sessions that have ended."""
    connection.execute(
        delete(sessions).where((_row.made_at <= now - limits.longest) | (_row.seen_at <= now - limits.idle))
    )
