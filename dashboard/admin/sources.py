"""``/admin/sources``: how each source is, polling it now, pausing it with a reason and letting it go on."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy.engine import Connection

from dashboard import trace
from dashboard.admin.room import Asked, Done, Refused, Room, Values, note
from layouts.words import Words
from opscentre.access.rights import Action
from opscentre.clock import wall_ms
from opscentre.domain.moments import SECOND
from opscentre.domain.observations import SourceSeen
from opscentre.sources import SourceConfig, read_sources
from opscentre.store import requests, source_states
from opscentre.store.engine import reading
from opscentre.store.requests import Request
from opscentre.store.source_lag import Lag, lag_of, last_seen
from opscentre.store.source_states import Paused, Stands

NAME = "sources"
RIGHT = Action.administer_sources
RUN = "source.run"
#: A source is late after so many intervals without a success.
_LATE = 3
#: Kinds of errors that have words of their own.
_ERRORS = ("timeout", "connection", "retry-after", "bad data", "authentication", "settings", "pipe", "database")


class Line(NamedTuple):
    """One source, as the page shows it."""

    config: SourceConfig
    #: ``never``, ``ok``, ``late``, ``failing``, ``given-up``, ``paused``.
    state: str
    seen: SourceSeen | None
    lag: Lag
    stands: Stands
    paused: Paused | None
    asked: Request | None
    #: Key of the words for the error, and its own text.
    error: str
    detail: str
    #: When it is asked next, in words.
    next: str

    @property
    def role(self) -> str:
        """The colour of its state."""
        return {"ok": "good", "failing": "bad", "given-up": "bad"}.get(self.state, "warn")


def values(room: Room, asked: Asked) -> Values:
    """Every source of the installation, in the order of sources.toml."""
    now = wall_ms()
    lines = _lines(room, asked.words, now)
    waiting = any(line.asked is not None and _waited(line.asked, now) for line in lines)
    return {"lines": lines, "refresh": 2 if waiting else 0, "minute": 60_000}


def _lines(room: Room, words: Words, now: int) -> list[Line]:
    stands, paused = source_states.all_stands(room.store), source_states.all_paused(room.store)
    asked = requests.newest(room.store, (RUN,))
    with reading(room.store).connect() as connection:
        return [
            _line(
                one, stands.get(one.code, Stands()), paused.get(one.code), asked.get((RUN, one.code)), connection,
                room.clock.now(), now, words,
            )
            for one in read_sources(room.profile, room.settings)
        ]  # fmt: skip


def _line(
    config: SourceConfig, stands: Stands, paused: Paused | None, asked: Request | None, connection: Connection,
    now: int, wall: int, words: Words,
) -> Line:  # fmt: skip
    seen = last_seen(config.code, connection)
    state = state_of(config, seen, stands, paused, wall)
    kind, _, detail = seen.error.partition(": ") if seen and seen.error else ("", "", "")
    error = f"sources.error.{kind if kind in _ERRORS else 'unexpected'}" if kind else ""
    return Line(
        config, state, seen, lag_of(config.code, connection, now), stands, paused, asked, error, detail,
        _next(state, config, seen, stands, wall, words),
    )  # fmt: skip


def state_of(config: SourceConfig, seen: SourceSeen | None, stands: Stands, paused: Paused | None, now: int) -> str:
    """One word for how a source is. ``now``: real ms."""
    if paused is not None:
        return "paused"
    if seen is None:
        return "never"
    if not seen.ok:
        return "given-up" if stands.asked == 2 else "failing"
    return "late" if now - seen.attempted_at > _LATE * max(config.interval, 5) * 1000 else "ok"


def _next(state: str, config: SourceConfig, seen: SourceSeen | None, stands: Stands, now: int, words: Words) -> str:
    if state in ("paused", "given-up"):
        return words("sources.next.paused" if state == "paused" else "sources.next.never")
    at = stands.next_at if state == "failing" else None
    if at is None:
        at = seen.attempted_at + round(config.interval * 1000) if seen else now
    return words("sources.next.in", age=words.length(at - now)) if at - now >= SECOND else words("sources.next.now")


def _waited(one: Request, now: int) -> bool:
    return one.pending and now - one.made_at < requests.STALE


def _code(room: Room, asked: Asked) -> str:
    code = asked.field("source")
    if code not in {one.code for one in read_sources(room.profile, room.settings)}:
        raise Refused(asked.words("admin.gone"))
    return code


def run(room: Room, asked: Asked) -> Done:
    """Ask the collectors to poll a source now."""
    code = _code(room, asked)
    with room.writing() as connection:
        requests.ask(connection, RUN, code, trace.who(), wall_ms())
        note(connection, RUN, f"source:{code}")
    return Done("sources.done.run")


def pause(room: Room, asked: Asked) -> Done:
    """Have a source asked no more."""
    code, reason = _code(room, asked), asked.field("reason", 200)
    if not reason:
        raise Refused(asked.words("sources.reason.wanted"))
    source_states.decide(room.store, code, reason, trace.who(), wall_ms())
    return Done("sources.done.pause")


def resume(room: Room, asked: Asked) -> Done:
    """Have a source asked again."""
    source_states.decide(room.store, _code(room, asked), "", trace.who(), wall_ms())
    return Done("sources.done.resume")


DEEDS = {"run": run, "pause": pause, "resume": resume}
