"""Reading a list that moves while it is read: in order of modification, page by page, and no row is missed.

A row that changes between two requests leaves its place for the end of the list, and those behind it move up. So
reading goes on at a page's newest moment, that moment included, and never at a second page. Only where one moment has
more rows than a page is it read by place, and then again from its beginning until it has held still.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import Generic, NamedTuple, Protocol, TypeVar

from opscentre.domain.moments import format_compact

log = logging.getLogger(__name__)

Row = TypeVar("Row")
Place = TypeVar("Place")

#: How often one moment is read before the rest is left to the next poll.
READINGS = 20


class Page(NamedTuple, Generic[Row, Place]):
    """One answer: the rows of one moment of the source, oldest modification first."""

    rows: list[Row]
    #: Whether the list ends with it; else the place at which it goes on.
    last: bool
    following: Place


class Part(NamedTuple, Generic[Row, Place]):
    """Rows that were read, and the place of their page (None: the first)."""

    rows: list[Row]
    place: Place | None


class Listing(Protocol[Row, Place]):
    """What is read: a list of rows in order of their modification."""

    #: Whether a place is a number, which stands for another row once one before it has left. Else it is a key.
    counted: bool

    def page(self, since: int | None, place: Place | None) -> Page[Row, Place]:
        """The rows modified at or after a moment (ms; None: all), from a place on."""
        ...

    def modified(self, row: Row) -> int | None:
        """When a row was modified (ms); None: it does not tell."""
        ...

    def digest(self, row: Row) -> int:
        """By what a row is known again."""
        ...


class Reader(Generic[Row, Place]):
    """Reads one listing again and again, each time from a moment on."""

    def __init__(self, listing: Listing[Row, Place], stopping: threading.Event) -> None:
        self._listing = listing
        self._stopping = stopping
        #: Before this moment (ms) nothing is missing of what the caller was given.
        self._sure: int | None = None

    def walk(self, since: int | None) -> Iterator[Part[Row, Place]]:
        """The rows from a moment (ms; None: all) to the end, oldest first; some come twice.

        Whoever breaks off goes on at the newest moment given, that moment included: of what is older nothing is
        missing, but for rows that the source shows later than their modification says.
        """
        at = since
        while not self._stopping.is_set():
            page = self._listing.page(at, None)
            if page.last or not page.rows:
                yield Part(page.rows, None)
                return
            newest = self._newest(page.rows)
            if newest is not None and _later(newest, at):
                yield Part(page.rows, None)
                at = newest
            else:
                crowd = _Crowd(self._listing, at, self._sure, self._stopping)
                yield from crowd.read(page)
                if not crowd.settled:
                    return
                at = crowd.until
            # Only here: what was given is taken once the next is asked for.
            if at is not None and _later(at, self._sure):
                self._sure = at

    def _newest(self, rows: list[Row]) -> int | None:
        dated = (m for row in reversed(rows) if (m := self._listing.modified(row)) is not None)
        # The order of a key is the database's own; that of a counted list is only what its system promises.
        return max(dated, default=None) if self._listing.counted else next(dated, None)


class _Crowd(Generic[Row, Place]):
    """A moment with more rows than a page, read until it has held still.

    It is known to be over once a later row has been seen. Where places are keys, one reading that was begun after
    that has everything. Where they are numbers, a row that leaves makes another one be skipped: but it had been seen
    by then, and the next reading lacks it. So two of them that agree have everything.
    """

    def __init__(
        self, listing: Listing[Row, Place], at: int | None, sure: int | None, stopping: threading.Event
    ) -> None:
        self._listing = listing
        self._at = at
        #: A moment up to which everything was given before: one reading is enough, for rows that come late.
        self._sure = sure if sure is not None and _later(sure, at) else None
        self._stopping = stopping
        self._seen: set[int] = set()
        #: Rows behind the moment: not given before nothing in it can be missing any more.
        self._held: dict[int, Row] = {}
        #: How many rows the reading under way has met, and the sum of their digests.
        self._met = (0, 0)
        #: A later moment; everything before it is read when the crowd has settled. None: the list ends with this one.
        self.until: int | None = None
        self.settled = False

    def read(self, first: Page[Row, Place]) -> Iterator[Part[Row, Place]]:
        """The rows; ``first`` is the first page of the first reading."""
        before: tuple[int, int] | None = None
        page = first
        for _ in range(READINGS):
            over, self._met = self.until is not None, (0, 0)
            yield from self._once(page)
            if self.until is None or self._stopping.is_set():
                return
            if self._sure is not None:
                self.until = min(self.until, self._sure)
            if self._sure is not None or (over and (not self._listing.counted or self._met == before)):
                self.settled = True
                yield Part([row for row in self._held.values() if self._among(row)], None)
                return
            before = self._met
            page = self._listing.page(self._at, None)
        moment = "without a time" if self._at is None else f"of {format_compact(self._at)}"
        log.warning("the rows %s change faster than they can be read; the next poll reads them again", moment)

    def _once(self, page: Page[Row, Place]) -> Iterator[Part[Row, Place]]:
        """One reading, up to ``until``; where that is not known yet, up to the first page that has a later row."""
        place: Place | None = None
        while True:
            fresh, newest = self._sort(page.rows)
            yield Part(fresh, place)
            if newest is not None and (self.until is None or newest >= self.until):
                self.until = self.until or newest
                return
            if page.last or not page.rows or self._stopping.is_set():
                break
            place = page.following
            following = self._listing.page(self._at, place)
            if following.rows == page.rows:
                # It does not know of places.
                break
            page = following
        # The list has ended: what is missing of it comes with the next poll, which begins at this moment again.
        self.until = None

    def _sort(self, rows: list[Row]) -> tuple[list[Row], int | None]:
        """Those of the moment that are new, and the newest later moment; later rows are held."""
        fresh, newest = [], None
        count, total = self._met
        for row in rows:
            modified, digest = self._listing.modified(row), self._listing.digest(row)
            if modified is not None and self._among(row):
                count, total = count + 1, total + digest
            if modified is not None and _later(modified, self._at):
                newest = modified if newest is None else max(newest, modified)
                self._held[digest] = row
            elif digest not in self._seen:
                self._seen.add(digest)
                fresh.append(row)
        self._met = count, total
        return fresh, newest

    def _among(self, row: Row) -> bool:
        """Whether a row that has a time lies before ``until``."""
        modified = self._listing.modified(row)
        return modified is not None and self.until is not None and modified < self.until


def _later(moment: int, at: int | None) -> bool:
    return at is None or moment > at
