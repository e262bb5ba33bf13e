"""``opscentre demo``: the whole product on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from opscentre.commands.shared import Data, ProfileName


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command()(demo)


def demo(
    port: Annotated[int, typer.Option(help="Port of the dashboard, on loopback.")] = 8050,
    data: Data = Path("demo-data"),
    speed: Annotated[float, typer.Option(min=0.1, max=600, help="Simulated seconds a second.")] = 10.0,
    seed: Annotated[int, typer.Option(help="The simulated world: the same seed, the same dossiers.")] = 1,
    profile: ProfileName = "thai-nguyen",
    exit_after: Annotated[float | None, typer.Option(help="Stop after that many seconds.")] = None,
) -> None:
    """Run the whole product on this machine, fed by simulated departments."""
    from opscentre.runtime.demo import run

    raise typer.Exit(run(port=port, data=data, speed=speed, seed=seed, profile=profile, exit_after=exit_after))
