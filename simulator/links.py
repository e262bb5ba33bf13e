"""Links to probe: HTTP endpoints, ports and names that answer slowly, go down and come back on a fixed schedule.

The schedule runs in real time and is a function of it, so that two runs go down at the same moments.
"""

from __future__ import annotations

import asyncio
import ssl
import tomllib
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from opscentre.clock import wall_ms
from simulator.http_api import answer, failure


class Link(msgspec.Struct, frozen=True):
    """One link of ``links.toml``; ``address`` may hold placeholders of ``simulator.json``."""

    code: str
    name: str
    kind: Literal["http", "tcp", "tls", "dns", "icmp"]
    address: str
    expect_addresses: list[str] = []


class LinksFile(msgspec.Struct, frozen=True):
    """The whole of ``links.toml``."""

    link: list[Link] = []


class LinksError(Exception):
    """``links.toml`` cannot be used: file, the value seen and what to do."""


class Habit(NamedTuple):
    """How a link behaves: typical latency (ms), and ``down`` of every ``period`` seconds from ``offset`` on."""

    latency: int
    period: int = 0
    down: int = 0
    offset: int = 0
    #: An HTTP link that is down keeps silent instead of answering 503.
    hangs: bool = False

    def is_down(self, at: int) -> bool:
        """Whether the link is down at a real moment (ms)."""
        return bool(self.period) and (at // 1000 + self.offset) % self.period < self.down

    def delay(self, at: int) -> float:
        """How long the answer takes at a real moment (ms), in seconds: from 60 to 180 % of the typical latency."""
        return self.latency / 1000 * (0.6 + 1.2 * (zlib.crc32(str(at // 500).encode()) % 100) / 100)


#: Links that are not listed here are always up.
HABITS = {
    "cong-dich-vu-cong-quoc-gia": Habit(45, period=600, down=25, offset=300),
    "truc-lien-thong-lgsp": Habit(18),
    "cong-thong-tin-tinh": Habit(12),
    "tslcd": Habit(6),
    "hoi-nghi-truyen-hinh": Habit(25, period=420, down=30, offset=90),
    "san-thuong-mai-dien-tu": Habit(60, period=120, down=20),
    "kham-chua-benh-tu-xa": Habit(80, period=900, down=40, offset=500, hangs=True),
    "thanh-toan-truc-tuyen": Habit(35),
    "tslcd-xa-bac": Habit(12, period=300, down=20, offset=200),
}
_ORDINARY = Habit(20)


def read_links(path: Path) -> list[Link]:
    """The links of a profile; none where there is no file. Raises ``LinksError``."""
    if not path.is_file():
        return []
    with path.open("rb") as file:
        try:
            return msgspec.convert(tomllib.load(file), LinksFile).link
        except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
            raise LinksError(f"{path}: {error}; want [[link]] with code, name, kind, address") from None


def placeholder(link: Link) -> str:
    """The placeholder that holds the address of a port: ``simulator_tcp_`` or ``simulator_tls_`` and its code."""
    return f"simulator_{link.kind}_{link.code.replace('-', '_')}"


def names_of(links: list[Link]) -> dict[str, str]:
    """The names that the simulated name server knows, and their addresses."""
    return {
        link.address: link.expect_addresses[0] if link.expect_addresses else "127.0.0.1"
        for link in links
        if link.kind == "dns"
    }


class HttpLinks:
    """All HTTP links below one path, told apart by their code."""

    def __init__(self, links: list[Link], now: Callable[[], int] = wall_ms) -> None:
        self._names = {link.code: link.name for link in links if link.kind == "http"}
        self._now = now

    def routes(self, prefix: str) -> list[Route]:
        """One route for all of them."""
        return [Route(f"{prefix}/{{code}}", self.probe, methods=["GET", "HEAD"])]

    async def probe(self, request: Request) -> Response:
        """Answers as the link does now."""
        code = request.path_params["code"]
        if code not in self._names:
            return failure("404", f"there is no link {code!r}", 404)
        habit, at = HABITS.get(code, _ORDINARY), self._now()
        if habit.is_down(at):
            if habit.hangs:
                await asyncio.sleep(habit.down)
            return failure("503", f"{self._names[code]}: tạm ngừng phục vụ", 503)
        await asyncio.sleep(habit.delay(at))
        return answer({"error_code": "00", "name": self._names[code]})


class PortLink:
    """A port that accepts connections while its link is up and refuses them while it is down."""

    def __init__(
        self,
        link: Link,
        host: str = "127.0.0.1",
        now: Callable[[], int] = wall_ms,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.link = link
        self.port = 0
        self._host = host
        self._habit = HABITS.get(link.code, _ORDINARY)
        self._now = now
        self._tls = tls
        self._server: asyncio.Server | None = None

    @property
    def up(self) -> bool:
        """Whether the port listens."""
        return self._server is not None

    async def start(self) -> None:
        """Listen, on the port it had before where it had one."""
        self._server = await asyncio.start_server(self._greet, self._host, self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def follow(self) -> None:
        """Start or stop as the schedule says now."""
        if self._habit.is_down(self._now()):
            await self.stop()
        elif self._server is None:
            await self.start()

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(self._habit.delay(self._now()))
        writer.close()
