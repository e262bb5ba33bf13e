"""``opscentre up``: an installation without containers, every role under one supervisor."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from opscentre.runtime import role
from opscentre.settings import load


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command()(up)


def up(
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Stream workers (OPSCENTRE_WORKERS); more than one on Kafka only."),
    ] = None,
    dashboards: Annotated[int, typer.Option(min=1, max=2, help="Dashboards, at OPSCENTRE_PORT and the next.")] = 2,
    logs: Annotated[
        Path | None,
        typer.Option(help="Folder for one log file a part; without it all write to standard error."),
    ] = None,
    exit_after: Annotated[float | None, typer.Option(help="Stop after that many seconds.")] = None,
) -> None:
    """Run every role of an installation on this machine, on the servers that OPSCENTRE_* name."""
    from opscentre.runtime.up import run

    settings = load(workers=workers)
    role.begin("up", settings.log)
    raise typer.Exit(run(settings, dashboards=dashboards, logs=logs, exit_after=exit_after))
