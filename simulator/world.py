"""The world behind the simulated systems: every dossier there is at a moment, and what it looks like then."""

from __future__ import annotations

import random
import zlib
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any, NamedTuple

from opscentre.domain.moments import HOUR, day_number, day_start
from opscentre.domain.procedures import Procedure
from opscentre.domain.status import Status
from opscentre.domain.units import Unit
from opscentre.procedures_file import read_procedures
from opscentre.profile import Profile
from simulator.lives import DayMaker, Dossier, UnitPlan
from simulator.steps import FACTS
from simulator.systems import System, read_holdings, systems_of
from simulator.vocabulary import Renderer, due_after
from simulator.workaxis import WorkAxis

#: A working day's dossiers begin when the offices closed on the working day before.
_CLOSING = 17 * HOUR
#: So many communes and departments work clearly worse than the others, and by how much.
_POOR_COMMUNES, _POOR_DEPARTMENTS, _POOR = 6, 1, 11.0
#: Of a procedure of level ``both``, this share is asked for at the departments.
DEPARTMENT_SHARE = 0.1
#: A ward has so many times the dossiers of a commune.
_WARD_WEIGHT = 2.2


class State(NamedTuple):
    """Where a dossier stands at a moment."""

    status: Status
    #: When its newest change happened (ms): the modification time that a feed shows.
    changed: int
    #: How many of its changes have happened.
    steps: int
    #: The due moment as it stands (ms), ``None`` before reception and where there is none.
    due: int | None


class Change(NamedTuple):
    """One change of one dossier; sorts by moment, then number."""

    at: int
    number: str
    status: Status
    dossier: Dossier


class World:
    """All dossiers of a province as a pure function of seed, start and profile.

    ``start`` is the moment (ms) before which ``history_days`` working days of dossiers exist; later days come
    into being when they are asked for. ``volume`` multiplies the number of dossiers a day; ``units`` holds the
    codes of the only units that receive any (none: all). Raises ``ValueError`` for a code that no unit has.
    """

    def __init__(
        self,
        profile: Profile,
        seed: int,
        start: int,
        history_days: int = 10,
        volume: float = 1.0,
        units: frozenset[str] = frozenset(),
    ) -> None:
        self.profile = profile
        self.seed = seed
        self.start = start
        self.procedures = read_procedures(profile.folder / "procedures.csv")
        here = profile.units.current(start).all
        self.systems = systems_of(here, read_holdings(profile.folder / "simulator.toml"))
        self._calendar = profile.calendar
        self.first_day = self._days_back(day_number(start), history_days)
        self._maker = DayMaker(seed, profile.province.code, self._calendar, WorkAxis(self._calendar, self.first_day))
        if unknown := units - {unit.code for unit in here}:
            raise ValueError(f"units {sorted(unknown)} are not in {profile.folder / 'units.csv'}, or of another time")
        plans = _plans(here, self.procedures, seed, volume)
        self._plans = [plan for plan in plans if not units or plan.unit.code in units]
        self._days: dict[int, list[Dossier]] = {}
        self._parts: dict[int, list[Dossier]] = {}
        self._prepared: dict[int, int] = {}
        self._renderers: dict[str, Renderer] = {}
        self._system_of = {code: system for system in self.systems for code in system.units}

    # -- generation ----------------------------------------------------------------------------------------

    def _days_back(self, day: int, count: int) -> int:
        while count > 0 or not self._calendar.is_working_day(day):
            day -= 1
            count -= self._calendar.is_working_day(day)
        return day

    def days_until(self, at: int, after: int = 0) -> list[int]:
        """The working days (later than day ``after``) whose dossiers may have been filed by a moment."""
        last = day_number(at)
        if not self._calendar.is_working_day(last) or at >= day_start(last) + _CLOSING:
            last = self._calendar.next_working_day(last)
        days = range(max(self.first_day, after + 1), last + 1)
        return [day for day in days if self._calendar.is_working_day(day)]

    def release(self, day: int) -> None:
        """Forget the dossiers of the days before; they are made again when somebody asks for them."""
        for known in [known for known in self._days if known < day]:
            del self._days[known]

    def day(self, day: int) -> list[Dossier]:
        """All dossiers of one working day, unit by unit."""
        while day not in self._days:
            self.prepare(day)
        return self._days[day]

    def prepare(self, day: int) -> bool:
        """Makes the day's dossiers of one more unit; true when the day is complete.

        For processes that must answer while tomorrow is being made.
        """
        if day in self._days:
            return True
        parts = self._parts.setdefault(day, [])
        made = self._prepared.get(day, 0)
        parts.extend(self._maker.make(self._plans[made], day, self._gap(day)))
        self._prepared[day] = made + 1
        if made + 1 == len(self._plans):
            self._days[day] = self._parts.pop(day)
            del self._prepared[day]
        return day in self._days

    def _gap(self, day: int) -> int:
        before = day - 1
        while not self._calendar.is_working_day(before):
            before -= 1
        return day - before

    # -- questions -----------------------------------------------------------------------------------------

    def dossiers(self, until: int) -> Iterator[Dossier]:
        """Every dossier that may exist at a moment (some of the last day are filed later)."""
        for day in self.days_until(until):
            yield from self.day(day)

    def changes(self, begin: int, end: int) -> list[Change]:
        """What changes in [begin, end), in order of moment and number."""
        found = []
        for dossier in self.dossiers(end):
            for seconds, step in dossier.life():
                if begin <= seconds * 1000 < end:
                    found.append(Change(seconds * 1000, dossier.number, FACTS[step].status, dossier))
        found.sort(key=lambda change: (change.at, change.number))
        return found

    def state_at(self, dossier: Dossier, at: int) -> State | None:
        """The state of a dossier at a moment; ``None`` before it is filed."""
        return state_at(dossier, at)

    def dossiers_at(self, at: int) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every dossier at a moment: the code of its unit, and what its system would show of it (DOMAIN §2)."""
        for dossier in self.dossiers(at):
            shown = self.render(dossier, at)
            if shown is not None:
                yield dossier.unit.code, shown

    def render(self, dossier: Dossier, at: int) -> dict[str, Any] | None:
        """What the dossier's system shows of it at a moment; ``None`` before it is filed."""
        return self.renderer(self.system_of(dossier)).render(dossier, at)

    def system_of(self, dossier: Dossier) -> System:
        """The system that holds a dossier."""
        return self._system_of[dossier.unit.code]

    def renderer(self, system: System) -> Renderer:
        """Renders dossiers in the manner of one system."""
        if system.code not in self._renderers:
            self._renderers[system.code] = Renderer(self.profile, system)
        return self._renderers[system.code]


def state_at(dossier: Dossier, at: int) -> State | None:
    """The state of a dossier at a moment; ``None`` before it is filed."""
    life = dossier.life()
    steps = bisect_right(life, (at // 1000, 15))
    if not steps:
        return None
    seconds, step = life[steps - 1]
    return State(FACTS[step].status, seconds * 1000, steps, due_after(dossier, life[:steps]))


def _plans(units: tuple[Unit, ...], procedures: tuple[Procedure, ...], seed: int, volume: float) -> list[UnitPlan]:
    """How many dossiers of which procedures each unit receives, and how late it is."""
    weights = {unit.code: _weight(unit) for unit in units}
    lateness = _lateness(units, seed)
    daily: dict[str, list[tuple[Procedure, float]]] = {unit.code: [] for unit in units}
    for procedure in procedures:
        share = {"dept": 1.0, "commune": 0.0, "both": DEPARTMENT_SHARE}[procedure.level]
        for part, communes in ((share, False), (1 - share, True)):
            handlers = [u for u in units if procedure.handled_by(u) and (u.group == "III") is communes]
            total = sum(weights[unit.code] for unit in handlers)
            for unit in handlers:
                count = procedure.daily * volume * part * weights[unit.code] / total
                if count:
                    daily[unit.code].append((procedure, count))
    return [UnitPlan(unit, daily[unit.code], lateness[unit.code]) for unit in units]


def _weight(unit: Unit) -> float:
    """A unit's size beside others of its kind; from its code, so that it is the same in every run."""
    spread = 0.55 + 0.9 * (zlib.crc32(unit.code.encode()) % 1000) / 1000
    return spread * (_WARD_WEIGHT if unit.kind == "ward" else 1.0)


def _lateness(units: tuple[Unit, ...], seed: int) -> dict[str, float]:
    rng = random.Random(f"{seed}/lateness")
    late = {unit.code: 0.3 + 0.9 * rng.random() ** 2 for unit in units}
    communes = [unit.code for unit in units if unit.group == "III"]
    others = [unit.code for unit in units if unit.group != "III"]
    for codes, count in ((communes, _POOR_COMMUNES), (others, _POOR_DEPARTMENTS)):
        for code in rng.sample(codes, min(count, len(codes))):
            late[code] = _POOR * (0.6 + 0.6 * rng.random())
    return late
