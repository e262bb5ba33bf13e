"""The machine itself: versions, time zone, room on the disk."""

from __future__ import annotations

import datetime as dt
import shutil
import sys
from collections.abc import Iterator

from opscentre import __version__
from opscentre.checkup.findings import Finding, Level
from opscentre.settings import Settings

AREA = "machine"
#: Bytes that are free: fewer are to be looked at, fewer are too few.
ROOM_ODD, ROOM_WRONG = 10 << 30, 1 << 30


def versions() -> Iterator[Finding]:
    """What runs here."""
    said = f"opscentre {__version__} on Python {sys.version.split()[0]}"
    yield Finding(area=AREA, subject="versions", said=said)


def time_zone(now: dt.datetime) -> Iterator[Finding]:
    """The product reckons in Vietnamese time wherever it runs; lines of a text log have the machine's."""
    offset = now.astimezone().utcoffset() or dt.timedelta()
    hours = offset.total_seconds() / 3600
    said = f"this machine is at UTC{hours:+g}; the product reckons in Vietnamese time (UTC+7)"
    if hours != 7:
        said += ", a text log's times are the machine's"
    yield Finding(area=AREA, subject="time zone", said=said)


def disk(settings: Settings) -> Iterator[Finding]:
    """Room where the data folder lies."""
    place = settings.data.resolve()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    level: Level = "error" if free < ROOM_WRONG else "warning" if free < ROOM_ODD else "ok"
    yield Finding(
        area=AREA, subject="disk", level=level, said=f"{free / (1 << 30):.1f} GB are free for {settings.data}",
        remedy="" if level == "ok" else "make room, or let OPSCENTRE_DATA name a folder on a larger disk",
    )  # fmt: skip
