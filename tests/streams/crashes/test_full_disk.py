"""The disk of the embedded pipe is full: what was acknowledged is counted, the rest is refused and can be repeated."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from opscentre.pipe.base import PipeError
from opscentre.pipe.embedded import EmbeddedProducer
from tests.streams.books import history
from tests.streams.crashes.installation import Installation, tangled

#: Room on the small disk, in MB.
ROOM = 4


class Disk(Protocol):
    """A disk that can be filled to the last byte, and emptied again."""

    folder: Path

    def fill(self, producer: EmbeddedProducer) -> None:
        """Leave no room."""

    def free(self, producer: EmbeddedProducer) -> None:
        """Make room."""


class Mounted:
    """A file system of its own in memory; needs the right to mount."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self, producer: EmbeddedProducer) -> None:
        """Let another file take what is left."""
        room = os.statvfs(self.folder)
        with (self.folder / "ballast").open("wb") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, room.f_bavail * room.f_bsize)

    def free(self, producer: EmbeddedProducer) -> None:
        """Remove it; the disk is given more room, too."""
        (self.folder / "ballast").unlink()
        subprocess.run(["mount", "-o", "remount,size=64m", str(self.folder)], check=True)


class Limited:
    """Where nothing may be mounted: the producer's file may not grow."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self, producer: EmbeddedProducer) -> None:
        """No page more than there are."""
        pages = producer._log._db.execute("PRAGMA page_count").fetchone()[0]
        producer._log._db.execute(f"PRAGMA max_page_count = {pages}")

    def free(self, producer: EmbeddedProducer) -> None:
        """As many as it likes."""
        producer._log._db.execute("PRAGMA max_page_count = 1000000")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={ROOM}m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    yield Limited(folder) if mounted.returncode else Mounted(folder)
    if not mounted.returncode:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_what_the_pipe_took_is_counted_and_what_it_refused_is_taken_once_there_is_room(
    install: Callable[..., Installation], disk: Disk
):
    place = install(broker=f"embedded://{disk.folder / 'events.db'}")
    worker = place.worker()
    place.wait_assigned(worker)
    assert isinstance(place.producer, EmbeddedProducer)
    story = tangled(history(600))
    parts = [story[begin : begin + 400] for begin in range(0, len(story), 400)]
    taken, refused, why = [], [], ""
    for index, part in enumerate(parts):
        if index == len(parts) // 3:
            disk.fill(place.producer)
        try:
            place.send(part, at_once=10_000)
            taken += part
        except PipeError as error:
            refused.append(part)
            why = str(error)
    assert refused
    assert "free space on its disk; nothing of this call was written" in why
    place.wait(place.counted, 60.0, "what was acknowledged is not counted")
    place.snapshots = taken
    disk.free(place.producer)
    place.settle()
    for part in refused:
        place.send(part)
    place.settle()
