"""``opscentre check``: whether an installation is as it should be, one line a finding, with what to do."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from opscentre.checkup.findings import LEVELS, Finding, Level, worst
from opscentre.commands.shared import AsJson, MaybeData, MaybeProfile, settings_beside
from opscentre.settings import load

_MARKS: dict[Level, tuple[str, str]] = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "error": ("✗", "red")}


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command()(check)


def check(
    data: MaybeData = None,
    profile: MaybeProfile = None,
    sources: Annotated[
        bool, typer.Option("--sources", help="Also connect to every source and read three records.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Look at settings, files, servers and this machine; exit code 0: fine, 1: warnings, 2: errors."""
    from opscentre.checkup.run import findings

    settings = settings_beside(data or load().data, profile)
    found = list(findings(settings, os.environ, with_sources=sources))
    level = worst(found)
    if as_json:
        counts = _counts(found)
        document = {"worst": level, **counts, "findings": found}
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(document)).decode() + "\n")
    else:
        _print(found, level)
    raise typer.Exit(LEVELS.index(level))


def _counts(found: Iterable[Finding]) -> Counter[str]:
    counts: Counter[str] = Counter(dict.fromkeys(LEVELS, 0))
    counts.update(one.level for one in found)
    return counts


def _print(found: Iterable[Finding], level: Level) -> None:
    found = list(found)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    area = ""
    for one in found:
        if one.area != area:
            area = one.area
            table.add_row("", Text(area, style="bold"), "")
        mark, colour = _MARKS[one.level]
        # As plain text: what a file or a server says must not be taken for the table's own markup.
        told = Text(one.said)
        if one.remedy:
            told.append(f"\n→ {one.remedy}", style="cyan")
        table.add_row(Text(mark, style=colour), Text(one.subject), told)
    console.print(table)
    bad = [(name, count) for name, count in _counts(found).items() if count and name != "ok"]
    counted = ", ".join(f"{count} {name}{'s' * (count != 1)}" for name, count in bad)
    console.print(Text(f"\n{len(found)} findings: {counted or 'all is well'}", style=_MARKS[level][1]))
