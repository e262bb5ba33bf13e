"""Counts from SQL and the profile what the wall shows by the minute: yesterday's places, score, figures, services."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import TypeVar

import msgspec
from sqlalchemy import Engine

from opscentre import figures_file
from opscentre.alert_files import AlertNames
from opscentre.alert_times import reactions
from opscentre.clock import wall_ms
from opscentre.domain.counting import (
    COUNTER,
    EARLY,
    LATE,
    ON_TIME,
    ONLINE,
    POSTAL,
    PROCESS_LATE,
    PROCESS_OK,
    count_table,
)
from opscentre.domain.figures import CAMPAIGN_ROWS, SCOPES, Amount, CampaignRow, Figure, Reached, reached, standing
from opscentre.domain.fold import DossierState
from opscentre.domain.indicators import Scheme
from opscentre.domain.lateness import LateBySync
from opscentre.domain.moments import DAY, date_of, day_number, day_of, day_start, local
from opscentre.domain.observations import SourceSeen
from opscentre.domain.ranking import MINIMUM, TOLERANCE, Entry, rank
from opscentre.domain.score import gaps
from opscentre.live.slow import (
    CampaignShown,
    FigureShown,
    GroupScore,
    Missing,
    Ratio,
    ReactionShown,
    ScoreShown,
    Services,
    Slow,
    TargetShown,
    UnitScore,
)
from opscentre.live.sources import ProductTime, heard
from opscentre.procedures_file import read_procedures
from opscentre.profile import Profile
from opscentre.scoring import Report, UnitScored, look_back
from opscentre.store.by_sync import late_by_sync_of
from opscentre.store.engine import reading
from opscentre.store.figures import FedFigure, newest_figures
from opscentre.store.journal import read_observations, states_received_before

ROW = TypeVar("ROW")
#: Days of the on-time share.
WINDOW = 30
#: Dossiers received in a day from which on a unit has a place by its online share.
ONLINE_MINIMUM = 5
#: Ratios of the score that tell how online services are used, in the order in which they are shown.
USE = ("3.3", "3.2", "3.6", "3.5b", "4.1", "4.2", "4.3", "4.4", "4.5b")
#: What the catalogue calls a procedure that is not offered online.
OFFLINE = "chưa trực tuyến"


def count(
    engine: Engine, profile: Profile, now: int, rules: AlertNames | None = None, product: ProductTime | None = None
) -> Slow:
    """The document as of a moment; reads every dossier twice. ``rules``: names of those of the alerts.

    ``product`` tells the product's time at a real moment; without it that runs as real time does.
    Raises ``ProfileError``.
    """
    began = wall_ms()
    today = date_of(day_number(now))
    month = day_start(day_of(today.replace(day=1)))
    tomorrow = day_start(day_number(now) + 1)
    # Before the first midnight of a month there is no score of it.
    midnight = day_start(day_number(now))
    earlier = midnight if midnight > month else None
    report = look_back(engine, profile, (month, tomorrow, now), by_unit=True, earlier=earlier)
    before = {row.unit.code: row for row in report.before or ()}
    rows, last_day = _yesterday(engine, profile, now)
    names = {**SCOPES, **CAMPAIGN_ROWS, **{code: unit.name for code, unit in profile.units.by_code.items()}}
    return Slow(
        places_yesterday=_places(rows, profile, now, _on_time),
        online_places_yesterday=_places(last_day, profile, now, _online, ONLINE_MINIMUM),
        score_places_yesterday=_places(before, profile, now, _scored),
        stale_units=sorted(report.stale),
        sources_of_units={code: sorted(sources) for code, sources in report.sources.items() if sources},
        score=_score(report, before),
        figures=_figures(engine, profile, today, names),
        services=_services(report, rows, profile, today, names),
        measured=_measured(engine, profile, today, names),
        reactions=_reactions(engine, profile, now, rules) if rules else [],
        late_by_sync=_late_by_sync(engine, profile, now, product or (lambda wall: now - wall_ms() + wall)),
        now=now,
        made_at=wall_ms(),
        took_ms=wall_ms() - began,
    )


def _yesterday(engine: Engine, profile: Profile, now: int) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
    """The progress tables of the 30 days up to the end of yesterday and of yesterday alone, by the units of today."""
    midnight = day_start(day_number(now))
    last_day: list[DossierState] = []

    def noted() -> Iterator[DossierState]:
        # One pass over every dossier is dear enough.
        for state in states_received_before(engine, midnight):
            if (state.snapshot.received or 0) >= midnight - DAY:
                last_day.append(state)
            yield state

    units = profile.units.current(now)
    window = units.gather(count_table(noted(), midnight - WINDOW * DAY, midnight, midnight))
    return window, units.gather(count_table(last_day, midnight - DAY, midnight, midnight))


def _places(
    rows: Mapping[str, ROW], profile: Profile, now: int, entry: Callable[[str, ROW], Entry], minimum: int = MINIMUM
) -> dict[str, int]:
    """The place of each unit in its group, by the share of 1 that ``entry`` makes of its row."""
    places: dict[str, int] = {}
    here = profile.units.current(now).all
    for communes in (False, True):
        entries = [
            entry(unit.code, rows[unit.code])
            for unit in here
            if (unit.group == "III") is communes and unit.code in rows
        ]
        ranked = rank(entries, tolerance=TOLERANCE / 100, minimum=minimum)
        places.update({e.code: e.rank for e in ranked if e.rank is not None})
    return places


def _on_time(code: str, row: list[int]) -> Entry:
    good = row[EARLY] + row[ON_TIME] + row[PROCESS_OK]
    whole = good + row[LATE] + row[PROCESS_LATE]
    return Entry(code, good / whole if whole else None, whole)


def _online(code: str, row: list[int]) -> Entry:
    whole = row[ONLINE] + row[COUNTER] + row[POSTAL]
    return Entry(code, row[ONLINE] / whole if whole else None, whole)


def _scored(code: str, row: UnitScored) -> Entry:
    percent = row.scored.percent
    return Entry(code, None if percent is None else float(percent) / 100, row.scored.tally.volume)


def _score(report: Report, before: Mapping[str, UnitScored]) -> ScoreShown:
    found = report.province.score
    return ScoreShown(
        since=report.start,
        until=report.end,
        points=float(found.total.points),
        max=float(found.total.max),
        reachable=float(found.total.reachable),
        groups=[
            GroupScore(
                code=group.code,
                name=group.name,
                points=float(part.points),
                max=float(part.max),
                reachable=float(part.reachable),
            )
            for group, part in found.groups
        ],
        missing=[
            Missing(code=gap.indicator.code, name=gap.indicator.name, points=float(gap.missing), needed=gap.needed)
            for gap in gaps(found)
        ],
        no_data=[f"{indicator.code} {indicator.name}" for indicator in found.no_data],
        partial=list(report.province.partial),
        units=[_unit_score(row, before.get(row.unit.code), report.scheme) for row in report.units or ()],
        grades=[grade.name for grade in report.scheme.grades],
    )


def _unit_score(row: UnitScored, before: UnitScored | None, scheme: Scheme) -> UnitScore:
    percent, then = row.scored.percent, before.scored.percent if before else None
    grade = None if percent is None else scheme.grade(percent)
    return UnitScore(
        code=row.unit.code,
        percent=None if percent is None else float(percent),
        rank=row.place.rank,
        volume=row.scored.tally.volume,
        yesterday=None if then is None else float(then),
        grade=grade.name if grade else "",
    )


def _late_by_sync(engine: Engine, profile: Profile, now: int, product: ProductTime) -> dict[str, LateBySync]:
    """What is late only by its source's silence, by the units of today."""
    seen = {code: msgspec.json.decode(value, type=SourceSeen) for code, value in read_observations(engine, "source")}
    with reading(engine).connect() as connection:
        found = late_by_sync_of(connection, heard(seen, product), now, profile.calendar)
    units = profile.units.current(now)
    rows = units.gather({code: [one.processing, one.reception] for code, one in found.items()})
    return {code: LateBySync(*row) for code, row in rows.items() if any(row)}


def _reactions(engine: Engine, profile: Profile, now: int, rules: AlertNames) -> list[ReactionShown]:
    return [
        ReactionShown(
            unit=one.unit, median=one.acknowledge.median, least=one.acknowledge.median_least,
            count=one.acknowledge.count, open=one.acknowledge.open,
        )
        for one in reactions(engine, profile, now, rules)
        if one.unit and one.acknowledge.median is not None and one.acknowledge.count >= MINIMUM
    ]  # fmt: skip


def _figures(engine: Engine, profile: Profile, today: dt.date, names: Mapping[str, str]) -> list[FigureShown]:
    """Published figures and those that sources feed, the newest first."""
    known = figures_file.read_figures(profile.folder)
    called = {figure.line: figure.name for figure in known} | {figure.code: figure.name for figure in known}
    shown = [_published(figure, today, names) for figure in standing(known, today)]
    shown += [_fed(figure, today, called) for figure in newest_figures(engine, day_start(day_of(today) + 1) - 1)]
    return sorted(shown, key=lambda figure: figure.age_days)


def _measured(engine: Engine, profile: Profile, today: dt.date, names: Mapping[str, str]) -> dict[str, FigureShown]:
    """The figures that systems show, by metric: inputs that sources feed, series that somebody published."""
    published = {figure.line: figure for figure in standing(figures_file.read_figures(profile.folder), today)}
    published |= {figure.code: figure for figure in published.values()}
    fed = {figure.code: figure for figure in newest_figures(engine, day_start(day_of(today) + 1) - 1)}
    found: dict[str, FigureShown] = {}
    for system in figures_file.read_systems(profile.folder):
        kind, _, name = system.metric.partition(":")
        if kind == "input" and name in fed:
            found[system.metric] = _fed(fed[name], today, {name: system.name})
        elif kind == "figure" and name in published:
            found[system.metric] = _published(published[name], today, names)
    return found


def _published(figure: Figure, today: dt.date, names: Mapping[str, str]) -> FigureShown:
    return FigureShown(
        code=figure.code,
        name=figure.name,
        scope=names.get(figure.scope, figure.scope),
        value=str(figure.value),
        unit=figure.unit,
        as_of=str(figure.as_of),
        source=figure.source,
        note=figure.note,
        age_days=(today - figure.as_of.last).days,
    )


def _fed(figure: FedFigure, today: dt.date, called: Mapping[str, str]) -> FigureShown:
    number = Decimal(repr(figure.value))
    whole = number == number.to_integral_value()
    return FigureShown(
        code=figure.code,
        name=called.get(figure.code, figure.code),
        scope=SCOPES["province"],
        value=str(Amount(number=number.quantize(Decimal(1)) if whole else number)),
        unit=figure.unit,
        as_of=f"{local(figure.as_of):%H:%M %d/%m/%Y}".removeprefix("00:00 "),
        source=figure.source,
        note="",
        age_days=(today - local(figure.as_of).date()).days,
    )


def _services(
    report: Report, rows: Mapping[str, list[int]], profile: Profile, today: dt.date, names: Mapping[str, str]
) -> Services:
    catalogue = profile.folder / "procedures.csv"
    procedures = read_procedures(catalogue) if catalogue.is_file() else ()
    levels: dict[str, int] = {}
    for procedure in procedures:
        level = procedure.service or OFFLINE
        levels[level] = levels.get(level, 0) + 1
    lines = {line.indicator.code: line for line in report.province.score.lines}
    figures = figures_file.read_figures(profile.folder)
    return Services(
        procedures=len(procedures),
        by_level=levels,
        ratios=[
            Ratio(
                code=code,
                name=line.indicator.name,
                part=int(line.input.numerator),
                whole=int(line.input.denominator),
                full_at=None if line.indicator.full_at is None else float(line.indicator.full_at) / 100,
            )
            for code in USE
            if (line := lines.get(code)) is not None and line.input is not None
        ],
        received=sum(row[COUNTER] + row[ONLINE] + row[POSTAL] for row in rows.values()),
        postal=sum(row[POSTAL] for row in rows.values()),
        targets=[_target(one) for one in reached(figures_file.read_targets(profile.folder), figures, today)],
        campaign=[_campaign(row, names) for row in _in_order(figures_file.read_campaign(profile.folder))],
    )


def _target(one: Reached) -> TargetShown:
    target, figure = one.target, one.figure
    return TargetShown(
        name=target.name,
        value=str(target.value),
        unit=target.unit,
        by=str(target.by),
        reached=str(figure.value) if figure else "",
        reached_as_of=str(figure.as_of) if figure else "",
        share=float(figure.value.number / target.value.number) if figure and target.value.number else None,
        source=target.source,
    )


def _in_order(rows: Iterable[CampaignRow]) -> list[CampaignRow]:
    """The whole first, then the units by their windows."""
    return sorted(rows, key=lambda row: (row.unit != "total", row.window_from or dt.date.max))


def _campaign(row: CampaignRow, names: Mapping[str, str]) -> CampaignShown:
    first, last = row.window_from, row.window_to
    window = f"{first:%d/%m}–{last:%d/%m/%Y}" if first and last else f"đến {last:%d/%m/%Y}" if last else ""
    return CampaignShown(name=names.get(row.unit, row.unit), window=window, planned=row.planned, actual=row.actual)
