"""Commands to walls and reports of screens, kept in Redis (``opscentre.live.walls`` says what they mean)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import redis

from opscentre.clock import wall_ms
from opscentre.live.keys import PREFIX
from opscentre.live.walls import FORGOTTEN, Command, Commands, Kind, Report

#: Published (any payload) whenever a command was given.
CHANNEL = PREFIX + "walls:changed"
#: Hash wall → its commands by kind as JSON; hash screen → its ``Report``; the lock of who writes
#: after he has read.
WANTED = PREFIX + "walls:wanted"
SEEN = PREFIX + "walls:seen"
LOCK = PREFIX + "walls:lock"


class WallBoard:
    """Commands and reports in Redis. Calls are synchronous; they raise ``redis.exceptions.RedisError``."""

    def __init__(self, redis_url: str) -> None:
        self._redis = redis.Redis.from_url(redis_url, socket_timeout=2, socket_connect_timeout=2)

    def give(self, wall: str, command: Command) -> Command:
        """Keep a command for a wall (``ALL``: for every one) and tell the dashboards; as it was kept."""
        with self._redis.lock(LOCK, timeout=5):
            known, now = self.commands(), wall_ms()
            last = max((one.sequence for given in known.values() for one in given.values()), default=0)
            # Not counted on from 1: a cache that was wiped must not make the next command look like an old one.
            kept = msgspec.structs.replace(command, sequence=max(now, last + 1), at=now)
            mine = {kind: one for kind, one in known.get(wall, {}).items() if one.holds(now)}
            over = [name for name, given in known.items() if not any(one.holds(now) for one in given.values())]
            with self._redis.pipeline() as pipe:
                if over:
                    pipe.hdel(WANTED, *over)
                pipe.hset(WANTED, wall, msgspec.json.encode(mine | {kept.kind: kept}).decode())
                pipe.publish(CHANNEL, b"")
                pipe.execute()
            return kept

    def commands(self) -> Commands:
        """Every command that is kept, by wall."""
        found: Any = self._redis.hgetall(WANTED)
        return {name.decode(): msgspec.json.decode(given, type=dict[Kind, Command]) for name, given in found.items()}

    def tell(self, reports: Iterable[Report], gone: Mapping[str, int] | None = None) -> None:
        """Keep what screens said; forget those that are gone since a moment, unless they came back elsewhere."""
        told: dict[Any, Any] = {one.screen: msgspec.json.encode(one) for one in reports}
        if told:
            self._redis.hset(SEEN, mapping=told)
        if gone:
            screens = list(gone)
            known: Any = self._redis.hmget(SEEN, screens)
            last = {
                screen: msgspec.json.decode(one, type=Report) for screen, one in zip(screens, known, strict=True) if one
            }
            left = [screen for screen, report in last.items() if report.since < gone[screen]]
            if left:
                self._redis.hdel(SEEN, *left)

    def reports(self) -> list[Report]:
        """What the screens said last, by name; those not heard of for a day are forgotten."""
        found = [msgspec.json.decode(one, type=Report) for one in self._redis.hvals(SEEN)]
        now = wall_ms()
        old = [one.screen for one in found if now - one.heard > FORGOTTEN]
        if old:
            self._redis.hdel(SEEN, *old)
        return sorted((one for one in found if one.screen not in old), key=lambda one: (_number(one.name), one.name))

    def name(self, screen: str, words: str) -> str:
        """What a screen without a name is called: ``words`` and the smallest number that no other is called by."""
        with self._redis.lock(LOCK, timeout=5):
            known = self.reports()
            mine = [one.name for one in known if one.screen == screen]
            if mine:
                return mine[0]
            taken = {one.name for one in known}
            chosen = next(name for n in range(1, len(taken) + 2) if (name := f"{words} {n}") not in taken)
            # It counts as seen from now on, so that nobody else is given its name before its first report.
            now = wall_ms()
            self.tell([Report(screen=screen, name=chosen, since=now, heard=now)])
            return chosen


def _number(name: str) -> int:
    """The number at the end of a name, so that 10 comes after 9."""
    end = re.search(r"\d{1,6}$", name)
    return int(end.group()) if end else 0
