"""``opscentre map import | check | list | remove``: an operator's boundaries for the maps."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from opscentre import maps
from opscentre import profile as profiles
from opscentre.boundaries import Finding, Reading
from opscentre.commands.shared import Data, MaybeProfile, fail, print_wide, settings_beside
from opscentre.domain.moments import date_of, day_number, iso
from opscentre.maps import KINDS, Kind, MapError, Scope
from opscentre.runtime.book import now_on

#: Stored, or fit to be stored, but with warnings.
WARNED = 3
#: Warnings of one command that are printed one by one.
SHOWN = 12

File = Annotated[Path, typer.Argument(help="Boundaries as GeoJSON, longitude and latitude on WGS84.")]
Keys = Annotated[
    list[str] | None,
    typer.Option("--key", help="code=PROP: the property that holds the GSO code; name=PROP: compare names too."),
]
Since = Annotated[str | None, typer.Option("--from", help="First day the boundaries hold, e.g. 2025-07-01.")]
Until = Annotated[str | None, typer.Option("--to", help="Last day the boundaries hold, e.g. 2025-06-30.")]
KindName = Annotated[str | None, typer.Option("--kind", help="commune or district; the lowest level if left out.")]
Name = Annotated[str, typer.Option("--name", help="What the pack is called; one of the same name is replaced.")]

app = typer.Typer(no_args_is_help=True, help="Boundaries of communes and districts for the maps.")


def register(parent: typer.Typer) -> None:
    """Add the subcommands."""
    parent.add_typer(app, name="map")


@app.command("import")
def import_(
    file: File,
    data: Data,
    name: Name,
    key: Keys = None,
    kind: KindName = None,
    from_: Since = None,
    to: Until = None,
    profile: MaybeProfile = None,
) -> None:
    """Check boundaries and keep them in the data folder. Exit 0: kept; 3: kept, with warnings; 2: refused."""
    slug, wanted = _wanted(data, profile, kind, from_, to)
    reading = _checked(file, wanted, key)
    try:
        pack = maps.store(data, slug, name, wanted, reading, file.name, iso(now_on(data)))
    except MapError as error:
        fail(str(error))
    print(f"{name}: kept {pack.units} of {len(wanted.units)} units, {_period(wanted)}, as {maps.pack_file(data, pack)}")
    raise typer.Exit(WARNED if reading.findings else 0)


@app.command()
def check(
    file: File,
    data: Data = Path("data"),
    key: Keys = None,
    kind: KindName = None,
    from_: Since = None,
    to: Until = None,
    profile: MaybeProfile = None,
) -> None:
    """Check boundaries and keep nothing. Exit 0: fit; 3: fit, with warnings; 2: import would refuse them."""
    _, wanted = _wanted(data, profile, kind, from_, to)
    reading = _checked(file, wanted, key)
    print(f"{file}: fit, {len(reading.areas)} of {len(wanted.units)} units, {_period(wanted)}")
    raise typer.Exit(WARNED if reading.findings else 0)


@app.command("list")
def list_(data: Data) -> None:
    """List the packs of a data folder."""
    try:
        found = maps.packs(data)
    except MapError as error:
        fail(str(error))
    if not found:
        print(f"{data}: no map packs; maps are computed diagrams ({maps.power_diagram.CAPTION})")
        return
    table = Table(title=f"Map packs in {data / 'maps'}", title_justify="left")
    for heading in ("name", "profile", "kind", "from", "to", "units", "missing", "imported", "content"):
        table.add_column(heading)
    for pack in found:
        table.add_row(
            pack.name, pack.profile, pack.kind, str(pack.valid_from or "–"), str(pack.valid_to or "–"),
            str(pack.units), str(len(pack.missing)), pack.imported_at[:16], pack.sha256[:16],
        )  # fmt: skip
    print_wide(table)


@app.command()
def remove(
    name: Annotated[str, typer.Argument(help="Name of the pack.")], data: Data, profile: MaybeProfile = None
) -> None:
    """Forget a pack; maps of its period are computed diagrams again."""
    try:
        maps.remove(data, settings_beside(data, profile).profile, name)
    except MapError as error:
        fail(str(error))
    print(f"{name}: removed")


def _wanted(
    data: Path, profile: str | None, kind: str | None, since: str | None, until: str | None
) -> tuple[str, Scope]:
    province = profiles.load(settings_beside(data, profile).profile)
    chosen: Kind | None = next((known for known in KINDS if known == kind), None)
    if kind is not None and chosen is None:
        fail(f"--kind {kind!r}: want {' or '.join(KINDS)}")
    today = date_of(day_number(now_on(data)))
    try:
        first, last = _day("--from", since), _day("--to", until)
        return province.slug, maps.scope(province.units, today, chosen, first, last)
    except MapError as error:
        fail(str(error))


def _day(option: str, text: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise MapError(f"{option} {text!r}: want a day like 2025-07-01") from None


def _keys(given: list[str] | None) -> dict[str, str]:
    keys = {"code": "code"}
    for pair in given or []:
        what, equals, name = pair.partition("=")
        if what not in ("code", "name") or not equals or not name:
            fail(f"--key {pair!r}: want code=PROP or name=PROP, PROP being a property of the features")
        keys[what] = name
    return keys


def _checked(file: Path, wanted: Scope, key: list[str] | None) -> Reading:
    """The reading of a file that is fit; everything found is printed, and what is unfit ends the command."""
    reading = maps.check(file, wanted, _keys(key))
    refusals = [finding for finding in reading.findings if finding.refused]
    _tell("warning", [finding for finding in reading.findings if not finding.refused])
    if refusals:
        _tell("refused", refusals)
        fail(f"{file}: refused, {len(refusals)} fault{'s' if len(refusals) > 1 else ''}; nothing was kept")
    return reading


def _tell(heading: str, findings: list[Finding]) -> None:
    for finding in findings[:SHOWN]:
        print(f"{heading}: {finding}", file=sys.stderr)
    if len(findings) > SHOWN:
        print(f"{heading}: and {len(findings) - SHOWN} more", file=sys.stderr)


def _period(wanted: Scope) -> str:
    since = f"from {wanted.valid_from}" if wanted.valid_from else "from the beginning"
    return f"{wanted.kind} level, {since} {f'to {wanted.valid_to}' if wanted.valid_to else 'without an end'}"
