"""Simulated links: their schedule is a function of real time, and an outage is a real one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from opscentre.profile import Profile
from simulator.links import HABITS, Habit, HttpLinks, Link, LinksError, PortLink, read_links

PORTAL = Link(code="san-thuong-mai-dien-tu", name="Sàn", kind="http", address="")
ROUTER = Link(code="hoi-nghi-truyen-hinh", name="Hội nghị", kind="tcp", address="")


class Hands:
    """Real time, moved by hand."""

    def __init__(self, at: int) -> None:
        self.at = at

    def __call__(self) -> int:
        return self.at


def moment(habit: Habit, down: bool) -> int:
    """A moment at which a link is down, or up."""
    return next(second * 1000 for second in range(10**9, 10**9 + 1000) if habit.is_down(second * 1000) is down)


def test_a_link_is_down_twenty_seconds_of_every_two_minutes() -> None:
    habit = HABITS[PORTAL.code]
    states = [habit.is_down(second * 1000) for second in range(10**9, 10**9 + 240)]
    assert sum(states) == 40
    assert states[:120] == states[120:]


def test_latencies_vary_around_the_typical_one() -> None:
    delays = {Habit(100).delay(second * 1000) for second in range(100)}
    assert len(delays) > 20
    assert 0.06 <= min(delays) <= max(delays) <= 0.18


def test_an_http_link_answers_503_while_it_is_down() -> None:
    now = Hands(0)
    app = Starlette(routes=HttpLinks([PORTAL], now).routes("/links"))

    async def probe(down: bool) -> int:
        now.at = moment(HABITS[PORTAL.code], down)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://local") as client:
            return (await client.get(f"/links/{PORTAL.code}")).status_code

    assert asyncio.run(probe(False)) == 200
    assert asyncio.run(probe(True)) == 503


def test_a_tcp_link_refuses_while_it_is_down_and_comes_back_on_its_port() -> None:
    async def story() -> None:
        habit = HABITS[ROUTER.code]
        now = Hands(moment(habit, False))
        link = PortLink(ROUTER, now=now)
        await link.start()
        port = link.port
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        now.at = moment(habit, True)
        await link.follow()
        assert not link.up
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        now.at = moment(habit, False)
        await link.follow()
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        assert link.port == port
        await link.stop()

    asyncio.run(story())


def test_the_profile_has_fourteen_links_with_codes_of_their_own(province: Profile) -> None:
    links = read_links(province.folder / "links.toml")
    assert len({link.code for link in links}) == len(links) == 14
    assert {link.kind for link in links} == {"http", "tcp", "tls", "dns"}
    assert HABITS.keys() <= {link.code for link in links}


def test_a_link_of_an_unknown_kind_is_named(tmp_path: Path) -> None:
    path = tmp_path / "links.toml"
    path.write_text('[[link]]\ncode = "a"\nname = "A"\nkind = "udp"\naddress = "h"\n', encoding="utf-8")
    with pytest.raises(LinksError, match="udp"):
        read_links(path)
