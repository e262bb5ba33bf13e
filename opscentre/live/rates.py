"""How often something was asked for of late, counted for all dashboards together: in Redis, by windows of time."""

from __future__ import annotations

import logging
import math
import threading
import time

import redis
from redis.exceptions import RedisError

from opscentre.live.keys import PREFIX

log = logging.getLogger(__name__)

#: Names that are counted here while Redis is away, at most.
_MOST = 10_000


class Rates:
    """Counts by name. Calls are synchronous and may come from several threads.

    While Redis does not answer, each process counts for itself: a limit is then that of each dashboard.
    """

    def __init__(self, redis_url: str) -> None:
        self._redis = redis.Redis.from_url(redis_url, socket_timeout=1, socket_connect_timeout=1)
        self._away = False
        self._guard = threading.Lock()
        self._here: dict[tuple[str, int], int] = {}

    def wait(self, name: str, most: int, window: int) -> int:
        """Count one more; 0 where it is among the first ``most`` of its window, else the seconds to wait.

        ``window`` is in seconds; the next begins when the first that was counted is so old.
        """
        key = f"{PREFIX}rate:{window}:{name}"
        try:
            pipe = self._redis.pipeline(transaction=True)
            pipe.set(key, 0, ex=window, nx=True)
            pipe.incr(key)
            pipe.pttl(key)
            _, count, left = pipe.execute()
        except (RedisError, OSError) as error:
            if not self._away:
                log.warning("Redis does not answer (%s): each dashboard counts requests for itself", error)
            self._away = True
            return self._count_here(name, most, window)
        self._away = False
        return 0 if count <= most else max(1, math.ceil(left / 1000))

    def _count_here(self, name: str, most: int, window: int) -> int:
        now = time.monotonic()
        key = (name, int(now // window))
        with self._guard:
            if len(self._here) >= _MOST:
                self._here.clear()
            self._here[key] = count = self._here.get(key, 0) + 1
        return 0 if count <= most else math.ceil(window - now % window)
