"""A dashboard in a process of its own, fed by the wall that lies in Redis: ``python -m tests.dashboard.serve``."""

from __future__ import annotations

import logging
import sys
from functools import partial

from dashboard.app import create_app
from dashboard.main import show
from opscentre import profile
from opscentre.settings import load
from opscentre.store.engine import open_store, reading
from tests.dashboard.pictures import PictureReader


def look_back(start: int, end: int, now: int) -> dict[str, int]:
    """The period asked for, so that a test sees what arrived."""
    return {"start": start, "end": end, "now": now}


if __name__ == "__main__":
    url, port, database, metrics = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
    logging.basicConfig(level=logging.INFO, format="%(asctime)s dashboard %(levelname)s %(message)s")
    # What a test says of signing in stands in the environment.
    settings = load(redis=url, port=port, dashboard_metrics=metrics)
    store = reading(open_store(database))
    application = create_app(settings, profile.load(settings.profile), partial(PictureReader, url), look_back, store)
    show(application, settings)
