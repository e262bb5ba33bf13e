"""``make bench-scale``: what one change costs on this machine, and what a province and the country need from there."""

from __future__ import annotations

import argparse
import os

from bench.report import machine
from bench.scale.measure import measure
from bench.scale.model import Assumed, Load
from bench.scale.report import measured_lines, table

#: One province after the mergers, all 34, and ten times that: 1.3 million dossiers a year and province, and some ten
#: changes a second in its worst minutes.
LOADS = (
    Load("one province", 10, 1.3e6),
    Load("34 provinces", 350, 34 * 1.3e6),
    Load("10 × 34 provinces", 3_500, 340 * 1.3e6),
)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--backlog", type=int, default=60_000, help="changes to catch up with (default: %(default)s)")
    options.add_argument("--rate", type=float, default=350.0, help="changes a second, steady (default: %(default)s)")
    options.add_argument("--seconds", type=float, default=12.0, help="of the steady and of the idle run")
    options.add_argument("--embedded", action="store_true", help="on the embedded pipe and SQLite, also with servers")
    given = options.parse_args()
    print(f"machine: {machine()}; load before: {os.getloadavg()[0]:.1f}", flush=True)
    where, measured = measure(given.backlog, given.rate, given.seconds, embedded=given.embedded)
    print(f"measured with {where}, one worker, {given.backlog:,} changes and then {given.rate:g} a second:")
    for line in measured_lines(measured):
        print(f"  {line}")
    print(f"\n{table(measured, LOADS, Assumed())}")


if __name__ == "__main__":
    main()
