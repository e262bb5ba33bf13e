"""Why a stream worker cannot do its work at this moment: from what it knows anyway, without a question to anybody."""

from __future__ import annotations

import time

from opscentre.runtime.health import Reason
from streams.app import Cycle
from streams.watchdog import Watchdog
from streams.worker import Worker

#: Seconds without a cycle after which SQL, or what else it waits for, is taken to be away.
ROUND_WITHIN = 5.0


def checks(cycle: Cycle, worker: Worker, watchdog: Watchdog) -> dict[str, Reason]:
    """By what each is about."""

    def partitions() -> str:
        return "partitions are being taken over or handed over" if cycle.loading else ""

    def sql() -> str:
        if (away := worker.sql_away_for) is not None:
            return f"SQL has not answered for {away:.0f} s: it is asked again, and nothing is counted until it does"
        waited = time.monotonic() - cycle.came_round
        return f"no cycle has come round for {waited:.0f} s: SQL may be away or busy" if waited > ROUND_WITHIN else ""

    def redis() -> str:
        return "Redis does not answer: counting goes on, the board will be written anew" if worker.redis_away else ""

    def pipe() -> str:
        return "the pipe does not tell how far it is" if watchdog.pipe_away else ""

    return {"partitions": partitions, "database": sql, "redis": redis, "pipe": pipe}
