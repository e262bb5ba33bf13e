"""The HTTP server of the dashboard: uvicorn that ends event streams before it waits for them."""

from __future__ import annotations

import socket

import uvicorn
from fastapi import FastAPI

from dashboard.feed import Feed

#: Seconds that answers under way may take once the server is told to stop.
GRACE = 1


class Server(uvicorn.Server):
    """Ends the open event streams first when it stops: they would never end by themselves."""

    def __init__(self, config: uvicorn.Config, feed: Feed) -> None:
        super().__init__(config)
        self._feed = feed

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop within ``GRACE`` seconds."""
        self._feed.close()
        await super().shutdown(sockets)


def serve(application: FastAPI, host: str, port: int, proxies: str = "") -> None:
    """Serve an application made by ``create_app`` until SIGTERM or SIGINT. Logs as the process is set up to.

    ``proxies``: addresses, with commas, whose word is taken for where a request comes from; empty: this machine's.
    """
    config = uvicorn.Config(
        application,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE,
        server_header=False,
        forwarded_allow_ips=proxies or "127.0.0.1,::1",
    )
    Server(config, application.state.feed).run()
