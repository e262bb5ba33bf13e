"""Many screens that listen, in a process of their own: ``python -m bench.web.crowd URL N SECONDS``; prints one line."""

from __future__ import annotations

import asyncio
import sys
from urllib.parse import urlsplit


class Crowd:
    """Open streams, and what came through them."""

    def __init__(self) -> None:
        self.open = 0
        self.bytes = 0
        self.messages = 0

    async def listen(self, host: str, port: int) -> None:
        """One screen: asks for the stream and reads whatever comes."""
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(f"GET /stream HTTP/1.1\r\nHost: {host}:{port}\r\nAccept: text/event-stream\r\n\r\n".encode())
        self.open += 1
        try:
            while part := await reader.read(65_536):
                self.bytes += len(part)
                self.messages += part.count(b"\nevent: ") + part.startswith(b"event: ")
        finally:
            self.open -= 1
            writer.close()


async def main() -> None:
    """Open all streams, say so, and tell after some seconds what came."""
    target, number, seconds = urlsplit(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    crowd = Crowd()
    tasks = []
    for _ in range(number):
        tasks.append(asyncio.create_task(crowd.listen(str(target.hostname), int(target.port or 80))))
        await asyncio.sleep(0.002)
    await asyncio.sleep(3)
    print(crowd.open, flush=True)
    before = crowd.messages, crowd.bytes
    await asyncio.sleep(seconds)
    print(crowd.open, crowd.messages - before[0], crowd.bytes - before[1], flush=True)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(main())
