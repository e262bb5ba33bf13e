"""What collectors and pages tell one another of a source: paused by whom and why, when it is asked again."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, Engine, delete, select

from opscentre.access import audit
from opscentre.store import tables
from opscentre.store.engine import reading, upsert

_row = tables.cursors.c
_PAUSED, _STANDS = "paused:", "stands:"


class Paused(msgspec.Struct, frozen=True):
    """A source that a person has stopped asking."""

    who: str
    reason: str
    #: Real ms.
    since: int


class Stands(msgspec.Struct, frozen=True):
    """How the collectors go on with a source."""

    #: 0: polled; 1: so many polls failed that only probes are sent; 2: given up until a person acts.
    asked: int = 0
    #: Failures in a row.
    failures: int = 0
    #: Real ms of the next attempt; None: at the source's interval, or (given up) never.
    next_at: int | None = None


def pause(connection: Connection, code: str, paused: Paused) -> None:
    """Have a source asked no more, from its next turn on."""
    text = msgspec.json.encode(paused).decode()
    row = {"source": _PAUSED + code, "cursor": text, "written_at": paused.since}
    upsert(connection, tables.cursors, [row], update=["cursor", "written_at"])


def go_on(connection: Connection, code: str) -> bool:
    """Have a source asked again; False: it was not paused."""
    return connection.execute(delete(tables.cursors).where(_row.source == _PAUSED + code)).rowcount > 0


def decide(engine: Engine, code: str, reason: str, who: str, now: int) -> bool:
    """Pause a source for a reason, or (no reason) have it asked again, and note who did; False: it was so already."""
    with engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
        if reason:
            pause(connection, code, Paused(who, reason, now))
        elif not go_on(connection, code):
            return False
        audit.record(
            connection, moment=now, who=who, action="source.pause" if reason else "source.resume",
            subject=f"source:{code}", detail={},
        )  # fmt: skip
    return True


def paused(engine: Engine, code: str) -> Paused | None:
    """Whether a person has paused a source."""
    with reading(engine).connect() as connection:
        text = connection.execute(select(_row.cursor).where(_row.source == _PAUSED + code)).scalar()
    return msgspec.json.decode(text, type=Paused) if text else None


def write_stands(engine: Engine, code: str, stands: Stands, at: int) -> None:
    """Say how a source is gone on with."""
    row = {"source": _STANDS + code, "cursor": msgspec.json.encode(stands).decode(), "written_at": at}
    with engine.begin() as connection:
        upsert(connection, tables.cursors, [row], update=["cursor", "written_at"])


def all_paused(engine: Engine) -> dict[str, Paused]:
    """The sources that are paused, by code."""
    return {code: msgspec.json.decode(text, type=Paused) for code, text in _of(engine, _PAUSED)}


def all_stands(engine: Engine) -> dict[str, Stands]:
    """How the collectors go on with each source, by code."""
    return {code: msgspec.json.decode(text, type=Stands) for code, text in _of(engine, _STANDS)}


def _of(engine: Engine, beginning: str) -> list[tuple[str, str]]:
    query = select(_row.source, _row.cursor).where(_row.source.startswith(beginning, autoescape=True))
    with reading(engine).connect() as connection:
        return [(row.source.removeprefix(beginning), row.cursor) for row in connection.execute(query)]
