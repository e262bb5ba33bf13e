"""``make bench-deadlines``: due moments a second on one core, by kind of limit.

Receptions are spread over three years, any time of any day; each figure is the median of three runs. Also what the
stream asks of working time for each change, in microseconds.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence

from bench.report import machine
from opscentre import profile
from opscentre.domain.calendar import Calendar, seeded_days
from opscentre.domain.deadlines import Pause, due_moment, parse_limit
from opscentre.domain.moments import DAY, HOUR, parse_local

#: Due moments a second that every kind of limit has to reach.
WANTED = 200_000
LIMITS = ("3d", "30d", "12h", "240h", "5cd", "same-day")


def main() -> None:
    """Run the measurement and print it; exit code 1 when a kind of limit stays below what is wanted."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=200_000, help="due moments a run (default: %(default)s)")
    count = options.parse_args().count
    rng = random.Random(1)
    first, last = parse_local("2024-01-01"), parse_local("2027-01-01")
    received = [rng.randrange(first, last) for _ in range(count)]
    calendar = profile.load("thai-nguyen").calendar
    print(f"machine: {machine()}")
    print(f"laying out 1989-2101: {layout_ms(calendar):.0f} ms a calendar, once a process")
    rates = {limit: rate(due_of(limit, calendar), received) for limit in LIMITS}
    rates["3d, one pause"] = rate(due_of("3d", calendar, pause=3 * DAY), received)
    print(f"due moments a second, one core, {count:,} receptions, median of 3:")
    for limit, found in rates.items():
        print(f"  {limit:<16}{found:>12,.0f}")
    print("working time, microseconds a call:")
    for name, call in stream_calls(calendar).items():
        print(f"  {name:<20}{1e6 / rate(call, received):>8.2f}")
    slow = [limit for limit, found in rates.items() if found < WANTED]
    if slow:
        print(f"below {WANTED:,} a second: {', '.join(slow)}")
        sys.exit(1)


def due_of(limit: str, calendar: Calendar, pause: int = 0) -> Callable[[int], object]:
    """What computes the due moment of one reception; ``pause``: its length in ms, a day after reception."""
    parsed = parse_limit(limit)
    if not pause:
        return lambda at: due_moment(parsed, at, calendar)
    return lambda at: due_moment(parsed, at, calendar, (Pause(at + DAY, at + DAY + pause),))


def stream_calls(calendar: Calendar) -> dict[str, Callable[[int], object]]:
    """What the stream asks for each change of a dossier."""
    return {
        "reception_due": calendar.reception_due,
        "working_time_before": lambda at: calendar.working_time_before(at, 8 * HOUR),
        "working_time": lambda at: calendar.working_time(at, at + 5 * DAY),
        "add_working_time": lambda at: calendar.add_working_time(at, 20 * HOUR),
        "add_working_days": lambda at: calendar.add_working_days(at, 5),
        "next_working_moment": calendar.next_working_moment,
    }


def rate(call: Callable[[int], object], received: Sequence[int]) -> float:
    """Calls a second, median of three runs over all receptions."""
    taken = []
    for _ in range(3):
        begin = time.perf_counter()
        for at in received:
            call(at)
        taken.append(time.perf_counter() - begin)
    return len(received) / statistics.median(taken)


def layout_ms(calendar: Calendar) -> float:
    """Milliseconds to lay out a calendar's table, holidays known, median of three."""
    seeded_days()
    taken = []
    for _ in range(3):
        begin = time.perf_counter()
        assert Calendar(calendar.overrides).table.spans
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken) * 1000


if __name__ == "__main__":
    main()
