"""A stream worker for a command that needs one: the running installation's, or one of its own for the while."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from opscentre.runtime import parts
from opscentre.runtime.folder import HeldFolder, held
from opscentre.runtime.supervisor import Supervisor
from opscentre.settings import Settings

_START_WITHIN = 60.0
_LOOK_EVERY = 0.2


@contextmanager
def counting(settings: Settings) -> Iterator[Settings]:
    """While inside, what is appended to the pipe gets counted; yields the settings to use.

    Where a supervisor holds the data folder, or the pipe is a Kafka cluster, their worker counts; else a
    Redis and a stream worker are started and stopped again. Raises ``Unusable`` and ``PartFailed``.
    """
    if not settings.embedded or held(settings.data):
        yield settings
        return
    folder = HeldFolder(settings.data)
    supervisor = Supervisor(folder.path / "logs")
    done = threading.Event()

    def watch() -> None:
        while not done.wait(_LOOK_EVERY):
            supervisor.look()

    watcher = threading.Thread(target=watch, name="supervisor", daemon=True)
    try:
        redis, url, _ = parts.redis_part(folder.path)
        supervisor.start([redis], _START_WITHIN)
        settings = msgspec.structs.replace(settings, data=folder.path, redis=url)
        supervisor.start([parts.stream_part(settings)], _START_WITHIN)
        watcher.start()
        yield settings
    finally:
        done.set()
        if watcher.ident is not None:
            watcher.join()
        supervisor.stop()
        folder.release()
