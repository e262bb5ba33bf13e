"""The stream role: opens SQL, Redis and the pipe, and runs the Faust worker until it is told to stop."""

from __future__ import annotations

import logging
import threading

import faust

from opscentre import clock, profile
from opscentre.clock import wall_ms
from opscentre.live.writer import BoardWriter
from opscentre.partition_check import require_same_partitions
from opscentre.pipe import topics
from opscentre.pipe.base import open_producer
from opscentre.runtime import role
from opscentre.runtime.metrics import Exposed
from opscentre.settings import Settings
from opscentre.store import history
from opscentre.store.engine import open_store
from streams import health
from streams.app import CLAIM_LOST, GROUP, Cycle, create_app
from streams.dead_letters import Publisher
from streams.ends import open_ends
from streams.meter import Holdings, StreamMeter
from streams.transport import refuse_second_worker
from streams.watchdog import STOOD_STILL, Watchdog
from streams.worker import Worker

log = logging.getLogger(__name__)


def run(settings: Settings) -> None:
    """Run the stream worker in this process until SIGTERM or SIGINT."""
    calendar = profile.load(settings.profile).calendar
    engine = open_store(settings.database_url)
    require_same_partitions(engine, settings.dossier_partitions)
    # Faust must find its topics there: the producer makes them where they are missing.
    producer = open_producer(settings.broker_url, settings.dossier_partitions)
    refuse_second_worker(settings.broker_url, GROUP)
    with Exposed("stream", "OPSCENTRE_STREAM_METRICS", settings.stream_metrics, settings.worker) as exposed:
        meter = StreamMeter(exposed.registry, role.earlier_ends(), STOOD_STILL, CLAIM_LOST)
        now = clock.open_clock(settings.clock, calendar)
        worker = Worker(engine, BoardWriter(settings.redis_url), calendar, now, meter)
        cycle = Cycle(worker, meter)
        app = create_app(cycle, settings.broker_url, settings.dossier_partitions, str(settings.data / "faust"))

        def keep_house(stopping: threading.Event) -> None:
            # One of several workers is enough: the one that has the first partition.
            if (topics.DOSSIERS, 0) in worker.positions():
                old = history.before(now.now(), settings.history_kept)
                gone = history.prune(engine, old, history.before(wall_ms(), history.RECEIPT_DAYS), stopping)
                if gone.transitions:
                    log.info("history: %d transitions of dossiers long over are deleted", gone.transitions)

        publisher = Publisher(
            engine,
            producer,
            worker.positions,
            lambda: history.before(now.now(), settings.dead_letters_kept),
            keep_house,
        )
        watchdog = Watchdog(cycle, lambda: open_ends(settings.broker_url), settings.stalled_after)
        exposed.registry.register(Holdings(worker.held, worker.in_memory, watchdog.behind))
        exposed.health.can_work_when(**health.checks(cycle, worker, watchdog))
        publisher.start()
        watchdog.start()
        try:
            faust.Worker(app, loglevel="WARNING", override_logging=False, quiet=True).execute_from_commandline()
        finally:
            watchdog.stop()
            publisher.stop()
            producer.close()
