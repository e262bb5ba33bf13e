"""Counts the slow document again and again beside the push: in a process of its own, at most once a minute.

A pass over a million dossiers keeps a core busy for a minute; in the dashboard's own process it would hold up every
picture. So ``python -m dashboard.slow`` counts once, at the lowest priority, writes the document to its output and
ends; the dashboard waits at least nineteen times as long as that took before the next one.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
import time
from functools import partial

import msgspec

from opscentre import profile, settings
from opscentre.alert_files import read_names
from opscentre.clock import open_clock, product_time
from opscentre.live.slow import Slow
from opscentre.settings import Settings
from opscentre.slow import count
from opscentre.store.engine import open_store

log = logging.getLogger(__name__)

#: Seconds between two documents at least, and seconds after which one is given up.
EVERY, PATIENCE = 60.0, 1800.0
#: Seconds after the first document, doubled from one to the next: an installation that has just begun still fills.
FIRST = 7.5
#: Of a core's time the counting takes at most this share.
SHARE = 0.05


class SlowFeed:
    """Keeps the newest document; ``newest`` is None until there is one."""

    def __init__(self, chosen: Settings) -> None:
        self.newest: Slow | None = None
        self._settings = chosen
        #: Whether the last attempt failed.
        self.failing = False

    async def run(self) -> None:
        """Count until cancelled."""
        pause = FIRST
        while True:
            await self.take()
            took = self.newest.took_ms / 1000 if self.newest else 0.0
            await asyncio.sleep(max(pause, took / SHARE))
            pause = min(2 * pause, EVERY)

    async def take(self) -> None:
        """Count once. What goes wrong is logged once, and the last document goes on ageing."""
        try:
            self.newest = await self._count()
        except (RuntimeError, TimeoutError, msgspec.DecodeError) as error:
            if not self.failing:
                log.warning("yesterday's places, score and figures cannot be counted: %s", error)
            self.failing = True
            return
        if self.failing:
            log.info("yesterday's places, score and figures are counted again")
        self.failing = False

    async def _count(self) -> Slow:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "dashboard.slow",
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **self._settings.environment()},
        )  # fmt: skip
        try:
            async with asyncio.timeout(PATIENCE):
                written, complaint = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            lines = complaint.decode(errors="replace").strip().splitlines() or ["it said nothing"]
            raise RuntimeError(f"exit code {process.returncode}: {lines[-1]}")
        return msgspec.json.decode(written, type=Slow)


def end_with(parent: int) -> None:
    """End this process once that one is no longer its parent: a dashboard that was killed leaves none behind."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def main() -> None:
    """Count once, as the environment's settings say."""
    os.nice(19)
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    chosen = settings.load()
    place = profile.load(chosen.profile)
    store = open_store(chosen.database_url)
    try:
        clock = open_clock(chosen.clock, place.calendar)
        document = count(store, place, clock.now(), read_names(place, chosen), partial(product_time, clock))
    finally:
        store.dispose()
    sys.stdout.buffer.write(msgspec.json.encode(document))


if __name__ == "__main__":
    main()
