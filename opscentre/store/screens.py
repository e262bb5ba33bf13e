"""Screens that were paired: kept, known by what they show, listed, revoked. Times are real ms."""

from __future__ import annotations

import hashlib
import secrets

import msgspec
from sqlalchemy import Connection, Engine, func, insert, or_, select, update

from opscentre.clock import wall_ms
from opscentre.store.access_tables import wall_devices
from opscentre.store.engine import reading

#: Milliseconds within which it is noted once that a screen was seen.
NOTED = 60_000

_ROW = wall_devices.c


class Screen(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a screen; never what it shows of itself."""

    code: str
    name: str
    #: Whether dossiers' numbers are shown on it.
    dossiers: bool
    paired_at: int
    paired_by: str
    revoked_at: int | None
    seen_at: int | None


def pair(connection: Connection, *, name: str, kept: str, dossiers: bool, who: str, now: int) -> str:
    """Keep a screen by the digest of its secret; its code."""
    code = secrets.token_hex(4)
    row = {
        "code": code, "name": name, "hash": kept, "dossiers": dossiers, "paired_at": now, "paired_by": who,
    }  # fmt: skip
    connection.execute(insert(wall_devices), row)
    return code


def find(engine: Engine, shown: str, now: int, *, used: bool = True) -> Screen | None:
    """The screen that has a secret, unless it was revoked; that it was seen is noted once a minute."""
    with reading(engine).connect() as connection:
        row = connection.execute(select(wall_devices).where(_ROW.hash == digest(shown))).first()
    screen = None if row is None else _screen(row)
    if screen is None or screen.revoked_at is not None:
        return None
    if used and (screen.seen_at is None or now - screen.seen_at >= NOTED):
        stale = or_(_ROW.seen_at.is_(None), _ROW.seen_at <= now - NOTED)
        with engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
            connection.execute(update(wall_devices).where(_ROW.code == screen.code, stale).values(seen_at=now))
    return screen


def known(engine: Engine, shown: str) -> bool:
    """Whether a secret was ever a screen's, be it revoked since: it pairs no second time."""
    with reading(engine).connect() as connection:
        return bool(connection.scalar(select(func.count()).where(_ROW.hash == digest(shown))))


def listed(engine: Engine) -> list[Screen]:
    """The screens that are paired, by name, then those that were, the last one first."""
    with reading(engine).connect() as connection:
        found = [_screen(row) for row in connection.execute(select(wall_devices).order_by(_ROW.name, _ROW.code))]
    return sorted(found, key=lambda screen: -(screen.revoked_at or 1 << 60))


def revoke(connection: Connection, code: str) -> bool:
    """Let a screen show nothing any more; False where there is none of that code that does."""
    standing = update(wall_devices).where(_ROW.code == code, _ROW.revoked_at.is_(None))
    return connection.execute(standing.values(revoked_at=wall_ms())).rowcount == 1


def digest(shown: str) -> str:
    """What is kept of a screen's secret: it has 256 random bits."""
    return hashlib.sha256(b"screen\n" + shown.encode()).hexdigest()


def _screen(row: object) -> Screen:
    return Screen(**{name: getattr(row, name) for name in Screen.__struct_fields__})
