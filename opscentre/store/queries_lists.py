"""Lists of dossiers for the pages, by keyset: overdue, due soon, reception late, paused, silent, and by number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Engine, and_, func, or_, select, tuple_

from opscentre.access import scope
from opscentre.domain.calendar import Calendar
from opscentre.domain.counting import DUE_SOON, PAUSED_LATE, PAUSED_OK, PROCESS_OK
from opscentre.domain.fold import DossierState
from opscentre.domain.listing import COUNTED, Filters, Listed, Listing, ListName, sought
from opscentre.domain.moments import DAY
from opscentre.store import tables
from opscentre.store.engine import reading
from opscentre.store.queries import chosen, within

_decode = msgspec.json.Decoder(DossierState).decode
_row = tables.standings.c
#: Rows of an export fetched at a time.
_CHUNK = 500


class BadCursor(ValueError):
    """A page's beginning that no list has handed out."""


class Question(NamedTuple):
    """Which dossiers a list holds."""

    name: ListName
    filters: Filters
    now: int
    calendar: Calendar
    #: Days without a sign of life after which a dossier is silent.
    silent_days: int = 15
    newest_first: bool = False


def page(engine: Engine, question: Question, after: str | None, size: int) -> Listing:
    """One page of a list. Raises ``BadCursor``, ``OutOfReach``."""
    scope.demand_dossiers()
    column, conditions = _asked(question)
    with reading(engine).connect() as connection:
        rows = list(_rows(connection, column, conditions, question.newest_first, after, size + 1))
        total = _total(connection, conditions)
    following = _cursor(rows[size - 1]) if len(rows) > size else None
    return Listing([_listed(row) for row in rows[:size]], following, total)


def every(engine: Engine, question: Question, most: int) -> Iterator[Listed]:
    """A whole list, page after page, at most ``most`` rows: memory holds one page of it. Raises ``OutOfReach``."""
    scope.demand_dossiers()
    column, conditions = _asked(question)
    after, given = None, 0
    while given < most:
        with reading(engine).connect() as connection:
            size = min(_CHUNK, most - given)
            rows = list(_rows(connection, column, conditions, question.newest_first, after, size))
        for row in rows:
            yield _listed(row)
        given += len(rows)
        if len(rows) < size:
            return
        after = _cursor(rows[-1])


def totals(engine: Engine, names: Sequence[ListName], filters: Filters, now: int, calendar: Calendar) -> dict[str, int]:
    """How long each list is, counted to ``COUNTED`` at most."""
    with reading(engine).connect() as connection:
        return {name: _total(connection, _asked(Question(name, filters, now, calendar))[1]) for name in names}


def by_number(engine: Engine, part: str, size: int) -> Listing:
    """Dossiers whose number holds a part, case, accents and punctuation ignored; in the order of their numbers.

    Raises ``OutOfReach``.
    """
    scope.demand_dossiers()
    wanted = sought(part)
    if not wanted:
        return Listing([], None, 0)
    # Letters and digits only: nothing in it means anything to LIKE.
    query = (
        _selection(_row.moved)
        .where(_row.sought.like(f"%{wanted}%"), *within(_row.unit))
        .order_by(_row.sought, _row.source)
    )
    with reading(engine).connect() as connection:
        rows = connection.execute(query.limit(size + 1)).all()
    return Listing([_listed(row) for row in rows[:size]], None, len(rows))


def _asked(question: Question) -> tuple[ColumnElement[Any], list[ColumnElement[bool]]]:
    """The moment a list is sorted by, and what it holds."""
    now, name = question.now, question.name
    conditions = chosen(question.filters)
    if name == "overdue":
        return _row.open_due, [_row.open_due < now, *conditions]
    if name == "due-soon":
        return _row.open_due, [_soon(now, question.calendar), *conditions]
    if name == "reception-late":
        return _row.reception_due, [_row.reception_due < now, *conditions]
    if name == "paused":
        return _row.since, [_row.stands.between(PAUSED_OK, PAUSED_LATE), _row.since.is_not(None), *conditions]
    if name == "silent":
        quiet = _row.moved < now - question.silent_days * DAY
        return _row.moved, [_row.stands >= PROCESS_OK, quiet, *conditions]
    return _row.received, [_row.received.is_not(None), *conditions]


def due_soon_until(now: int, calendar: Calendar) -> int:
    """The latest due moment from which ``DUE_SOON`` of working time leads back to now or before it."""
    table = calendar.table
    passed = table.work_until(now)
    return table.resumed(passed + DUE_SOON - (table.resumed(passed) != now))


def _soon(now: int, calendar: Calendar) -> ColumnElement[bool]:
    """Due within ``DUE_SOON`` of working time, by the calendar of each unit."""
    own = {unit: due_soon_until(now, apart) for unit, apart in calendar.agencies.items()}
    rest = _row.open_due <= due_soon_until(now, calendar)
    within = or_(
        and_(_row.unit.not_in(list(own)), rest) if own else rest,
        *(and_(_row.unit == unit, _row.open_due <= bound) for unit, bound in own.items()),
    )
    return and_(_row.open_due >= now, within)


def _selection(moment: ColumnElement[Any]) -> Any:
    dossier = tables.dossiers.c
    return select(
        _row.source, _row.number, _row.unit, _row.field, _row.procedure, _row.channel, _row.received, _row.due,
        moment.label("moment"), dossier.state,
    ).join(tables.dossiers, and_(dossier.source == _row.source, dossier.number == _row.number))  # fmt: skip


def _rows(
    connection: Any, column: ColumnElement[Any], conditions: Sequence[ColumnElement[bool]],
    newest_first: bool, after: str | None, size: int,
) -> Any:  # fmt: skip
    key = (column, _row.source, _row.number)
    query = _selection(column).where(*conditions)
    if after:
        query = query.where(_beyond(key, _read_cursor(after), newest_first))
    order = [one.desc() if newest_first else one for one in key]
    return connection.execute(query.order_by(*order).limit(size))


def _beyond(key: tuple[ColumnElement[Any], ...], last: tuple[int, str, str], newest_first: bool) -> ColumnElement[bool]:
    mine, theirs = tuple_(*key), tuple_(*last)
    return mine < theirs if newest_first else mine > theirs


def _total(connection: Any, conditions: Sequence[ColumnElement[bool]]) -> int:
    some = select(_row.source).where(*conditions).limit(COUNTED + 1).subquery()
    return connection.execute(select(func.count()).select_from(some)).scalar()


def _listed(row: Any) -> Listed:
    return Listed(
        row.source, row.number, row.unit, row.field, row.procedure, row.channel, row.received, row.due, row.moment,
        _decode(row.state),
    )  # fmt: skip


def _cursor(row: Any) -> str:
    return f"{row.moment}~{row.source}~{row.number}"


def _read_cursor(text: str) -> tuple[int, str, str]:
    moment, first, rest = text.partition("~")
    source, second, number = rest.partition("~")
    if not (first and second and moment.lstrip("-").isdigit()):
        raise BadCursor(f"after={text!r} is no place in a list; want MOMENT~SOURCE~NUMBER, as a page hands it out")
    return int(moment), source, number
