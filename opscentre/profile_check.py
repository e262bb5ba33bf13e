"""Checks a whole profile folder and names everything that is wrong in it, not only the first thing.

The readers that the roles use stop at the first fault; this one goes on, and then checks what the files say of one
another: that the departments of a procedure are units, that a tile's metric names a link that is there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import msgspec

from opscentre import figures_file, indicators_file
from opscentre import profile as profiles
from opscentre.calendar_file import check_calendar
from opscentre.domain.units import Alias, Group, Unit, Units, UnitsError
from opscentre.live.wall import Totals, Wall
from opscentre.procedures_file import check_procedures
from opscentre.profile import ProfileError, Province
from opscentre.settings import SettingsError
from opscentre.sources import LinkConfig, SelfCheck, SourceConfig, wrong_entries
from opscentre.table_file import Fault, Row, Table, read_table
from opscentre.toml_check import TomlFile
from opscentre.units_file import contradiction

#: Checks the kind and the settings of one source, given where it stands; raises ``SettingsError``.
SourceCheck = Callable[[SourceConfig, str], None]


class UnitRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ``units.csv``."""

    code: str
    name: str
    kind: str
    group: Group
    short: str = ""
    parent: str = ""
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    #: Codes of the units that took over, separated by semicolons.
    successor: str = ""
    latitude: float | None = None
    longitude: float | None = None
    area_km2: float | None = None
    note: str = ""

    @property
    def successors(self) -> tuple[str, ...]:
        """Codes of the units that took over."""
        return tuple(code.strip() for code in self.successor.split(";") if code.strip())

    def unit(self) -> Unit:
        """The row as the rules know it."""
        values = {name: getattr(self, name) for name in Unit.__struct_fields__}
        return Unit(**values)


class AliasRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ``aliases.csv``."""

    alias: str
    code: str
    note: str = ""


def check(folder: Path, check_source: SourceCheck | None = None) -> list[Fault]:
    """Everything that is wrong in a profile folder, file by file; empty: nothing.

    ``check_source`` knows the kinds of sources. Raises ``ProfileError`` where the folder is no profile at all.
    """
    if not (folder / "profile.toml").is_file():
        raise ProfileError(f"{folder}: no profile.toml there; there are: {', '.join(profiles.available())}")
    province = TomlFile(folder / "profile.toml")
    named = province.whole(Province)
    units = check_units(folder / "units.csv")
    codes = frozenset(row.value.code for row in units.rows)
    aliases = _check_aliases(folder / "aliases.csv", units, named.name if named else "")
    _, calendar = check_calendar(folder, codes)
    sources, links = _check_sources(folder / "sources.toml", check_source), _check_links(folder / "links.toml")
    faults = [*province.faults, *units.faults, *aliases, *calendar, *sources.faults, *links.faults]
    faults += _check_catalogue(folder, codes)
    faults += _check_dated(folder, codes, _codes(sources, "source"), _codes(links, "link"))
    faults += _check_indicators(folder)
    if not faults:
        # What the roles read must be fit for them too, whatever this module knows.
        profiles.load(str(folder.resolve()))
    return faults


def check_units(path: Path) -> Table[UnitRow]:
    """The units of a profile, and everything that is wrong with the file."""
    table = read_table(path, UnitRow, required=True)
    table.require_unique("code")
    codes = {row.value.code for row in table.rows}
    for row in table.rows:
        if wrong := contradiction(row.value.unit()):
            told, _, remedy = wrong.rpartition("; ")
            table.blame(row, "", told or wrong, remedy, "")
        for key, named in (("parent", (row.value.parent,)), ("successor", row.value.successors)):
            for code in named:
                if code and code not in codes:
                    table.blame(row, key, "no unit has this code", "want a code of this file", code)
    return table


def _check_aliases(path: Path, units: Table[UnitRow], province: str) -> list[Fault]:
    table = read_table(path, AliasRow)
    codes = {row.value.code for row in units.rows}
    for row in table.rows:
        if row.value.code not in codes:
            table.blame(row, "code", "no unit has this code", "want a code of units.csv")
    if not units.faults and not table.faults:
        known = [Alias(row.value.alias, row.value.code, row.line) for row in table.rows]
        try:
            Units([row.value.unit() for row in units.rows], known, province)
        except UnitsError as error:
            told, _, remedy = str(error).rpartition("; ")
            file = path if error.alias else units.path
            return [Fault(file=file, told=told or str(error), remedy=remedy if told else "mend one of these rows")]
    return table.faults


def _check_sources(path: Path, check_source: SourceCheck | None) -> TomlFile:
    file = TomlFile(path)
    if not path.is_file():
        file.faults = []  # A profile without sources is one that is still being set up.
    file.allow_only("source")
    entries = file.entries("source", SourceConfig)
    for wrong in wrong_entries("source", [entry for _, entry in entries]):
        line = file.line_of(wrong.key, entries[wrong.place][0])
        file.blame(line, wrong.key, wrong.told, wrong.remedy, wrong.value)
    if check_source is not None:
        for line, entry in entries:
            try:
                check_source(entry, f"source {entry.code}")
            except SettingsError as error:
                told, _, remedy = str(error).rpartition("; ")
                file.blame(line, "", told, remedy)
    return file


def _check_links(path: Path) -> TomlFile:
    file = TomlFile(path)
    if not path.is_file():
        file.faults = []
    file.allow_only("link", "self_check")
    entries = file.entries("link", LinkConfig)
    for wrong in wrong_entries("link", [entry for _, entry in entries]):
        line = file.line_of(wrong.key, entries[wrong.place][0])
        file.blame(line, wrong.key, wrong.told, wrong.remedy, wrong.value)
    if "self_check" in file.document:
        try:
            msgspec.convert(file.document["self_check"], SelfCheck)
        except msgspec.ValidationError as error:
            remedy = f"want {', '.join(SelfCheck.__struct_fields__)}"
            file.blame(file.line_of("self_check", 1), "self_check", str(error), remedy)
    return file


def _codes(file: TomlFile, table: str) -> frozenset[str]:
    rows = file.document.get(table, [])
    return (
        frozenset(str(row.get("code")) for row in rows if isinstance(row, dict))
        if isinstance(rows, list)
        else frozenset()
    )


def _check_catalogue(folder: Path, units: frozenset[str]) -> list[Fault]:
    path = folder / "procedures.csv"
    if not path.is_file():
        return []
    procedures = check_procedures(path)
    for row in procedures.rows:
        for code in row.value.handlers:
            if code not in units:
                procedures.blame(row, "departments", "no unit has this code", "want codes of units.csv", code)
    levels = figures_file.check_service_levels(folder)
    known = {row.value.code for row in procedures.rows}
    for level in levels.rows:
        if level.value.procedure not in known:
            levels.blame(level, "procedure", "no procedure has this code", "want a code of procedures.csv")
    return [*procedures.faults, *levels.faults]


def _check_dated(folder: Path, units: frozenset[str], sources: frozenset[str], links: frozenset[str]) -> list[Fault]:
    figures, targets = figures_file.check_figures(folder), figures_file.check_targets(folder)
    campaign, systems = figures_file.check_campaign(folder), figures_file.check_systems(folder)
    figures_file.check_scopes(figures, "scope", units)
    figures_file.check_scopes(targets, "scope", units)
    figures_file.check_scopes(campaign, "unit", units)
    named = {
        "link": links,
        "source": sources,
        "board": frozenset((*Totals.__struct_fields__, *Wall.__struct_fields__)),
        "figure": frozenset(row.value.line for row in figures.rows),
    }
    for row in systems.rows:
        _check_metric(systems, row, named)
    return [*figures.faults, *targets.faults, *campaign.faults, *systems.faults]


def _check_metric(
    table: Table[figures_file.System], row: Row[figures_file.System], named: dict[str, frozenset[str]]
) -> None:
    kind, _, name = row.value.metric.partition(":")
    if kind in named and name and name not in named[kind]:
        table.blame(row, "metric", f"there is no such {kind}", f"want {figures_file.METRICS[kind]}")


def _check_indicators(folder: Path) -> list[Fault]:
    try:
        indicators_file.load(folder)
    except ProfileError as error:
        told, _, remedy = str(error).rpartition("; ")
        own = folder / "indicators.toml"
        told = told.removeprefix(f"{own}: ")
        return [Fault(file=own, told=told or str(error), remedy=remedy)]
    return []
