"""The dashboard role: serves the pages until it is told to stop."""

from __future__ import annotations

from functools import partial

from fastapi import FastAPI

from dashboard.app import create_app
from dashboard.desk_counts import Counts
from dashboard.meter import Screens
from dashboard.server import serve
from dashboard.slow import SlowFeed
from opscentre import profile
from opscentre.access.door import check_door
from opscentre.clock import open_clock
from opscentre.live.reader import BoardReader
from opscentre.runtime.metrics import Exposed
from opscentre.settings import Settings
from opscentre.sources import read_links, read_sources
from opscentre.store.engine import open_store, reading


def run(settings: Settings) -> None:
    """Serve the dashboard on the settings' host and port until SIGTERM or SIGINT."""
    check_door(settings)
    place = profile.load(settings.profile)
    reader = partial(
        BoardReader,
        redis_url=settings.redis_url,
        profile=place,
        clock=open_clock(settings.clock, place.calendar),
        partitions=settings.dossier_partitions,
        sources=read_sources(place, settings),
        links=read_links(place, settings),
    )
    store = reading(open_store(settings.database_url))
    past = Counts(store, place).document
    show(create_app(settings, place, reader, past, store, SlowFeed(settings)), settings)


def show(application: FastAPI, settings: Settings) -> None:
    """Serve an application made by ``create_app``, and what it tells of itself, until SIGTERM or SIGINT."""
    exposed = Exposed("dashboard", "OPSCENTRE_DASHBOARD_METRICS", settings.dashboard_metrics, settings.worker)
    exposed.health = application.state.health
    exposed.registry.register(Screens(application.state.feed))
    with exposed:
        serve(application, settings.host, settings.port, settings.proxies)
