"""The dossiers that are open now, as the effect of another calendar is reckoned from them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from sqlalchemy import Engine, select

from opscentre.domain.calendar_effect import Open
from opscentre.domain.fold import DossierState
from opscentre.domain.status import Status
from opscentre.store import tables
from opscentre.store.engine import reading

_row = tables.dossiers.c
_decode = msgspec.json.Decoder(DossierState).decode
_PAGE = 1_000


def open_dossiers(engine: Engine) -> Iterator[Open]:
    """Those in process, and those that wait for their reception; states only of those without a due date."""
    promised = select(_row.unit, _row.open_due).where(_row.open_due.is_not(None))
    unpromised = select(_row.unit, _row.state).where(
        _row.settled.is_(None), _row.open_due.is_(None),
        _row.status.in_([Status.FILED, Status.RECEIVED, Status.PROCESSING]),
    )  # fmt: skip
    with reading(engine).connect() as connection:
        for unit, due in connection.execute(promised.execution_options(yield_per=_PAGE)):
            yield Open(unit, due)
        for unit, state in connection.execute(unpromised.execution_options(yield_per=_PAGE)):
            yield Open(unit, None, _decode(state))
