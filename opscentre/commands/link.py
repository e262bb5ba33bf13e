"""``opscentre link list | show | check``: the links that are probed."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Annotated, Any

import typer

from opscentre.commands.shared import AsJson, MaybeData, MaybeProfile, settings_beside
from opscentre.settings import Settings, load

Code = Annotated[str, typer.Argument(metavar="CODE", help="The link's code in links.toml.")]


def register(app: typer.Typer) -> None:
    """Add the group of subcommands."""
    group = typer.Typer(no_args_is_help=True, help="Links: list, everything known of one, one probe now.")
    group.command("list")(list_links)
    group.command()(show)
    group.command()(check)
    app.add_typer(group, name="link")


def _commands() -> Any:
    # Collectors stand above this package: named, not imported.
    return importlib.import_module("collectors.cli_link")


def _settings(data: Path | None, profile: str | None) -> Settings:
    return settings_beside(data or load().data, profile)


def list_links(data: MaybeData = None, profile: MaybeProfile = None, as_json: AsJson = False) -> None:
    """List the links, how they are and how available they were."""
    raise typer.Exit(_commands().list_command(_settings(data, profile), as_json))


def show(code: Code, data: MaybeData = None, profile: MaybeProfile = None, as_json: AsJson = False) -> None:
    """Show a link: state, availability, latest changes, and the transcript of its last probe."""
    raise typer.Exit(_commands().show_command(code, _settings(data, profile), as_json))


def check(code: Code, data: MaybeData = None, profile: MaybeProfile = None, as_json: AsJson = False) -> None:
    """Probe a link once and show what was said; write nothing. Ends with 3 when it is not well."""
    raise typer.Exit(_commands().check_command(code, _settings(data, profile), as_json))
