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
from opscentre.domain.dvcqg import meaning
from opscentre.domain.moments import iso
from opscentre.domain.units import Units
from opscentre.domain.vocabulary import EMPTY, Vocabulary, key_of
from opscentre.mapping_file import check_mapping, mapping_path, read_mapping, skeleton
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
    province = profiles.load(settings.profile)
    counted = unmapped.dossiers_without_unit(engine, UNMAPPED)
    words = unmapped.words(engine, source)
    tables = {
        code: read_mapping(mapping_path(province.folder, code), province.units.by_code)
        for code in {word.source for word in words}
    }
    rows = [_document(word, counted, province.units, tables[word.source]) for word in words]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
        return
    table = Table(header_style="bold")
    headings = (
        "source",
        "kind",
        "what it writes",
        "seen",
        "first",
        "last",
        "a dossier",
        "under unmapped",
        "code by now",
    )
    for heading in headings:
        table.add_column(heading)
    for row in rows:
        # As plain text: what a source writes must not be taken for the table's own markup.
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row.values()))
    if rows:
        print_wide(table)
    where = f"{province.folder / 'mappings'}/SOURCE.csv"
    print(f"{len(rows)} words; give them their codes in {where}, then 'opscentre unmapped apply'")


def _document(word: Word, counted: dict[tuple[str, str], int], units: Units, vocabulary: Vocabulary) -> dict[str, Any]:
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
        # Filled in since, and not applied yet.
        "code": meaning(word.unmapped, units, vocabulary, word.since),
    }


def export(
    source: Annotated[str, typer.Option(help="Code of the source.")],
    write: Annotated[bool, typer.Option("--write", help="Add the rows to the profile's table of that source.")] = False,
    data: MaybeData = None,
    profile: MaybeProfile = None,
) -> None:
    """Print rows to fill in, as mappings/SOURCE.csv of the profile has them; a row without a code says nothing yet."""
    settings, engine = open_beside(data, profile)
    province = profiles.load(settings.profile)
    path = mapping_path(province.folder, source)
    # A row that was written before may have been filled in since.
    rows = check_mapping(path, province.units.by_code).values
    there = {(row.kind, key_of(row.seen)) for row in rows}
    chosen = [word for word in unmapped.words(engine, source) if is_whole(word.seen)]
    fresh = [word for word in chosen if (word.kind, key_of(word.seen)) not in there]
    header, *lines = skeleton([(word.kind, word.seen, f"{word.times} × {word.number}") for word in fresh])
    if not write:
        print("\n".join([header, *lines]))
        return
    if not fresh:
        print(f"{path}: nothing to add")
        return
    known = path.read_text(encoding="utf-8-sig") if path.is_file() else header
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join([known.rstrip("\n"), *lines, ""]), encoding="utf-8")
    print(f"{path}: {len(fresh)} rows added; fill in their codes, then 'opscentre unmapped apply --source {source}'")


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
