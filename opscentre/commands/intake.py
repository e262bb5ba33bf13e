"""``opscentre import``: dossiers from files down the whole path."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Annotated

import typer

from opscentre.commands.shared import Data, MaybeProfile, settings_beside


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command("import")(import_)


def import_(
    files: Annotated[list[Path], typer.Argument(help="Files of dossiers as JSON.")],
    data: Data,
    source: Annotated[str, typer.Option(help="Code of the source they are counted under.")] = "import",
    profile: MaybeProfile = None,
) -> None:
    """Send dossiers from files down the whole path and wait until they are counted."""
    # Collectors stand above this package: named, not imported.
    command = importlib.import_module("collectors.cli").import_command
    raise typer.Exit(command(files, source=source, settings=settings_beside(data, profile)))
