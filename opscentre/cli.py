"""The command ``opscentre``: every role and every tool of the product is one subcommand."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from opscentre import __version__, board, profile
from opscentre.domain.moments import parse_local
from opscentre.profile import ProfileError
from opscentre.runtime import demo as demo_run
from opscentre.runtime import role
from opscentre.runtime.book import now_on, read_book
from opscentre.runtime.folder import Unusable
from opscentre.settings import Settings, SettingsError, load

#: Role → where its ``run(settings)`` lives. Roles stand above this package: they are named, not imported.
ROLES = {
    "collect": "collectors.main",
    "stream": "streams.main",
    "dashboard": "dashboard.main",
}

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Data = Annotated[Path, typer.Option(help="Folder of the embedded parts.")]
ProfileName = Annotated[str, typer.Option(help="Province profile below config/.")]


def main() -> None:
    """Run a command; what a person can mend is one line and exit code 2."""
    try:
        app()
    except (Unusable, ProfileError, SettingsError) as error:
        _fail(str(error))


def _fail(message: str) -> NoReturn:
    print(f"opscentre: {message}", file=sys.stderr)
    raise SystemExit(2)


def _run_role(name: str) -> None:
    role.begin(name)
    importlib.import_module(ROLES[name]).run(load())


@app.command()
def collect() -> None:
    """Run the collectors: poll the sources, probe the links (settings: OPSCENTRE_*)."""
    _run_role("collect")


@app.command()
def stream() -> None:
    """Run a stream worker: fold what the pipe carries into SQL and the live board (settings: OPSCENTRE_*)."""
    _run_role("stream")


@app.command()
def dashboard() -> None:
    """Run the dashboard: wall, pages, HTTP API (settings: OPSCENTRE_*)."""
    _run_role("dashboard")


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="Port of the dashboard, on loopback.")] = 8050,
    data: Data = Path("demo-data"),
    speed: Annotated[float, typer.Option(min=0.1, max=600, help="Simulated seconds a second.")] = 10.0,
    seed: Annotated[int, typer.Option(help="The simulated world: the same seed, the same dossiers.")] = 1,
    profile: ProfileName = "thai-nguyen",
    exit_after: Annotated[float | None, typer.Option(help="Stop after that many seconds.")] = None,
) -> None:
    """Run the whole product on this machine, fed by simulated departments."""
    raise typer.Exit(demo_run.run(port=port, data=data, speed=speed, seed=seed, profile=profile, exit_after=exit_after))


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(help="Files of dossiers as JSON.")],
    data: Data,
    source: Annotated[str, typer.Option(help="Code of the source they are counted under.")] = "import",
    profile: Annotated[str | None, typer.Option(help="Province profile below config/.")] = None,
) -> None:
    """Send dossiers from files down the whole path and wait until they are counted."""
    settings = _beside(data, profile)
    raise typer.Exit(importlib.import_module("collectors.cli").import_command(files, source=source, settings=settings))


@app.command("board")
def board_(
    data: Data,
    from_: Annotated[str, typer.Option("--from", help="First moment of the period, e.g. 2026-11-01.")],
    to: Annotated[str, typer.Option("--to", help="End of the period, itself left out, e.g. 2026-12-01.")],
    at: Annotated[str | None, typer.Option(help="As of this local time; now where it is left out.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
    profile: Annotated[str | None, typer.Option(help="Province profile below config/.")] = None,
) -> None:
    """Print the progress table of a period from SQL."""
    settings = _beside(data, profile)
    try:
        start, end = parse_local(from_), parse_local(to)
        now = parse_local(at) if at else now_on(data)
    except ValueError as error:
        _fail(str(error))
    if end <= start:
        _fail(f"--to {to} is not after --from {from_}: the period [from, to) is empty")
    document = _look_back(settings, start, end, now)
    if as_json:
        print(json.dumps(document, ensure_ascii=False))
    else:
        _print_wide(board.as_table(document))


def _look_back(settings: Settings, start: int, end: int, now: int) -> dict[str, Any]:
    from opscentre.store.engine import open_store

    if not settings.database and not (settings.data / "opscentre.db").is_file():
        _fail(f"--data {settings.data}: no opscentre.db there; nothing was ever counted in this folder")
    return board.look_back(open_store(settings.database_url), _profile(settings), start, end, now)


def _print_wide(table: object) -> None:
    from rich.console import Console

    # Eighteen columns need room: a file gets all of it, a narrow terminal may scroll.
    Console(width=None if sys.stdout.isatty() else 220).print(table)


def _profile(settings: Settings) -> profile.Profile:
    return profile.load(settings.profile)


def _beside(data: Path, chosen: str | None) -> Settings:
    """Settings of a command that works beside an installation; a demo's folder knows its own profile."""
    book = read_book(data)
    return load(data=data, profile=chosen or (book.profile if book else None))


@app.command()
def version() -> None:
    """Print the version."""
    print(__version__)
