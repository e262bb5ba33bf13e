"""How long the desk's pages take over a year of dossiers in PostgreSQL: ``python -m bench.web.drill [--dossiers N]``.

Some thousand lives are folded and written as in service, then multiplied inside the database under other numbers. Each
page is then made as the dashboard makes it, JSON included, every time with a count of its own (nothing remembered).
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from dash._utils import to_json
from sqlalchemy import Engine, text

from bench.stream.changes import NOW
from bench.web.seed import rows, states
from dashboard.desk import Desk
from layouts.place import place_of
from opscentre import profile as profiles
from opscentre.profile import Profile
from opscentre.store import journal, tables
from opscentre.store.engine import open_store, reading
from tests.parts.postgres import Postgres

#: Dossiers folded; the rest are copies of them.
FOLDED = 13_000
#: Milliseconds that a drill-down may take at the 95th percentile.
GOAL = 300


class Standing:
    """A clock that stands still."""

    speed, simulated = 1.0, False

    def now(self) -> int:
        """The moment every life is cut at."""
        return NOW


def fill(engine: Engine, profile: Profile, dossiers: int) -> None:
    """``dossiers`` rows of both tables, vacuumed and analysed."""
    folded = min(FOLDED, dossiers)
    for begin in range(0, folded, 2_000):
        some = states(profile, begin, min(begin + 2_000, folded))
        journal.write(engine, journal.Entries(dossiers=list(rows(profile, some))))
    copies = dossiers // folded - 1
    with engine.begin() as connection:
        for table, changed in ((tables.dossiers, ("number",)), (tables.standings, ("number", "sought"))):
            columns = [column.name for column in table.columns]
            values = ", ".join(f"\"{name}\" || '-' || k" if name in changed else f'"{name}"' for name in columns)
            names = ", ".join(f'"{name}"' for name in columns)
            source = f"{table.name}, generate_series(1, {copies}) k"
            connection.execute(text(f"INSERT INTO {table.name} ({names}) SELECT {values} FROM {source}"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE dossiers"))
        connection.execute(text("VACUUM ANALYZE standings"))


def addresses(profile: Profile, engine: Engine) -> dict[str, list[str]]:
    """Pages by name, several addresses each."""
    units = [unit.code for unit in profile.units.current(NOW).all][::12]
    with engine.connect() as connection:
        found = connection.execute(
            text("SELECT unit, field, procedure, source, number FROM standings TABLESAMPLE SYSTEM (0.1) LIMIT 10")
        ).all()
    lists = ("overdue", "due-soon", "reception-late", "paused", "silent")
    return {
        "overview, this month": ["/?period=month"],
        "unit, this month": [f"/unit/{code}?period=month" for code in units],
        "unit, this year": [f"/unit/{code}?period=year" for code in units],
        "unit, first six months": [f"/unit/{code}?period=6m" for code in units],
        "field": [f"/unit/{row.unit}/{row.field}?period=quarter" for row in found],
        "procedure": [f"/unit/{row.unit}/{row.field}/{row.procedure}?period=quarter" for row in found],
        "dossier": [f"/dossier/{row.source}/{row.number}" for row in found],
        "list": [f"/list/{name}{some}" for name in lists for some in ("", f"?unit={units[3]}", "?level=III&sort=new")],
        "search": [f"/search?q={row.number[-9:]}" for row in found],
        "table, this month": ["/table?period=month", "/table?period=month&by=field"],
        "table, this year": ["/table?period=year", "/table?period=year&by=procedure"],
        "table, first six months": ["/table?period=6m", "/table?period=6m&by=field"],
    }


def timed(desk: Desk, address: str, server: Callable[[], float]) -> tuple[float, float]:
    """Milliseconds by the clock and of processors that making a page takes, its JSON included, nothing remembered."""
    path, _, query = address.partition("?")
    desk.counts.forget()
    begun, used = time.perf_counter(), time.process_time() + server()
    to_json(desk.show(path, f"?{query}"))
    return (time.perf_counter() - begun) * 1000, (time.process_time() + server() - used) * 1000


def measure(engine: Engine, profile: Profile, repeats: int, server: Callable[[], float]) -> None:
    """Print p50 and p95 of every page, by the clock and of processors: other work beside it adds little to those."""
    store = reading(engine)
    print(f"\n{'page':28} {'times':>5} {'p50 ms':>8} {'p95 ms':>8} {'CPU p50':>8} {'CPU p95':>8}   "
          f"(goal of a drill-down: p95 ≤ {GOAL}; load {os.getloadavg()[0]:.1f})")  # fmt: skip
    for name, paths in addresses(profile, engine).items():
        desk = Desk(store, profile, place_of(profile), Standing())  # type: ignore[arg-type]
        taken = [timed(desk, address, server) for _ in range(repeats) for address in paths]
        columns = [
            (statistics.median(one), statistics.quantiles(one, n=20, method="inclusive")[-1])
            for one in zip(*taken, strict=True)
        ]
        print(
            f"{name:28} {len(taken):5} " + " ".join(f"{value:8.0f}" for pair in columns for value in pair), flush=True
        )


def used_by(server: Postgres) -> float:
    """Seconds of processor that the server's processes have used."""
    assert server.process is not None
    times = [one.cpu_times() for one in psutil.Process(server.process.pid).children()]
    return sum(one.user + one.system for one in times)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dossiers", type=int, default=1_300_000)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    profile = profiles.load("thai-nguyen")
    with tempfile.TemporaryDirectory() as folder:
        server = Postgres(Path(folder))
        server.start()
        try:
            engine = open_store(server.database_url(server.create_database()))
            begun = time.perf_counter()
            fill(engine, profile, given.dossiers)
            with engine.connect() as connection:
                size = connection.execute(text("SELECT pg_total_relation_size('standings')")).scalar_one()
                count = connection.execute(text("SELECT count(*) FROM standings")).scalar_one()
            print(f"{count:,} dossiers in {time.perf_counter() - begun:.0f} s; narrow rows with their indexes: "
                  f"{size / 2**20:.0f} MB", flush=True)  # fmt: skip
            measure(engine, profile, given.repeats, lambda: used_by(server))
            engine.dispose()
        finally:
            server.stop()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
