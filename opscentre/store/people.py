"""The people who may sign in: added, found, changed, counted as failed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Engine, delete, select, update

from opscentre.access import backoff
from opscentre.access.people import RESERVED, Person, Role
from opscentre.store.engine import insertion, reading
from opscentre.store.people_tables import people, sign_in_failures

#: The longest login, and what it may be made of beside letters and digits.
LONGEST_LOGIN, LOGIN_SIGNS = 100, "._-@+"
#: Letters of a key of failures at most.
_KEY = 120
_row = people.c
_failed = sign_in_failures.c


class LoginTaken(Exception):
    """There is somebody of that login already."""


class Known(NamedTuple):
    """Somebody as the table has them."""

    person: Person
    password: str | None
    subject: str | None
    disabled_at: int | None


def spelt(login: str) -> str:
    """A login as it is kept: small letters, no blanks around it."""
    return login.strip().lower()


def is_login(login: str) -> bool:
    """Whether a text, spelt as it is kept, can be a login: 1 to 100 letters, digits and ``._-@+``."""
    return 0 < len(login) <= LONGEST_LOGIN and all(sign.isalnum() or sign in LOGIN_SIGNS for sign in login)


def find(engine: Engine, login: str) -> Known | None:
    """Somebody by login; None: nobody."""
    with reading(engine).connect() as connection:
        row = connection.execute(select(people).where(_row.login == spelt(login))).first()
    return _known(row) if row else None


def find_subject(engine: Engine, subject: str) -> Known | None:
    """Somebody by what a provider calls them; None: nobody."""
    with reading(engine).connect() as connection:
        row = connection.execute(select(people).where(_row.subject == subject)).first()
    return _known(row) if row else None


def everybody(engine: Engine) -> list[Known]:
    """All people, by login."""
    with reading(engine).connect() as connection:
        return [_known(row) for row in connection.execute(select(people).order_by(_row.login))]


def add(connection: Connection, person: Person, password: str | None, now: int, subject: str | None = None) -> None:
    """Add somebody. Raises ``LoginTaken``."""
    if spelt(person.login) in RESERVED:
        raise LoginTaken(f"login {person.login!r} stands for whoever did not sign in")
    row = _columns(person) | {
        "password": password, "subject": subject, "made_at": now, "password_at": now if password else None,
    }  # fmt: skip
    added = insertion(connection, people).on_conflict_do_nothing(index_elements=["login"]).returning(_row.login)
    if connection.execute(added, row).first() is None:
        raise LoginTaken(f"login {person.login!r} is taken")


def change(connection: Connection, person: Person) -> bool:
    """Give somebody another name, role and units; False: nobody of that login."""
    columns = _columns(person)
    login = columns.pop("login")
    return connection.execute(update(people).where(_row.login == login).values(columns)).rowcount > 0


def set_password(connection: Connection, login: str, password: str, now: int) -> bool:
    """Keep another password, and forget that the last ones failed; False: nobody of that login."""
    forget_failures(connection, [f"login:{spelt(login)}"])
    changed = update(people).where(_row.login == spelt(login)).values(password=password, password_at=now)
    return connection.execute(changed).rowcount > 0


def set_disabled(connection: Connection, login: str, at: int | None) -> bool:
    """Let somebody in no more (from when), or again (None); False: nobody of that login."""
    return connection.execute(update(people).where(_row.login == spelt(login)).values(disabled_at=at)).rowcount > 0


def failures(connection: Connection, keys: Iterable[str], now: int) -> dict[str, tuple[int, int]]:
    """(Failures in a row, the last one's moment) of each key that has any; old ones of anybody are forgotten.

    Whoever asks for the same key waits until the transaction ends, so that attempts at the same time count one by one.
    """
    connection.execute(delete(sign_in_failures).where(_failed.last_at < now - backoff.FORGOTTEN))
    wanted = select(sign_in_failures).where(_failed.key.in_([key[:_KEY] for key in keys]))
    rows = connection.execute(wanted.order_by(_failed.key).with_for_update())
    return {row.key: (row.failures, row.last_at) for row in rows}


def count_failure(connection: Connection, keys: Iterable[str], now: int) -> None:
    """Count one more failure of each key."""
    for key in keys:
        more = insertion(connection, sign_in_failures).on_conflict_do_update(
            index_elements=["key"], set_={"failures": _failed.failures + 1, "last_at": now}
        )
        connection.execute(more, {"key": key[:_KEY], "failures": 1, "last_at": now})


def take_failure_back(connection: Connection, keys: Iterable[str]) -> None:
    """Count one failure less of each key: the attempt was none."""
    mine = _failed.key.in_([key[:_KEY] for key in keys])
    connection.execute(update(sign_in_failures).where(mine, _failed.failures > 0).values(failures=_failed.failures - 1))


def forget_failures(connection: Connection, keys: Iterable[str]) -> None:
    """Begin anew at no failure."""
    connection.execute(delete(sign_in_failures).where(_failed.key.in_([key[:_KEY] for key in keys])))


def _columns(person: Person) -> dict[str, str | None]:
    units = None if person.units is None else msgspec.json.encode(sorted(person.units)).decode()
    return {"login": spelt(person.login), "name": person.name, "role": person.role.value, "units": units}


def _known(row: Any) -> Known:
    return Known(person_of_row(row), row.password, row.subject, row.disabled_at)


def person_of_row(row: Any) -> Person:
    """Somebody from a row of the table."""
    units = None if row.units is None else frozenset(msgspec.json.decode(row.units, type=list[str]))
    return Person(login=row.login, name=row.name, role=Role(row.role), units=units)
