"""What subcommands share: common options, how they fail, settings beside a data folder, wide tables."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from opscentre.runtime.book import read_book
from opscentre.settings import Settings, load

Data = Annotated[Path, typer.Option(help="Folder of the embedded parts.")]
ProfileName = Annotated[str, typer.Option(help="Province profile below config/.")]
MaybeProfile = Annotated[str | None, typer.Option(help="Province profile below config/.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]


def fail(message: str) -> NoReturn:
    """End with what a person can mend: one line on stderr, exit code 2."""
    print(f"opscentre: {message}", file=sys.stderr)
    raise SystemExit(2)


def settings_beside(data: Path, chosen: str | None) -> Settings:
    """Settings of a command that works beside an installation; a demo's folder knows its own profile."""
    book = read_book(data)
    return load(data=data, profile=chosen or (book.profile if book else None))


def print_wide(renderable: object) -> None:
    """Print something with many columns: a file gets all the room, a narrow terminal may scroll."""
    Console(width=None if sys.stdout.isatty() else 220).print(renderable)
