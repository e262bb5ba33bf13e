"""The simulator's command line: ``python -m simulator --data DIR --profile thai-nguyen --seed 1 --port 0``."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from opscentre import profile as profiles
from opscentre.clock import open_clock
from simulator.links import LinksError
from simulator.service import Options, Service

#: The clock (``real`` or an anchor as JSON) and the secret of the HTTP systems.
CLOCK_VARIABLE = "OPSCENTRE_CLOCK"
SECRET_VARIABLE = "OPSCENTRE_SECRET_SIMULATOR"


def parser() -> argparse.ArgumentParser:
    """The options of the command line."""
    found = argparse.ArgumentParser(
        prog="python -m simulator",
        description="Simulated department systems on loopback: two HTTP interfaces, an SQL view, dropped files, links.",
    )
    add = found.add_argument
    add("--data", type=Path, required=True, help="folder of its files; simulator.json is written there")
    add("--profile", default="thai-nguyen", help="province profile below config/ (default: %(default)s)")
    add("--seed", type=int, default=1, help="another number is another world (default: %(default)s)")
    add("--start", type=int, help="moment the world begins, epoch milliseconds (default: the clock's beginning)")
    add("--port", type=int, default=0, help="port of the HTTP systems; 0: any free one (default: %(default)s)")
    add("--history-days", type=int, default=10, help="working days of dossiers before the start (default: %(default)s)")
    add("--volume", type=float, default=1.0, help="multiplies the dossiers a day (default: %(default)s)")
    add("--units", default="", help="codes of the only units that receive dossiers, by commas (default: all)")
    add("--rate", type=float, default=0.0, help="extra changes a second on the first HTTP system (default: none)")
    add("--sql", default="", help="SQLAlchemy URL of the SQL view's database (default: SQLite in --data)")
    add("--token-seconds", type=float, default=300.0, help="seconds until a token expires (default: %(default)s)")
    return found


def options_of(given: argparse.Namespace, secret: str) -> Options:
    """The options that a command line stands for."""
    return Options(
        data=given.data,
        seed=given.seed,
        start=given.start,
        port=given.port,
        history_days=given.history_days,
        volume=given.volume,
        units=frozenset(code.strip() for code in given.units.split(",") if code.strip()),
        rate=given.rate,
        sql=given.sql,
        token_seconds=given.token_seconds,
        secret=secret,
    )


def run(argv: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; the exit code: 0, 2 where it cannot start, 130 on Ctrl+C while starting."""
    given = parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", stream=sys.stderr)
    try:
        profile = profiles.load(given.profile)
        clock = open_clock(os.environ.get(CLOCK_VARIABLE, "real"), profile.calendar)
        service = Service(options_of(given, os.environ.get(SECRET_VARIABLE, "demo")), profile, clock)
        asyncio.run(service.run())
    except (profiles.ProfileError, LinksError, OSError, ValueError) as error:
        print(f"simulator: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def main() -> None:
    """Run with the process's arguments."""
    sys.exit(run())
