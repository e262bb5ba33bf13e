"""The push by itself: a screen that comes is told of changes at once; and the dashboard's jobs end when they should."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator

import pytest

from dashboard import app
from dashboard import feed as push
from dashboard.feed import Feed
from dashboard.walls import Control
from layouts.change import Change
from opscentre.live.wall_board import WallBoard
from opscentre.profile import Profile
from tests.dashboard.pictures import Board, PictureReader, plausible
from tests.parts.process import wait_until
from tests.parts.redis import Redis


async def _until(stream: AsyncGenerator[bytes], received: str) -> None:
    """Listen until a message says that so many were received."""
    async for message in stream:
        for line in message.decode().splitlines():
            if line.startswith("data: "):
                patch = json.loads(line[6:]).get("body", {}).get("patch", {})
                if patch.get("received", {}).get("text") == received:
                    return


def test_the_first_screen_after_a_quiet_time_is_told_of_a_change_at_once(
    redis_server: Redis, board: Board, profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Who still waited out the time between two looks of nobody would be told in a minute only.
    monkeypatch.setattr(push, "LONGEST", 60.0)
    wall = plausible(profile)
    board.show(wall)
    feed = Feed(
        PictureReader(redis_server.url),
        lambda shown, _: {"received": Change(text=str(shown.totals.received_today))},
        redis_server.url,
        alarm=lambda _: None,
        slow=lambda: None,
        control=Control(WallBoard(redis_server.url)),
    )

    async def look() -> None:
        running = asyncio.create_task(feed.run())
        await asyncio.to_thread(wait_until, lambda: feed.taken > 0, 20, "a first picture")
        await asyncio.sleep(2 * push.SHORTEST)
        stream = feed.stream()
        async with asyncio.timeout(20):
            await _until(stream, str(wall.totals.received_today))
            wall.totals.received_today += 1
            board.show(wall)
            await _until(stream, str(wall.totals.received_today))
        running.cancel()

    asyncio.run(look())


def test_a_job_that_takes_a_cancellation_for_its_own_time_out_is_cancelled_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(app, "AGAIN", 0.05)
    told = 0

    async def deaf_once() -> None:
        nonlocal told
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            told += 1
        await asyncio.sleep(600)

    async def scene() -> bool:
        task = asyncio.create_task(deaf_once())
        await asyncio.sleep(0)
        async with asyncio.timeout(20):
            await app._end([task])
        return task.cancelled()

    assert asyncio.run(scene())
    assert told == 1
