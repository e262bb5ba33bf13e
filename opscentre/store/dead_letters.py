"""Dead letters in SQL: what could not be digested, which of it the topic has yet to learn, what was driven again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, and_, case, delete, func, insert, select, update

from opscentre.store import tables
from opscentre.store.engine import reading, upsert

_LETTER = tables.dead_letters.c
_OUTBOX = tables.dead_letter_outbox.c
_REDRIVE = tables.dead_letter_redrives.c


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A message, or one snapshot of it, that could not be digested, and what is needed to send it again."""

    topic: str
    partition: int
    offset: int
    reason: str
    #: SHA-256 of ``payload``, in hexadecimal: what cannot be digested twice has one digest and two places.
    digest: str
    payload: bytes
    at: int

    @property
    def key(self) -> dict[str, Any]:
        """Its primary key."""
        return {"topic": self.topic, "partition": self.partition, "offset": self.offset, "digest": self.digest}


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A dead letter and what was tried with it since."""

    letter: DeadLetter
    #: How often it was sent down its topic again, and when last (ms).
    redriven: int = 0
    redriven_at: int | None = None
    #: Whether one of those sendings is known to have reached the pipe.
    sent: bool = False

    @property
    def state(self) -> str:
        """``open`` until it was sent again; what then fails anew is another letter."""
        return "redriven" if self.sent else "open"


def write(connection: Connection, letters: Sequence[DeadLetter]) -> None:
    """Keep letters, and note that the topic has yet to learn of them, within the caller's transaction."""
    upsert(connection, tables.dead_letters, [msgspec.structs.asdict(letter) for letter in letters])
    upsert(connection, tables.dead_letter_outbox, [letter.key for letter in letters])


def unsent(engine: Engine, places: Collection[tuple[str, int]], limit: int) -> list[DeadLetter]:
    """Letters from the given (topic, partition)s that the topic of dead letters has yet to learn, oldest first."""
    query = (
        select(tables.dead_letters)
        .join(tables.dead_letter_outbox, _same(_OUTBOX))
        .order_by(_LETTER.at, _LETTER.topic, _LETTER.partition, _LETTER.offset, _LETTER.digest)
        .limit(limit)
    )
    owned: ColumnElement[bool] = _OUTBOX.topic.in_(())
    for topic in {topic for topic, _ in places}:
        owned |= and_(_OUTBOX.topic == topic, _OUTBOX.partition.in_([p for name, p in places if name == topic]))
    with reading(engine).connect() as connection:
        return [_letter(row) for row in connection.execute(query.where(owned))]


def mark_sent(engine: Engine, letters: Sequence[DeadLetter]) -> None:
    """The topic of dead letters has these."""
    with engine.begin() as connection:
        for letter in letters:
            connection.execute(delete(tables.dead_letter_outbox).filter_by(**letter.key))


def listed(engine: Engine, *, limit: int | None = None, redriven: bool = False) -> list[Listed]:
    """Open letters, newest first; with ``redriven`` also those that were sent again."""
    with reading(engine).connect() as connection:
        return [_listed(row) for row in connection.execute(_query(redriven).limit(limit))]


def count(engine: Engine) -> int:
    """How many letters are open."""
    with reading(engine).connect() as connection:
        return connection.execute(select(func.count()).select_from(_query(redriven=False).subquery())).scalar_one()


def by_digest(engine: Engine, beginning: str) -> list[Listed]:
    """Every letter whose digest begins so, newest first."""
    with reading(engine).connect() as connection:
        rows = connection.execute(_query(redriven=True).where(_LETTER.digest.startswith(beginning, autoescape=True)))
        return [_listed(row) for row in rows]


def by_place(engine: Engine, topic: str, partition: int, offset: int) -> list[Listed]:
    """The letters of one message: one a snapshot that could not be folded in."""
    at = (_LETTER.topic == topic, _LETTER.partition == partition, _LETTER.offset == offset)
    with reading(engine).connect() as connection:
        return [_listed(row) for row in connection.execute(_query(redriven=True).where(*at))]


def begin_redrive(engine: Engine, letters: Sequence[DeadLetter], at: int) -> int:
    """Note that letters are about to be sent again; the number of this redrive."""
    with engine.begin() as connection:
        number = connection.execute(select(func.coalesce(func.max(_REDRIVE.number), 0) + 1)).scalar_one()
        rows = [letter.key | {"number": number, "at": at} for letter in letters]
        connection.execute(insert(tables.dead_letter_redrives), rows)
    return number


def end_redrive(engine: Engine, letters: Sequence[DeadLetter], number: int, offset: int) -> None:
    """The pipe has these letters again, at (or up to) an offset: they are no longer open."""
    with engine.begin() as connection:
        for letter in letters:
            of_it = update(tables.dead_letter_redrives).filter_by(number=number, **letter.key)
            connection.execute(of_it.values(sent_offset=offset))


def _query(redriven: bool) -> Select[Any]:
    tried = (
        select(
            *(_REDRIVE[name] for name in ("topic", "partition", "offset", "digest")),
            func.count().label("times"),
            func.max(_REDRIVE.at).label("tried_at"),
            func.max(case((_REDRIVE.sent_offset.is_not(None), 1), else_=0)).label("sent"),
        )
        .group_by(_REDRIVE.topic, _REDRIVE.partition, _REDRIVE.offset, _REDRIVE.digest)
        .subquery()
    )
    query = (
        select(tables.dead_letters, tried.c.times, tried.c.tried_at, tried.c.sent)
        .outerjoin(tried, _same(tried.c))
        .order_by(_LETTER.at.desc(), _LETTER.topic, _LETTER.partition, _LETTER.offset.desc(), _LETTER.digest)
    )
    return query if redriven else query.where(func.coalesce(tried.c.sent, 0) == 0)


def _same(other: Any) -> ColumnElement[bool]:
    return and_(*(_LETTER[name] == other[name] for name in ("topic", "partition", "offset", "digest")))


def _letter(row: Row[Any]) -> DeadLetter:
    return DeadLetter(**{name: row._mapping[name] for name in DeadLetter.__struct_fields__})


def _listed(row: Row[Any]) -> Listed:
    return Listed(letter=_letter(row), redriven=row.times or 0, redriven_at=row.tried_at, sent=bool(row.sent))
