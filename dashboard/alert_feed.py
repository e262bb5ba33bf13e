"""Reads beside the push what the wall says of alerts: ways that do not work, who answered for its dossiers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from opscentre.clock import Clock, wall_ms
from opscentre.live.alerts import AlertsShown
from opscentre.live.wall import Wall
from opscentre.store import alert_channels, alert_lists

log = logging.getLogger(__name__)

#: Seconds between two looks.
EVERY = 5.0


class AlertFeed:
    """Keeps the newest picture; ``newest`` is None until there is one, and while SQL does not answer."""

    def __init__(self, store: Engine, clock: Clock, wall: Callable[[], Wall | None]) -> None:
        """``wall``: the newest wall, whose dossiers are asked for."""
        self.newest: AlertsShown | None = None
        self._store, self._clock, self._wall = store, clock, wall
        self._away = False

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.to_thread(self.take)
            # Before the first wall there is nothing to ask of: it comes within a second.
            await asyncio.sleep(EVERY if self._wall() else EVERY / 5)

    def take(self) -> None:
        """Look once. That SQL is away is logged once: nothing is shown of alerts then."""
        wall = self._wall()
        listed = [f"{one.source}/{one.number}" for one in (*wall.overdue, *wall.due_soon)] if wall else []
        now = self._clock.now()
        try:
            troubles = alert_channels.troubles(self._store, now, wall_ms())
            answered = alert_lists.answered(self._store, listed, now)
        except SQLAlchemyError as error:
            if not self._away:
                why = " ".join(str(error).split())[:300]
                log.warning("the wall says nothing of alerts, SQL does not answer: %s", why)
            self._away, self.newest = True, None
            return
        if self._away:
            log.info("the wall tells of alerts again")
        self._away, self.newest = False, AlertsShown(troubles=troubles, answered=answered)
