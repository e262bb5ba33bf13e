"""The service-quality score of a period from the dossiers in SQL, of the province and of its units."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import msgspec
from sqlalchemy import Engine

from opscentre.domain.indicators import Scheme
from opscentre.domain.moments import local
from opscentre.domain.observations import Observation, SourceSeen
from opscentre.domain.procedures import Procedure
from opscentre.domain.ranking import Entry, Ranked, rank
from opscentre.domain.score import Input, Score, rounded, score
from opscentre.domain.score_inputs import Tally, by_national_code, completed, contribution, inputs, national
from opscentre.domain.units import UNMAPPED_UNIT, Unit
from opscentre.indicators_file import load
from opscentre.procedures_file import read_procedures
from opscentre.profile import Profile
from opscentre.score_files import read_inputs
from opscentre.store.journal import read_observations, states_received_before


class Scored(NamedTuple):
    """A score and what it was computed from."""

    score: Score
    tally: Tally
    #: Indicators whose ratio is an entered figure, wholly or (1.4) in part.
    figures: frozenset[str]

    @property
    def partial(self) -> tuple[str, ...]:
        """Indicators that are computed from less than their definition asks for."""
        return ("5.4",) if "5.4" not in self.figures and self.tally.volume else ()

    @property
    def percent(self) -> Decimal | None:
        """Points in percent of what is reachable: by this, scores with different gaps are compared."""
        share = self.score.total.share
        return None if share is None else rounded(share * 100)


class UnitScored(NamedTuple):
    """A unit with its score and its place among the others."""

    unit: Unit
    scored: Scored
    place: Ranked


class Report(NamedTuple):
    """The score of a period: the province's, the units' where they were asked for, and what is needed to print it."""

    profile: Profile
    #: [start, end), looked at from ``looking`` (moments in ms), with the ceilings of ``day``.
    start: int
    end: int
    looking: int
    day: dt.date
    procedures: tuple[Procedure, ...]
    province: Scored
    units: list[UnitScored] | None
    stale: frozenset[str]
    #: By unit, the sources that its dossiers come from.
    sources: dict[str, frozenset[str]]
    #: In force on ``day``.
    scheme: Scheme
    #: The units as they stood at the earlier moment that was asked for.
    before: list[UnitScored] | None = None


def look_back(
    engine: Engine,
    profile: Profile,
    period: tuple[int, int, int],
    *,
    figures: Path | None = None,
    day: dt.date | None = None,
    by_unit: bool = False,
    earlier: int | None = None,
) -> Report:
    """Score a period (start, end, now) from SQL; ``figures`` is a file with what dossiers cannot tell.

    ``earlier``: a moment of the period at which the units are looked at as well, by the same ceilings. The ceilings
    are those of ``day``, else of the last day looked at. Raises ``BadInput``, ``Fault``, ``ProfileError``.
    """
    start, end, now = period
    looking = min(now, end)
    day = day or local(looking - 1).date()
    scheme = load(profile.folder).on(day)
    entered = read_inputs(figures, scheme) if figures else {}
    procedures = read_procedures(profile.folder / "procedures.csv")
    tallies, *then = count(engine, profile, procedures, (start, end), [now] if earlier is None else [now, earlier])
    stale = stale_units(engine, tallies)
    return Report(
        profile,
        start,
        end,
        looking,
        day,
        procedures,
        province_score(tallies, procedures, scheme, entered),
        unit_scores(tallies, procedures, scheme, profile, stale) if by_unit else None,
        stale,
        {code: frozenset(tally.sources) for code, tally in tallies.items()},
        scheme,
        unit_scores(then[0], procedures, scheme, profile) if then else None,
    )


def count(
    engine: Engine, profile: Profile, procedures: Iterable[Procedure], period: tuple[int, int], moments: Sequence[int]
) -> list[dict[str, Tally]]:
    """What the dossiers of [start, end) contribute as of each of the moments, in one pass over them.

    By the code of the unit that stands for them at the first moment, which is the last in time.
    """
    start, end = period
    looking = min(moments[0], end)
    by_code = by_national_code(procedures)
    units = profile.units.current(looking if moments[0] < end else end - 1)
    found: list[dict[str, Tally]] = [{} for _ in moments]
    for state in states_received_before(engine, looking):
        unit = state.snapshot.unit
        for tallies, at in zip(found, moments, strict=True):
            part = contribution(state, start, end, at, by_code, profile.calendar.of(unit))
            if part is not None:
                tallies.setdefault(units.home(unit), Tally()).add(part)
    return found


def province_score(
    tallies: Mapping[str, Tally],
    procedures: Iterable[Procedure],
    scheme: Scheme,
    figures: Mapping[str, Input],
) -> Scored:
    """The province's score: dossiers of all units, and figures for what they cannot tell. Raises ``BadInput``."""
    whole = Tally()
    for tally in tallies.values():
        whole.merge(tally)
    known = completed(inputs(whole, _services(procedures)), figures, whole.received)
    return Scored(score(scheme, _in_force(known, scheme)), whole, frozenset(figures))


def unit_scores(
    tallies: Mapping[str, Tally],
    procedures: Sequence[Procedure],
    scheme: Scheme,
    profile: Profile,
    stale: Collection[str] = (),
) -> list[UnitScored]:
    """The units' scores, ranked. Figures speak of the whole province: units are scored by their dossiers alone."""
    units = {code: profile.units[code] for code in tallies}
    scores = {code: _unit_score(tallies[code], units[code], procedures, scheme) for code in tallies}
    percents = {code: found.percent for code, found in scores.items()}
    entries = [
        Entry(code, None if percent is None else float(percent), tallies[code].volume)
        for code, percent in percents.items()
        if units[code] is not UNMAPPED_UNIT
    ]
    ranked = rank(entries, stale=stale)
    if UNMAPPED_UNIT.code in units:
        # Dossiers whose unit is not known are shown and never ranked.
        ranked += rank([Entry(UNMAPPED_UNIT.code, None, tallies[UNMAPPED_UNIT.code].volume)])
    return [UnitScored(units[place.code], scores[place.code], place) for place in ranked]


def _unit_score(tally: Tally, unit: Unit, procedures: Iterable[Procedure], scheme: Scheme) -> Scored:
    handled = (procedure for procedure in procedures if procedure.handled_by(unit))
    known = _in_force(inputs(tally, _services(handled)), scheme)
    return Scored(score(scheme, known), tally, frozenset())


def _services(procedures: Iterable[Procedure]) -> set[str]:
    """National codes of the procedures that are offered online."""
    return {national(procedure.code) for procedure in procedures if procedure.service}


def _in_force(known: Mapping[str, Input], scheme: Scheme) -> dict[str, Input]:
    """Without the indicators that the province does not score by on that day."""
    return {code: value for code, value in known.items() if scheme.find(code) is not None}


def stale_units(engine: Engine, tallies: Mapping[str, Tally]) -> frozenset[str]:
    """Units with a source whose last poll failed, or that is paused: their numbers may be of an earlier time."""
    seen = (msgspec.json.decode(value, type=Observation) for _, value in read_observations(engine, "source"))
    sources = [source for source in seen if isinstance(source, SourceSeen)]
    silent = {source.code for source in sources if not source.ok or source.paused_since is not None}
    return frozenset(code for code, tally in tallies.items() if tally.sources & silent)
