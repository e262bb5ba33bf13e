"""Walls and tablets as HTTP clients of their own: event streams that come back, and pages in between.

``python -m bench.load.visitors PORT WALLS TABLETS PAUSE`` runs until SIGTERM and then prints what it saw as JSON.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import signal
import ssl
import sys
import time
from collections import Counter
from typing import Any

#: Seconds until a stream that broke off is opened anew, as the pages' own script waits.
AGAIN = 2.0
#: Seconds of silence after which a stream is given up: a beat comes every second.
SILENT = 5.0
#: Seconds that a page may take.
PATIENCE = 15.0
#: Longest message: a whole picture.
LIMIT = 8 << 20
#: The number of the dossiers received today, as a push carries it.
_NUMBER = re.compile(rb'"kpi-received":\{"text":"([^"]*)"')
#: What a tablet asks for: the shell, the present picture, the table of today, a unit's page by its callback.
PAGES = ("/", "/api/wall", "/api/board", "callback:/unit/H55.12", "callback:/")


def request(path: str) -> bytes:
    """An HTTP/1.0 request: its answer comes without chunks, and the connection ends with it."""
    if not path.startswith("callback:"):
        return f"GET {path} HTTP/1.0\r\nHost: localhost\r\nAccept: */*\r\n\r\n".encode()
    inputs = [
        {"id": "address", "property": "pathname", "value": path.removeprefix("callback:")},
        {"id": "address", "property": "search", "value": ""},
    ]
    body = json.dumps({
        "output": "page.children", "outputs": {"id": "page", "property": "children"}, "inputs": inputs,
        "changedPropIds": ["address.pathname"],
    })  # fmt: skip
    head = "POST /_dash-update-component HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


class Visitors:
    """All of them in one event loop."""

    def __init__(self, port: int, pause: float) -> None:
        self._port = port
        self._pause = pause
        self._tls = ssl.create_default_context()
        self._tls.check_hostname = False
        self._tls.verify_mode = ssl.CERT_NONE
        #: Of each wall the moments (Unix seconds) at which its number changed.
        self.fresh: list[list[float]] = []
        #: (moment, milliseconds, status or 0, page) of every page.
        self.pages: list[tuple[float, float, int, str]] = []
        self.events: Counter[str] = Counter()
        self.bytes = 0

    async def wall(self, number: int) -> None:
        """One wall, for ever."""
        seen, last = [], b""
        self.fresh.append(seen)
        while True:
            try:
                async for line in self._lines(number):
                    found = _NUMBER.search(line)
                    if found and found[1] != last:
                        last = found[1]
                        seen.append(time.time())
            except (OSError, asyncio.IncompleteReadError, ValueError, TimeoutError) as error:
                self.events[f"wall cut off: {type(error).__name__}"] += 1
            await asyncio.sleep(AGAIN)

    async def tablet(self, number: int) -> None:
        """One tablet: a stream, and a page now and then."""
        await asyncio.gather(self._listen(number), self._browse(number))

    async def _listen(self, number: int) -> None:
        while True:
            try:
                async for _ in self._lines(number):
                    self.events["tablet heard"] += 1
            except (OSError, asyncio.IncompleteReadError, ValueError, TimeoutError) as error:
                self.events[f"tablet cut off: {type(error).__name__}"] += 1
            await asyncio.sleep(AGAIN)

    async def _browse(self, number: int) -> None:
        dice = random.Random(number)
        await asyncio.sleep(dice.uniform(0, self._pause))
        while True:
            page = dice.choice(PAGES)
            begun, status = time.time(), 0
            try:
                async with asyncio.timeout(PATIENCE):
                    status = await self._ask(number, page)
            except (OSError, asyncio.IncompleteReadError, ValueError, TimeoutError) as error:
                self.events[f"page failed: {type(error).__name__}"] += 1
            self.pages.append((begun, (time.time() - begun) * 1000, status, page))
            await asyncio.sleep(dice.uniform(0.5, 1.5) * self._pause)

    async def _ask(self, number: int, page: str) -> int:
        reader, writer = await self._open(number)
        try:
            writer.write(request(page))
            await writer.drain()
            status = int((await reader.readline()).split()[1])
            self.bytes += len(await reader.read())
            return status
        finally:
            writer.close()

    async def _lines(self, number: int) -> Any:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await self._open(number)
        try:
            writer.write(request("/stream"))
            await writer.drain()
            async with asyncio.timeout(SILENT):
                if b" 200 " not in await reader.readline():
                    raise ValueError("no stream")
            while True:
                async with asyncio.timeout(SILENT):
                    line = await reader.readline()
                if not line:
                    raise ConnectionResetError("the stream ended")
                self.bytes += len(line)
                yield line
        finally:
            writer.close()

    async def _open(self, number: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        # Each from an address of its own, so that nginx shares them out between the dashboards.
        here = (f"127.0.{1 + number // 250}.{1 + number % 250}", 0)
        return await asyncio.open_connection("127.0.0.1", self._port, ssl=self._tls, local_addr=here, limit=LIMIT)


async def run(port: int, walls: int, tablets: int, pause: float) -> dict[str, Any]:
    """Visit until SIGTERM; what was seen."""
    visitors, stopping = Visitors(port, pause), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    tasks = [asyncio.create_task(visitors.wall(number)) for number in range(walls)]
    tasks += [asyncio.create_task(visitors.tablet(walls + number)) for number in range(tablets)]
    await stopping.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return {"fresh": visitors.fresh, "pages": visitors.pages, "events": visitors.events, "bytes": visitors.bytes}


def main() -> None:
    """Visit, and print."""
    port, walls, tablets, pause = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    print(json.dumps(asyncio.run(run(port, walls, tablets, pause))))


if __name__ == "__main__":
    main()
