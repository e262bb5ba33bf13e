"""The stream role: opens SQL, Redis and the pipe, and runs the Faust worker until it is told to stop."""

from __future__ import annotations

import logging

import faust

from opscentre import clock, profile
from opscentre.live.writer import BoardWriter
from opscentre.pipe.base import open_producer
from opscentre.settings import Settings
from opscentre.store.engine import open_store
from streams.app import GROUP, Cycle, create_app
from streams.dead_letters import Publisher
from streams.ends import open_ends
from streams.transport import refuse_second_worker
from streams.watchdog import Watchdog
from streams.worker import Worker

log = logging.getLogger(__name__)


def run(settings: Settings) -> None:
    """Run the stream worker in this process until SIGTERM or SIGINT."""
    calendar = profile.load(settings.profile).calendar
    engine = open_store(settings.database_url)
    # Faust must find its topics there: the producer makes them where they are missing.
    producer = open_producer(settings.broker_url, settings.dossier_partitions)
    refuse_second_worker(settings.broker_url, GROUP)
    worker = Worker(engine, BoardWriter(settings.redis_url), calendar, clock.open_clock(settings.clock, calendar))
    cycle = Cycle(worker)
    app = create_app(cycle, settings.broker_url, settings.dossier_partitions, str(settings.data / "faust"))
    publisher = Publisher(engine, producer, worker.positions)
    watchdog = Watchdog(cycle, lambda: open_ends(settings.broker_url), settings.stalled_after)
    publisher.start()
    watchdog.start()
    try:
        faust.Worker(app, loglevel="WARNING", override_logging=False, quiet=True).execute_from_commandline()
    finally:
        watchdog.stop()
        publisher.stop()
        producer.close()
