"""What the terminal shows of a running installation: URLs, one status line a part, what died and why."""

from __future__ import annotations

import time
from typing import TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from opscentre.clock import Clock
from opscentre.domain.moments import local
from opscentre.runtime.supervisor import Part, resident_megabytes

_MARKS = {"up": ("●", "green"), "starting": ("○", "yellow"), "restarting": ("▲", "red"), "stopped": ("■", "red")}
#: Seconds between two status reports where the output is no terminal.
REPORT_INTERVAL = 60.0


class StatusLines:
    """Writes to a terminal (lines that stay in place) or to a file (lines when something changes)."""

    def __init__(self, out: TextIO) -> None:
        self._console = Console(file=out, highlight=False)
        self._live: Live | None = None
        self._reported = time.monotonic()

    @property
    def on_terminal(self) -> bool:
        """Whether a person looks on."""
        return self._console.is_terminal

    def note(self, text: str) -> None:
        """One plain line."""
        self._console.print(text, soft_wrap=True)

    def tell(self, part: Part, text: str) -> None:
        """Something happened to a part."""
        self._console.print(Text.assemble((f"{part.name:<10}", "bold"), f" {text}"), soft_wrap=True)

    def complain(self, text: str) -> None:
        """Why it cannot go on."""
        self._console.print(Text(text, style="red"), soft_wrap=True)

    def announce(self, base: str, took: float) -> None:
        """The URLs, once they answer; ``base`` is the address of all of them."""
        self._console.print()
        for name, path in (("wall", "/wall"), ("start page", "/"), ("live table", "/api/board")):
            self._console.print(Text.assemble((f"  {name:<11}", "bold"), (base + path, "cyan")), soft_wrap=True)
        self._console.print(f"\nready after {took:.1f} s; Ctrl-C stops everything\n", soft_wrap=True)

    def show(self, parts: list[Part], clock: Clock) -> None:
        """One status line a part; on a terminal they stay in place."""
        if self._console.is_terminal:
            if self._live is None:
                self._live = Live(console=self._console, refresh_per_second=2, transient=True)
                self._live.start()
            self._live.update(_table(parts, clock))
        elif time.monotonic() - self._reported >= REPORT_INTERVAL:
            self._reported = time.monotonic()
            self._console.print(_table(parts, clock))

    def stopping(self) -> None:
        """Everything is about to stop."""
        if self._live is not None:
            self._live.stop()
            self._live = None
        self._console.print("stopping")


def _table(parts: list[Part], clock: Clock) -> Group:
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    for part in parts:
        mark, colour = _MARKS[part.state]
        pid = part.process.pid if part.running and part.process else None
        memory = resident_megabytes(pid) if pid else None
        table.add_row(
            Text(mark, style=colour),
            Text(part.name, style="bold"),
            Text(part.state, style=colour),
            f"pid {pid}" if pid else "",
            f"up {_span(time.monotonic() - part.started)}" if part.running else "",
            f"{memory:.0f} MB" if memory else "",
            Text(f"restarted {part.restarts}×", style="yellow") if part.restarts else "",
        )
    now = local(clock.now())
    simulated = f", ×{clock.speed:g}, nights and days off left out" if clock.simulated else ""
    return Group(table, Text(f"time on the wall {now:%H:%M:%S %d/%m/%Y}{simulated}", style="dim"))


def _span(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
