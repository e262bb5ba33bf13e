"""The slip of a dossier that SQL knows, with the new date that its office promised."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import Engine, and_, select

from opscentre.domain.fold import DossierState
from opscentre.domain.slip import NoSlip, Slip, slip_of
from opscentre.profile import Profile
from opscentre.store import queries_dossier
from opscentre.store.alert_tables import alert_marks
from opscentre.store.engine import reading


# What makes the files is read where one is wanted: every start of a dashboard would wait for it.
def _pdf(slip: Slip) -> bytes:
    from opscentre.slip.pdf import pdf

    return pdf(slip)


def _docx(slip: Slip) -> bytes:
    from opscentre.slip.docx import docx

    return docx(slip)


#: Ending of a file → what makes it, and its media type.
FORMS: Mapping[str, tuple[Callable[[Slip], bytes], str]] = {
    "pdf": (_pdf, "application/pdf"),
    "docx": (_docx, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
}


def read_slip(engine: Engine, profile: Profile, source: str, number: str, now: int) -> Slip:
    """The slip as of a moment. Raises ``NoSlip``."""
    found = queries_dossier.dossier(engine, source, number)
    if found is None:
        raise NoSlip("there is no such dossier")
    return slip_for(found[0], profile, now, promise(engine, source, number, now))


def slip_for(state: DossierState, profile: Profile, now: int, promised: int | None = None) -> Slip:
    """The slip of a dossier as its profile has it. Raises ``NoSlip``."""
    unit = profile.units[state.snapshot.unit]
    return slip_of(state, unit, profile.province.name, profile.calendar.of(unit.code), now, promised=promised)


def promise(engine: Engine, source: str, number: str, now: int) -> int | None:
    """The new date (the end of its day) that an office gave last, by a mail's link or on the desk, if it is to come."""
    mark = alert_marks.c
    mine = and_(mark.kind == "ack", mark.subject == f"dossier:{source}/{number}", mark.ended_at.is_(None))
    query = select(mark.until).where(mine, mark.until > now).order_by(mark.at.desc(), mark.id.desc()).limit(1)
    with reading(engine).connect() as connection:
        return connection.execute(query).scalar()


def file_name(number: str, ending: str) -> str:
    """A name for the file that every file system takes."""
    plain = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-_.") else "-" for sign in number)
    return f"phieu-xin-loi-{plain.strip('.-')[:80] or 'ho-so'}.{ending}"
