"""``opscentre board``: the progress table of a period from SQL."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from opscentre import board as boards
from opscentre import board_table
from opscentre import profile as profiles
from opscentre.commands.shared import AsJson, Data, MaybeProfile, fail, print_wide, settings_beside
from opscentre.domain.moments import date_of, day_number, iso, parse_local
from opscentre.runtime.book import now_on
from opscentre.store.engine import open_store
from opscentre.store.queries import first_received


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command()(board)


def board(
    data: Data,
    from_: Annotated[str, typer.Option("--from", help="First moment of the period, e.g. 2026-11-01.")],
    to: Annotated[str, typer.Option("--to", help="End of the period, itself left out, e.g. 2026-12-01.")],
    at: Annotated[str | None, typer.Option(help="As of this local time; now where it is left out.")] = None,
    units_on: Annotated[
        str | None,
        typer.Option(
            "--units-on", help="Day whose units the rows are, e.g. 2026-11-21; the period's last if left out."
        ),
    ] = None,
    as_json: AsJson = False,
    profile: MaybeProfile = None,
) -> None:
    """Print the progress table of a period from SQL."""
    settings = settings_beside(data, profile)
    try:
        start, end = parse_local(from_), parse_local(to)
        now = parse_local(at) if at else now_on(data)
        units_day = date_of(day_number(parse_local(units_on))) if units_on else None
    except ValueError as error:
        fail(str(error))
    if end <= start:
        fail(f"--to {to} is not after --from {from_}: the period [from, to) is empty")
    if not settings.database and not (settings.data / "opscentre.db").is_file():
        fail(f"--data {data}: no opscentre.db there; nothing was ever counted in this folder")
    province = profiles.load(settings.profile)
    engine = open_store(settings.database_url)
    document = boards.look_back(engine, province, start, end, now, units_day)
    first = first_received(engine)
    if first is not None and start < first:
        told = f"no dossier received before {iso(first)[:10]} is known: what lies before is not zero but unknown"
        print(f"opscentre: {told}", file=sys.stderr)
    if as_json:
        print(json.dumps(document, ensure_ascii=False))
    else:
        print_wide(board_table.as_table(document, province.province.groups))
