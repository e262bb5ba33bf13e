"""``opscentre source list | check | run | pause | …``: the systems that are polled."""

from __future__ import annotations

import getpass
import importlib
from pathlib import Path
from typing import Annotated, Any

import typer

from opscentre import profile as profiles
from opscentre.clock import wall_ms
from opscentre.commands.shared import AsJson, MaybeProfile, fail, settings_beside
from opscentre.settings import Settings, SettingsError, load
from opscentre.sources import read_sources, sources_path
from opscentre.store import source_states
from opscentre.store.engine import open_store

MaybeData = Annotated[
    Path | None, typer.Option(help="Folder of the embedded parts; OPSCENTRE_DATA where it is left out.")
]
Code = Annotated[str, typer.Argument(metavar="NAME", help="The source's code in sources.toml.")]


def register(app: typer.Typer) -> None:
    """Add the group of subcommands."""
    group = typer.Typer(no_args_is_help=True, help="Department systems: list, check, poll once, status, a new block.")
    group.command("list")(list_sources)
    group.command()(check)
    group.command()(run)
    group.command()(pause)
    group.command()(resume)
    group.command()(status)
    group.command()(reconcile)
    group.command()(backfill)
    group.command()(new)
    app.add_typer(group, name="source")


def _commands(module: str = "cli_source") -> Any:
    # Collectors stand above this package: named, not imported.
    return importlib.import_module(f"collectors.{module}")


def _settings(data: Path | None, profile: str | None) -> Settings:
    return settings_beside(data or load().data, profile)


def list_sources(data: MaybeData = None, profile: MaybeProfile = None, as_json: AsJson = False) -> None:
    """List the sources, where they are and whether their secrets are set."""
    raise typer.Exit(_commands().list_command(_settings(data, profile), as_json))


def check(name: Code, data: MaybeData = None, profile: MaybeProfile = None, as_json: AsJson = False) -> None:
    """Connect, read three records and show what they would become; write nothing."""
    raise typer.Exit(_commands().check_command(name, _settings(data, profile), as_json))


def run(
    name: Code,
    once: Annotated[bool, typer.Option("--once", help="One poll; 'opscentre collect' polls for ever.")] = False,
    data: MaybeData = None,
    profile: MaybeProfile = None,
    as_json: AsJson = False,
) -> None:
    """Poll a source once; collectors that had given it up go on when that succeeds."""
    if not once:
        fail("source run polls one time and wants to be told so: add --once; 'opscentre collect' polls for ever")
    raise typer.Exit(_commands().run_command(name, _settings(data, profile), as_json))


def pause(
    name: Code,
    reason: Annotated[str, typer.Option(help="Why it is asked no more; whoever looks at the source reads it.")],
    data: MaybeData = None,
    profile: MaybeProfile = None,
) -> None:
    """Have the collectors ask a source no more, from its next turn on."""
    if not reason.strip():
        fail("source pause: --reason is empty; write for those after you why the source is not asked")
    _set_paused(name, reason.strip(), _settings(data, profile))
    print(f"{name}: paused; 'opscentre source resume {name}' lets it go on")


def resume(name: Code, data: MaybeData = None, profile: MaybeProfile = None) -> None:
    """Have the collectors ask a paused source again."""
    _set_paused(name, "", _settings(data, profile))
    print(f"{name}: asked again from its next turn on")


def _set_paused(name: str, reason: str, settings: Settings) -> None:
    province = profiles.load(settings.profile)
    if name not in {source.code for source in read_sources(province, settings)}:
        raise SettingsError(f"{sources_path(province, settings)}: there is no source {name!r}")
    engine = open_store(settings.database_url)
    source_states.decide(engine, name, reason, getpass.getuser(), wall_ms())
    engine.dispose()


def status(data: MaybeData = None, profile: MaybeProfile = None, as_json: AsJson = False) -> None:
    """Show polls, cursors, refusals, unknown units and delays of every source from SQL."""
    raise typer.Exit(_commands().status_command(_settings(data, profile), as_json))


def reconcile(name: Code, data: MaybeData = None, profile: MaybeProfile = None, as_json: AsJson = False) -> None:
    """Compare the keys of a source with the dossiers here; fetch what is missing, report what is gone."""
    raise typer.Exit(_commands("cli_reread").reconcile_command(name, _settings(data, profile), as_json))


def backfill(
    name: Code,
    from_: Annotated[str, typer.Option("--from", help="First moment of the changes to read again, e.g. 2026-11-01.")],
    to: Annotated[str, typer.Option("--to", help="End of them, itself left out, e.g. 2026-12-01.")],
    data: MaybeData = None,
    profile: MaybeProfile = None,
    as_json: AsJson = False,
) -> None:
    """Read again what was modified at a source in a period; what is known already changes nothing."""
    raise typer.Exit(_commands("cli_reread").backfill_command(name, from_, to, _settings(data, profile), as_json))


def new(
    kind: Annotated[str, typer.Argument(help="Kind of source, e.g. dvcqg_rest.")],
    code: Annotated[str, typer.Option(help="Stable code of the source; never renamed afterwards.")],
    name: Annotated[str, typer.Option(help="Name that the wall shows.")],
    data: MaybeData = None,
    profile: MaybeProfile = None,
    as_json: AsJson = False,
) -> None:
    """Print a block for sources.toml with every setting of a kind."""
    raise typer.Exit(_commands().new_command(kind, code, name, _settings(data, profile), as_json))
