"""``opscentre stream --workers N``: several stream workers on one machine, each with a restart of its own."""

from __future__ import annotations

import logging
import signal
import sys
import time

import msgspec

from opscentre.partition_check import require_same_partitions
from opscentre.pipe.base import open_producer
from opscentre.runtime.folder import Unusable
from opscentre.runtime.supervisor import Part, Supervisor
from opscentre.settings import Settings
from opscentre.store.engine import open_store

log = logging.getLogger(__name__)

#: Seconds the workers have to stop: as long as any part, and a while for leaving Kafka's group one after the other.
STOP_WITHIN = 8.0
#: Exit code of a process that a person has to help: a new start would end the same way.
MENDABLE = 2
_LOOK_EVERY = 0.1


def run(settings: Settings) -> int:
    """Run ``settings.workers`` stream workers until SIGTERM or SIGINT; the exit code.

    Raises ``Unusable``, ``PipeError`` and ``SettingsError`` for what would end every worker at its start.
    """
    require_room(settings)
    engine = open_store(settings.database_url)
    require_same_partitions(engine, settings.dossier_partitions)
    engine.dispose()
    open_producer(settings.broker_url, settings.dossier_partitions).close()
    supervisor = Supervisor(None, tell=_tell, stop_within=STOP_WITHIN)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, supervisor.ask_to_stop)
    log.info("%s stream workers on %s", settings.workers, settings.broker_url)
    try:
        supervisor.start([_part(settings, number + 1) for number in range(settings.workers)], within=STOP_WITHIN)
        while not supervisor.stopping:
            supervisor.look()
            # One that had run before met a server that is away: it is started again until that is back.
            if any(part.last_exit == MENDABLE and not part.restarts for part in supervisor.parts):
                log.critical("a stream worker ended with code %s: its last line says what to do", MENDABLE)
                return MENDABLE
            time.sleep(_LOOK_EVERY)
        return 0
    finally:
        supervisor.stop()
        log.info("all stream workers have stopped")


def require_room(settings: Settings) -> None:
    """Raise ``Unusable`` where so many workers cannot share the pipe."""
    if settings.embedded:
        raise Unusable(
            f"--workers {settings.workers}: the embedded pipe takes one stream worker, because it has no broker that "
            "shares partitions out; leave --workers out, or set OPSCENTRE_BROKER=kafka://host:9092 to use Kafka"
        )
    if settings.workers > settings.dossier_partitions:
        raise Unusable(
            f"--workers {settings.workers}: the dossiers topic has {settings.dossier_partitions} partitions, and each "
            f"has one worker at a time, so some would have nothing to do; give at most {settings.dossier_partitions}"
        )


def _part(settings: Settings, number: int) -> Part:
    own = msgspec.structs.replace(settings, workers=1, worker=number)
    return Part(f"stream-{number}", [sys.executable, "-m", "opscentre", "stream"], own.environment(), lambda: True)


def _tell(part: Part, text: str) -> None:
    level = logging.WARNING if part.last_exit is not None and "died" in text else logging.INFO
    log.log(level, "%s %s", part.name, text)
