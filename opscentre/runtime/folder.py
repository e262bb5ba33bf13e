"""The data folder of an embedded installation: made, tried for writing, and held by one supervisor at a time."""

from __future__ import annotations

import fcntl
import os
import socket
from pathlib import Path


class Unusable(Exception):
    """A folder or a port cannot be used; the text is one line that says what to do."""


class HeldFolder:
    """A data folder that this process holds until it ends."""

    def __init__(self, path: Path) -> None:
        """Make and hold the folder. Raises ``Unusable``."""
        self.path = path.resolve()
        try:
            self.path.mkdir(mode=0o750, parents=True, exist_ok=True)
            self._file = (self.path / "supervisor.lock").open("a+", encoding="ascii")
        except OSError as error:
            raise Unusable(
                f"--data {path}: cannot write there ({error.strerror}); choose another folder with --data DIR"
            ) from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            pid = self._file.read().strip() or "?"
            raise Unusable(
                f"--data {path}: already in use by another opscentre (process {pid}); "
                "stop that one, or choose another folder with --data DIR"
            ) from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        """Let go of the folder."""
        self._file.close()


def held(path: Path) -> bool:
    """Whether a supervisor runs on a data folder at this moment."""
    try:
        with (path / "supervisor.lock").open("r", encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def free_port() -> int:
    """A loopback port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def require_port(host: str, port: int) -> None:
    """Raise ``Unusable`` when a port cannot be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Unusable(
                f"--port {port}: cannot listen on {host}:{port} ({error.strerror}); "
                "stop what uses it, or choose another with --port N"
            ) from None
