"""``make bench-stream``: prints throughput, memory, start-up, latency and the cost of a second worker."""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from bench.report import machine
from bench.stream import table
from tests.parts.kafka import Kafka
from tests.parts.postgres import Postgres
from tests.parts.redis import Redis


def main() -> None:
    """Run the parts asked for and print them."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--changes", type=int, default=200_000, help="in the topic (default: %(default)s)")
    options.add_argument("--rounds", type=int, default=3, help="runs of each contender (default: %(default)s)")
    given = options.parse_args()
    load = os.getloadavg()[0]
    print(f"machine: {machine()}; load before: {load:.1f}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        parts = table.Parts(*(kind(_made(Path(folder) / kind.name)) for kind in (Kafka, Postgres, Redis)))
        try:
            for part in parts:
                part.start()
            table.measure(parts, given.changes, given.rounds)
        finally:
            for part in reversed(parts):
                part.stop()


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


if __name__ == "__main__":
    main()
