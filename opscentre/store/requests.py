"""What people ask the collectors to do: a row before it is done, its answer once it is. All times are real ms."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, Engine, and_, delete, func, insert, or_, select, update

from opscentre.domain.moments import DAY, MINUTE
from opscentre.store.admin_tables import requests
from opscentre.store.engine import reading

#: A request that nobody took for so long is not done any more: whoever asked has gone on to something else.
STALE = 10 * MINUTE
#: How long a request that has ended is kept.
KEPT = 30 * DAY
#: Characters of an answer.
LONGEST = 2_000

_row = requests.c


class Request(NamedTuple):
    """One request and what became of it."""

    id: int
    kind: str
    subject: str
    who: str
    made_at: int
    taken_at: int | None
    ended_at: int | None
    ok: bool | None
    answer: str

    @property
    def pending(self) -> bool:
        """Whether its answer is still to come."""
        return self.ended_at is None


def ask(connection: Connection, kind: str, subject: str, who: str, now: int) -> int:
    """Ask for something, within the caller's transaction; the request's number.

    Where the same was asked already and is not done, that one's.
    """
    same = (_row.kind == kind, _row.subject == subject, _row.ended_at.is_(None), _row.made_at > now - STALE)
    known = connection.execute(select(_row.id).where(*same)).scalar()
    if known is not None:
        return known
    row = {"kind": kind, "subject": subject, "who": who[:120], "made_at": now}
    return connection.execute(insert(requests).returning(_row.id), row).scalar_one()


def take(engine: Engine, now: int) -> list[Request]:
    """The requests that nobody has begun with, oldest first: they are the caller's now. Those too old are ended."""
    waiting = and_(_row.taken_at.is_(None), _row.ended_at.is_(None))
    with reading(engine).connect() as connection:
        if connection.execute(select(_row.id).where(waiting).limit(1)).first() is None:
            return []
    with engine.begin() as connection:
        old = update(requests).where(waiting, _row.made_at <= now - STALE)
        connection.execute(old.values(ended_at=now, ok=False, answer="nobody took it in time; ask again"))
        connection.execute(delete(requests).where(_row.ended_at < now - KEPT))
        mine = update(requests).where(waiting).values(taken_at=now).returning(requests)
        return sorted((Request(*row) for row in connection.execute(mine)), key=lambda one: one.id)


def end(engine: Engine, number: int, ok: bool, answer: str, now: int) -> None:
    """Say what a request came to."""
    with engine.begin() as connection:
        done = update(requests).where(_row.id == number)
        connection.execute(done.values(ended_at=now, ok=ok, answer=answer[:LONGEST]))


def give_up(engine: Engine, now: int) -> None:
    """End what an earlier process had begun with and did not finish."""
    begun = update(requests).where(_row.taken_at.is_not(None), _row.ended_at.is_(None))
    with engine.begin() as connection:
        connection.execute(begun.values(ended_at=now, ok=False, answer="the collectors were restarted; ask again"))


def newest(engine: Engine, kinds: tuple[str, ...]) -> dict[tuple[str, str], Request]:
    """The newest request of each (kind, subject)."""
    last = select(func.max(_row.id)).where(_row.kind.in_(kinds)).group_by(_row.kind, _row.subject)
    with reading(engine).connect() as connection:
        found = [Request(*row) for row in connection.execute(select(requests).where(_row.id.in_(last)))]
    return {(one.kind, one.subject): one for one in found}


def any_pending(engine: Engine, kinds: tuple[str, ...], now: int) -> bool:
    """Whether an answer is still to come that somebody may wait for."""
    waited = or_(_row.taken_at.is_not(None), _row.made_at > now - MINUTE)
    query = select(_row.id).where(_row.kind.in_(kinds), _row.ended_at.is_(None), waited).limit(1)
    with reading(engine).connect() as connection:
        return connection.execute(query).first() is not None
