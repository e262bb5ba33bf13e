"""The dated files of a profile, read and checked: figures, targets, the campaign, service levels, systems.

None of them is needed to run; a profile without one simply has none to show.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections import defaultdict
from pathlib import Path
from typing import TypeVar

import msgspec

from opscentre.domain.figures import (
    CAMPAIGN_ROWS,
    SCOPES,
    TOTAL,
    CampaignRow,
    Figure,
    Period,
    ServiceLevel,
    System,
    Target,
    parse_amount,
    parse_period,
)
from opscentre.table_file import Parsers, ProfileError, Row, Table, read_table

ROW = TypeVar("ROW", bound=msgspec.Struct)

FIGURES, TARGETS, CAMPAIGN = "figures.csv", "targets.csv", "campaign.csv"
SERVICE_LEVELS, SYSTEMS = "service_levels.csv", "systems.csv"
_PARSERS: dict[type, Parsers] = {
    Figure: {"value": parse_amount, "as_of": parse_period},
    Target: {"value": parse_amount, "by": parse_period},
}
#: What a system's tile can show: the word before the colon, and what stands behind it.
METRICS = {
    "link": "a code of links.toml",
    "source": "a code of sources.toml",
    "board": "a number of the board",
    "figure": "a series of figures.csv",
    "input": "a name that the operator feeds",
}


def read_figures(folder: Path) -> tuple[Figure, ...]:
    """``figures.csv`` of a profile folder; none where there is no file. Raises ``ProfileError``."""
    return _fit(check_figures(folder))


def read_targets(folder: Path) -> tuple[Target, ...]:
    """``targets.csv`` of a profile folder; none where there is no file. Raises ``ProfileError``."""
    return _fit(check_targets(folder))


def read_campaign(folder: Path) -> tuple[CampaignRow, ...]:
    """``campaign.csv`` of a profile folder; none where there is no file. Raises ``ProfileError``."""
    return _fit(check_campaign(folder))


def read_service_levels(folder: Path) -> tuple[ServiceLevel, ...]:
    """``service_levels.csv`` of a profile folder; none where there is no file. Raises ``ProfileError``."""
    return _fit(check_service_levels(folder))


def read_systems(folder: Path) -> tuple[System, ...]:
    """``systems.csv`` of a profile folder; none where there is no file. Raises ``ProfileError``."""
    return _fit(check_systems(folder))


def check_figures(folder: Path) -> Table[Figure]:
    """Figures and what is wrong among themselves: codes twice, a series that changes its measure or its scope."""
    table = _table(folder / FIGURES, Figure)
    table.require_unique("code")
    first: dict[str, Row[Figure]] = {}
    dated: dict[tuple[str, Period], int] = {}
    for row in table.rows:
        figure = row.value
        begun = first.setdefault(figure.line, row)
        for key in ("unit", "scope"):
            was = getattr(begun.value, key)
            if getattr(figure, key) != was:
                told = f"series {figure.line!r} has {was!r} on line {begun.line}"
                table.blame(row, key, told, "write the same, or give this figure a series of its own")
        if (line := dated.setdefault((figure.line, figure.as_of), row.line)) != row.line:
            told = f"series {figure.line!r} has a value of that time on line {line}"
            table.blame(row, "as_of", told, "keep one, or give this one a series of its own", figure.as_of.text)
    return table


def check_targets(folder: Path) -> Table[Target]:
    """Targets, and those whose series no figure has or has in another measure."""
    table = _table(folder / TARGETS, Target)
    table.require_unique("code")
    figures = check_figures(folder)
    measures: dict[str, str] = {}
    for figure in figures.values:
        measures.setdefault(figure.line, figure.unit)
    for row in table.rows:
        if not row.value.series:
            continue
        if row.value.series not in measures and row.value.series not in figures.column("series"):
            table.blame(
                row,
                "series",
                f"no figure of {FIGURES} has this series",
                f"add one to {FIGURES}, or leave it empty while nothing measures the target",
            )
        elif (was := measures.get(row.value.series, row.value.unit)) != row.value.unit:
            table.blame(row, "unit", f"series {row.value.series!r} is in {was!r}", "write the same measure")
    return table


def check_campaign(folder: Path) -> Table[CampaignRow]:
    """The campaign, and whether its windows are in order and its parts add up to its total."""
    table = _table(folder / CAMPAIGN, CampaignRow)
    for row in table.rows:
        given = row.value
        if given.window_from and given.window_to and given.window_to < given.window_from:
            table.blame(row, "window_to", f"lies before window_from {given.window_from}", "want the last day")
        for key in ("planned", "actual"):
            if (getattr(given, key) or 0) < 0:
                table.blame(row, key, "is below zero", "want how many services")
    totals = [row for row in table.rows if row.value.unit == TOTAL]
    parts = sum(row.value.planned for row in table.rows if row.value.unit != TOTAL)
    for row in totals:
        if row.value.planned != parts:
            told = f"the other rows add up to {parts}"
            table.blame(row, "planned", told, "mend a row, or put what no source names into a row 'remainder'")
    for row in totals[1:]:
        table.blame(row, "unit", f"the total is already on line {totals[0].line}", "keep one row")
    return table


def check_service_levels(folder: Path) -> Table[ServiceLevel]:
    """Service levels, and those of one procedure that hold at the same time."""
    table = _table(folder / SERVICE_LEVELS, ServiceLevel)
    held: dict[str, list[Row[ServiceLevel]]] = defaultdict(list)
    for row in table.rows:
        given = row.value
        if given.valid_to and given.valid_to < given.valid_from:
            table.blame(row, "valid_to", f"lies before valid_from {given.valid_from}", "want the last day it held")
        held[given.procedure].append(row)
    for rows in held.values():
        rows.sort(key=lambda row: row.value.valid_from)
        for earlier, later in itertools.pairwise(rows):
            if earlier.value.valid_to is None or earlier.value.valid_to >= later.value.valid_from:
                told = f"the level of line {earlier.line} still holds then"
                table.blame(later, "valid_from", told, "end that one the day before")
    return table


def check_systems(folder: Path) -> Table[System]:
    """Systems, and metrics that have no known form. What they name is checked with the profile's other files."""
    table = _table(folder / SYSTEMS, System)
    table.require_unique("code")
    for row in table.rows:
        kind, colon, name = row.value.metric.partition(":")
        if kind not in METRICS or not colon or not name:
            forms = "; ".join(f"{word}: and {behind}" for word, behind in METRICS.items())
            table.blame(row, "metric", "is no metric", f"want {forms}")
    return table


def check_scopes(table: Table[ROW], key: str, units: frozenset[str]) -> None:
    """Note every row whose ``key`` is neither a unit's code nor a word for several units."""
    words = (*SCOPES, *CAMPAIGN_ROWS) if table.path.name == CAMPAIGN else tuple(SCOPES)
    for row in table.rows:
        if getattr(row.value, key) not in units and getattr(row.value, key) not in words:
            table.blame(row, key, "is no code of units.csv", f"want one, or {', '.join(words)}")


def _table(path: Path, kind: type[ROW]) -> Table[ROW]:
    return read_table(path, kind, parsers=_PARSERS.get(kind))


def _fit(table: Table[ROW]) -> tuple[ROW, ...]:
    if table.faults:
        raise ProfileError(str(table.faults[0]))
    return table.values


def names_of(units: dict[str, str]) -> dict[str, str]:
    """How tables name what a figure is about: units by their own names, and the words for several."""
    return {**SCOPES, **CAMPAIGN_ROWS, **units}


def day_or_today(text: str | None, today: dt.date) -> dt.date:
    """``--as-of`` as a day. Raises ``ValueError``."""
    return parse_period(text).last if text else today
