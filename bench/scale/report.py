"""The table of ``make bench-scale``: what each load needs, and beside each number what it rests on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bench.scale.model import Assumed, Load, Measured, Need, need


def measured_lines(measured: Measured) -> list[str]:
    """What was measured, a line each."""
    micro = 1e6
    return [
        f"worker: {measured.worker_change * micro:.0f} µs of a core a change at a steady rate, "
        f"{measured.worker_backlog * micro:.0f} µs catching up; {measured.worker_idle:.1%} of a core idle",
        f"servers (pipe, SQL, Redis): {measured.servers_change * micro:.0f} µs a change, "
        f"{measured.servers_idle:.1%} of a core idle",
        f"memory: {measured.worker_bytes / 1e6:.0f} MB a worker and {measured.dossier_bytes:,.0f} bytes a dossier",
        f"Redis: {measured.redis_change:.1f} commands a change, {measured.redis_idle:.0f} a second idle",
        f"SQL: {measured.sql_rows_change:.2f} rows a change, {measured.sql_bytes_dossier:,.0f} bytes a dossier on disk",
        f"pipe: {measured.pipe_bytes_change:.0f} bytes a change",
    ]


def table(measured: Measured, loads: Sequence[Load], assumed: Assumed) -> str:
    """The table as Markdown."""
    needs = [need(measured, load, assumed) for load in loads]
    change, servers = measured.worker_change * 1e6, measured.servers_change * 1e6
    rows: list[tuple[str, Callable[[Load, Need], str], str]] = [
        ("changes a second at the peak", lambda load, _: f"{load.peak:,.0f}", "given"),
        ("dossiers a year", lambda load, _: f"{load.dossiers_a_year / 1e6:,.1f} million", "given"),
        ("cores busy, workers", lambda _, n: f"{n.worker_cores:.2f}",
         f"{change:.0f} µs a change, {measured.worker_idle:.1%} idle a worker"),
        ("cores busy, pipe, SQL and Redis", lambda _, n: f"{n.server_cores:.2f}",
         f"{servers:.0f} µs a change; grows in proportion"),
        ("cores to have", lambda _, n: f"{n.cores}", f"busy for {assumed.busy:.0%} at the peak; at least 2"),
        ("workers", lambda _, n: f"{n.workers}",
         f"each busy for {assumed.busy:.0%} of a core, {assumed.held_a_worker / 1e9:g} GB of dossiers at most; "
         f"at least {assumed.fewest_workers}"),
        ("partitions", lambda _, n: f"{n.partitions}",
         f"{assumed.partitions_a_worker} a worker, in multiples of the default"),
        ("memory of the workers, GB", lambda _, n: f"{n.worker_memory:.1f}",
         f"{measured.dossier_bytes:,.0f} bytes a dossier, {assumed.years_held:g} year held, "
         f"{measured.worker_bytes / 1e6:.0f} MB a worker"),
        ("Redis, commands a second", lambda _, n: f"{n.redis_commands:,.0f}",
         f"{measured.redis_change:.1f} a change, {measured.redis_idle:.0f} a second a worker"),
        ("SQL, rows a second", lambda _, n: f"{n.sql_rows:,.0f}", f"{measured.sql_rows_change:.2f} a change"),
        ("SQL, GB a year", lambda _, n: f"{n.sql_year:,.1f}",
         f"{measured.sql_bytes_dossier:,.0f} bytes a dossier, indexes included"),
        ("pipe, GB", lambda _, n: f"{n.pipe:,.1f}",
         f"{assumed.changes_a_dossier:g} changes a dossier of {measured.pipe_bytes_change:.0f} bytes, "
         f"{assumed.pipe_days:g} days, {assumed.pipe_copies} copies, before compression"),
        ("one worker takes a department's backlog in, s", lambda _, n: f"{n.backlog_seconds:.0f}",
         f"{assumed.backlog:,} changes of {measured.worker_backlog * 1e6:.0f} µs"),
    ]  # fmt: skip
    lines = [
        "| | " + " | ".join(load.name for load in loads) + " | rests on |",
        "|---" * (len(loads) + 2) + "|",
    ]
    for name, tell, rests in rows:
        told = [tell(load, found) for load, found in zip(loads, needs, strict=True)]
        lines.append(f"| {name} | " + " | ".join(told) + f" | {rests} |")
    return "\n".join(lines)
