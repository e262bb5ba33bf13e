"""``opscentre backup | restore``: an installation in one file, and back from it."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from opscentre.commands.shared import MaybeData, MaybeProfile, fail, open_beside, settings_beside
from opscentre.settings import load


def register(app: typer.Typer) -> None:
    """Add the two subcommands."""
    app.command()(backup)
    app.command()(restore)


def backup(
    out: Annotated[Path, typer.Option(help="File to make, or folder to make one in.")],
    data: MaybeData = None,
    profile: MaybeProfile = None,
) -> None:
    """Back the installation up into one file, while it runs."""
    from opscentre.backup.archive import BackupError
    from opscentre.backup.taking import take

    logging.basicConfig(level=logging.WARNING, format="opscentre: %(message)s", stream=sys.stderr)
    settings, engine = open_beside(data, profile)
    try:
        done = take(settings, engine, out)
    except BackupError as error:
        fail(str(error))
    rows = sum(one.rows for one in done.manifest.tables.values())
    dossiers = done.manifest.tables["dossiers"].rows
    print(
        f"{done.path}: {done.size / 1e6:.1f} MB in {done.seconds:.1f} s; revision {done.manifest.revision}, "
        f"{dossiers} dossiers, {rows} rows, {len(done.manifest.files)} files"
    )


def restore(
    file: Annotated[Path, typer.Argument(help="The backup.")],
    data: MaybeData = None,
    profile: MaybeProfile = None,
    replace: Annotated[bool, typer.Option("--replace", help="Drop what the database holds.")] = False,
    files: Annotated[Path | None, typer.Option(help="Folder to unpack profile and settings to.")] = None,
) -> None:
    """Fill an empty database from a backup, held to its checksums."""
    from opscentre.backup.archive import BackupError
    from opscentre.backup.restoring import restore as put_back

    settings = settings_beside(data or load().data, profile)
    try:
        done = put_back(settings, file, replace=replace, files=files)
    except BackupError as error:
        fail(str(error))
    found = done.manifest
    print(
        f"{file}: of {found.taken_at}, {found.tables['dossiers'].rows} dossiers, {done.rows} rows, every checksum "
        f"right; back in {done.seconds:.1f} s"
    )
    for line in done.told:
        print(line)
