"""Tokens of programs that read the API: made, looked up by what is shown, listed, revoked. Times are real ms."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, Engine, insert, or_, select, update

from opscentre.clock import wall_ms
from opscentre.store.access_tables import api_tokens
from opscentre.store.engine import reading

#: What every token begins with, so that one in a log or a repository is known for what it is.
PREFIX = "opscentre_"
#: Milliseconds within which a token's use is noted once.
NOTED = 60_000

_ROW = api_tokens.c


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a token; never the token itself."""

    id: str
    name: str
    #: Paths below ``/api`` that it opens; None: all.
    paths: tuple[str, ...] | None
    #: Units that it is of; None: the whole province.
    units: tuple[str, ...] | None
    dossiers: bool
    created_at: int
    created_by: str
    expires_at: int
    revoked_at: int | None
    used_at: int | None

    def holds(self, now: int) -> bool:
        """Whether it opens anything at a moment."""
        return self.revoked_at is None and now < self.expires_at


def add(
    connection: Connection, *, name: str, paths: Sequence[str] | None, units: Sequence[str] | None, dossiers: bool,
    who: str, now: int, expires_at: int,
) -> tuple[str, str]:  # fmt: skip
    """A new token: its number, and the token as it is shown this once."""
    number = secrets.token_hex(4)
    shown = f"{PREFIX}{number}_{secrets.token_urlsafe(32)}"
    row = {
        "id": number, "name": name, "hash": digest(shown), "paths": _written(paths), "units": _written(units),
        "dossiers": dossiers, "created_at": now, "created_by": who, "expires_at": expires_at,
    }  # fmt: skip
    connection.execute(insert(api_tokens), row)
    return number, shown


def find(engine: Engine, shown: str, now: int) -> Token | None:
    """The token that somebody shows, where it opens anything; that it was used is noted once a minute."""
    if not shown.startswith(PREFIX):
        return None
    with reading(engine).connect() as connection:
        row = connection.execute(select(api_tokens).where(_ROW.hash == digest(shown))).first()
    token = None if row is None else _token(row._mapping)
    if token is None or not token.holds(now):
        return None
    if token.used_at is None or now - token.used_at >= NOTED:
        stale = or_(_ROW.used_at.is_(None), _ROW.used_at <= now - NOTED)
        with engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
            connection.execute(update(api_tokens).where(_ROW.id == token.id, stale).values(used_at=now))
    return token


def listed(engine: Engine) -> list[Token]:
    """Every token there ever was, the newest first."""
    with reading(engine).connect() as connection:
        rows = connection.execute(select(api_tokens).order_by(_ROW.created_at.desc(), _ROW.id))
        return [_token(row._mapping) for row in rows]


def revoke(connection: Connection, number: str) -> bool:
    """Let a token open nothing any more; False where there is none of that number that still does."""
    standing = update(api_tokens).where(_ROW.id == number, _ROW.revoked_at.is_(None))
    return connection.execute(standing.values(revoked_at=wall_ms())).rowcount == 1


def digest(shown: str) -> str:
    """What is kept of a token: it has 256 random bits, so that no slow hash is needed to keep it from being guessed."""
    return hashlib.sha256(shown.encode()).hexdigest()


def _written(values: Sequence[str] | None) -> str | None:
    return None if values is None else msgspec.json.encode(list(values)).decode()


def _token(row: object) -> Token:
    found = {name: row[name] for name in Token.__struct_fields__}  # type: ignore[index]
    for name in ("paths", "units"):
        if found[name] is not None:
            found[name] = tuple(msgspec.json.decode(found[name]))
    return Token(**found)
