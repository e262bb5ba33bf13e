"""``make load``: load a whole installation, kill each part in turn, and hold the walls to the department's recount."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx
from sqlalchemy import create_engine, func, select

from bench.load.place import Place, visitors
from bench.load.report import Run, Window, page
from opscentre.store import tables
from tests.parts.process import wait_until

#: Of the time asked for, the part before the first fault and the part after the last one.
BEFORE, AFTER = 0.1, 0.1
#: Seconds within which the board must equal the recount once nothing changes any more.
EQUAL_WITHIN = 120.0


def main() -> None:
    """Run, write the report, and end with 1 where anything was lost."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=10.0, help="of load and faults (default: %(default)s)")
    options.add_argument("--rate", type=float, default=200.0, help="changes a second (default: %(default)s)")
    options.add_argument(
        "--burst", type=int, default=100_000, help="changes at once, at the end (default: %(default)s)"
    )
    options.add_argument("--walls", type=int, default=20)
    options.add_argument("--tablets", type=int, default=300)
    options.add_argument(
        "--pause", type=float, default=20.0, help="seconds between a tablet's pages (default: %(default)s)"
    )
    options.add_argument("--workers", type=int, default=2, help="stream workers (default: %(default)s)")
    options.add_argument("--faults", nargs="*", help="only these, by their names; without a name none (default: all)")
    options.add_argument("--out", type=Path, default=Path("build/load.md"), help="the report (default: %(default)s)")
    given = options.parse_args()
    run = Run(given.rate, given.burst, given.walls, given.tablets, given.workers)
    with tempfile.TemporaryDirectory(prefix="opscentre-load-", ignore_cleanup_errors=True) as folder:
        place = Place(Path(folder), given.rate, given.workers)
        try:
            load(place, run, given)
        finally:
            run.stopped_after = place.close()
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(page(run), encoding="utf-8")
    print(page(run), flush=True)
    sys.exit(0 if run.well else 1)


def load(place: Place, run: Run, given: argparse.Namespace) -> None:
    """Load and faults, then the burst, then the comparison."""
    faults = place.faults()
    if given.faults is not None:
        faults = {name: faults[name] for name in given.faults}
    seconds = given.minutes * 60
    each = seconds * (1 - BEFORE - AFTER) / max(1, len(faults))
    with visitors(place, given.walls, given.tablets, given.pause) as seen:
        # Until every visitor is there nothing is measured.
        wait_until(lambda: _screens(place) >= given.walls + given.tablets, 120, "all visitors are connected")
        _window(run, "nothing", seconds * BEFORE, lambda: None)
        for name, kill in faults.items():
            _window(run, name, each, kill)
        _window(run, "nothing, afterwards", seconds * AFTER, lambda: None)
        begun = time.monotonic()
        _say(f"a burst of {given.burst:,}")
        burst = Window("nothing, the burst under way", time.time(), 0.0)
        place.department.post("/burst", params={"count": given.burst})
        place.department.post("/stop")
        stopped = time.monotonic()
        _wait_equal(place, run)
        if run.differences:
            run.differences = [*place.strays(), *run.differences]
            print(place.said(), file=sys.stderr)
        run.burst_after, run.equal_after = time.monotonic() - begun, time.monotonic() - stopped
        burst.ended = time.time()
        run.windows.append(burst)
        run.memory = place.memory()
        seen.send_signal(signal.SIGTERM)
        run.seen = json.loads(seen.communicate(timeout=60)[0])
    run.truth = place.department.get("/truth").json()
    engine = create_engine(place.settings.database_url)
    with engine.connect() as connection:
        run.dead_letters = connection.execute(select(func.count()).select_from(tables.dead_letters)).scalar_one()
    engine.dispose()


def _window(run: Run, what: str, seconds: float, begin: Callable[[], object]) -> None:
    _say(f"killed: {what}")
    window = Window(what, time.time(), 0.0)
    begin()
    time.sleep(max(0.0, window.begun + seconds - time.time()))
    window.ended = time.time()
    run.windows.append(window)


def _wait_equal(place: Place, run: Run) -> None:
    deadline = time.monotonic() + EQUAL_WITHIN
    while (found := place.differences()) and time.monotonic() < deadline:
        time.sleep(0.5)
    run.differences = found


def _screens(place: Place) -> int:
    # Two dashboards share them; each tells its own.
    ports = (place.settings.port, place.settings.port + 1)
    return sum(httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=10).json()["screens"] for port in ports)


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
