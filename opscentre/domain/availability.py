"""How available a link was: what was seen of it over time, its maintenance windows, and the share of time it was up.

Time in which nobody looked is neither up nor down, nor is time under maintenance or without our own way out; each is
a sum of its own. All moments and lengths are real milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from opscentre.domain.moments import DAY, date_of, day_number, day_start

UP, DOWN, UNKNOWN = "up", "down", "unknown"
#: What a link is told to be within a window; it is probed all the same.
MAINTENANCE = "maintenance"
#: The periods that are told: today, and the last 7 and 30 local days, today being one of them.
TODAY, WEEK, MONTH = 1, 7, 30

#: [begin, end) in milliseconds.
Span = tuple[int, int]
#: How much of [begin, end) counts: working time, or all of it.
Measure = Callable[[int, int], int]


class Interval(NamedTuple):
    """One stretch of one state, as probes found it: from the first that said so to the last that was sure of it."""

    begun: int
    ended: int
    #: ``up``, ``down`` or ``unknown``.
    state: str


class Availability(msgspec.Struct, frozen=True, kw_only=True):
    """What a period's time went to, in milliseconds of the hours that count for the link."""

    up: int = 0
    down: int = 0
    #: Probed while our own way out was gone, or could not be probed at all.
    unknown: int = 0
    #: Within a maintenance window, whatever the link did.
    maintenance: int = 0
    #: Nobody looked: the collectors were not running, or the link was not known yet.
    unprobed: int = 0

    @property
    def share(self) -> float | None:
        """up ÷ (up + down); None where neither was ever seen."""
        return self.up / (self.up + self.down) if self.up + self.down else None

    @property
    def measured(self) -> float | None:
        """(up + down) ÷ the time outside maintenance: how much the share rests on; None where there is no such time."""
        whole = self.up + self.down + self.unknown + self.unprobed
        return (self.up + self.down) / whole if whole else None

    def __add__(self, other: Availability) -> Availability:
        """Of two periods that do not overlap."""
        return Availability(
            up=self.up + other.up,
            down=self.down + other.down,
            unknown=self.unknown + other.unknown,
            maintenance=self.maintenance + other.maintenance,
            unprobed=self.unprobed + other.unprobed,
        )


class Windows(NamedTuple):
    """When a link is under maintenance: every week, and on dates."""

    #: Weekdays (Monday is 0), and from when until when in ms since their midnight; an end that is not after its
    #: beginning lies on the next day.
    weekly: tuple[tuple[frozenset[int], int, int], ...] = ()
    dated: tuple[Span, ...] = ()

    def spans(self, begin: int, end: int) -> list[Span]:
        """What of [begin, end) lies in windows: in order, joined where they touch or overlap."""
        return [(max(b, begin), min(e, end)) for b, e in self._whole(begin, end) if b < end and e > begin]

    def at(self, moment: int) -> Span | None:
        """The whole window in which a moment lies; None outside. Weekly ones that never end are followed for a week."""
        around = self._whole(moment - 7 * DAY, moment + 7 * DAY)
        return next((span for span in around if span[0] <= moment < span[1]), None)

    def _whole(self, begin: int, end: int) -> list[Span]:
        found = [span for span in self.dated if span[0] < end and span[1] > begin]
        for day in range(day_number(begin) - 1, day_number(end) + 1) if self.weekly else ():
            weekday, start = date_of(day).weekday(), day_start(day)
            for days, opens, closes in self.weekly:
                if weekday in days:
                    found.append((start + opens, start + (closes if closes > opens else closes + DAY)))
        return joined(found)


def joined(spans: Iterable[Span]) -> list[Span]:
    """The same time in order, without overlaps."""
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found


def availability(
    history: Iterable[Interval], windows: Sequence[Span], measure: Measure, begin: int, end: int
) -> Availability:
    """What the time of [begin, end) went to.

    ``history`` in order and without overlaps; ``windows`` the maintenance within [begin, end), as ``Windows.spans``
    gives it; ``measure`` says how much of a stretch counts and must be additive, as working time is.
    """
    sums = {UP: 0, DOWN: 0, UNKNOWN: 0}
    for interval in history:
        for piece in _outside((max(interval.begun, begin), min(interval.ended, end)), windows):
            sums[interval.state] += measure(*piece)
    maintenance = sum(measure(*span) for span in windows)
    whole = measure(begin, end) if end > begin else 0
    rest = whole - maintenance - sum(sums.values())
    return Availability(up=sums[UP], down=sums[DOWN], unknown=sums[UNKNOWN], maintenance=maintenance, unprobed=rest)


def _outside(piece: Span, windows: Sequence[Span]) -> Iterator[Span]:
    """What of a stretch lies in no window."""
    at, end = piece
    for opens, closes in windows:
        if opens >= end:
            break
        if closes <= at:
            continue
        if opens > at:
            yield at, opens
        at = closes
    if at < end:
        yield at, end


def extended(last: Interval | None, state: str, since: int, at: int, reach: int) -> list[Interval]:
    """What stands in place of the newest interval after a probe at ``at`` found ``state`` to hold since ``since``.

    ``reach``: how long after its last probe a state is still taken to have held; after a longer silence a new interval
    begins, and the silence is nobody's.
    """
    new = Interval(at, at, state)
    if last is None:
        return [new]
    if at - last.ended > reach:
        return [last, new]
    if at < last.ended:
        # The machine's clock was put back: what it had already told of later than now is not known any more.
        return [last] if at <= last.begun else [last._replace(ended=at), new]
    if last.state == state:
        return [last._replace(ended=at)]
    turned = min(max(since, last.begun), at)
    newest = Interval(turned, at, state)
    return [newest] if turned == last.begun else [last._replace(ended=turned), newest]


def all_time(begin: int, end: int) -> int:
    """The measure of links that must be up around the clock."""
    return end - begin if end > begin else 0
