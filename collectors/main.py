"""The role ``collect``: polls the sources, probes the links, and shows every second that it is alive."""

from __future__ import annotations

import ctypes
import datetime as dt
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence

from sqlalchemy import Engine, event
from sqlalchemy.exc import SQLAlchemyError

from collectors.asked import LOOKED_EVERY as ASKED_EVERY
from collectors.asked import Asked
from collectors.base import Given
from collectors.links.history import LOOKED_EVERY, Chronicle
from collectors.links.poll import link_polls
from collectors.meter import CollectMeter, MeteredProducer, MeteredTelegraph, Standing
from collectors.placeholders import Addresses
from collectors.polling import SourcePoll
from collectors.schedule import Schedule
from collectors.telegraph import Telegraph
from opscentre import outbound
from opscentre import profile as profiles
from opscentre.clock import open_clock, wall_ms
from opscentre.domain.observations import Heartbeat
from opscentre.mapping_file import mapping_files
from opscentre.pipe.base import Producer, open_producer
from opscentre.profile import Profile
from opscentre.runtime import health
from opscentre.runtime.metrics import Exposed
from opscentre.settings import Settings, SettingsError
from opscentre.sources import links_path, read_links_file, read_sources, sources_path
from opscentre.store.engine import open_store
from opscentre.store.quarantine import trim

log = logging.getLogger(__name__)

#: Seconds between two heartbeats.
HEARTBEAT = 1.0
#: Seconds by which nightly reconciliations wander, so that they do not all run at once.
RECONCILE_WANDER = 900.0
#: Local time at which the quarantine lets go of what was kept long enough.
TRIM_AT = dt.time(3, 30)
#: Seconds that running polls get at the end.
PATIENCE = 1.2
#: glibc's ``mallopt`` parameter for the number of heaps.
_M_ARENA_MAX = -8


def run(settings: Settings) -> None:
    """Collect until SIGTERM or SIGINT; in the main thread only.

    Raises ``ProfileError`` and ``SettingsError`` for files that cannot be used; a single source whose own
    settings are wrong is shown as failing, and the others are polled.
    """
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    if sys.platform == "linux":
        _share_one_heap()
    profile = outbound.heed(profiles.load(settings.profile))
    # Read before anything is opened: a mistake in them is told at once.
    read_sources(profile, settings)
    read_links_file(profile, settings)
    store = open_store(settings.database_url)
    if store.dialect.name == "sqlite":
        # Collectors write small rows and read nothing twice: 2 MB of page cache a connection would be idle.
        event.listen(store, "connect", lambda connection, _: connection.execute("PRAGMA cache_size=-128"))
        store.dispose()
    try:
        producer = open_producer(settings.broker_url, settings.dossier_partitions)
        try:
            with Exposed("collect", "OPSCENTRE_COLLECT_METRICS", settings.collect_metrics) as exposed:
                _collect(settings, profile, store, producer, stopping, exposed)
        finally:
            producer.close()
    finally:
        store.dispose()


def _share_one_heap() -> None:
    """Keep glibc from giving every thread a heap of its own: twenty half-empty ones are a tenth of our memory."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_M_ARENA_MAX, 1)


def _collect(
    settings: Settings,
    profile: Profile,
    store: Engine,
    producer: Producer,
    stopping: threading.Event,
    exposed: Exposed,
) -> None:
    try:
        clock = open_clock(settings.clock, profile.calendar)
    except ValueError as error:
        raise SettingsError(f"OPSCENTRE_CLOCK: {error}") from None
    addresses = Addresses(settings.data / "simulator.json", stopping)
    registry = exposed.registry
    meter = CollectMeter(registry)
    telegraph = MeteredTelegraph(producer, meter)
    schedule = Schedule()
    schedule.every(HEARTBEAT, "heartbeat", lambda: _beat(telegraph), jitter=0)
    sources = [
        SourcePoll(
            Given(
                config=config,
                settings=settings,
                profile=profile,
                store=store,
                producer=MeteredProducer(producer, config.code, meter),
                clock=clock,
                environment=os.environ,
                stopping=stopping,
                where=f"{sources_path(profile, settings)}, source {config.code}",
            ),
            addresses,
            telegraph,
        )
        for config in read_sources(profile, settings)
    ]
    registry.register(Standing(meter, lambda: {source.code: source.asked for source in sources}))
    for source in sources:
        schedule.every(source.interval, f"source {source.code}", source.run, jitter=source.jitter)
        if source.reconcile_at is not None:
            schedule.daily(source.reconcile_at, f"keys {source.code}", source.reconcile, wander=RECONCILE_WANDER)
    schedule.every(ASKED_EVERY, "what people ask for", Asked(store, settings, sources).look, jitter=0)
    _name_strangers(profile, [source.code for source in sources])
    schedule.daily(TRIM_AT, "quarantine", lambda: _trim(store), wander=RECONCILE_WANDER)
    links = read_links_file(profile, settings)
    chronicle = Chronicle(store, profile.calendar, links.history_days)
    where = str(links_path(profile, settings))
    for link in link_polls(
        links, store=store, chronicle=chronicle, addresses=addresses, telegraph=telegraph, where=where
    ):
        schedule.every(link.config.interval, f"link {link.config.code}", link.run)
    schedule.every(LOOKED_EVERY, "history of links", lambda: chronicle.write(wall_ms()), jitter=0)
    log.info("collecting from %d sources, probing %d links", len(sources), len(links.link))
    exposed.health.can_work_when(
        pipe=lambda: "the pipe takes no observations" if telegraph.broken else "", database=health.database(store)
    )
    schedule.start()
    stopping.wait()
    _end(schedule, sources, chronicle)


def _end(schedule: Schedule, sources: Sequence[SourcePoll], chronicle: Chronicle) -> None:
    """Let what runs come to its end within ``PATIENCE``, and write the last of the links' history."""
    # Beside the polls that are ending, and let go of with them: SQL may be busy for longer than there is time.
    last = threading.Thread(target=lambda: chronicle.write(wall_ms(), all_of_it=True), daemon=True)
    last.start()
    ended = schedule.stop(PATIENCE)
    last.join(0.3)
    if ended:
        for source in sources:
            source.close()
        log.info("stopped")
    else:
        log.info("stopped; a poll that did not end is repeated at the next start")


def _name_strangers(profile: Profile, codes: Sequence[str]) -> None:
    """Say which mapping tables are no source's: a mistyped name would map nothing without a word."""
    for path in mapping_files(profile.folder):
        if path.stem not in codes:
            log.warning("%s: no source has the code %r; used for 'opscentre import' only", path, path.stem)


def _trim(store: Engine) -> None:
    try:
        log.info("quarantine: %d rows were kept long enough", trim(store, wall_ms()))
    except SQLAlchemyError as error:
        log.error("quarantine: what was kept long enough is still there (%s); tried again tomorrow", error)


def _beat(telegraph: Telegraph) -> None:
    telegraph.send(Heartbeat(wall_ms()))
