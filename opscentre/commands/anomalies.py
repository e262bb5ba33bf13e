"""``opscentre anomalies list``: what is odd about dossiers, which department has it, and how often."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from opscentre import profile as profiles
from opscentre.commands.shared import AsJson, MaybeData, MaybeProfile, fail, open_beside, print_wide
from opscentre.domain.anomalies import KINDS
from opscentre.domain.moments import iso
from opscentre.domain.units import Units
from opscentre.store.anomalies import Anomaly, Asked, Found, anomalies


def register(app: typer.Typer) -> None:
    """Add the group of subcommands."""
    group = typer.Typer(no_args_is_help=True, help="What is odd about dossiers; none of it changes a count.")
    group.command("list")(list_anomalies)
    app.add_typer(group, name="anomalies")


def list_anomalies(
    source: Annotated[str | None, typer.Option(help="Code of a source.")] = None,
    unit: Annotated[str | None, typer.Option(help="Code of a unit.")] = None,
    kind: Annotated[str | None, typer.Option(help="A kind of docs/collectors.md, e.g. input_as_result.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many dossiers of each way of finding them.")] = 20,
    data: MaybeData = None,
    profile: MaybeProfile = None,
    as_json: AsJson = False,
) -> None:
    """Count dossiers by kind, source and department, and name the newest of them."""
    if kind is not None and kind not in KINDS:
        fail(f"--kind: saw {kind!r}; there are: {', '.join(KINDS)}")
    settings, engine = open_beside(data, profile)
    units = profiles.load(settings.profile).units
    found = anomalies(engine, Asked(source=source, unit=unit, kind=kind), limit)
    if as_json:
        print(json.dumps(_document(found, units), ensure_ascii=False))
        return
    counted = _counted(found, units)
    _print(
        ("kind", "what it is", "source", "unit", "dossiers"),
        [(one["kind"], one["sentence"], one["source"], one["unit_name"], str(one["dossiers"])) for one in counted],
    )
    _print(
        ("kind", "source", "dossier", "unit", "at", "detail"),
        [
            (row.kind, row.source, row.number, _name(row.unit, units), iso(row.at) if row.at else "", row.detail)
            for row in found.rows
        ],
    )
    print(f"{sum(found.counts.values())} in all, {len(found.rows)} shown")


def _print(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    table = Table(*headings, header_style="bold")
    for row in rows:
        # As plain text: what a source writes must not be taken for the table's own markup.
        table.add_row(*map(Text, row))
    if rows:
        print_wide(table)


def _counted(found: Found, units: Units) -> list[dict[str, Any]]:
    order = sorted(found.counts.items(), key=lambda one: (-one[1], one[0]))
    return [
        {
            "kind": kind,
            "sentence": KINDS[kind].sentence,
            "source": source,
            "unit": unit,
            "unit_name": _name(unit, units),
            "dossiers": count,
        }
        for (kind, source, unit), count in order
    ]


def _document(found: Found, units: Units) -> dict[str, Any]:
    return {"counts": _counted(found, units), "dossiers": [_row(row, units) for row in found.rows]}


def _row(row: Anomaly, units: Units) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "sentence": KINDS[row.kind].sentence,
        "source": row.source,
        "number": row.number,
        "unit": row.unit,
        "unit_name": _name(row.unit, units),
        "at": iso(row.at) if row.at else None,
        "detail": row.detail,
    }


def _name(code: str, units: Units) -> str:
    return units[code].name if code else ""
