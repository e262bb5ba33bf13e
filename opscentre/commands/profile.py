"""``opscentre profile list | check | new``: the province profiles and what is wrong in one."""

from __future__ import annotations

import importlib
import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from opscentre import paths, profile_check, profile_new
from opscentre import profile as profiles
from opscentre.commands.shared import AsJson, print_wide
from opscentre.figures_file import read_figures
from opscentre.profile import ProfileError

#: Exit code of ``profile check`` where something is wrong.
PROBLEMS = 3


def register(app: typer.Typer) -> None:
    """Add the group of subcommands."""
    group = typer.Typer(no_args_is_help=True, help="Province profiles: list them, check one, begin a new one.")
    group.command("list")(list_profiles)
    group.command("check")(check)
    group.command("new")(new)
    app.add_typer(group, name="profile")


def list_profiles(as_json: AsJson = False) -> None:
    """List the profiles below config/."""
    found = [_summary(slug) for slug in profiles.available()]
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    table = Table(header_style="bold")
    for heading in ("profile", "province", "code", "units today", "dated figures", "problem"):
        table.add_column(heading)
    for row in found:
        table.add_row(*(str(value) for value in row.values()))
    print_wide(table)


def check(
    profile: Annotated[str, typer.Argument(help="A profile below config/, or any folder that holds one.")],
    as_json: AsJson = False,
) -> None:
    """Check every file of a profile and list all problems; exit code 3 where there are any."""
    # What stands above this package is named, not imported.
    registry, alerts = importlib.import_module("collectors.registry"), importlib.import_module("alerts.files")
    scenes = importlib.import_module("layouts.scenes").SCENES
    checks = profile_check.Checks(registry.check, registry.check_link, alerts.check, scenes)
    faults = profile_check.check(folder_of(profile), checks)
    if as_json:
        print(json.dumps([_document(fault) for fault in faults], ensure_ascii=False))
    else:
        for fault in faults:
            print(fault)
        print(f"{profile}: {_counted(len(faults))}")
    raise typer.Exit(PROBLEMS if faults else 0)


def new(
    code: Annotated[str, typer.Argument(help="The province's code in the national register, e.g. H15.")],
    name: Annotated[str, typer.Option(help="The province's name, e.g. 'Đắk Lắk'.")],
    into: Annotated[
        Path | None, typer.Option(help="Folder to write the profile's folder into; config/ itself.")
    ] = None,
) -> None:
    """Begin a profile from the public register of units; never overwrites one."""
    folder = profile_new.create(code, name, into)
    print(f"{folder}: profile.toml, units.csv, calendar.csv; examples to fill in: sources.toml, links.toml")
    print(f"next: opscentre profile check {folder.name if into is None else folder}")


def folder_of(profile: str) -> Path:
    """The folder of a profile named by its own name or by a path."""
    below = paths.CONFIG / profile
    return below if below.is_dir() else Path(profile)


def _summary(slug: str) -> dict[str, Any]:
    try:
        found = profiles.load(slug)
        today = found.units.current(int(time.time() * 1000))
        named = {"province": found.province.name, "code": found.province.code, "units": len(today.all)}
        return {"profile": slug, **named, "figures": len(read_figures(found.folder)), "problem": ""}
    except ProfileError as error:
        return {"profile": slug, "province": "", "code": "", "units": 0, "figures": 0, "problem": str(error)}


def _document(fault: profile_check.Fault) -> dict[str, Any]:
    return {
        "file": str(fault.file),
        "line": fault.line,
        "key": fault.key,
        "value": fault.value,
        "problem": fault.told,
        "remedy": fault.remedy,
    }


def _counted(count: int) -> str:
    return "no problems" if not count else f"{count} problem{'s' if count > 1 else ''}"
