"""A dashboard with sign-in, asked in this process as browsers ask it: people of every role, dossiers of two units."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import msgspec
from fastapi import FastAPI
from sqlalchemy import Engine, insert, select

from bench.stream.changes import NOW
from bench.web.seed import rows
from dashboard.app import _warm, create_app
from dashboard.desk_counts import Counts
from dashboard.feed import Feed
from opscentre.access import passwords
from opscentre.access.people import Person, Role
from opscentre.clock import ClockAnchor, wall_ms
from opscentre.domain.dossier import Supplement
from opscentre.domain.fold import DossierState, fold
from opscentre.domain.moments import DAY, HOUR
from opscentre.live.wall import Wall
from opscentre.profile import Profile
from opscentre.settings import Settings
from opscentre.store import journal, people, sessions, tables
from opscentre.store.alert_tables import alerts
from opscentre.store.engine import reading
from tests.dashboard import desks
from tests.dashboard.pictures import PictureReader, plausible

#: The two units whose people are told apart, and what the numbers of some of their dossiers begin with.
UNITS = ("H55.12", "H55.05")
MARKS = ("QQMOT", "QQHAI")
#: What these dossiers are: the ending of the number, and what is other than in one that is under way in time.
_KINDS: dict[str, dict[str, Any]] = {
    "overdue": {"due": NOW - DAY},
    "soon": {"due": NOW + 2 * HOUR},
    "waiting": {"status": 1, "received": None, "due": None, "submitted": NOW - 5 * DAY},
    "paused": {"status": 5, "supplements": (Supplement(NOW - DAY, None, None, None),)},
    "finished": {"status": 9, "finished": NOW - HOUR},
    "silent": {"observed": NOW - 40 * DAY, "version": NOW - 40 * DAY, "received": NOW - 41 * DAY},
}
PASSWORD = "trâu ăn cỏ ngoài đồng"
#: Login → who it is.
PEOPLE = {
    "viewer": Person(login="viewer", name="Người Xem", role=Role.viewer),
    "department-1": Person(login="department-1", name="Sở Một", role=Role.department, units=frozenset({UNITS[0]})),
    "department-2": Person(login="department-2", name="Sở Hai", role=Role.department, units=frozenset({UNITS[1]})),
    "leader": Person(login="leader", name="Lãnh Đạo", role=Role.leader),
    "operator": Person(login="operator", name="Trực Ban", role=Role.operator),
    "administrator": Person(login="administrator", name="Quản Trị", role=Role.administrator),
}


class House:
    """The application, its database, and a browser for everybody."""

    def __init__(self, application: FastAPI, engine: Engine, settings: Settings) -> None:
        self.application = application
        self.engine = engine
        self.settings = settings
        self._tokens: dict[str, str] = {}

    @property
    def feed(self) -> Feed:
        """The push."""
        return self.application.state.feed

    def token(self, login: str) -> str:
        """The token of a session of somebody's."""
        if login not in self._tokens:
            with self.engine.begin() as connection:
                self._tokens[login] = sessions.begin(connection, login, "password", "test", "127.0.0.1", wall_ms())
        return self._tokens[login]

    def ask(
        self, method: str, path: str, login: str | None = None, base: str = "http://127.0.0.1:8050", **given: Any
    ) -> httpx.Response:
        """One request as a browser on the same site makes it; ``login``: whose session it has."""
        return asyncio.run(self.asked(method, path, login, base, **given))

    async def asked(
        self, method: str, path: str, login: str | None = None, base: str = "http://127.0.0.1:8050", **given: Any
    ) -> httpx.Response:
        """The same from within an event loop."""
        headers = {"sec-fetch-site": "same-origin"} | given.pop("headers", {})
        if login is not None:
            name = "__Host-opscentre-session" if base.startswith("https") else "opscentre-session"
            headers["cookie"] = f"{name}={self.token(login)}"
        transport = httpx.ASGITransport(self.application, client=("127.0.0.1", 1))
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            return await client.request(method, path, headers=headers, **given)

    def forget(self, login: str) -> None:
        """Begin another session the next time."""
        self._tokens.pop(login, None)

    async def heard(self, login: str, until: Callable[[str], bool] = lambda part: "event: picture" in part) -> str:
        """The stream as somebody's screen gets it, to the first picture or as far as ``until`` says, or to its end."""
        done, parts = asyncio.Event(), []

        async def receive() -> dict[str, Any]:
            await done.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            parts.append(message.get("body", b"").decode())
            if until(parts[-1]) or message.get("status", 200) != 200:
                done.set()

        scope = {
            "type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": "/stream",
            "raw_path": b"/stream", "query_string": b"", "root_path": "", "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8050), "asgi": {"version": "3.0"},
            "headers": [(b"host", b"127.0.0.1:8050"), (b"cookie", f"opscentre-session={self.token(login)}".encode())],
        }  # fmt: skip
        async with asyncio.timeout(20):
            await self.application(scope, receive, send)
        return "".join(parts)


def marked(engine: Engine) -> Iterator[DossierState]:
    """For each of the two units a dossier of every kind that a list or a page is about, told by its number."""
    with engine.connect() as connection:
        state = connection.execute(select(tables.dossiers.c.state).limit(1)).scalar_one()
    pattern = msgspec.json.decode(state, type=DossierState).snapshot
    for unit, mark in zip(UNITS, MARKS, strict=True):
        for kind, other in _KINDS.items():
            plain = {
                "source": "mot-cua", "number": f"{mark}-{kind}", "unit": unit, "status": 4, "received": NOW - 3 * DAY,
                "due": NOW + 9 * DAY, "version": NOW - 2 * DAY, "observed": NOW - HOUR, "finished": None,
                "returned": None, "supplements": (), "progress": (), "apologies": (),
            }  # fmt: skip
            yield fold(None, msgspec.structs.replace(pattern, **(plain | other)))[0]


def alerted(engine: Engine, late: Mapping[str, str]) -> None:
    """An alert that fires on each of some late dossiers: number → unit."""
    rows = [
        {"rule": "overdue", "key": f"mot-cua/{number}", "episode": 1, "state": "firing", "severity": "warning",
         "subject": f"dossier:mot-cua/{number}", "unit": unit, "since": NOW - DAY, "pending_at": NOW - DAY,
         "fired_at": NOW - DAY, "resolved_at": None, "look_at": None, "facts": "{}"}
        for number, unit in late.items()
    ]  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(alerts), rows)


def wall_of(profile: Profile) -> Wall:
    """A wall whose late and nearly late dossiers are of the two units."""
    wall = plausible(profile)
    for listed in (wall.overdue, wall.due_soon):
        for place, one in enumerate(listed):
            number = f"{MARKS[place % 2]}-{place}"
            listed[place] = msgspec.structs.replace(one, unit=UNITS[place % 2], number=number)
    return wall


def furnish(folder: Path, profile: Profile, redis_url: str, **settings: Any) -> House:
    """A dashboard over some hundred dossiers; everybody's password is ``PASSWORD``."""
    database = f"sqlite:///{folder}/desk.db"
    engine = desks.fill(database, profile)
    journal.write(engine, journal.Entries(dossiers=list(rows(profile, marked(engine)))))
    alerted(engine, {f"{mark}-overdue": unit for unit, mark in zip(UNITS, MARKS, strict=True)})
    kept = passwords.hashed(PASSWORD)
    with engine.begin() as connection:
        for person in PEOPLE.values():
            people.add(connection, person, kept, wall_ms())
    # A clock that stands at the moment of the dossiers.
    clock = msgspec.json.encode(ClockAnchor(real=wall_ms(), simulated=NOW, speed=0.000001)).decode()
    settings = {"api_rate": 0} | settings
    found = Settings(data=folder, database=database, redis=redis_url, sign_in="required", clock=clock, **settings)
    store = reading(engine)
    application = create_app(
        found, profile, partial(PictureReader, redis_url), Counts(store, profile).document, store
    )  # fmt: skip
    asyncio.run(_warm(application))
    return House(application, engine, found)
