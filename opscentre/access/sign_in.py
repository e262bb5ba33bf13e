"""Signing in with a login and a password: who it is, or why not, in the same time whether the login is known or not."""

from __future__ import annotations

import logging

import msgspec
from sqlalchemy import Engine

from opscentre.access import backoff, known_browser, passwords
from opscentre.access.people import Person
from opscentre.store import people
from opscentre.store.people import Known

log = logging.getLogger(__name__)


class Refused(msgspec.Struct, frozen=True):
    """Nobody signed in."""

    #: ``wrong``: login or password; ``wait``: too many failures; ``closed``: only an administrator opens it again.
    why: str
    #: ms to wait.
    wait: int = 0


def by_password(
    engine: Engine, login: str, password: str, address: str, now: int, browser: str = ""
) -> Person | Refused:  # fmt: skip
    """Whoever a login and a password are of. Takes 64 MiB and a core for a tenth of a second.

    ``now``: real time, ms. ``browser``: what the browser shows of an earlier sign-in (``known_browser``), or nothing.
    """
    known = people.find(engine, login)
    keys = _counted_by(known, login, address, browser)
    with engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
        refusal = _too_often(people.failures(connection, keys, now), keys, now)
        if refusal is not None:
            return refusal
        # Before the password is looked at: attempts at the same time are not all the first one.
        people.count_failure(connection, keys, now)
    fits = passwords.fits(password[: 4 * passwords.LONGEST], known.password if known else None)
    if known is None or not fits or known.disabled_at is not None or known.password is None:
        # A login that nobody has may be a password that was typed into the wrong field.
        log.warning("a sign-in failed: %s, from %s", repr(known.person.login) if known else "no such login", address)
        return Refused("wrong")
    with engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
        people.forget_failures(connection, keys[:1])
        people.take_failure_back(connection, keys[1:])
        if passwords.outdated(known.password):
            people.set_password(connection, login, passwords.hashed(password), now)
    return known.person


def _counted_by(known: Known | None, login: str, address: str, browser: str) -> list[str]:
    """What a failure counts against: the login and the address, or the browser alone that the person is known by."""
    if known is not None and known.password is not None:
        mark = known_browser.mark_of(browser, known.person.login, known.password)
        if mark is not None:
            return [f"browser:{mark}"]
    return [f"login:{people.spelt(login)[:100]}", f"address:{backoff.asker(address)}"]


def _too_often(failed: dict[str, tuple[int, int]], keys: list[str], now: int) -> Refused | None:
    for key, free in zip(keys, (backoff.FREE_LOGIN, backoff.FREE_ADDRESS), strict=False):
        left = backoff.wait(*failed.get(key, (0, 0)), now, free)
        if left is None:
            return Refused("closed")
        if left:
            return Refused("wait", left)
    return None
