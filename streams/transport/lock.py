"""One worker per event log and group: a lock that the kernel drops when its process ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from faust.exceptions import ImproperlyConfigured

from opscentre.pipe.embedded import log_path


class WorkerLock:
    """An exclusive lock on ``<log>.<group>.lock``, which also names the process that holds it."""

    def __init__(self, log: Path, group: str) -> None:
        safe = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in group)
        self.path = log.with_name(f"{log.name}.{safe}.lock")
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock; ``ImproperlyConfigured`` names the process that has it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise ImproperlyConfigured(
                f"{self.path}: process {holder} already works on this event log; the embedded pipe takes one "
                "stream worker: stop that one first, or use Kafka for several"
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back; harmless when it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def refuse_second_worker(broker: str, group: str) -> None:
    """Raise ``ImproperlyConfigured``, in one line, where another process already works for ``group``.

    For the start of a worker: Faust prints what its consumer raises with some thirty lines of traceback. On
    Kafka several workers share the partitions, and nothing is refused.
    """
    if broker.startswith("embedded:"):
        lock = WorkerLock(log_path(broker), group)
        lock.acquire()
        lock.release()
