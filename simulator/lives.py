"""The whole lives of the dossiers that one unit gets on one working day: a pure function of seed, unit and day.

Everything here is laid out on the axis of working seconds (``WorkAxis``) except what citizens do at night.
It runs for some 5,000 dossiers a simulated day, hence plain local arithmetic on ``random()``.
"""

from __future__ import annotations

import random
import struct
from bisect import bisect_right
from collections.abc import Iterator

from opscentre.domain.calendar import Calendar
from opscentre.domain.moments import date_of, day_start
from opscentre.domain.procedures import Procedure
from opscentre.domain.units import Unit
from simulator.steps import Step
from simulator.workaxis import WorkAxis

_HOUR = 3600
_DAY = 24 * _HOUR
#: Least working time between two steps of one dossier, in seconds.
_STEP_GAP = 45
#: How often a dossier is filed online, by the service level of its procedure; one in 200 comes by post.
_ONLINE = {"toàn trình": 0.80, "một phần": 0.54, "": 0.0}
_POSTAL = 0.006
#: How often a dossier is finished late by an ordinary unit: within a day, longer ones, land (DOMAIN §8).
_LATE_SHORT, _LATE, _LATE_LAND, _LATE_MOST = 0.005, 0.017, 0.055, 0.35
#: Shares of what ends otherwise, or waits.
_REFUSED, _WITHDRAWN, _STOPPED = 0.02, 0.006, 0.003
_SUPPLEMENT, _SECOND_SUPPLEMENT, _FEE_PAUSE = 0.07, 0.07, 0.45
_LATE_RECEPTION = 0.003


class Dossier:
    """One dossier with its whole life, past and to come. Moments inside ``changes`` are epoch seconds."""

    __slots__ = ("changes", "channel", "dues", "nonce", "number", "procedure", "unit")

    def __init__(
        self,
        unit: Unit,
        procedure: Procedure,
        number: str,
        channel: int,
        nonce: int,
        changes: bytes,
        dues: tuple[int, ...],
    ) -> None:
        self.unit = unit
        self.procedure = procedure
        #: MaHoSo.
        self.number = number
        #: 1 counter, 2 online, 3 postal.
        self.channel = channel
        #: 60 random bits from which everything incidental (names, flags) is read.
        self.nonce = nonce
        self.changes = changes
        #: The due moment in epoch ms at reception, then after each pause; empty where there is none.
        self.dues = dues

    def life(self) -> tuple[tuple[int, int], ...]:
        """The dated steps, oldest first: (epoch seconds, ``Step``)."""
        packed = struct.unpack(f"<{len(self.changes) // 8}Q", self.changes)
        return tuple((change >> 4, change & 15) for change in packed)


class UnitPlan:
    """What one unit receives and how well it works."""

    def __init__(self, unit: Unit, daily: list[tuple[Procedure, float]], lateness: float) -> None:
        self.unit = unit
        self.procedures = [procedure for procedure, _ in daily]
        #: Multiplies the chance of being late; 1 is an ordinary unit.
        self.lateness = lateness
        self.mean = 0.0
        self.cumulated: list[float] = []
        for _, count in daily:
            self.mean += count
            self.cumulated.append(self.mean)


class DayMaker:
    """Makes the dossiers of a unit's working day."""

    def __init__(self, seed: int, province_code: str, calendar: Calendar, axis: WorkAxis) -> None:
        self._seed = seed
        self._province = province_code
        self._calendar = calendar
        self._axis = axis

    def make(self, plan: UnitPlan, day: int, gap: int) -> list[Dossier]:
        """The dossiers of a working day, in order of filing.

        ``gap`` is the number of calendar days since the working day before: what citizens file online in
        the evenings and on the days off between belongs to this day.
        """
        rng = random.Random(f"{self._seed}/{plan.unit.code}/{day}")
        if not plan.mean:
            return []
        eager = 0.85 + 0.3 * rng.random() + (0.12 if gap > 1 else 0.0)
        arrivals = sorted(
            (self._arrival(rng, plan, day, gap) for _ in range(int(plan.mean * eager + rng.random()))),
            key=lambda arrival: arrival[0],
        )
        prefix = plan.unit.code
        if not prefix.startswith(f"{self._province}."):
            prefix = f"{self._province}.{prefix}"
        prefix = f"{prefix}-{date_of(day):%y%m%d}"
        made = []
        for count, (filed, procedure, channel) in enumerate(arrivals, start=1):
            life = _Life(rng, plan, procedure, channel, filed, self._axis, self._calendar)
            made.append(
                Dossier(
                    plan.unit,
                    procedure,
                    f"{prefix}-{count:04d}",
                    channel,
                    rng.getrandbits(60),
                    struct.pack(f"<{len(life.changes)}Q", *life.changes),
                    tuple(life.dues),
                )
            )
        return made

    def _arrival(self, rng: random.Random, plan: UnitPlan, day: int, gap: int) -> tuple[int, Procedure, int]:
        """When a dossier is filed (epoch seconds), for which procedure, through which channel."""
        picked = bisect_right(plan.cumulated, rng.random() * plan.mean)
        procedure = plan.procedures[min(picked, len(plan.procedures) - 1)]
        midnight = day_start(day) // 1000
        way, when = rng.random(), rng.random()
        if way < _POSTAL:
            return self._desk_time(day, 0.15 + 0.7 * when), procedure, 3
        if way < _POSTAL + _ONLINE[procedure.service]:
            if rng.random() < 0.78:
                return midnight + int((6.5 + 10.5 * when**1.15) * _HOUR), procedure, 2
            before = rng.randrange(gap)
            if before == 0:  # the evening of the working day before
                return midnight - gap * _DAY + int((17 + 6.5 * when) * _HOUR), procedure, 2
            return midnight - before * _DAY + int((7 + 16 * when) * _HOUR), procedure, 2
        return self._desk_time(day, when**1.25 * 0.97), procedure, 1

    def _desk_time(self, day: int, share: float) -> int:
        """The moment (epoch seconds) at which a share of the working day has passed."""
        length = self._axis.day_length
        return self._axis.from_work(self._axis.index(day) * length + int(share * length))


class _Life:
    """Lays out one life; ``changes`` and ``dues`` are the result."""

    def __init__(
        self,
        rng: random.Random,
        plan: UnitPlan,
        procedure: Procedure,
        channel: int,
        filed: int,
        axis: WorkAxis,
        calendar: Calendar,
    ) -> None:
        self._random = rng.random
        self._axis = axis
        self._calendar = calendar
        self.changes: list[int] = []
        self.dues: list[int] = []
        self._work = axis.to_work(filed)
        if channel == 1:
            self._at(filed, Step.RECEIVED)
            received = filed
        else:
            self._at(filed, Step.FILED)
            delay = self._reception_delay(plan.lateness)
            if self._random() < _REFUSED:
                self._after(delay, Step.REFUSED)
                return
            received = self._after(delay, Step.RECEIVED)
        due = procedure.due(received * 1000, calendar)
        if due is not None:
            self.dues.append(due)
        self._process(procedure, plan.lateness, self._budget(due))
        if self.changes[-1] & 15 == Step.DONE:
            self._hand_over(channel)

    def _reception_delay(self, lateness: float) -> int:
        """Working seconds from filing online to the decision at the desk; eight hours are allowed."""
        if self._random() < min(0.2, _LATE_RECEPTION * lateness):
            return int((8.1 + 10 * self._random()) * _HOUR)
        return 240 + int(6.5 * _HOUR * self._random() ** 3)

    def _budget(self, due: int | None) -> int:
        """Working seconds from reception to the due moment; without one, half a morning's work."""
        return 2 * _HOUR if due is None else self._axis.to_work(due // 1000) - self._work

    def _process(self, procedure: Procedure, lateness: float, budget: int) -> None:
        begun = self._work
        short = budget <= self._axis.day_length
        chance = _LATE_LAND if procedure.field == "DD" else _LATE_SHORT if short else _LATE
        late = bool(self.dues) and self._random() < min(_LATE_MOST, chance * lateness)
        if late:
            late_by = (2 if short else 9) * self._axis.day_length * self._random() ** 2
            needed = budget + 600 + int(late_by)
        elif short:
            needed = min(600 + int(2.4 * _HOUR * self._random() ** 2), int(budget * 0.94))
        else:
            needed = int(budget * (0.2 + 0.76 * self._random() ** 0.8))
        for share, step, pause in self._milestones(procedure, short):
            self._until(begun + int(needed * share), step)
            if pause > 0:
                begun += self._pause(pause, step)
            elif pause < 0:
                return
        self._until(begun + needed, Step.DONE)

    def _milestones(self, procedure: Procedure, short: bool) -> Iterator[tuple[float, Step, int]]:
        """The steps up to the result: share of the time needed, step, seconds of a pause (−1: it ends there)."""
        chance = self._random()
        if short:
            if chance < _WITHDRAWN / 3:
                yield 0.5, Step.WITHDRAWN, -1
                return
            yield 0.15, Step.FORWARDED, 0
            yield 0.65, Step.SUBMITTED, 0
            yield 0.85, Step.STAMPED, 0
            return
        yield 0.03, Step.FORWARDED, 0
        yield 0.2, Step.APPRAISED, 0
        if chance < _WITHDRAWN:
            yield 0.4, Step.WITHDRAWN, -1
            return
        if chance < _WITHDRAWN + _STOPPED:
            forever = self._random() < 0.5
            yield 0.45, Step.STOPPED, -1 if forever else int((1 + 6 * self._random()) * _DAY)
        elif chance < _WITHDRAWN + _STOPPED + _SUPPLEMENT:
            yield 0.3, Step.SUPPLEMENT_ASKED, int((0.2 + 14 * self._random() ** 3) * _DAY)
            if self._random() < _SECOND_SUPPLEMENT:
                yield 0.55, Step.SUPPLEMENT_ASKED, int((0.2 + 6 * self._random() ** 2) * _DAY)
        elif procedure.field == "DD" and procedure.fee and self._random() < _FEE_PAUSE:
            yield 0.6, Step.FEE_ASKED, int((0.3 + 7 * self._random() ** 2) * _DAY)
        yield 0.8, Step.SUBMITTED, 0
        yield 0.94, Step.STAMPED, 0

    def _pause(self, length: int, step: Step) -> int:
        """Waits for the citizen; the due moment moves on by the working time that passes. Returns that time."""
        paused_at = self.changes[-1] >> 4
        resumed_at = self._waking(paused_at + length)
        before = self._work
        self._at(resumed_at, Step(step + 1))
        self._work = self._axis.to_work(resumed_at)
        if self.dues:
            passed = self._calendar.working_time(paused_at * 1000, resumed_at * 1000)
            self.dues.append(self._calendar.add_working_time(self.dues[-1], passed))
        return self._work - before

    @staticmethod
    def _waking(at: int) -> int:
        """Citizens answer between 06:00 and 22:00 local time."""
        into = (at + 7 * _HOUR) % _DAY
        return at + max(0, 6 * _HOUR - into) if into < 22 * _HOUR else at + (30 * _HOUR - into)

    def _hand_over(self, channel: int) -> None:
        """The result is fetched at the desk within days, or sent electronically within the hour."""
        if channel == 2 and self._random() < 0.7:
            self._after(120 + int(_HOUR * self._random()), Step.RETURNED)
        else:
            self._after(300 + int(2.5 * self._axis.day_length * self._random() ** 2.5), Step.RETURNED)

    def _after(self, seconds: int, step: Step) -> int:
        self._work += seconds
        return self._at(self._axis.from_work(self._work), step)

    def _until(self, work: int, step: Step) -> None:
        self._work = max(self._work + _STEP_GAP, work)
        self._at(self._axis.from_work(self._work), step)

    def _at(self, at: int, step: Step) -> int:
        self.changes.append(at << 4 | step)
        return at
