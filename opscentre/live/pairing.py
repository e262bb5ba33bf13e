"""Codes by which an operator and a screen find each other, for some minutes: in Redis, for all dashboards."""

from __future__ import annotations

import secrets

import redis

from opscentre.live.keys import PREFIX

#: Seconds for which a code holds.
LASTS = 600
#: Six digits: typed from a screen across the room.
DIGITS = 6
_TRIES = 20


class Codes:
    """Codes of screens that wait. Calls are synchronous; they raise ``redis.exceptions.RedisError``."""

    def __init__(self, redis_url: str) -> None:
        self._redis = redis.Redis.from_url(redis_url, socket_timeout=2, socket_connect_timeout=2)

    def of(self, kept: str) -> str | None:
        """The code that the screen with this digest waits by; None: none, or it has passed."""
        found = self._redis.get(f"{PREFIX}pairing-of:{kept}")
        return found.decode() if isinstance(found, bytes) else None

    def offer(self, kept: str) -> str:
        """A new code for the screen with this digest."""
        for _ in range(_TRIES):
            code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
            if self._redis.set(f"{PREFIX}pairing:{code}", kept, ex=LASTS, nx=True):
                self._redis.set(f"{PREFIX}pairing-of:{kept}", code, ex=LASTS)
                return code
        raise redis.exceptions.RedisError("no code is free: thousands of screens wait to be paired")

    def take(self, code: str) -> str | None:
        """The digest of the screen that waits by a code, which is used up by that; None: no screen does."""
        found = self._redis.getdel(f"{PREFIX}pairing:{code}")
        return found.decode() if isinstance(found, bytes) else None
