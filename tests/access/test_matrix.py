"""Every route and every callback, as every role and for two units: each opens to whom it should, no row is foreign."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import suppress
from typing import Any

import dash
import pytest
from sqlalchemy import func, select
from starlette.routing import Mount

from opscentre.access import audit
from opscentre.profile import Profile
from opscentre.store.all_tables import metadata
from tests.access.house import MARKS, PEOPLE, UNITS, House, wall_of
from tests.access.matrix import CALLBACKS, DEEDS, LEADERS, LOOKING, PAGE, PAGES, ROUTES, WALLS, Door
from tests.dashboard.pictures import Board

REFUSED = "Không có quyền xem"
HTML = {"accept": "text/html"}


def foreign(login: str, profile: Profile) -> tuple[str, ...]:
    """Words that an answer to somebody must not hold."""
    if login == "viewer":
        return MARKS
    if login.startswith("department-"):
        other = 2 - int(login[-1])
        return (MARKS[other], UNITS[other], profile.units[UNITS[other]].name)
    return ()


def routes(house: House) -> set[str]:
    """Every route of the application, as ``METHOD /path``."""
    found = set()
    for route in house.application.routes:
        methods = {"GET"} if isinstance(route, Mount) else set(route.methods or ()) - {"HEAD"}  # type: ignore[attr-defined]
        found |= {f"{method} {route.path}" for method in methods}  # type: ignore[attr-defined]
    return found


def callbacks(house: House) -> dict[str, Any]:
    """Every callback of the pages by its output, as the browser is told of them."""
    told = house.ask("GET", "/_dash-dependencies", "administrator").json()
    return {one["output"]: one for one in told if one["clientside_function"] is None}


def test_every_route_and_every_callback_has_an_entry_in_the_matrix(house: House) -> None:
    assert routes(house) == set(ROUTES)
    assert set(callbacks(house)) == CALLBACKS
    assert set(dash.get_app().callback_map) == CALLBACKS
    assert {deed.output for deed in DEEDS} == CALLBACKS - LOOKING


def without(address: str, text: str) -> str:
    """An answer without what was asked: what somebody typed is told back to them."""
    path, _, query = address.partition("?")
    if query.startswith("q="):
        text = re.sub(rf"{query[2:]}(?!-)", "", text)
    return text.replace(path, "") if path != "/" else text


def press(told: dict[str, Any], pressed: str, values: dict[str, Any]) -> dict[str, Any]:
    """What a browser sends when somebody presses something: a callback as the browser is told of it, filled in."""

    def fill(one: dict[str, Any]) -> Any:
        if one["id"].startswith("{"):
            return values.get(one["id"], [])
        return {"id": one["id"], "property": one["property"], "value": values.get(one["id"])}

    outputs = [dict(zip(("id", "property"), name.rsplit(".", 1), strict=True))
               for name in told["output"].strip(".").split("...")]  # fmt: skip
    return {
        "output": told["output"],
        "outputs": outputs if told["output"].startswith("..") else outputs[0],
        "inputs": [fill(one) for one in told["inputs"]],
        "changedPropIds": [pressed],
        "state": [fill(one) for one in told["state"]],
    }


async def every_route(house: House, login: str | None) -> list[tuple[str, Door, int, str]]:
    """What every route answers somebody: address, its entry, status, text."""
    found = []
    for key, door in ROUTES.items():
        method = key.split()[0]
        for address in door.addresses:
            answer = await house.asked(method, address, login, data=door.body, headers=HTML)
            found.append((address, door, answer.status_code, answer.text))
    return found


def test_without_a_session_only_the_public_doors_open(house: House) -> None:
    for address, door, status, text in asyncio.run(every_route(house, None)):
        assert (status in (303, 401)) == (door.opens_to is not None), address
        assert not [mark for mark in MARKS if mark in text], address
    for key, door in ROUTES.items():
        if door.opens_to is not None:
            method, path = key.split()
            assert house.ask(method, path.replace("{", "").replace("}", "")).status_code == 401


@pytest.mark.parametrize("login", PEOPLE)
def test_every_route_opens_to_whom_it_should_and_holds_no_foreign_row(
    house: House, profile: Profile, login: str
) -> None:
    Board(house.settings.redis_url).show(wall_of(profile))
    asyncio.run(house.feed._take_one())
    seen = ""
    for address, door, status, text in asyncio.run(every_route(house, login)):
        opens = door.opens_to is None or login in door.opens_to
        assert (status != 403) == opens, (address, status)
        told = without(address, text)
        assert not [word for word in foreign(login, profile) if word in told], address
        seen += told
    for unit, mark in enumerate(MARKS, 1):
        # That nothing is foreign says something only where what is one's own is there.
        assert (mark in seen) == (login in LEADERS or login == f"department-{unit}")


@pytest.mark.parametrize("login", PEOPLE)
def test_every_page_opens_to_whom_it_should_and_holds_no_foreign_row(
    house: House, profile: Profile, login: str
) -> None:
    told = callbacks(house)[PAGE]

    async def all_pages() -> list[tuple[str, Door, str]]:
        found = []
        for door in PAGES:
            for address in door.addresses:
                path, _, query = address.partition("?")
                # The element "address" has two properties.
                body = press(told, "address.pathname", {})
                body["inputs"][0]["value"], body["inputs"][1]["value"] = path, f"?{query}" if query else ""
                answer = await house.asked("POST", "/_dash-update-component", login, json=body)
                assert answer.status_code == 200, (address, answer.text)
                found.append((address, door, json.dumps(answer.json(), ensure_ascii=False)))
        return found

    seen = ""
    for address, door, text in asyncio.run(all_pages()):
        assert (REFUSED not in text) == (door.opens_to is None or login in door.opens_to), address
        told = without(address, text)
        assert not [word for word in foreign(login, profile) if word in told], address
        seen += told
    for unit, mark in enumerate(MARKS, 1):
        for kind in ("overdue", "soon", "waiting", "paused", "silent"):
            there = f"{mark}-{kind}" in seen
            assert there == (login in LEADERS or login == f"department-{unit}"), (mark, kind)


@pytest.mark.parametrize("login", PEOPLE)
def test_a_callback_writes_for_those_who_may_under_their_own_name(house: House, profile: Profile, login: str) -> None:
    told = callbacks(house)

    def written(table: str) -> int:
        with house.engine.connect() as connection:
            found = metadata.tables[table].c
            mine = select(func.count()).where(
                found.who == login if table == "audit_log" else found.author == PEOPLE[login].name
            )
            return connection.execute(mine).scalar_one()

    for deed in DEEDS:
        before = written(deed.table)
        values = deed.values | {deed.pressed: 1}
        body = press(told[deed.output], f"{deed.pressed}.n_clicks", values)
        answer = house.ask("POST", "/_dash-update-component", login, json=body)
        assert answer.status_code == 200, answer.text
        assert written(deed.table) - before == (login in deed.done_for), deed
        other = [word for word in foreign(login, profile) if word in answer.text]
        assert not other, deed


def test_who_fetches_a_slip_stands_in_the_log_and_who_may_not_leaves_no_row_of_one(house: House) -> None:
    number = f"{MARKS[0]}-overdue"
    assert house.ask("GET", f"/slip/mot-cua/{number}.docx", "department-2").status_code == 404
    assert "dossier.slip" not in {entry.action for entry in audit.entries(house.engine, limit=5)}
    assert house.ask("GET", f"/slip/mot-cua/{number}.docx", "department-1").status_code == 200
    (newest,) = audit.entries(house.engine, limit=1)
    assert (newest.who, newest.action, newest.subject) == ("department-1", "dossier.slip", f"dossier:mot-cua/{number}")


def test_the_walls_are_listed_for_those_who_may_control_them(house: House) -> None:
    body = press(callbacks(house)[WALLS], "walls-beat.n_intervals", {"walls-subject": ["*", "vi"]})
    for login in PEOPLE:
        answer = house.ask("POST", "/_dash-update-component", login, json=body)
        assert answer.status_code == 200
        assert ("không được điều khiển" not in answer.json()["response"]["walls-list"]["children"]) == (
            login in LEADERS
        )


def test_the_push_to_a_screen_carries_what_its_person_sees(house: House, profile: Profile) -> None:
    Board(house.settings.redis_url).show(wall_of(profile))

    async def every_stream() -> dict[str, str]:
        task = asyncio.create_task(house.feed.run())
        try:
            return dict(zip(PEOPLE, await asyncio.gather(*(house.heard(login) for login in PEOPLE)), strict=True))
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    heard = asyncio.run(every_stream())
    for login, text in heard.items():
        assert "event: picture" in text, login
        assert not [word for word in foreign(login, profile) if word in text], login
        for mark in MARKS:
            assert (mark in text) == (login in LEADERS), (login, mark)
    # Nobody is told that there are none where there are some.
    assert "Không có hồ sơ quá hạn" not in heard["viewer"]
    assert "Không hiện từng hồ sơ cho tài khoản này" in heard["viewer"]
    # The live numbers of a department are those of its units.
    wall = wall_of(profile)
    for login, unit in zip(("department-1", "department-2"), UNITS, strict=True):
        line = next(line for line in heard[login].splitlines() if '"body"' in line)
        patch = json.loads(line.removeprefix("data: "))["body"]["patch"]
        assert patch["home-process-en"]["text"] == f"{wall.units[unit].in_process:,}"
        assert not [name for name in patch if not name.startswith("home-")]
