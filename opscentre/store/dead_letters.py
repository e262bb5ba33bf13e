"""Dead letters in SQL: what could not be digested, what the topic has yet to learn, what became of each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    Subquery,
    and_,
    case,
    delete,
    func,
    insert,
    not_,
    or_,
    select,
    update,
)

from opscentre.access import audit
from opscentre.clock import wall_ms
from opscentre.store import tables
from opscentre.store.engine import reading, upsert

_LETTER = tables.dead_letters.c
_OUTBOX = tables.dead_letter_outbox.c
_REDRIVE = tables.dead_letter_redrives.c
_DISMISSAL = tables.dead_letter_dismissals.c
_KEY = ("topic", "partition", "offset", "digest")
#: Letters deleted in one transaction.
_AT_ONCE = 500


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
    #: When (ms), by whom and why a person has dismissed it.
    dismissed_at: int | None = None
    dismissed_by: str = ""
    dismissed_why: str = ""

    @property
    def state(self) -> str:
        """``open`` until it was dismissed, or sent again; what then fails anew is another letter."""
        if self.sent:
            return "redriven"
        return "open" if self.dismissed_at is None else "dismissed"


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


def listed(engine: Engine, *, limit: int | None = None, closed: bool = False) -> list[Listed]:
    """Open letters, newest first; with ``closed`` also those that were sent again or dismissed."""
    with reading(engine).connect() as connection:
        return [_listed(row) for row in connection.execute(_query(closed).limit(limit))]


def count(engine: Engine) -> int:
    """How many letters are open."""
    with reading(engine).connect() as connection:
        return connection.execute(select(func.count()).select_from(_query(closed=False).subquery())).scalar_one()


def by_digest(engine: Engine, beginning: str) -> list[Listed]:
    """Every letter whose digest begins so, newest first."""
    with reading(engine).connect() as connection:
        rows = connection.execute(_query(closed=True).where(_LETTER.digest.startswith(beginning, autoescape=True)))
        return [_listed(row) for row in rows]


def by_place(engine: Engine, topic: str, partition: int, offset: int) -> list[Listed]:
    """The letters of one message: one a snapshot that could not be folded in."""
    at = (_LETTER.topic == topic, _LETTER.partition == partition, _LETTER.offset == offset)
    with reading(engine).connect() as connection:
        return [_listed(row) for row in connection.execute(_query(closed=True).where(*at))]


def begin_redrive(engine: Engine, letters: Sequence[DeadLetter], at: int, who: str) -> int:
    """Note that ``who`` is about to send letters again; the number of this redrive."""
    with engine.begin() as connection:
        number = connection.execute(select(func.coalesce(func.max(_REDRIVE.number), 0) + 1)).scalar_one()
        rows = [letter.key | {"number": number, "at": at} for letter in letters]
        connection.execute(insert(tables.dead_letter_redrives), rows)
        _note(connection, who, "dead-letter.redrive", letters)
    return number


def end_redrive(engine: Engine, letters: Sequence[DeadLetter], number: int, offset: int) -> None:
    """The pipe has these letters again, at (or up to) an offset: they are no longer open."""
    with engine.begin() as connection:
        for letter in letters:
            of_it = update(tables.dead_letter_redrives).filter_by(number=number, **letter.key)
            connection.execute(of_it.values(sent_offset=offset))


def dismiss(engine: Engine, letters: Sequence[DeadLetter], at: int, who: str, why: str) -> None:
    """Note that a person has looked at letters and nothing is to be done with them; a second time changes nothing."""
    rows = [letter.key | {"at": at, "who": who, "why": why} for letter in letters]
    with engine.begin() as connection:
        upsert(connection, tables.dead_letter_dismissals, rows)
        _note(connection, who, "dead-letter.dismiss", letters)


def _note(connection: Connection, who: str, action: str, letters: Sequence[DeadLetter]) -> None:
    places: dict[str, list[str]] = {}
    for letter in letters:
        places.setdefault(letter.digest, []).append(f"{letter.topic} {letter.partition} {letter.offset}")
    for digest, of_it in places.items():
        audit.record(
            connection, moment=wall_ms(), who=who, action=action, subject=f"dead-letter:{digest}",
            detail={"places": of_it},
        )  # fmt: skip


def prune(engine: Engine, before: int) -> int:
    """Delete the letters that were dismissed, or last sent again, before a moment (ms); how many that were.

    An open letter is never deleted, nor one that the topic of dead letters has yet to learn.
    """
    tables_of_a_letter = (tables.dead_letter_redrives, tables.dead_letter_dismissals, tables.dead_letters)
    deleted = 0
    while True:
        with engine.begin() as connection:
            query = _expired(before).limit(_AT_ONCE)
            keys = [dict(zip(_KEY, row, strict=True)) for row in connection.execute(query)]
            for key in keys:
                for table in tables_of_a_letter:
                    connection.execute(delete(table).filter_by(**key))
        deleted += len(keys)
        if len(keys) < _AT_ONCE:
            return deleted


def aged(engine: Engine, before: int) -> int:
    """How many letters ``prune`` would delete."""
    with reading(engine).connect() as connection:
        return connection.scalar(select(func.count()).select_from(_expired(before).subquery())) or 0


def _expired(before: int) -> Select[Any]:
    tried = _tried()
    return (
        select(*(_LETTER[name] for name in _KEY))
        .outerjoin(tried, _same(tried.c))
        .outerjoin(tables.dead_letter_dismissals, _same(_DISMISSAL))
        .outerjoin(tables.dead_letter_outbox, _same(_OUTBOX))
        .where(_closed(tried.c), _OUTBOX.topic.is_(None))
        .where(func.coalesce(tried.c.tried_at, 0) < before, func.coalesce(_DISMISSAL.at, 0) < before)
    )


def _tried() -> Subquery:
    """How often each letter was sent again, when last, and whether one of those sendings reached the pipe."""
    return (
        select(
            *(_REDRIVE[name] for name in _KEY),
            func.count().label("times"),
            func.max(_REDRIVE.at).label("tried_at"),
            func.max(case((_REDRIVE.sent_offset.is_not(None), 1), else_=0)).label("sent"),
        )
        .group_by(*(_REDRIVE[name] for name in _KEY))
        .subquery()
    )


def _closed(tried: Any) -> ColumnElement[bool]:
    return or_(func.coalesce(tried.sent, 0) == 1, _DISMISSAL.at.is_not(None))


def _query(closed: bool) -> Select[Any]:
    tried = _tried()
    dismissed = (_DISMISSAL.at.label("dismissed_at"), _DISMISSAL.who.label("dismissed_by"))
    query = (
        select(
            tables.dead_letters, tried.c.times, tried.c.tried_at, tried.c.sent,
            *dismissed, _DISMISSAL.why.label("dismissed_why"),
        )
        .outerjoin(tried, _same(tried.c))
        .outerjoin(tables.dead_letter_dismissals, _same(_DISMISSAL))
        .order_by(_LETTER.at.desc(), _LETTER.topic, _LETTER.partition, _LETTER.offset.desc(), _LETTER.digest)
    )  # fmt: skip
    return query if closed else query.where(not_(_closed(tried.c)))


def _same(other: Any) -> ColumnElement[bool]:
    return and_(*(_LETTER[name] == other[name] for name in _KEY))


def _letter(row: Row[Any]) -> DeadLetter:
    return DeadLetter(**{name: row._mapping[name] for name in DeadLetter.__struct_fields__})


def _listed(row: Row[Any]) -> Listed:
    return Listed(
        letter=_letter(row),
        redriven=row.times or 0,
        redriven_at=row.tried_at,
        sent=bool(row.sent),
        dismissed_at=row.dismissed_at,
        dismissed_by=row.dismissed_by or "",
        dismissed_why=row.dismissed_why or "",
    )
