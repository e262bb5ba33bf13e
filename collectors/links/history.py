"""The history of all links while the role runs: what was seen since when, written in one transaction every few seconds.

SQL holds rows of one state each. Their ends are moved on every ``WRITTEN_EVERY`` seconds, so that being killed costs a
link no more than that of what is known of it; it is not known then, and never taken for up.
"""

from __future__ import annotations

import logging
import threading
import time
from bisect import bisect_left, bisect_right
from operator import attrgetter

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from collectors.errors import as_failure
from collectors.links.answer import Transcript
from opscentre.domain.availability import (
    MONTH,
    TODAY,
    WEEK,
    Availability,
    Interval,
    all_time,
    availability,
    extended,
)
from opscentre.domain.calendar import Calendar
from opscentre.domain.moments import DAY, SECOND, day_number, day_start
from opscentre.link_settings import LinkConfig, windows
from opscentre.store.links import Which, prune_links, read_intervals, write_links

log = logging.getLogger(__name__)

#: Seconds between two looks for what is to be written; changes of a state are written then, ends more seldom.
LOOKED_EVERY = 2.0
WRITTEN_EVERY = 10.0
#: Milliseconds for which a reckoning of availability is good, unless the state changes.
_RECKONED_FOR = 30 * SECOND
#: Probes that may be missing before a state is no longer taken to have held.
_MISSED = 3
_begun, _ended = attrgetter("begun"), attrgetter("ended")


class LinkHistory:
    """One link's; used by the link's own thread and by the one that writes."""

    def __init__(self, link: LinkConfig, store: Engine, calendar: Calendar, now: int) -> None:
        self._link = link
        self._windows = windows(link)
        self._measure = calendar.working_time if link.hours == "work" else all_time
        self._reach = round(1000 * (_MISSED * link.interval + link.timeout))
        self._lock = threading.Lock()
        first = day_number(now) - MONTH + 1
        #: What reaches into yesterday or today; what went before is summed up by day.
        self._recent = read_intervals(store, link.code, day_start(first))
        self._days: dict[int, Availability] = {}
        for day in range(first, day_number(now) - 1):
            self._days[day] = self._between(day_start(day), day_start(day + 1))
        self._forget(day_number(now) - 1)
        self._reckoned: tuple[Availability, Availability, Availability] | None = None
        self._reckoned_at = 0
        self._unwritten: dict[tuple[str, int], Interval] = {}
        self._talks: dict[tuple[str, Which], Transcript] = {}
        self._turned = False

    def saw(self, state: str, since: int, at: int, talk: Transcript) -> None:
        """A probe at ``at`` found the link in a state that holds since ``since``."""
        with self._lock:
            last = self._recent[-1] if self._recent else None
            self._recent[-1:] = extended(last, state, since, at, self._reach)
            # The one before as well: it may have been cut.
            for interval in self._recent[-2:]:
                self._unwritten[self._link.code, interval.begun] = interval
            self._talks[self._link.code, "last"] = talk
            if talk.reason:
                self._talks[self._link.code, "failed"] = talk
            if last is None or self._recent[-1].begun != last.begun or last.state != state:
                self._turned = True
                self._reckoned = None

    def available(self, now: int) -> tuple[Availability, Availability, Availability]:
        """Of today, of the last seven days and of the last thirty, today being one of them."""
        with self._lock:
            if self._reckoned is None or not 0 <= now - self._reckoned_at < _RECKONED_FOR:
                self._reckoned, self._reckoned_at = self._reckon(now), now
            return self._reckoned

    def take(self, *, ends: bool) -> tuple[dict[tuple[str, int], Interval], dict[tuple[str, Which], Transcript]]:
        """What is to be written: all of it, or only where the state has changed."""
        with self._lock:
            if not (ends or self._turned):
                return {}, {}
            self._turned = False
            taken = self._unwritten, self._talks
            self._unwritten, self._talks = {}, {}
            return taken

    def put_back(self, intervals: dict[tuple[str, int], Interval], talks: dict[tuple[str, Which], Transcript]) -> None:
        """It could not be written; what is newer by now wins."""
        with self._lock:
            self._unwritten = {**intervals, **self._unwritten}
            self._talks = {**talks, **self._talks}
            # To be tried again at the next look: there may have been a change in it.
            self._turned = self._turned or bool(self._unwritten)

    def _reckon(self, now: int) -> tuple[Availability, Availability, Availability]:
        today = day_number(now)
        for day in range(today - MONTH + 1, today - 1):
            if day not in self._days:
                self._days[day] = self._between(day_start(day), day_start(day + 1))
        self._forget(today - 1)
        self._days = {day: one for day, one in self._days.items() if day > today - MONTH}
        # Yesterday's end may yet turn out otherwise: a link is down since the first failure, found by a later one.
        late = {today - 1: self._between(day_start(today - 1), day_start(today)),
                today: self._between(day_start(today), now)}  # fmt: skip
        known = {**self._days, **late}
        one, seven, thirty = (
            sum((known[day] for day in range(today - days + 1, today + 1)), Availability())
            for days in (TODAY, WEEK, MONTH)
        )
        return one, seven, thirty

    def _between(self, begin: int, end: int) -> Availability:
        first = bisect_right(self._recent, begin, key=_ended)
        last = bisect_left(self._recent, end, key=_begun)
        return availability(self._recent[first:last], self._windows.spans(begin, end), self._measure, begin, end)

    def _forget(self, day: int) -> None:
        """Let go of what ended before a day, but for the newest."""
        start = day_start(day)
        self._recent = [one for one in self._recent[:-1] if one.ended >= start] + self._recent[-1:]


class Chronicle:
    """The histories of all links, and their way into SQL."""

    def __init__(self, store: Engine, calendar: Calendar, keep_days: int) -> None:
        self._store = store
        self._calendar = calendar
        self._keep_days = keep_days
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._histories: dict[str, LinkHistory] = {}
        self._written = time.monotonic()
        self._pruned = 0
        self._failing = False

    def of(self, link: LinkConfig, now: int) -> LinkHistory:
        """The history of a link, read from SQL when it is first asked for."""
        with self._lock:
            found = self._histories.get(link.code)
        if found is None:
            found = LinkHistory(link, self._store, self._calendar, now)
            with self._lock:
                found = self._histories.setdefault(link.code, found)
        return found

    def write(self, now: int, *, all_of_it: bool = False) -> None:
        """Write what has changed; once a day, forget what is older than what is kept. Keeps it where SQL is away."""
        with self._writing:
            ends = all_of_it or time.monotonic() - self._written >= WRITTEN_EVERY
            with self._lock:
                histories = list(self._histories.values())
            taken = [(history, *history.take(ends=ends)) for history in histories]
            try:
                self._write([(intervals, talks) for _, intervals, talks in taken], now)
            except SQLAlchemyError as error:
                for history, intervals, talks in taken:
                    history.put_back(intervals, talks)
                if not self._failing:
                    log.error("the history of links cannot be written, it is kept in memory: %s", as_failure(error))
                self._failing = True
                return
            if self._failing:
                log.info("the history of links is written again")
            self._failing = False
            if ends:
                self._written = time.monotonic()

    def _write(
        self, parts: list[tuple[dict[tuple[str, int], Interval], dict[tuple[str, Which], Transcript]]], now: int
    ) -> None:
        intervals = {key: one for found, _ in parts for key, one in found.items()}
        talks = {key: (talk.at, talk.encoded()) for _, found in parts for key, talk in found.items()}
        write_links(self._store, intervals, talks)
        if day_number(now) != self._pruned:
            prune_links(self._store, now - self._keep_days * DAY)
            self._pruned = day_number(now)
