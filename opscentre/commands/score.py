"""``opscentre score``: the service-quality score of Decision 766, from given ratios or from the dossiers in SQL."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from opscentre import profile as profiles
from opscentre import score_report as report
from opscentre import scoring
from opscentre.clock import wall_ms
from opscentre.commands.shared import AsJson, MaybeProfile, fail, print_wide, settings_beside
from opscentre.domain.indicators import Fault
from opscentre.domain.moments import iso, local, parse_local
from opscentre.domain.score import BadInput, document, score
from opscentre.indicators_file import load
from opscentre.runtime.book import now_on
from opscentre.score_files import read_inputs
from opscentre.settings import Settings
from opscentre.settings import load as load_settings
from opscentre.store.engine import open_store


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command("score")(score_command)


def score_command(
    inputs: Annotated[
        Path | None, typer.Option(help="Ratios by indicator: JSON {code: [numerator, denominator]}, or CSV.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the embedded parts: score its dossiers.")] = None,
    from_: Annotated[str | None, typer.Option("--from", help="First moment of the period, e.g. 2026-11-01.")] = None,
    to: Annotated[str | None, typer.Option("--to", help="End of the period, itself left out, e.g. 2026-12-01.")] = None,
    at: Annotated[str | None, typer.Option(help="As of this local time; now where it is left out.")] = None,
    figures: Annotated[
        Path | None, typer.Option(help="What dossiers cannot tell, in the form of --inputs; wins over dossiers.")
    ] = None,
    by: Annotated[str | None, typer.Option(help="'unit': a row for every unit as well, ranked.")] = None,
    on: Annotated[
        str | None, typer.Option(help="Ceilings in force on this day; that of the figures if left out.")
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Tell what would raise the score most.")] = False,
    as_json: AsJson = False,
    profile: MaybeProfile = None,
) -> None:
    """Compute the service-quality score of Decision 766, with what has no data named."""
    asked = _Asked(_day(on), explain, as_json)
    try:
        if inputs is not None:
            given = {"--data": data, "--from": from_, "--to": to, "--at": at, "--figures": figures, "--by": by}
            surplus = [name for name, value in given.items() if value is not None]
            if surplus:
                fail(f"--inputs with {', '.join(surplus)}: --inputs holds the whole score; leave one of them out")
            _from_inputs(inputs, load_settings(profile=profile).profile, asked)
        elif data is not None and from_ and to:
            if by not in (None, "unit"):
                fail(f"--by {by}: want unit, or leave it out")
            period = _period(data, from_, to, at)
            _from_dossiers(data, settings_beside(data, profile), period, figures, by == "unit", asked)
        else:
            fail("want either --inputs FILE, or --data DIR with --from and --to")
    except (BadInput, Fault) as error:
        fail(str(error))


class _Asked(NamedTuple):
    """What every score can be asked for."""

    day: dt.date | None
    explain: bool
    as_json: bool


def _day(text: str | None) -> dt.date | None:
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        fail(f"--on {text}: want a day like 2025-08-29")


def _from_inputs(path: Path, slug: str, asked: _Asked) -> None:
    day = asked.day or local(wall_ms()).date()
    scheme = load(profiles.load(slug).folder).on(day)
    found = score(scheme, read_inputs(path, scheme))
    if asked.as_json:
        shown: dict[str, Any] = {"profile": slug, "on": day.isoformat(), **document(found)}
        if asked.explain:
            shown["gaps"] = report.gap_rows(found)
        print(json.dumps(shown, ensure_ascii=False))
        return
    print_wide(report.score_table(found, f"{report.TITLE}, mức điểm ngày {day:%d/%m/%Y}"))
    for line in report.no_data_notice(found):
        print_wide(line)
    if asked.explain:
        print_wide(report.gap_table(found))


def _from_dossiers(
    data: Path, settings: Settings, period: tuple[int, int, int], figures: Path | None, by_unit: bool, asked: _Asked
) -> None:
    if not settings.database and not (settings.data / "opscentre.db").is_file():
        fail(f"--data {data}: no opscentre.db there; nothing was ever counted in this folder")
    province = profiles.load(settings.profile)
    engine = open_store(settings.database_url)
    found = scoring.look_back(engine, province, period, figures=figures, day=asked.day, by_unit=by_unit)
    if asked.as_json:
        print(json.dumps(report.period_document(found, asked.explain), ensure_ascii=False))
        return
    for part in report.period_tables(found, asked.explain):
        print_wide(part)


def _period(data: Path, from_: str, to: str, at: str | None) -> tuple[int, int, int]:
    try:
        start, end = parse_local(from_), parse_local(to)
        now = parse_local(at) if at else now_on(data)
    except ValueError as error:
        fail(str(error))
    if end <= start:
        fail(f"--to {to} is not after --from {from_}: the period [from, to) is empty")
    if now <= start:
        fail(f"--from {from_} is not before {iso(now)[:19]}, the moment it is looked at from: nothing has happened yet")
    return start, end, now
