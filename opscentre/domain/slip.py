"""What an apology slip says of a dossier: unit, number, procedure, moments, how late, the new date. Pure.

"Phiếu xin lỗi và hẹn lại ngày trả kết quả" of Decree 118/2025/NĐ-CP (before it 61/2018/NĐ-CP): whoever cannot return a
result by the promised day says so in writing by that day, with the reason and a new date. The citizen's name is not
known here and stays a line to be filled in, as are the reason, the number, the day and the signature.
"""

from __future__ import annotations

import msgspec

from opscentre.domain.calendar import Calendar
from opscentre.domain.fold import DossierState
from opscentre.domain.life import Kind, due_at, standing_at
from opscentre.domain.moments import HOUR
from opscentre.domain.pauses import redating
from opscentre.domain.text import one_line, unbroken
from opscentre.domain.units import Unit

#: A slip is offered from so much working time (ms) before the due moment on: it is due no later than that.
OFFERED_BEFORE = 8 * HOUR
#: Words by which a department's name says that the province's People's Committee stands above it.
_OF_THE_PROVINCE = ("Sở ", "Ban ", "Văn phòng UBND", "Thanh tra")
_COMMUNES = ("Xã ", "Phường ", "Đặc khu ")


class NoSlip(ValueError):
    """A dossier that no slip can be made of; the text says why."""


class Slip(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is printed. Moments in epoch ms."""

    #: The authority above the unit, for the head of the page; empty: none is known.
    above: str
    unit: str
    #: Where it is signed.
    place: str
    number: str
    procedure: str
    received: int | None
    due: int
    #: Working time (ms) past the due moment; 0: the moment has not come yet.
    late: int
    #: The new date that was promised; None: to be filled in.
    promised: int | None
    #: When it was made.
    moment: int


def slip_of(
    state: DossierState, unit: Unit, province: str, calendar: Calendar, now: int, *, procedure: str = "",
    promised: int | None = None,
) -> Slip:  # fmt: skip
    """The slip of a dossier. Raises ``NoSlip``.

    ``procedure``: its name where the source gives none. ``promised``: a new date that the unit gave elsewhere; one that
    the source tells of and that is still to come wins.
    """
    due = _due(state, now)
    if due is None:
        raise NoSlip("it is not in process with a due date, so nobody is owed an apology")
    snapshot, told = state.snapshot, redating(state, now)
    newest = told.due if told.times and told.due is not None and told.due > max(now, due) else promised
    above, name, place = _head(unit, province)
    return Slip(
        above=above,
        unit=name,
        place=place,
        number=one_line(snapshot.number, 80),
        procedure=one_line(snapshot.procedure_name or procedure or snapshot.procedure),
        received=snapshot.received,
        due=due,
        late=calendar.working_time(due, now) if now > due else 0,
        promised=newest if newest is not None and newest > now else None,
        moment=now,
    )


def is_offered(state: DossierState, calendar: Calendar, now: int) -> bool:
    """Whether a slip is offered: in process, and past its due moment or within a working day of it."""
    due = _due(state, now)
    return due is not None and (due <= now or calendar.working_time(now, due) <= OFFERED_BEFORE)


def _due(state: DossierState, now: int) -> int | None:
    """The due moment of a dossier in process; whoever waits for the citizen owes nobody an apology."""
    return due_at(state, now) if standing_at(state, now).kind is Kind.IN_PROCESS else None


def _head(unit: Unit, province: str) -> tuple[str, str, str]:
    """The authority above, the unit itself, and the place of signing."""
    name, province = one_line(unit.name, 160), one_line(province, 80)
    commune = next((name.removeprefix(word) for word in _COMMUNES if name.startswith(word)), "")
    if commune:
        return "Ủy ban nhân dân", name, commune
    above = f"Ủy ban nhân dân {unbroken(f'tỉnh {province}')}" if name.startswith(_OF_THE_PROVINCE) else ""
    return above, name, province
