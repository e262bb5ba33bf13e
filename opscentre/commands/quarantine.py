"""``opscentre quarantine list | show | summary``: rows that were refused, by source, department and reason."""

from __future__ import annotations

import json
from typing import Annotated, Any

import msgspec
import typer
from rich.table import Table
from rich.text import Text

from opscentre import profile as profiles
from opscentre.clock import wall_ms
from opscentre.commands.shared import AsJson, MaybeData, MaybeProfile, fail, open_beside, print_wide
from opscentre.domain.anomalies import KINDS
from opscentre.domain.moments import iso
from opscentre.domain.units import Units
from opscentre.store import quarantine
from opscentre.store.quarantine import Asked, Entry, Summed

MaybeSource = Annotated[str | None, typer.Option(help="Code of a source.")]
MaybeUnit = Annotated[str | None, typer.Option(help="Code of a unit; '-' for rows of which it cannot be told.")]
MaybeReason = Annotated[str | None, typer.Option(help="A reason of docs/collectors.md, e.g. bad_date.")]


def register(app: typer.Typer) -> None:
    """Add the group of subcommands."""
    group = typer.Typer(no_args_is_help=True, help="Rows that were refused: list, look at one, count by department.")
    group.command("list")(list_rows)
    group.command("show")(show)
    group.command("summary")(summary)
    app.add_typer(group, name="quarantine")


def list_rows(
    source: MaybeSource = None,
    unit: MaybeUnit = None,
    reason: MaybeReason = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those whose dossier came sound since.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest.")] = 50,
    data: MaybeData = None,
    profile: MaybeProfile = None,
    as_json: AsJson = False,
) -> None:
    """List refused rows whose dossier has not come sound since, newest first."""
    settings, engine = open_beside(data, profile)
    units = profiles.load(settings.profile).units
    found, count = quarantine.entries(engine, _asked(source, unit, reason, everything), limit)
    if as_json:
        print(json.dumps([_document(entry, units) for entry in found], ensure_ascii=False))
        return
    table = Table(header_style="bold")
    for heading in ("id", "since", "source", "unit", "dossier", "reason", "what is wrong"):
        table.add_column(heading, no_wrap=heading in ("id", "since", "reason"))
    for entry in found:
        settled = " (come right)" if entry.resolved_at else ""
        # As plain text: what a message quotes must not be taken for the table's own markup.
        cells = (iso(entry.seen_at), entry.source, _name(entry.unit, units), entry.number, entry.reason + settled)
        table.add_row(str(entry.id), *map(Text, cells), Text(_briefly(entry)))
    if found:
        print_wide(table)
    # What lies beyond the limit must not look as if it were not there.
    print(f"{count} rows, {len(found)} shown")


def show(
    number: Annotated[int, typer.Argument(metavar="ID", help="As 'quarantine list' shows it.")],
    data: MaybeData = None,
    profile: MaybeProfile = None,
    as_json: AsJson = False,
) -> None:
    """Show one row: where it stood, and the offending field with its value masked; no other value is kept."""
    settings, engine = open_beside(data, profile)
    found = quarantine.entry(engine, number)
    if found is None:
        fail(f"quarantine show {number}: there is no row {number}; see 'opscentre quarantine list --all'")
    document = _document(found, profiles.load(settings.profile).units)
    if as_json:
        print(json.dumps(document, ensure_ascii=False))
        return
    for name, value in document.items():
        print(f"{name:<12} {'–' if value in (None, '') else value}")


def summary(
    source: MaybeSource = None,
    unit: MaybeUnit = None,
    reason: MaybeReason = None,
    data: MaybeData = None,
    profile: MaybeProfile = None,
    as_json: AsJson = False,
) -> None:
    """Count refused rows by source, department and reason, with how the last seven days compare to those before."""
    settings, engine = open_beside(data, profile)
    units = profiles.load(settings.profile).units
    found = quarantine.summary(engine, _asked(source, unit, reason, False), wall_ms())
    if as_json:
        print(json.dumps([_counts(one, units) for one in found], ensure_ascii=False))
        return
    table = Table(header_style="bold")
    for heading in ("source", "unit", "reason", "open", "new in 7 days", "trend", "come right in 7 days"):
        table.add_column(heading)
    for one in found:
        counts = (str(one.open), str(one.week), f"{one.trend:+d}", str(one.resolved_week))
        table.add_row(Text(one.source), Text(_name(one.unit, units)), one.reason, *counts)
    if found:
        print_wide(table)
    print(f"{sum(one.open for one in found)} rows open; trend: new in 7 days less new in the 7 days before")


def _asked(source: str | None, unit: str | None, reason: str | None, everything: bool) -> Asked:
    return Asked(source=source, unit="" if unit == "-" else unit, reason=reason, everything=everything)


def _name(code: str, units: Units) -> str:
    return units[code].name if code else ""


def _briefly(entry: Entry) -> str:
    return entry.message.removeprefix(f"{entry.source}, {entry.place}: ")


def _document(entry: Entry, units: Units) -> dict[str, Any]:
    odd = KINDS.get(entry.reason)
    return {
        **msgspec.structs.asdict(entry),
        "message": _briefly(entry),
        "unit_name": _name(entry.unit, units),
        "sentence": odd.sentence if odd else "",
        "seen_at": iso(entry.seen_at),
        "resolved_at": iso(entry.resolved_at) if entry.resolved_at else None,
    }


def _counts(one: Summed, units: Units) -> dict[str, Any]:
    return {**msgspec.structs.asdict(one), "unit_name": _name(one.unit, units), "trend": one.trend}
