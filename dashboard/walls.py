"""Walls of this process: tells them what is wanted of them, and passes on what they say of themselves."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Annotated

import msgspec
from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import Response

from layouts.words import WORDS
from opscentre.clock import wall_ms
from opscentre.live.wall_board import WallBoard
from opscentre.live.walls import MOST, Commands, Report, called, meant_for

log = logging.getLogger(__name__)

Route = tuple[str, Callable[[Request], Awaitable[Response]]]
#: Not below /api/, whose rate is limited by address: a hundred screens may have one.
REPORT = "/wall-report"
#: Seconds between two writings of reports at most: a thousand screens that answer at once are one write.
EVERY = 0.25
#: Milliseconds for which a screen whose stream has ended may come back: a page that is reloaded is not gone.
PATIENCE = 3_000
#: Bytes of a report that are read.
_LONGEST = 1_000

_Short = Annotated[str, msgspec.Meta(max_length=80)]
_Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{8,40}$")]
_Size = Annotated[int, msgspec.Meta(ge=0, le=100_000)]


class Said(msgspec.Struct, kw_only=True):
    """A report as a screen sends it."""

    screen: _Id
    name: _Short = ""
    scene: _Short = ""
    held: bool = False
    every: _Size | None = None
    width: _Size = 0
    height: _Size = 0
    version: _Short = ""
    done: Annotated[int, msgspec.Meta(ge=0)] = 0
    #: Milliseconds since its stream was opened.
    up: Annotated[int, msgspec.Meta(ge=0)] = 0


class Control:
    """Commands for the walls of this process, and their reports on the way to Redis."""

    def __init__(self, board: WallBoard) -> None:
        self._board = board
        #: None until they were read a first time: a wall is told nothing rather than that nothing is wanted.
        self._commands: Commands | None = None
        self._messages: dict[str, bytes] = {}
        self._naming = asyncio.Lock()
        self._told: dict[str, Report] = {}
        #: Streams that a screen has open here, and when the last one of a screen ended.
        self._open: Counter[str] = Counter()
        self._ended: dict[str, int] = {}
        self._something = asyncio.Event()
        self._failing = False

    # ---- to the walls ----------------------------------------------------------------------------------------------

    async def refresh(self) -> None:
        """Read the commands anew. Raises ``RedisError``."""
        self._commands = await asyncio.to_thread(self._board.commands)
        self._messages.clear()

    async def screen(self, screen: str, name: str) -> Callable[[], bytes] | None:
        """What a screen's stream asks for its commands; one without a name is given one. None: it cannot be now."""
        wall = called(name)
        if not wall:
            try:
                screen = msgspec.convert(screen, _Id)
                async with self._naming:
                    wall = await asyncio.to_thread(self._board.name, screen, WORDS["vi"]("walls.unnamed"))
            except (RedisError, OSError, msgspec.ValidationError) as error:
                log.info("a screen goes without a name for now: %s", error)
                return None
        return lambda: self.wanted(wall)

    def wanted(self, wall: str) -> bytes:
        """The message with a wall's commands; empty while they are not known."""
        found = self._messages.get(wall)
        if found is None:
            if self._commands is None:
                return b""
            commands = meant_for(self._commands, wall, wall_ms())
            body = msgspec.json.encode({"name": wall, "commands": commands})
            found = self._messages[wall] = b"event: wanted\ndata: %b\n\n" % body
        return found

    # ---- from the walls --------------------------------------------------------------------------------------------

    async def followed(self, screen: str, stream: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
        """The stream of a screen: when it has ended for good, the screen is forgotten."""
        self._open[screen] += 1
        try:
            async with aclosing(stream) as messages:
                async for message in messages:
                    yield message
        finally:
            self._open[screen] -= 1
            if self._open[screen] <= 0:
                del self._open[screen]
                self._ended[screen] = wall_ms()
                self._something.set()

    def take(self, said: Said) -> bool:
        """Take a report; False: there are more screens than are kept account of."""
        if len(self._told) >= MOST and said.screen not in self._told:
            return False
        now = wall_ms()
        self._told[said.screen] = Report(
            screen=said.screen, name=called(said.name), scene=said.scene, held=said.held, every=said.every,
            width=said.width, height=said.height, version=said.version, done=said.done, since=now - said.up, heard=now,
        )  # fmt: skip
        self._something.set()
        return True

    async def run(self) -> None:
        """Pass reports on, many at once, until cancelled. While Redis is gone the newest of each screen waits."""
        while True:
            await self._something.wait()
            await asyncio.sleep(EVERY)
            self._something.clear()
            told, self._told = self._told, {}
            over = wall_ms() - PATIENCE
            gone = {screen: at for screen, at in self._ended.items() if at <= over and screen not in self._open}
            try:
                await asyncio.to_thread(self._board.tell, list(told.values()), gone)
            except (RedisError, OSError) as error:
                if not self._failing:
                    log.warning("what the walls report cannot be kept: %s", error)
                self._failing = True
                self._told = told | self._told
                await asyncio.sleep(1)
            else:
                self._failing = False
                self._ended = {screen: at for screen, at in self._ended.items() if at > over}
            if self._told or self._ended:
                self._something.set()

    def routes(self) -> list[Route]:
        """The path of the reports and its handler, for POST."""

        async def report(request: Request) -> Response:
            try:
                body = b""
                async for part in request.stream():
                    body += part
                    if len(body) > _LONGEST:
                        return Response(f"more than {_LONGEST} bytes", 413, media_type="text/plain")
                taken = self.take(msgspec.json.decode(body, type=Said))
            except msgspec.DecodeError as error:
                return Response(f"no report: {error}", 400, media_type="text/plain")
            return Response(status_code=204) if taken else Response("too many screens", 429, media_type="text/plain")

        return [(REPORT, report)]
