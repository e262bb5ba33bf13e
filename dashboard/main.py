"""The dashboard role: serves the pages until it is told to stop."""

from __future__ import annotations

from functools import partial

from fastapi import FastAPI

from dashboard.app import create_app
from dashboard.desk_counts import Counts
from dashboard.meter import Screens
from dashboard.server import serve
from dashboard.slow import SlowFeed
from dashboard.ways.local import is_loopback
from opscentre import profile
from opscentre.clock import open_clock
from opscentre.live.reader import BoardReader
from opscentre.runtime.metrics import Exposed
from opscentre.settings import Settings, SettingsError
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


def check_door(settings: Settings) -> None:
    """Refuse to serve everybody to everybody. Raises ``SettingsError``."""
    if settings.sign_in == "required":
        return
    listens = {"OPSCENTRE_HOST": settings.host}
    if settings.tls_listen:
        listens["OPSCENTRE_TLS_LISTEN"] = settings.tls_listen.rpartition(":")[0] or "127.0.0.1"
    for name, host in listens.items():
        if not is_loopback(host):
            raise SettingsError(
                f"{name}={host} can be reached from other machines, and OPSCENTRE_SIGN_IN=off lets everybody in: set "
                "OPSCENTRE_SIGN_IN=required and add an administrator ('opscentre user add LOGIN --role "
                f"administrator'), or let {name} be 127.0.0.1"
            )


def show(application: FastAPI, settings: Settings) -> None:
    """Serve an application made by ``create_app``, and what it tells of itself, until SIGTERM or SIGINT."""
    exposed = Exposed("dashboard", "OPSCENTRE_DASHBOARD_METRICS", settings.dashboard_metrics, settings.worker)
    exposed.health = application.state.health
    exposed.registry.register(Screens(application.state.feed))
    with exposed:
        serve(application, settings.host, settings.port, settings.proxies)
