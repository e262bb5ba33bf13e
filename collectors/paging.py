"""Reads what changed at a source page by page: each row once, the cursor behind every page that the pipe has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from collectors.base import Given, PollResult
from collectors.behaviour import Pace
from collectors.intake import Record
from collectors.window import Window, digest_of
from opscentre.domain.moments import SECOND


class Seen(NamedTuple):
    """A row of a page: what is read of it, the bytes by which it is known again, when it was modified (ms)."""

    record: Record
    raw: bytes
    modified: int | None


class PageReader:
    """Takes the rows of one source that are new. ``overlap``: seconds that each poll reads again."""

    def __init__(self, given: Given, pace: Pace, overlap: float) -> None:
        self._given = given
        self._pace = pace
        self._overlap = round(overlap * SECOND)
        self._intake = given.intake()

    def window(self) -> Window:
        """Where reading goes on."""
        return Window(self._given.read_cursor(), self._overlap)

    def read(self, window: Window, pages: Iterator[Iterable[Seen]]) -> PollResult:
        """Take page after page until there is none, or the poll has brought as much as it may.

        Raises the errors of a poll; what was sent before stays sent, and the next poll goes on from there.
        """
        taken = rejected = 0
        self._pace.begin()
        for page in pages:
            got = self._take(window, page)
            taken, rejected = taken + got.taken, rejected + got.rejected
            if self._pace.spent:
                break
        return PollResult(taken, rejected)

    def _take(self, window: Window, page: Iterable[Seen]) -> PollResult:
        new = [(seen, digest) for seen in page if not window.knows(digest := digest_of(seen.raw))]
        if not new:
            return PollResult()
        self._pace.took(sum(len(seen.raw) for seen, _ in new))
        taken = self._intake.take(
            seen.record._replace(place=f"{seen.record.place}, new row {index}")
            for index, (seen, _) in enumerate(new, start=1)
        )
        now = self._given.clock.now()
        for seen, digest in new:
            window.remember(digest, seen.modified, now)
        self._given.write_cursor(window.save())
        return PollResult(taken.sent, taken.rejected)
