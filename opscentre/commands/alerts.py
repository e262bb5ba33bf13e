"""``opscentre alerts``: the role itself, and the commands that look at its work and decide about it."""

from __future__ import annotations

import getpass
import importlib
from pathlib import Path
from typing import Annotated, Any

import typer

from opscentre.commands import roles
from opscentre.commands.shared import AsJson, settings_beside
from opscentre.settings import Settings, load

MaybeData = Annotated[
    Path | None, typer.Option("--data", help="Folder of the embedded parts; OPSCENTRE_DATA if left out.")
]
Unit = Annotated[str, typer.Option(help="Code of a unit in units.csv.")]
Limit = Annotated[int, typer.Option(min=1, help="At most so many.")]
Author = Annotated[str, typer.Option("--by", help="Who decides; the user of this machine where it is left out.")]
Until = Annotated[str, typer.Option(help="Local time, e.g. 2026-11-24T12:00.")]
Reason = Annotated[str, typer.Option(help="Why, for whoever looks later.")]


def register(app: typer.Typer) -> None:
    """Add the role and its group of subcommands."""
    group = typer.Typer(help="Run the alerts: tell the right office at the right hour; or look at what is open.")
    group.callback(invoke_without_command=True)(alerts)
    group.command("list")(list_alerts)
    group.command()(ack)
    group.command()(silence)
    group.command()(end)
    group.command()(history)
    group.command()(preview)
    group.command()(slip)
    group.command()(reachable)
    app.add_typer(group, name="alerts")


def alerts(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Send nothing: keep mails in the data folder.")] = False,
) -> None:
    """Run the alerts: look, plan, deliver (settings: OPSCENTRE_*); with a subcommand, look at what is open."""
    if context.invoked_subcommand is None:
        roles.run("alerts", load(mail="dry-run" if dry_run else None))


def list_alerts(data: MaybeData = None, unit: Unit = "", limit: Limit = 100, as_json: AsJson = False) -> None:
    """List open alerts, the gravest and oldest first, and what people decided about them."""
    _commands().list_command(_settings(data), unit, limit, as_json)


def ack(
    about: Annotated[str, typer.Argument(help="A dossier's number, SOURCE/NUMBER, or what 'list' shows, link:CODE.")],
    reason: Reason,
    by: Author = "",
    until: Annotated[str | None, typer.Option(help="Local time; until it is over where it is left out.")] = None,
    data: MaybeData = None,
) -> None:
    """Take something on: nobody is told of it any more until it is over."""
    _commands().ack_command(_settings(data), about, by or getpass.getuser(), reason, until)


def silence(
    until: Until,
    reason: Reason,
    unit: Unit = "",
    rule: Annotated[str, typer.Option(help="Code of a rule in alerts.toml.")] = "",
    dossier: Annotated[str, typer.Option(help="SOURCE/NUMBER.")] = "",
    by: Author = "",
    data: MaybeData = None,
) -> None:
    """Tell nobody of a unit, a rule, a dossier, or what is all of these, until a moment."""
    _commands().silence_command(_settings(data), unit, rule, dossier, until, by or getpass.getuser(), reason)


def end(
    number: Annotated[int, typer.Argument(help="Number of an acknowledgement or a silence, as 'list' shows it.")],
    by: Author = "",
    data: MaybeData = None,
) -> None:
    """End an acknowledgement or a silence before its time."""
    _commands().end_command(_settings(data), number, by or getpass.getuser())


def history(
    data: MaybeData = None,
    unit: Unit = "",
    mails: Annotated[bool, typer.Option("--mails", help="What became of messages instead.")] = False,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Show what became of alerts, or of messages, newest first."""
    _commands().history_command(_settings(data), unit, mails, limit, as_json)


def preview(
    unit: Annotated[str, typer.Option(help="Code of a unit; the province's own recipients where it is left out.")] = "",
    html: Annotated[Path | None, typer.Option(help="File that the first mail is also written to, as HTML.")] = None,
    data: MaybeData = None,
    as_json: AsJson = False,
) -> None:
    """Show what the recipients of a unit would be told now; nothing is written or sent."""
    _commands().preview_command(_settings(data), unit, html, as_json)


def slip(
    source: Annotated[str, typer.Argument(help="Code of the source that the dossier came from.")],
    number: Annotated[str, typer.Argument(help="The dossier's number.")],
    out: Annotated[Path, typer.Option(help="File to write: .pdf to print and sign, .docx to fill in on a screen.")],
    data: MaybeData = None,
) -> None:
    """Write the apology slip with a new date of a dossier in process, ready to sign."""
    _commands().slip_command(_settings(data), source, number, out)


def reachable(
    named: Annotated[str, typer.Argument(help="An address, or a recipient as 'list' shows it: desk@H55.12.")],
    by: Author = "",
    data: MaybeData = None,
) -> None:
    """Say that an address works again whose mails came back."""
    _commands().reachable_command(_settings(data), named, by or getpass.getuser())


def _commands() -> Any:
    # Alerts stand above this package: named, not imported.
    return importlib.import_module("alerts.cli")


def _settings(data: Path | None) -> Settings:
    return settings_beside(data or load().data, None)
