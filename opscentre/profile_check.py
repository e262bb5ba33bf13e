"""Checks a whole profile folder and names everything that is wrong in it, not only the first thing.

The readers that the roles use stop at the first fault; this one goes on, and then checks what the files say of one
another: that the departments of a procedure are units, that a tile's metric names a link that is there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

from opscentre import figures_file, indicators_file
from opscentre import profile as profiles
from opscentre.calendar_file import check_calendar
from opscentre.link_settings import LinksHead, strangers
from opscentre.live.wall import Totals, Wall
from opscentre.mapping_file import check_mapping, mapping_files
from opscentre.procedures_file import check_procedures
from opscentre.profile import ProfileError, Province
from opscentre.settings import SettingsError
from opscentre.sources import CODE_WANTED, LinkConfig, SelfCheck, SourceConfig, is_code, wrong_entries
from opscentre.table_file import Fault, Row, Table
from opscentre.toml_check import TomlFile
from opscentre.units_file import check_aliases, check_units
from opscentre.wall_file import check_wall

ENTRY = TypeVar("ENTRY", SourceConfig, LinkConfig)

#: The key that a message speaks of: in backquotes, else before a colon.
_FIELDS = (re.compile(r"field `(\w+)`"), re.compile(r", (\w+): "))


class Checks(NamedTuple):
    """What only those know who read sources and probe links; given an entry and where it stands.

    The first two raise ``SettingsError``.
    """

    source: Callable[[SourceConfig, str], None]
    link: Callable[[LinkConfig, str], None]
    #: What is wrong with the alerts of a folder, given the codes of its units.
    alerts: Callable[[Path, Collection[str]], list[Fault]] | None = None
    #: Keys of the wall's scenes; None: any.
    scenes: Collection[str] | None = None


def check(folder: Path, checks: Checks | None = None) -> list[Fault]:
    """Everything that is wrong in a profile folder, file by file; empty: nothing.

    Where ``units.csv`` cannot be read at all, what refers to units is left unchecked. Raises ``ProfileError`` where
    the folder is no profile.
    """
    if not (folder / "profile.toml").is_file():
        raise ProfileError(f"{folder}: no profile.toml there; there are: {', '.join(profiles.available())}")
    province = TomlFile(folder / "profile.toml")
    named = province.whole(Province)
    units = check_units(folder / "units.csv")
    sources = _check_entries(folder / "sources.toml", "source", SourceConfig, checks.source if checks else None)
    links = _check_entries(
        folder / "links.toml", "link", LinkConfig, checks.link if checks else None,
        None if units.unread else units.column("code"),
    )  # fmt: skip
    faults = [*province.faults, *units.faults]
    if not units.unread:
        codes = units.column("code")
        faults += check_aliases(folder / "aliases.csv", units, named.name if named else "")[1]
        faults += check_calendar(folder, codes)[1]
        faults += _check_mappings(folder, codes)
        faults += _check_catalogue(folder, codes)
        faults += _check_dated(folder, codes, {"source": _codes(sources, "source"), "link": _codes(links, "link")})
        faults += checks.alerts(folder, codes) if checks and checks.alerts else []
    faults += [*sources.faults, *links.faults, *_check_indicators(folder)]
    faults += check_wall(folder, checks.scenes if checks else None)[1]
    if not faults:
        # What the roles read must be fit for them too, whatever this module knows.
        profiles.load(str(folder.resolve()))
    return faults


def _check_mappings(folder: Path, units: frozenset[str]) -> list[Fault]:
    faults = []
    for path in mapping_files(folder):
        if not is_code(path.stem):
            told, remedy = "its name is no source's code", f"name it CODE.csv, the code being {CODE_WANTED}"
            faults.append(Fault(file=path, value=path.name, told=told, remedy=remedy))
        faults += check_mapping(path, units).faults
    return faults


def _check_entries(
    path: Path,
    table: str,
    kind: type[ENTRY],
    check_one: Callable[[ENTRY, str], None] | None,
    units: frozenset[str] | None = None,
) -> TomlFile:
    """``sources.toml`` or ``links.toml``; a profile that is still being set up may have neither."""
    file = TomlFile(path, required=False)
    file.allow_only(table, *(("self_check", "history_days") if table == "link" else ()))
    entries = file.entries(table, kind)
    for wrong in wrong_entries(table, [entry for _, entry in entries]):
        line = file.line_of(wrong.key, entries[wrong.place][0])
        file.blame(line, wrong.key, wrong.told, wrong.remedy, wrong.value)
    for line, entry in entries if units is not None else []:
        for stranger in strangers(entry, units or ()) if isinstance(entry, LinkConfig) else ():
            file.blame(file.line_of("units", line), *stranger[:1], stranger.told, stranger.remedy, stranger.value)
    for line, entry in entries if check_one else []:
        _try(file, line, entry, f"{table} {entry.code}", check_one)
    if isinstance(file.document.get("self_check"), list):
        file.entries("self_check", SelfCheck)
    elif "self_check" in file.document:
        file.one("self_check", SelfCheck)
    if "history_days" in file.document:
        file.whole(LinksHead)
    return file


def _try(file: TomlFile, line: int, entry: ENTRY, where: str, check_one: Callable[[ENTRY, str], None] | None) -> None:
    try:
        if check_one is not None:
            check_one(entry, where)
    except SettingsError as error:
        told, remedy = _split(str(error))
        found = next(filter(None, (field.search(str(error)) for field in _FIELDS)), None)
        key = found[1] if found else ""
        file.blame(file.line_of(key, line) if key else line, key, told, remedy)


def _split(text: str) -> tuple[str, str]:
    """What is wrong and what to do, of a message that says both."""
    told, _, remedy = text.rpartition("; ") if "; " in text else text.partition(": ")
    return told, remedy


def _codes(file: TomlFile, table: str) -> frozenset[str] | None:
    """The codes of a file's entries; ``None`` where the file could not be read."""
    if file.unread:
        return None
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
    known = procedures.column("code")
    for level in levels.rows:
        if level.value.procedure not in known:
            levels.blame(level, "procedure", "no procedure has this code", "want a code of procedures.csv")
    return [*procedures.faults, *levels.faults]


def _check_dated(folder: Path, units: frozenset[str], configured: Mapping[str, frozenset[str] | None]) -> list[Fault]:
    figures, targets = figures_file.check_figures(folder), figures_file.check_targets(folder)
    campaign, systems = figures_file.check_campaign(folder), figures_file.check_systems(folder)
    figures_file.check_scopes(figures, "scope", units)
    figures_file.check_scopes(targets, "scope", units)
    figures_file.check_scopes(campaign, "unit", units)
    named = {
        **configured,
        "board": frozenset((*Totals.__struct_fields__, *Wall.__struct_fields__)),
        "figure": figures.column("series") | figures.column("code"),
    }
    for row in systems.rows:
        _check_metric(systems, row, named)
    return [*figures.faults, *targets.faults, *campaign.faults, *systems.faults]


def _check_metric(
    table: Table[figures_file.System], row: Row[figures_file.System], named: Mapping[str, frozenset[str] | None]
) -> None:
    kind, _, name = row.value.metric.partition(":")
    known = named.get(kind)
    if known is not None and name and name not in known:
        table.blame(row, "metric", f"there is no such {kind}", f"want {figures_file.METRICS[kind]}")


def _check_indicators(folder: Path) -> list[Fault]:
    try:
        indicators_file.load(folder)
    except ProfileError as error:
        own = folder / "indicators.toml"
        told, remedy = _split(str(error).removeprefix(f"{own}: "))
        return [Fault(file=own, told=told, remedy=remedy)]
    return []
