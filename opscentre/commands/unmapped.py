"""``opscentre unmapped list | export | apply``: words of sources without a code, rows to fill in, and correcting."""

from __future__ import annotations

import importlib
import json
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from opscentre import profile as profiles
from opscentre.commands.shared import AsJson, MaybeData, MaybeProfile, open_beside, print_wide
from opscentre.domain.desk_words import is_whole
from opscentre.domain.dossier import UNMAPPED
from opscentre.domain.moments import iso
from opscentre.domain.vocabulary import EMPTY
from opscentre.mapping_file import mapping_path, skeleton
from opscentre.store import unmapped
from opscentre.store.unmapped import Word

MaybeSource = Annotated[str | None, typer.Option(help="Code of a source; all of them if left out.")]


def register(app: typer.Typer) -> None:
    """Add the group of subcommands."""
    group = typer.Typer(
        no_args_is_help=True, help="Words of sources that have no code: list, rows to fill in, correct."
    )
    group.command("list")(list_words)
    group.command("export")(export)
    group.command("apply")(apply)
    app.add_typer(group, name="unmapped")


def list_words(
    source: MaybeSource = None, data: MaybeData = None, profile: MaybeProfile = None, as_json: AsJson = False
) -> None:
    """List units, procedures, statuses and channels that nobody gave a code, with how often they were seen."""
    settings, engine = open_beside(data, profile)
    counted = unmapped.dossiers_without_unit(engine, UNMAPPED)
    rows = [_document(word, counted) for word in unmapped.words(engine, source)]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
        return
    table = Table(header_style="bold")
    for heading in ("source", "kind", "what it writes", "seen", "first", "last", "a dossier", "counted under unmapped"):
        table.add_column(heading)
    for row in rows:
        cells = [row[key] for key in ("source", "kind", "seen", "times", "first_seen", "last_seen", "number")]
        # As plain text: what a source writes must not be taken for the table's own markup.
        table.add_row(*(Text(str(cell)) for cell in cells), "" if row["dossiers"] is None else str(row["dossiers"]))
    if rows:
        print_wide(table)
    folder = profiles.load(settings.profile).folder / "mappings"
    print(f"{len(rows)} words without a code; give them one in {folder}/SOURCE.csv, then 'opscentre unmapped apply'")


def _document(word: Word, counted: dict[tuple[str, str], int]) -> dict[str, Any]:
    shown = "" if word.seen == EMPTY else word.seen
    return {
        "source": word.source,
        "kind": word.kind,
        "seen": word.seen,
        "times": word.times,
        "first_seen": iso(word.first_seen),
        "last_seen": iso(word.last_seen),
        "number": word.number,
        "dossiers": counted.get((word.source, shown), 0) if word.kind == "unit" else None,
    }


def export(
    source: Annotated[str, typer.Option(help="Code of the source.")],
    write: Annotated[bool, typer.Option("--write", help="Add the rows to the profile's table of that source.")] = False,
    data: MaybeData = None,
    profile: MaybeProfile = None,
) -> None:
    """Print rows to fill in, as mappings/SOURCE.csv of the profile has them; a row without a code says nothing yet."""
    settings, engine = open_beside(data, profile)
    path = mapping_path(profiles.load(settings.profile).folder, source)
    known = path.read_text(encoding="utf-8-sig") if path.is_file() else ""
    chosen = [word for word in unmapped.words(engine, source) if is_whole(word.seen)]
    header, *lines = skeleton([(word.kind, word.seen, f"{word.times} × {word.number}") for word in chosen])
    if not write:
        print("\n".join([header, *lines]))
        return
    # A row that was written before may have been filled in since.
    fresh = [line for line in lines if line.startswith("#") or not _stands(line, known)]
    if all(line.startswith("#") for line in fresh):
        print(f"{path}: nothing to add")
        return
    path.parent.mkdir(exist_ok=True)
    begun = known if known.endswith("\n") or not known else known + "\n"
    path.write_text((begun or header + "\n") + "\n".join(fresh) + "\n", encoding="utf-8")
    added = sum(not line.startswith("#") for line in fresh)
    print(f"{path}: {added} rows added; fill in their codes, then 'opscentre unmapped apply --source {source}'")


def _stands(line: str, known: str) -> bool:
    begin = line.rpartition(",,")[0] + ","
    return any(row.startswith(begin) for row in known.splitlines())


def apply(
    source: MaybeSource = None,
    read_again: Annotated[
        bool, typer.Option("--read-again", help="Also read again what had words that are shown with '…'.")
    ] = False,
    data: MaybeData = None,
    profile: MaybeProfile = None,
    as_json: AsJson = False,
) -> None:
    """Correct the dossiers whose words have a code by now; what is not kept here is read from the source again."""
    settings, engine = open_beside(data, profile)
    engine.dispose()
    # Collectors stand above this package: named, not imported.
    command = importlib.import_module("collectors.cli_unmapped").apply_command
    raise typer.Exit(command(source, read_again, settings, as_json))
