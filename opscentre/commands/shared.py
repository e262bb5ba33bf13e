"""What subcommands share: common options, how they fail, settings beside a data folder, wide tables."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from sqlalchemy import Engine

from opscentre.runtime.book import read_book
from opscentre.settings import Settings, load
from opscentre.store.engine import open_store

Data = Annotated[Path, typer.Option(help="Folder of the embedded parts.")]
ProfileName = Annotated[str, typer.Option(help="Province profile below config/.")]
MaybeData = Annotated[
    Path | None, typer.Option("--data", help="Folder of the embedded parts; OPSCENTRE_DATA if left out.")
]
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


def open_beside(data: Path | None, profile: str | None = None) -> tuple[Settings, Engine]:
    """Settings and database of an installation on which something was counted; fails where there is none."""
    settings = settings_beside(data or load().data, profile)
    if not settings.database and not (settings.data / "opscentre.db").is_file():
        fail(f"--data {settings.data}: no opscentre.db there; nothing was ever counted in this folder")
    return settings, open_store(settings.database_url)


def print_wide(renderable: object) -> None:
    """Print something with many columns: a file gets all the room, a narrow terminal may scroll."""
    Console(width=None if sys.stdout.isatty() else 220).print(renderable)
