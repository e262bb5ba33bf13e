"""Counting: what one dossier adds to the progress table and to the live counters (DOMAIN §4).

The live fold and the look-back in SQL both count with ``standing_at``; the live counters are kept by day,
so that a table over any period that reaches to now is a sum of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from sys import intern
from typing import NamedTuple

import msgspec

from opscentre.domain.calendar import RECEPTION_LIMIT, Calendar
from opscentre.domain.fold import DossierState
from opscentre.domain.life import Kind, Standing, Verdict, due_moments, last_turn, standing_at, turning_moments
from opscentre.domain.status import ENDED, NOT_RECEIVED, Status
from opscentre.domain.units import Unit, Units

#: The 11 independent numbers of a row of the progress table; totals are sums of them.
CELLS = (
    "carried_over",
    "online",
    "counter",
    "postal",
    "early",
    "on_time",
    "finished_overdue",
    "in_process_in_time",
    "in_process_overdue",
    "paused_in_time",
    "paused_overdue",
)
CARRIED, ONLINE, COUNTER, POSTAL, EARLY, ON_TIME, LATE, PROCESS_OK, PROCESS_LATE, PAUSED_OK, PAUSED_LATE = range(11)
#: KenhThucHien → the cell of a dossier received in the period.
RECEIVED_CELL = {1: COUNTER, 2: ONLINE, 3: POSTAL}
_FINISH_CELL = {Verdict.EARLY: EARLY, Verdict.IN_TIME: ON_TIME, Verdict.OVERDUE: LATE}

#: Numbers of a unit that hold now, beside the ones counted by day.
NOW = ("in_process", "in_process_overdue", "paused", "paused_overdue", "waiting", "waiting_overdue", "due_soon")
#: Numbers of a unit and a day: received by channel, finished by verdict.
DAILY = ("counter", "online", "postal", "early", "on_time", "finished_overdue")
#: How dossiers come in: each one's place in DAILY is that of those received so.
CHANNELS = DAILY[:3]
#: A dossier is due soon when at most this much working time is left.
DUE_SOON = RECEPTION_LIMIT


def table_cells(state: DossierState, start: int, end: int, at: int) -> tuple[int, int] | None:
    """The two cells of the progress table a dossier is counted in, for [start, end) as of ``at``; None: in neither.

    (§4) The first says how it came in (carried over, or by channel), the second how it stands; so every row
    and every sum keeps ``carried over + received in period = finished + in process + paused``.
    """
    looking = min(at, end)
    received = state.snapshot.received
    if received is None or received >= looking:
        return None
    standing = standing_at(state, looking, before=end)
    if standing.kind is Kind.FINISHED:
        if standing.since is None or standing.since < start:
            return None
        stands = _FINISH_CELL[standing.verdict]
    elif standing.kind is Kind.IN_PROCESS:
        stands = PROCESS_LATE if standing.verdict is Verdict.OVERDUE else PROCESS_OK
    elif standing.kind is Kind.PAUSED:
        stands = PAUSED_LATE if standing.verdict is Verdict.OVERDUE else PAUSED_OK
    else:
        return None
    return (CARRIED if received < start else RECEIVED_CELL[state.snapshot.channel]), stands


def count_table(states: Iterable[DossierState], start: int, end: int, at: int) -> dict[str, list[int]]:
    """The cells of the progress table by unit code, counted in one pass (§4)."""
    rows: dict[str, list[int]] = {}
    for state in states:
        cells = table_cells(state, start, end, at)
        if cells:
            row = rows.setdefault(state.snapshot.unit, [0] * len(CELLS))
            row[cells[0]] += 1
            row[cells[1]] += 1
    return rows


def table_row(cells: Sequence[int]) -> dict[str, dict[str, int]]:
    """The 18 columns of a row from its cells (§4)."""
    in_period = cells[ONLINE] + cells[COUNTER] + cells[POSTAL]
    return {
        "received": {
            "total": cells[CARRIED] + in_period,
            "carried_over": cells[CARRIED],
            "in_period": in_period,
            "online": cells[ONLINE],
            "counter": cells[COUNTER],
            "postal": cells[POSTAL],
        },
        "finished": {
            "total": cells[EARLY] + cells[ON_TIME] + cells[LATE],
            "early": cells[EARLY],
            "on_time": cells[ON_TIME],
            "overdue": cells[LATE],
        },
        "in_process": {
            "total": cells[PROCESS_OK] + cells[PROCESS_LATE],
            "in_time": cells[PROCESS_OK],
            "overdue": cells[PROCESS_LATE],
        },
        "paused": {
            "total": cells[PAUSED_OK] + cells[PAUSED_LATE],
            "in_time": cells[PAUSED_OK],
            "overdue": cells[PAUSED_LATE],
        },
    }


def table_document(rows: dict[str, list[int]], units: Units) -> dict[str, object]:
    """``rows`` and ``total`` of the table as the day of ``units`` sees it (§4).

    Every unit of that day, with what it took over from its predecessors; then units of other days that have anything
    to show under their own name (``until`` or ``since`` says when they were there); then the unmapped, if any.
    """
    rows = units.gather(rows)
    listed = units.listed(code for code, row in rows.items() if any(row))
    here = {unit.code for unit in units.all}
    nothing = [0] * len(CELLS)
    total = [sum(column) for column in zip(*(rows.get(unit.code, nothing) for unit in listed), strict=True)]
    return {
        "rows": [
            {
                "unit": {
                    "code": unit.code,
                    "name": unit.name,
                    "group": unit.group,
                    **({} if unit.code in here else _other_times(unit)),
                },
                **table_row(rows.get(unit.code, nothing)),
            }
            for unit in listed
        ],
        "total": table_row(total),
    }


def _other_times(unit: Unit) -> dict[str, str]:
    """The day on which a unit that is not there today ended or will begin."""
    if unit.valid_to is not None:
        return {"until": unit.valid_to.isoformat()}
    return {"since": unit.valid_from.isoformat()} if unit.valid_from is not None else {}


@lru_cache(maxsize=1 << 14)
def soon_before(calendar: Calendar, due: int) -> int:
    """From when on a dossier with a due moment is due soon: asked twice at each of its changes (§4)."""
    return calendar.working_time_before(due, DUE_SOON)


class Contribution(msgspec.Struct, frozen=True, gc=False):
    """What one dossier adds to the live counters. ``-1`` and empty mean "nothing"."""

    unit: str
    #: Indices into NOW.
    now: tuple[int, ...] = ()
    received: int = -1
    #: Index into DAILY.
    received_cell: int = -1
    finished: int = -1
    finished_cell: int = -1
    #: MaLinhVuc and MaTTHC as the source wrote them, empty where it gave none; and one of CHANNELS.
    field: str = ""
    procedure: str = ""
    channel: str = DAILY[0]


_CHANNEL_DAILY = {1: 0, 2: 1, 3: 2}
_FINISH_DAILY = {Verdict.EARLY: 3, Verdict.IN_TIME: 4, Verdict.OVERDUE: 5}


def contribution(state: DossierState, at: int, calendar: Calendar) -> Contribution:
    """What a dossier adds to the live counters at ``at``; moments stay moments so that the hour is not lost (§4)."""
    return contribution_of(state, standing_at(state, at), at, calendar)


def contribution_of(state: DossierState, standing: Standing, at: int, calendar: Calendar) -> Contribution:
    """``contribution`` where the dossier's standing at ``at`` is known already (§4)."""
    snapshot = state.snapshot
    # Some hundred units name themselves in a million dossiers: one string each, not one a dossier.
    unit = intern(snapshot.unit)
    kind = standing.kind
    if kind is Kind.WAITING:
        filed = snapshot.submitted
        late = filed is not None and at > calendar.of(snapshot.unit).reception_due(filed)
        return Contribution(
            unit, (4, 5) if late else (4,), -1, -1, -1, -1, intern(snapshot.field), intern(snapshot.procedure),
            CHANNELS[_CHANNEL_DAILY[snapshot.channel]],
        )  # fmt: skip
    received = snapshot.received
    if kind in _UNCOUNTED or received is None or received >= at:
        return Contribution(unit)
    now: tuple[int, ...] = ()
    finished = finished_cell = -1
    if kind is Kind.FINISHED:
        finished = standing.since or received
        finished_cell = _FINISH_DAILY[standing.verdict]
    elif kind is Kind.PAUSED:
        now = (2, 3) if standing.verdict is Verdict.OVERDUE else (2,)
    elif standing.verdict is Verdict.OVERDUE:
        now = (0, 1)
    elif standing.due is not None and at >= soon_before(calendar.of(snapshot.unit), standing.due):
        now = (0, 6)
    else:
        now = (0,)
    channel = _CHANNEL_DAILY[snapshot.channel]
    return Contribution(
        unit, now, received, channel, finished, finished_cell,
        intern(snapshot.field), intern(snapshot.procedure), CHANNELS[channel],
    )  # fmt: skip


_UNCOUNTED = frozenset((Kind.UNKNOWN, Kind.REFUSED))

#: Raise it whenever the same state would have another ``settlement``: SQL's are made anew then. They rest on no
#: calendar: an end is held against a due moment, both of which the dossier itself states.
SETTLEMENT_RULES = 1
#: The settlement of a dossier that adds nothing: refused at reception, or finished without ever being received.
ADDS_NOTHING = -1
_OVER = ENDED | {Status.REFUSED}


def settlement(state: DossierState, adds: Contribution, following: int | None) -> int | None:
    """How a dossier that is over counts, as one number; None while its status or the clock may change it (§4).

    ``following`` is its ``next_change``. The number holds both cells of DAILY: 3 × by which channel it was received
    + how it finished; together with unit, received and finished it is all that the dossier adds.
    """
    if following is not None or adds.now or state.snapshot.status not in _OVER:
        return None
    if adds.received < 0:
        return ADDS_NOTHING
    return 3 * adds.received_cell + adds.finished_cell - 3


class Held(NamedTuple):
    """What SQL holds of a dossier, as far as counting needs it."""

    source: str
    number: str
    partition: int
    unit: str
    received: int | None
    finished: int | None
    field: str
    procedure: str
    #: Its settlement; None: it is not settled.
    settled: int | None
    #: The DossierState as JSON.
    state: bytes


def settled_contribution(held: Held) -> Contribution:
    """What a settled dossier adds, from what SQL holds of it (§4)."""
    number = held.settled
    if number is None or number == ADDS_NOTHING or held.received is None or held.finished is None:
        return Contribution(intern(held.unit))
    channel, verdict = divmod(number, 3)
    return Contribution(
        intern(held.unit), (), held.received, channel, held.finished, 3 + verdict, intern(held.field),
        intern(held.procedure), CHANNELS[channel],
    )  # fmt: skip


#: Statuses in which the due moment changes nothing any more, or not yet.
_SETTLED = NOT_RECEIVED | ENDED


def next_change(state: DossierState, at: int, calendar: Calendar) -> int | None:
    """The next moment after ``at`` at which the clock alone changes what a dossier adds; None: never (§4).

    It may be a moment at which nothing changes after all, never one too late.
    """
    snapshot = state.snapshot
    ahead = []
    if last_turn(state) + 1 > at:
        ahead = [moment for moment in turning_moments(state) if moment + 1 > at]
    status = snapshot.status
    if snapshot.submitted is not None and (status == Status.FILED or ahead):
        ahead.append(calendar.of(snapshot.unit).reception_due(snapshot.submitted))
    if ahead or status not in _SETTLED:
        for due in due_moments(state):
            if due + 1 > at:
                ahead += [due, soon_before(calendar.of(snapshot.unit), due) - 1]
    # A dossier is overdue after its due moment, not at it: hence one millisecond later.
    ahead = [moment for moment in ahead if moment >= at]
    return min(ahead) + 1 if ahead else None


def open_moments(state: DossierState, at: int, calendar: Calendar) -> tuple[int | None, int | None]:
    """(due moment of a dossier in process, reception due of a dossier waiting), None where it does not apply (§4)."""
    return open_moments_of(state, standing_at(state, at), calendar)


def open_moments_of(state: DossierState, standing: Standing, calendar: Calendar) -> tuple[int | None, int | None]:
    """``open_moments`` where the dossier's standing is known already (§4)."""
    if standing.kind is Kind.IN_PROCESS:
        return standing.due, None
    if standing.kind is Kind.WAITING and state.snapshot.submitted is not None:
        return None, calendar.of(state.snapshot.unit).reception_due(state.snapshot.submitted)
    return None, None
