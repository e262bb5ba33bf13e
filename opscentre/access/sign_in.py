"""Signing in with a login and a password: who it is, or why not, in the same time whether the login is known or not."""

from __future__ import annotations

import logging
import threading

import msgspec
from sqlalchemy import Engine

from opscentre.access import backoff, passwords
from opscentre.access.people import Person
from opscentre.store import people

log = logging.getLogger(__name__)

#: Passwords that are tried at a time: each takes 64 MiB and a core for a tenth of a second.
_turn = threading.Semaphore(2)


class Refused(msgspec.Struct, frozen=True):
    """Nobody signed in."""

    #: ``wrong``: login or password; ``wait``: too many failures; ``closed``: only an administrator opens it again.
    why: str
    #: ms to wait.
    wait: int = 0


def by_password(engine: Engine, login: str, password: str, address: str, now: int) -> Person | Refused:
    """Whoever a login and a password are of. ``now``: real time, ms."""
    keys = [f"login:{people.spelt(login)[:100]}", f"address:{address}"]
    refusal = _too_often(engine, keys, now)
    if refusal is not None:
        return refusal
    known = people.find(engine, login)
    with _turn:
        fits = passwords.fits(password[: 4 * passwords.LONGEST], known.password if known else None)
    with engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
        if known is None or not fits or known.disabled_at is not None or known.password is None:
            people.count_failure(connection, keys, now)
            # A login that nobody has may be a password that was typed into the wrong field.
            log.warning(
                "a sign-in failed: %s, from %s", repr(known.person.login) if known else "no such login", address
            )
            return Refused("wrong")
        people.forget_failures(connection, keys[:1])
        if passwords.outdated(known.password):
            people.set_password(connection, login, passwords.hashed(password), now)
    return known.person


def _too_often(engine: Engine, keys: list[str], now: int) -> Refused | None:
    failed = people.failures(engine, keys)
    for key, free in zip(keys, (backoff.FREE_LOGIN, backoff.FREE_ADDRESS), strict=True):
        left = backoff.wait(*failed.get(key, (0, 0)), now, free)
        if left is None:
            return Refused("closed")
        if left:
            return Refused("wait", left)
    return None
