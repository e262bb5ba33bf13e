"""``make bench-stream``: prints throughput, memory, start-up, latency and the cost of a second worker."""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

from bench.report import machine
from bench.stream import delay, growth, pair, table
from tests.parts.kafka import Kafka
from tests.parts.postgres import Postgres
from tests.parts.redis import Redis

SECTIONS = ("table", "growth", "delay", "pair")


def main() -> None:
    """Run the parts asked for and print them."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--changes", type=int, default=200_000, help="in the topic (default: %(default)s)")
    options.add_argument("--rounds", type=int, default=3, help="runs of each contender (default: %(default)s)")
    options.add_argument("--dossiers", type=int, default=130_000, help="for start-up and memory (default: %(default)s)")
    options.add_argument("--seconds", type=float, default=15.0, help="of each latency run (default: %(default)s)")
    options.add_argument("--only", choices=SECTIONS, action="append", help="only these parts (default: all)")
    given = options.parse_args()
    wanted = given.only or SECTIONS
    load = os.getloadavg()[0]
    print(f"machine: {machine()}; load before: {load:.1f}", flush=True)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        parts = table.Parts(*(kind(_made(Path(folder) / kind.name)) for kind in (Kafka, Postgres, Redis)))
        try:
            for part in parts:
                part.start()
            if "table" in wanted:
                table.measure(parts, given.changes, given.rounds)
            if "growth" in wanted:
                growth.measure(parts, Path(folder), given.dossiers)
            if "delay" in wanted:
                for rate in (1_000, 10_000):
                    delay.measure(parts, Path(folder), rate, given.seconds)
            if "pair" in wanted:
                pair.measure(parts, Path(folder), max(1, given.changes // 2))
        finally:
            for part in reversed(parts):
                part.stop()
    print(f"\nmeasured in {(time.monotonic() - begun) / 60:.0f} minutes", flush=True)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


if __name__ == "__main__":
    main()
