"""What the dashboard asks of the live board."""

from __future__ import annotations

from typing import Any, Protocol

from opscentre.live.wall import Wall


class Reader(Protocol):
    """A reader of the live board; calls are synchronous and take a few milliseconds.

    Both raise ``redis.exceptions.RedisError`` when Redis is gone.
    """

    def wall(self) -> Wall:
        """One picture of the whole province."""
        ...

    def progress_table(self, start: int, end: int) -> dict[str, Any]:
        """The progress table for [start, end) (ms, local midnights) as it is printed.

        Raises ``opscentre.live.reader.PastPeriod`` for a period the live board cannot answer for.
        """
        ...
