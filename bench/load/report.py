"""What the load run came to, as a page of Markdown."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.report import machine, percentile


@dataclass
class Window:
    """A part of the run: what was done at its beginning, and when it began and ended (Unix seconds)."""

    what: str
    begun: float
    ended: float


@dataclass
class Run:
    """Everything that is told."""

    rate: float
    burst: int
    walls: int
    tablets: int
    workers: int
    windows: list[Window] = field(default_factory=list)
    seen: dict[str, Any] = field(default_factory=dict)
    truth: dict[str, Any] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)
    #: Seconds after the last change until the board equalled the department's recount, and for the stop.
    equal_after: float = 0.0
    burst_after: float = 0.0
    stopped_after: float = 0.0
    dead_letters: int = 0
    memory: dict[str, float] = field(default_factory=dict)

    @property
    def well(self) -> bool:
        """Whether nothing was lost."""
        return not self.differences and not self.dead_letters


def longest_gap(moments: Sequence[float], begun: float, ended: float) -> float:
    """The longest time without a fresh number that a window saw the end or the whole of."""
    # The last one before it counts: what went stale earlier was stale at the window's beginning too.
    inside = [moment for moment in moments if begun <= moment <= ended]
    before = [moment for moment in moments if moment < begun]
    edges = [max(before[-1], begun - 1.0) if before else begun, *inside, ended]
    return max(after - earlier for earlier, after in itertools.pairwise(edges))


def page(run: Run) -> str:
    """The report."""
    lines = ["# Load and faults", "", f"Machine: {machine()}.", ""]
    lines += [
        f"{run.rate:g} changes/s, a burst of {run.burst:,}, {run.walls} walls and {run.tablets} tablets (event streams "
        f"over TLS through nginx, two dashboards), {run.workers} stream workers, real Kafka, Redis and "
        f"PostgreSQL (which does not sync its disk here), {run.windows[-1].ended - run.windows[0].begun:.0f} s in all.",
        "",
        "| | |",
        "|---|---|",
        f"| **nothing lost, every cell equal** | {'yes' if run.well else 'NO: ' + '; '.join(run.differences[:5])} |",
        f"| changes, dossiers | {run.truth.get('changes', 0):,}, {run.truth.get('dossiers', 0):,} |",
        f"| board equals the department's recount | {run.equal_after:.1f} s after the last change |",
        f"| burst counted | {run.burst_after:.1f} s after it was made |",
        f"| dead letters | {run.dead_letters} |",
        f"| everything stopped | {run.stopped_after:.1f} s after SIGTERM |",
        "",
        "## The longest time without a fresh number on a wall",
        "",
        "| killed | worst wall, s | median wall, s | pages asked | not answered 200 | p50, p99 ms |",
        "|---|---|---|---|---|---|",
    ]
    lines += [_row(run, window) for window in run.windows]
    heard = ", ".join(f"{what}: {count}" for what, count in sorted(run.seen.get("events", {}).items()))
    lines += ["", f"Visitors took {run.seen.get('bytes', 0) / 1e6:.0f} MB; {heard}.", "", "## Memory at the end", ""]
    lines += ["| part | MB |", "|---|---|"]
    lines += [f"| {part} | {size:.0f} |" for part, size in run.memory.items()]
    return "\n".join(lines) + "\n"


def _row(run: Run, window: Window) -> str:
    gaps = [longest_gap(moments, window.begun, window.ended) for moments in run.seen["fresh"]]
    pages = [one for one in run.seen["pages"] if window.begun <= one[0] < window.ended]
    good = [one[1] for one in pages if one[2] == 200]
    times = f"{percentile(good, 50):.0f}, {percentile(good, 99):.0f}" if good else "–"
    worst, median = (max(gaps), statistics.median(gaps)) if gaps else (0.0, 0.0)
    return f"| {window.what} | {worst:.1f} | {median:.1f} | {len(pages)} | {len(pages) - len(good)} | {times} |"
