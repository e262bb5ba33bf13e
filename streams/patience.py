"""SQL that is away for a while: what was asked of it is asked again after growing pauses, for some minutes."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

import psycopg
from sqlalchemy.exc import InterfaceError, OperationalError

from streams.meter import Meter

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

#: What a database that is away, shuts down, starts or cannot take more just now gives. The driver's own beside
#: SQLAlchemy's: COPY goes past it.
AWAY = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)
#: Seconds after which the last error is raised: the process ends then, and its successor begins where SQL stands.
PATIENCE = 300.0
#: Seconds between two attempts: the first pause, doubled by each further one, and the longest.
FIRST, LONGEST = 0.1, 2.0


class Patience:
    """Asks SQL until it answers. Used from several threads."""

    def __init__(self, meter: Meter | None = None, patience: float = PATIENCE) -> None:
        self._meter = meter or Meter()
        self._patience = patience
        self._over = threading.Event()
        self._lock = threading.Lock()
        #: When the first question went unanswered (monotonic seconds); None while SQL answers.
        self._since: float | None = None

    @property
    def away_for(self) -> float | None:
        """Seconds since SQL answered no more; None while it does. May be asked from any thread."""
        since = self._since
        return None if since is None else time.monotonic() - since

    def ask(self, action: Callable[[], Answer]) -> Answer:
        """What an action gives that may be repeated as a whole; where SQL is away, it is repeated.

        Raises the last error when SQL stays away too long or ``give_up`` is called, and every other error at once.
        """
        begun, pause = time.monotonic(), FIRST
        while True:
            try:
                answer = action()
            except AWAY as error:
                self._lost(error)
                if time.monotonic() - begun >= self._patience or self._over.wait(pause):
                    raise
                pause = min(2 * pause, LONGEST)
            else:
                if self._since is not None:
                    self._found()
                return answer

    def give_up(self) -> None:
        """Wait for SQL no longer: the process is stopping."""
        self._over.set()

    def _lost(self, error: Exception) -> None:
        with self._lock:
            first, self._since = self._since is None, self._since or time.monotonic()
        if first:
            told = str(getattr(error, "orig", None) or error).strip().split("\n")[0]
            log.warning("SQL is away (%s); nothing is counted until it answers, what was taken waits for it", told)
            self._meter.sql(away=True)

    def _found(self) -> None:
        with self._lock:
            since, self._since = self._since, None
        if since is not None:
            log.info("SQL is back after %.1f s; counting goes on", time.monotonic() - since)
            self._meter.sql(away=False)
