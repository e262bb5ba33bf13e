"""The push: one watcher of Redis a process, one picture at a time, the newest one for every screen.

A picture is taken when Redis says that the board changed, at most ten times a second, and every second in
any case. A screen gets the whole picture once, and from then on what is other than in the one it has; that is
serialised once for all screens that have the same. One that was too slow for some pictures gets all that changed
since in one message; one that has seen all there is gets a beat of a hundred bytes, so that it knows that the
silence is true. Who sees a part of the province only has a picture of that part (``dashboard/audience.py``).
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

import redis.asyncio
from redis.exceptions import RedisError

from dashboard.audience import Audience
from dashboard.reader import Reader
from dashboard.walls import Control
from layouts.alarms import Alarm
from layouts.change import Patch
from layouts.english import in_english
from layouts.notice import notice_of, redis_gone
from layouts.picture import Head
from layouts.words import Lang
from opscentre import __version__
from opscentre.access.scope import EVERYTHING, Scope
from opscentre.clock import wall_ms
from opscentre.live.alerts import AlertsShown
from opscentre.live.keys import CHANNEL
from opscentre.live.slow import Slow
from opscentre.live.wall import Wall
from opscentre.live.wall_board import CHANNEL as WALLS

log = logging.getLogger(__name__)

#: Seconds between two pictures, at least and at most.
SHORTEST, LONGEST = 0.1, 1.0
#: Events that a message to the screens names at most; the log names all.
NAMED = 8
#: Seconds before a lost subscription is tried again.
RETRY = 1.0
#: What an audience sees, and in which language.
Seat = tuple[Scope, Lang]
_FIRST: Seat = (EVERYTHING, "vi")
_IN: dict[Lang, Callable[[Patch], Patch]] = {"vi": lambda patch: patch, "en": in_english}


class Feed:
    """Pictures of the board, as they come, for any number of screens."""

    def __init__(
        self,
        reader: Reader,
        paint: Callable[[Wall, Scope], Patch],
        redis_url: str,
        alarm: Callable[[Wall], Alarm | None],
        slow: Callable[[], Slow | None],
        control: Control,
        alerts: Callable[[], AlertsShown | None] = lambda: None,
    ) -> None:
        self.boot = uuid.uuid4().hex[:12]
        #: Frames sent out since the start: pictures, and beats where nothing had changed.
        self.taken = 0
        #: The last wall read, and whether the last attempt to read it failed.
        self.wall: Wall | None = None
        self.failing = False
        self.closed = False
        self._reader = reader
        self._paint = paint
        self._alarm = alarm
        self._slow, self._alerts = slow, alerts
        self._control = control
        self._redis_url = redis_url
        #: Those who see everything are always painted for, others while they have screens.
        self._audiences: dict[Seat, Audience] = {_FIRST: Audience(EVERYTHING)}
        self._changed = asyncio.Event()
        self._next = asyncio.Event()
        #: Set when a screen comes.
        self._looked = asyncio.Event()
        #: Events that Redis announced and that no picture shows yet.
        self._events: dict[str, None] = {}

    @property
    def screens(self) -> int:
        """Screens that are connected."""
        return sum(audience.screens for audience in self._audiences.values())

    async def run(self) -> None:
        """Take pictures until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch())
            tasks.create_task(self._take())

    def close(self) -> None:
        """End every open stream, so that the server can stop."""
        self.closed = True
        self._next.set()

    async def stream(
        self, scope: Scope = EVERYTHING, wanted: Callable[[], bytes] | None = None, lang: Lang = "vi"
    ) -> AsyncGenerator[bytes]:
        """Server-sent events for one screen of a scope: the newest picture whenever it changed, else a beat.

        ``wanted``: of a wall, the message with its commands; it goes out whenever it is another one.
        """
        audience = self._audiences.setdefault((scope, lang), Audience(scope))
        audience.screens += 1
        self._looked.set()
        seen, content, told = -1, 0, b""
        try:
            yield b"retry: 2000\n\n"
            while not self.closed:
                frame, waiting = audience.frame, self._next
                if frame.sequence in (seen, 0):
                    await waiting.wait()
                    continue
                yield audience.message(frame, content)
                seen, content = frame.sequence, frame.content or content
                if wanted is not None and (message := wanted()) != told:
                    told = message
                    yield message
        finally:
            audience.screens -= 1

    async def _watch(self) -> None:
        """Wake the painter at every change that Redis announces; reconnect for ever."""
        lost = False
        while True:
            try:
                async with redis.asyncio.Redis.from_url(self._redis_url, socket_connect_timeout=2) as client:
                    subscription = client.pubsub()
                    await subscription.subscribe(CHANNEL, WALLS)
                    if lost:
                        log.info("Redis is back")
                    lost = False
                    self._changed.set()
                    # The first to come from a channel says that it is subscribed to: what was missed is read then.
                    async for message in subscription.listen():
                        if message["channel"] == WALLS.encode():
                            await self._control.refresh()
                        elif message["type"] == "message" and message["data"]:
                            self._events.update(dict.fromkeys(message["data"].decode(errors="replace").split(",")))
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
            await asyncio.sleep(SHORTEST)
            if not self.screens:
                # Nobody looks, so once a second is enough, until somebody comes.
                self._looked.clear()
                await _at_most(LONGEST - SHORTEST, self._looked)
            await _at_most(LONGEST - SHORTEST, self._changed)

    async def _take_one(self) -> None:
        events, self._events = list(self._events), {}
        try:
            wall, patches = await asyncio.to_thread(self._read, list(self._audiences))
        except (RedisError, OSError) as error:
            if not self.failing:
                log.warning("no picture: the board cannot be read (%s)", error)
            self.failing = True
            self._events = dict.fromkeys(events) | self._events
            notice = redis_gone(self.wall.made_at if self.wall else None)
            old = {seat: audience.patch for seat, audience in self._audiences.items()}
            self._publish(Head(**self._identity(), at=wall_ms(), notice=notice), old)
            return
        if self.failing:
            log.info("pictures again")
        self.failing, self.wall = False, wall
        head = Head(
            **self._identity(),
            at=wall.made_at,
            now=wall.now,
            speed=wall.speed,
            notice=notice_of(wall),
            alarm=self._alarm(wall),
            events=events[:NAMED],
        )
        self._publish(head, patches)
        if events:
            told = "picture %d is pushed to %d screens"
            log.info(told, head.sequence, self.screens, extra={"event": ",".join(events)})

    def _identity(self) -> dict:
        return {"sequence": self.taken + 1, "boot": self.boot, "version": __version__}

    def _read(self, seats: Sequence[Seat]) -> tuple[Wall, dict[Seat, Patch]]:
        wall = self._reader.wall()
        wall.slow = self._slow() or wall.slow
        wall.alerts = self._alerts() or wall.alerts
        painted = {scope: self._paint(wall, scope) for scope in {scope for scope, _ in seats}}
        return wall, {(scope, lang): _IN[lang](painted[scope]) for scope, lang in seats}

    def _publish(self, head: Head, patches: Mapping[Seat, Patch]) -> None:
        """Hand a picture on; an audience that came while it was painted waits for the next one."""
        self.taken = head.sequence
        for seat, audience in list(self._audiences.items()):
            if seat in patches:
                audience.publish(head, patches[seat])
            if not audience.screens and seat != _FIRST:
                del self._audiences[seat]
        arrived, self._next = self._next, asyncio.Event()
        arrived.set()


async def _at_most(seconds: float, event: asyncio.Event) -> None:
    """Wait for an event, or until the time is over."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
