"""A dashboard with sign-in, asked in this process as browsers ask it: people of every role, dossiers of two units."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import msgspec
from fastapi import FastAPI
from sqlalchemy import Engine

from bench.stream.changes import NOW
from dashboard.app import _warm, create_app
from dashboard.desk_counts import Counts
from opscentre.access import passwords
from opscentre.access.people import Person, Role
from opscentre.clock import ClockAnchor, wall_ms
from opscentre.profile import Profile
from opscentre.settings import Settings
from opscentre.store import people, sessions
from opscentre.store.engine import reading
from tests.dashboard import desks
from tests.dashboard.pictures import PictureReader

#: The two units whose people are told apart.
UNITS = ("H55.12", "H55.05")
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
        headers = {"sec-fetch-site": "same-origin"} | given.pop("headers", {})
        if login is not None:
            name = "__Host-opscentre-session" if base.startswith("https") else "opscentre-session"
            headers["cookie"] = f"{name}={self.token(login)}"

        async def run() -> httpx.Response:
            transport = httpx.ASGITransport(self.application, client=("127.0.0.1", 1))
            async with httpx.AsyncClient(transport=transport, base_url=base) as client:
                return await client.request(method, path, headers=headers, **given)

        return asyncio.run(run())


def furnish(folder: Path, profile: Profile, redis_url: str, **settings: Any) -> House:
    """A dashboard over some hundred dossiers; everybody's password is ``PASSWORD``."""
    database = f"sqlite:///{folder}/desk.db"
    engine = desks.fill(database, profile)
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
