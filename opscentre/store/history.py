"""How long the stream's history is kept in SQL, and letting go of what is older, some rows at a time.

States of dossiers are never let go of: every figure of any period is counted from them. What goes is what was noticed
of dossiers that are over (``transitions``) and what became of imports (``receipts``).
"""

from __future__ import annotations

import threading
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Engine, and_, delete, exists, func, select, update

from opscentre.domain.moments import DAY
from opscentre.store import tables
from opscentre.store.engine import reading

#: Days after which nobody asks any more what became of an import.
RECEIPT_DAYS = 90
#: Rows of a transaction, and seconds between two: whoever counts must not wait.
AT_ONCE, REST = 2_000, 0.05
#: Batches of one round; what is left is for the next.
BATCHES = 50

_move, _receipt, _dossier = tables.transitions.c, tables.receipts.c, tables.dossiers.c
#: A dossier that is not over keeps all that was noticed of it: its worker would write the flips anew.
_OVER = exists().where(_dossier.source == _move.source, _dossier.number == _move.number, _dossier.settled.is_not(None))


class Aged(NamedTuple):
    """How many rows are older than they are kept."""

    transitions: int
    receipts: int


def aged(engine: Engine, moves_before: int, receipts_before: int) -> Aged:
    """How many rows ``prune`` would delete: moments in the product's time, and in real time (ms)."""
    with reading(engine).connect() as connection:
        moves = select(func.count()).select_from(tables.transitions).where(_move.at < moves_before, _OVER)
        receipts = select(func.count()).select_from(tables.receipts).where(_receipt.at < receipts_before)
        return Aged(connection.scalar(moves) or 0, connection.scalar(receipts) or 0)


def prune(engine: Engine, moves_before: int, receipts_before: int, stopping: threading.Event | None = None) -> Aged:
    """Delete what is older than two moments, in the product's time and in real time (ms), and say how many rows.

    At most ``BATCHES`` batches, so that a round has an end; ends early once ``stopping`` is set.
    """
    stop = stopping or threading.Event()
    with engine.begin() as connection:
        # Those of releases that noted no time are as old as the first look at them.
        now = receipts_before + RECEIPT_DAYS * DAY
        connection.execute(update(tables.receipts).where(_receipt.at.is_(None)).values(at=now))
        receipts = connection.execute(delete(tables.receipts).where(_receipt.at < receipts_before)).rowcount
    moves, since = 0, None
    for _ in range(BATCHES):
        with engine.begin() as connection:
            until = _batch_end(connection, since, moves_before)
            old = and_(_since(since), _move.at < (moves_before if until is None else until), _OVER)
            moves += connection.execute(delete(tables.transitions).where(old)).rowcount
        since = until
        if until is None or stop.wait(REST):
            break
    return Aged(moves, receipts)


def _batch_end(connection: Connection, since: int | None, before: int) -> int | None:
    """The moment up to which the next batch reaches; None: all that is left is one batch."""
    query = select(_move.at).where(_since(since), _move.at < before).order_by(_move.at).offset(AT_ONCE).limit(1)
    found = connection.scalar(query)
    # Where very many rows are of one moment they go together.
    return found if found is None or found != since else found + 1


def _since(moment: int | None) -> ColumnElement[bool]:
    return _move.at >= (moment if moment is not None else -(2**62))


def before(now: int, days: float) -> int:
    """The moment that lies so many days before another."""
    return now - round(days * DAY)
