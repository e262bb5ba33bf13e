"""The push: one watcher of Redis a process, one picture at a time, the newest one for every screen.

A picture is taken when Redis says that the board changed, at most ten times a second, and every second in
any case. It is serialised once. A screen that has not taken the last one yet gets only the newest; one
that has seen all there is gets a beat of a hundred bytes, so that it knows that the silence is true.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Callable

import msgspec
import redis.asyncio
from redis.exceptions import RedisError

from dashboard.reader import Reader
from layouts.notice import notice_of, redis_gone
from layouts.picture import Head, Picture
from opscentre import __version__
from opscentre.clock import wall_ms
from opscentre.live.keys import CHANNEL
from opscentre.live.wall import Wall

log = logging.getLogger(__name__)

#: Seconds between two pictures, at least and at most.
SHORTEST, LONGEST = 0.1, 1.0
#: Seconds before a lost subscription is tried again.
RETRY = 1.0


class Frame(msgspec.Struct, frozen=True):
    """One message to all screens."""

    sequence: int
    #: Grows when the picture's content changed.
    content: int
    beat: bytes
    #: The whole picture; empty as long as none could be taken.
    picture: bytes


class Feed:
    """Pictures of the board, as they come, for any number of screens."""

    def __init__(self, reader: Reader, paint: Callable[[Wall], Picture], redis_url: str) -> None:
        self.boot = uuid.uuid4().hex[:12]
        self.screens = 0
        #: The last wall read, and whether the last attempt to read it failed.
        self.wall: Wall | None = None
        self.failing = False
        self.closed = False
        self._reader = reader
        self._paint = paint
        self._redis_url = redis_url
        self._frame = Frame(0, 0, b"", b"")
        self._body = b""
        self._changed = asyncio.Event()
        self._next = asyncio.Event()

    async def run(self) -> None:
        """Take pictures until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch())
            tasks.create_task(self._take())

    def close(self) -> None:
        """End every open stream, so that the server can stop."""
        self.closed = True
        self._next.set()

    async def stream(self) -> AsyncIterator[bytes]:
        """Server-sent events for one screen: the newest picture whenever it changed, else a beat."""
        self.screens += 1
        seen, content = -1, -1
        try:
            yield b"retry: 2000\n\n"
            while not self.closed:
                frame, waiting = self._frame, self._next
                if frame.sequence in (seen, 0):
                    await waiting.wait()
                    continue
                fresh = bool(frame.picture) and frame.content != content
                yield frame.picture if fresh else frame.beat
                seen, content = frame.sequence, frame.content
        finally:
            self.screens -= 1

    async def _watch(self) -> None:
        """Wake the painter at every change that Redis announces; reconnect for ever."""
        lost = False
        while True:
            try:
                async with redis.asyncio.Redis.from_url(self._redis_url, socket_connect_timeout=2) as client:
                    subscription = client.pubsub()
                    await subscription.subscribe(CHANNEL)
                    if lost:
                        log.info("Redis is back")
                    lost = False
                    self._changed.set()
                    async for _ in subscription.listen():
                        self._changed.set()
            except (RedisError, OSError) as error:
                if not lost:
                    log.warning("Redis at %s does not answer (%s); trying again every %g s",
                                self._redis_url, error, RETRY)  # fmt: skip
                lost = True
            await asyncio.sleep(RETRY)

    async def _take(self) -> None:
        while True:
            self._changed.clear()
            await self._take_one()
            await asyncio.sleep(SHORTEST if self.screens else LONGEST)
            try:
                async with asyncio.timeout(LONGEST - SHORTEST):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def _take_one(self) -> None:
        try:
            wall, body = await asyncio.to_thread(self._read)
        except (RedisError, OSError) as error:
            if not self.failing:
                log.warning("no picture: the board cannot be read (%s)", error)
            self.failing = True
            notice = redis_gone(self.wall.made_at if self.wall else None)
            self._publish(Head(**self._identity(), at=wall_ms(), notice=notice), self._body)
            return
        if self.failing:
            log.info("pictures again")
        self.failing, self.wall = False, wall
        head = Head(**self._identity(), at=wall.made_at, now=wall.now, speed=wall.speed, notice=notice_of(wall))
        self._publish(head, body)

    def _identity(self) -> dict:
        return {"sequence": self._frame.sequence + 1, "boot": self.boot, "version": __version__}

    def _read(self) -> tuple[Wall, bytes]:
        wall = self._reader.wall()
        return wall, msgspec.json.encode(self._paint(wall))

    def _publish(self, head: Head, body: bytes) -> None:
        encoded = msgspec.json.encode(head)
        content = self._frame.content + (body != self._body)
        self._body = body
        picture = b'event: picture\ndata: {"head":%b,"body":%b}\n\n' % (encoded, body) if body else b""
        self._frame = Frame(head.sequence, content, b'event: beat\ndata: {"head":%b}\n\n' % encoded, picture)
        arrived, self._next = self._next, asyncio.Event()
        arrived.set()
