"""Which roles run, and which files of the profile each of them read at its start. All times are real ms."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
from sqlalchemy import Engine, delete, or_, select

from opscentre.domain.moments import DAY, MINUTE
from opscentre.store.admin_tables import running_roles
from opscentre.store.engine import reading, upsert

#: A role says so often that it runs, and counts as running so long after it did.
BEAT, FRESH = MINUTE // 4, MINUTE

_row = running_roles.c


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """One process of a role."""

    #: With its number, where it is one of several.
    role: str
    host: str
    pid: int
    begun_at: int
    #: Whether it ends by itself, to be started anew, when its files have changed.
    renewed: bool
    #: Name of a file → SHA-256 of what it held; empty: there was none.
    files: Mapping[str, str]


def note(engine: Engine, one: Running, now: int) -> None:
    """Say that a process runs."""
    row = msgspec.structs.asdict(one) | {"seen_at": now, "files": msgspec.json.encode(one.files).decode()}
    with engine.begin() as connection:
        upsert(connection, running_roles, [row], update=["begun_at", "seen_at", "renewed", "files"])


def forget_dead(engine: Engine, one: Running, lives: Callable[[int], bool], now: int) -> None:
    """Forget earlier processes of a role on its own machine, which ``lives`` can tell, and whatever is a day old."""
    same = (_row.role == one.role, _row.host == one.host)
    with engine.begin() as connection:
        others = connection.execute(select(_row.pid).where(*same, _row.pid != one.pid)).scalars()
        dead = [pid for pid in others if not lives(pid)]
        old = _row.seen_at < now - DAY
        connection.execute(delete(running_roles).where(or_(old, (same[0] & same[1] & _row.pid.in_(dead)))))


def there(engine: Engine, now: int) -> list[Running]:
    """The processes that said lately that they run, by role, machine and number."""
    columns = [_row[name] for name in Running.__struct_fields__]
    query = select(*columns).where(_row.seen_at > now - FRESH).order_by(_row.role, _row.host, _row.pid)
    with reading(engine).connect() as connection:
        return [
            Running(**{**row._mapping, "files": msgspec.json.decode(row.files)}) for row in connection.execute(query)
        ]
