"""Tokens of programs: shown once, kept as a hash, of a scope, for a time, revoked at once; and a true API."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import redis
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance
from sqlalchemy import Engine, select
from typer.testing import CliRunner

from bench.stream.changes import NOW
from opscentre import cli, paths
from opscentre.access import audit
from opscentre.clock import ClockAnchor, wall_ms
from opscentre.domain.moments import DAY
from opscentre.live.rates import Rates
from opscentre.profile import Profile
from opscentre.store import tokens
from opscentre.store.access_tables import api_tokens
from tests.access.house import UNITS, House, furnish
from tests.dashboard import desks
from tests.parts.process import Server, wait_until
from tests.parts.redis import Redis


def made(engine: Engine, **scope: object) -> str:
    """A token of a scope, as it is shown."""
    given = {"name": "báo cáo", "paths": None, "units": None, "dossiers": False, "expires_at": wall_ms() + DAY}
    with engine.begin() as connection:
        return tokens.add(connection, who="test", now=wall_ms(), **(given | scope))[1]  # type: ignore[arg-type]


def asked(house: House, path: str, shown: str, method: str = "GET") -> httpx.Response:
    return house.ask(method, path, headers={"Authorization": f"Bearer {shown}"})


def test_a_token_opens_what_it_was_made_for_and_nothing_else(house: House) -> None:
    whole = made(house.engine)
    assert asked(house, "/api/board?from=2026-11-01&to=2026-12-01", whole).status_code == 200
    assert asked(house, "/api/openapi.json", whole).json()["openapi"] == "3.1.0"
    for path in ("/", "/table", "/export/overdue.csv", "/stream", "/wall", "/mails"):
        assert asked(house, path, whole).status_code == 401, path
    assert asked(house, "/api/board", whole, "POST").status_code in (401, 405)
    only = made(house.engine, paths=["/api/board"])
    assert asked(house, "/api/board", only).status_code == 200
    assert asked(house, "/api/wall", only).status_code == 401
    for wrong in ("", "x", whole[:-1], whole + "x", tokens.PREFIX, "opscentre_00000000_x"):
        assert asked(house, "/api/board", wrong).status_code == 401
    assert asked(house, "/api/board", made(house.engine, expires_at=wall_ms() - 1)).status_code == 401


def test_a_revoked_token_opens_nothing_from_the_next_request_on_and_only_a_hash_was_ever_kept(house: House) -> None:
    shown = made(house.engine)
    assert asked(house, "/api/board", shown).status_code == 200
    (token,) = (one for one in tokens.listed(house.engine) if one.id == shown.split("_")[1])
    assert token.used_at is not None
    with house.engine.begin() as connection:
        assert tokens.revoke(connection, token.id)
        assert not tokens.revoke(connection, token.id)
        kept = json.dumps([list(map(str, row)) for row in connection.execute(select(api_tokens))])
    assert asked(house, "/api/board", shown).status_code == 401
    assert shown.split("_", 2)[2] not in kept


def test_who_asks_too_often_is_told_when_to_come_back_by_all_dashboards_together(
    redis_server: Redis, tmp_path: Path, profile: Profile
) -> None:
    redis.Redis.from_url(redis_server.url).flushall()
    house = furnish(tmp_path, profile, redis_server.url, api_rate=3)
    shown = made(house.engine)
    codes = [asked(house, "/api/openapi.json", shown) for _ in range(5)]
    assert [answer.status_code for answer in codes] == [200, 200, 200, 429, 429]
    assert 1 <= int(codes[3].headers["Retry-After"]) <= 60
    assert asked(house, "/api/openapi.json", made(house.engine)).status_code == 200
    # Another process counts on where this one stands.
    assert Rates(redis_server.url).wait(f"token:{tokens.digest(shown)[:16]}", 3, 60) > 0
    house.engine.dispose()


def test_without_redis_each_dashboard_counts_for_itself() -> None:
    alone = Rates("redis://127.0.0.1:1/0")
    assert [alone.wait("a", 2, 60) > 0 for _ in range(3)] == [False, False, True]
    assert alone.wait("b", 2, 60) == 0


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli.app, ["token", *arguments])
    return done.exit_code, done.output


def test_the_command_makes_lists_and_revokes_and_the_log_says_so(tmp_path: Path, house: House) -> None:
    data = ["--data", str(house.settings.data)]
    (house.settings.data / "opscentre.db").symlink_to(house.settings.data / "desk.db")
    code, said = run(
        "add", "báo cáo Sở Nội vụ", "--unit", UNITS[0], "--path", "/api/openapi.json", "--days", "30", *data
    )
    number, shown = said.split()[1], said.splitlines()[1]
    assert (code, shown.startswith(f"opscentre_{number}_")) == (0, True)
    assert asked(house, "/api/openapi.json", shown).status_code == 200
    listed = json.loads(run("list", "--json", *data)[1])
    (mine,) = (one for one in listed if one["id"] == number)
    assert (mine["name"], mine["units"], mine["paths"]) == ("báo cáo Sở Nội vụ", [UNITS[0]], ["/api/openapi.json"])
    assert shown not in run("list", *data)[1]
    assert run("revoke", number, *data) == (0, f"token {number} opens nothing any more\n")
    assert asked(house, "/api/openapi.json", shown).status_code == 401
    done = [(row.action, row.subject) for row in audit.entries(house.engine, limit=2)]
    assert done == [("token.revoke", f"token:{number}"), ("token.add", f"token:{number}")]
    for wrong in (("add", " "), ("add", "x", "--unit", "none"), ("add", "x", "--path", "/list"), ("revoke", "none")):
        assert run(*wrong, *data)[0] == 2


class Role(Server):
    """The dashboard's own command, where people sign in and programs show a token."""

    name = "role"

    def __init__(self, folder: Path, redis_url: str, engine: Engine) -> None:
        super().__init__(folder)
        self.engine = engine
        self.url = f"http://127.0.0.1:{self.port}"
        # A clock that stands at the moment of the dossiers.
        clock = msgspec.json.encode(ClockAnchor(real=wall_ms(), simulated=NOW, speed=0.000001)).decode()
        self._environment = {
            "PYTHONPATH": paths.ROOT, "OPSCENTRE_DATA": folder, "OPSCENTRE_REDIS": redis_url, "OPSCENTRE_CLOCK": clock,
            "OPSCENTRE_PORT": self.port, "OPSCENTRE_SIGN_IN": "required", "OPSCENTRE_API_RATE": 0,
        }  # fmt: skip

    def command(self) -> list[str]:
        environment = [f"{name}={value}" for name, value in self._environment.items()]
        return ["env", *environment, sys.executable, "-m", "opscentre", "dashboard"]

    def ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz").status_code == 200
        except httpx.HTTPError:
            return False

    def headers(self, **scope: object) -> dict[str, str]:
        """What a program with a new token of a scope sends."""
        return {"Authorization": f"Bearer {made(self.engine, **scope)}"}


@pytest.fixture(scope="module")
def role(_redis_server: Redis, tmp_path_factory: pytest.TempPathFactory, profile: Profile) -> Iterator[Role]:
    """A dashboard that runs over some hundred dossiers."""
    _redis_server.ensure()
    folder = tmp_path_factory.mktemp("role")
    server = Role(folder, _redis_server.url, desks.fill(f"sqlite:///{folder}/opscentre.db", profile))
    server.start()
    wait_until(lambda: httpx.get(f"{server.url}/api/wall", headers=server.headers()).status_code == 200, 20, "a wall")
    yield server
    server.kill()


def test_a_token_of_a_unit_is_told_of_that_unit_alone(role: Role) -> None:
    board = f"{role.url}/api/board?from=2026-09-01&to=2026-11-20"
    whole = httpx.get(board, headers=role.headers()).json()
    (row,) = (row for row in whole["rows"] if row["unit"]["code"] == UNITS[0])
    assert 0 < row["received"]["total"] < whole["total"]["received"]["total"]
    mine = role.headers(units=[UNITS[0]])
    part = httpx.get(board, headers=mine).json()
    assert (part["state"], part["rows"]) == ("history", [row])
    assert part["total"] == {group: row[group] for group in part["total"]}
    live = httpx.get(f"{role.url}/api/board", headers=mine).json()
    assert [row["unit"]["code"] for row in live["rows"]] == [UNITS[0]]
    assert httpx.get(f"{role.url}/api/wall", headers=mine).status_code == 403


def test_the_api_answers_as_it_describes_itself(role: Role) -> None:
    known = role.headers()
    described = schemathesis.openapi.from_url(f"{role.url}/api/openapi.json", headers=known)
    operations = [found.ok() for found in described.get_all_operations()]
    # All but the description itself, which is where they stand.
    assert {"/api/wall", "/api/board"} <= {operation.path for operation in operations}
    for operation in operations:

        @given(case=operation.as_strategy())
        @settings(
            max_examples=20, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
        )
        def holds(case: Any) -> None:
            # That 'from' lies before 'to', and not by ten years, no schema can say.
            case.call_and_validate(headers=known, excluded_checks=[positive_data_acceptance])
            # And so where nobody is known.
            case.call_and_validate(headers={"Authorization": "Bearer none"})

        holds()
