"""A small Faust worker for the contract tests: it writes down each message it saw, then lets go of it.

Run as ``python -m tests.streams.contract_worker``; told what to do by ``CONTRACT_*`` variables.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

import faust

from streams.transport import register, start_at

TOPIC = os.environ["CONTRACT_TOPIC"]
#: ``auto``: Faust acknowledges each message; ``manual``: a task beside the agent does, batch by batch.
MODE = os.environ.get("CONTRACT_MODE", "auto")
#: Seconds per message.
SLOW = float(os.environ.get("CONTRACT_SLOW", "0"))
#: In manual mode: nothing is acknowledged from the message with this value on.
HOLD = os.environ.get("CONTRACT_HOLD", "").encode()
#: Offsets to start at, as JSON; empty: wherever the group left off.
START_AT = os.environ.get("CONTRACT_START_AT", "")
#: Tick into the diary so often, in seconds; 0: never.
TICK = float(os.environ.get("CONTRACT_TICK", "0"))

diary = os.open(os.environ["CONTRACT_DIARY"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)


def note(*words: object) -> None:
    """One line into the diary, in one write: a kill cannot tear it."""
    os.write(diary, (" ".join(map(str, words)) + "\n").encode())


register()
app = faust.App(
    os.environ["CONTRACT_GROUP"],
    broker=os.environ["CONTRACT_BROKER"],
    datadir=os.environ["CONTRACT_DIARY"] + "-data",
    store="memory://",
    web_enabled=False,
    topic_disable_leader=True,
    topic_allow_declare=False,
    consumer_auto_offset_reset="earliest",
    broker_commit_interval=0.5,
    broker_session_timeout=2.0,
    broker_heartbeat_interval=0.5,
    stream_buffer_maxsize=64,
)
messages = app.topic(TOPIC, value_type=bytes, value_serializer="raw")


if MODE == "auto":

    @app.agent(messages)
    async def write_down(stream: Any) -> None:
        """Note each message; Faust acknowledges it when the loop comes round."""
        async for event in stream.events():
            if SLOW:
                await asyncio.sleep(SLOW)
            note("seen", event.message.partition, event.message.offset, event.value[:16].decode())

else:
    gathered: list[Any] = []
    #: The agent waits while so many are not yet digested; with it the pipe holds back.
    room = asyncio.Semaphore(100)

    @app.agent(messages)
    async def gather(stream: Any) -> None:
        """Hand messages on; who digests them acknowledges them."""
        async for event in stream.noack().events():
            gathered.append(event)
            await room.acquire()

    @app.task
    async def digest() -> None:
        """Note what was gathered, then acknowledge it, in order.

        Runs until it is cancelled and not only until ``app.should_stop``: a worker that stops waits until
        every message that was begun is acknowledged.
        """
        holding = False
        while True:
            batch = gathered[:50]
            del gathered[:50]
            for event in batch:
                note("seen", event.message.partition, event.message.offset, event.value[:16].decode())
            await asyncio.sleep(max(0.01, SLOW * len(batch)))
            for event in batch:
                holding = holding or (bool(HOLD) and event.value.strip() == HOLD)
                if not holding:
                    event.ack()
                room.release()


if START_AT:

    @app.on_rebalance_complete.connect
    async def begin(app: faust.App, **_: Any) -> None:
        """Begin where the test says."""
        starts = await start_at(app, TOPIC, {int(key): value for key, value in json.loads(START_AT).items()})
        if starts:
            note("starts", json.dumps(starts, separators=(",", ":")))


if TICK:

    @app.timer(TICK)
    async def tick() -> None:
        """Show that timers run beside the agent."""
        note("tick")


@app.task
async def ready() -> None:
    """Say when the worker is up."""
    note("up")


if __name__ == "__main__":
    sys.exit(faust.Worker(app, loglevel="INFO", redirect_stdouts=False).execute_from_commandline())
