"""One reader a source: the schedule, the reconciliation and the commands take turns, in whatever process they run."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Seconds between two looks whether the source has become free.
_LOOK_EVERY = 0.1


@contextmanager
def sole_reader(data: Path, code: str, patience: float = 0.0) -> Iterator[bool]:
    """Hold a source while it is read; yields False where another reader still holds it after ``patience`` seconds."""
    folder = data / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + patience
    with (folder / f"source-{code}.lock").open("a", encoding="ascii") as file:
        while not (free := _try(file.fileno())) and time.monotonic() < until:
            time.sleep(_LOOK_EVERY)
        yield free


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
