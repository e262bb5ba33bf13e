"""What all parts share: a server process of our own on a free loopback port, and the word for its absence."""

from __future__ import annotations

import ctypes
import itertools
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1

#: Far behind Việt Nam; a language whose small I has no dot; another encoding than UTF-8.
ELSEWHERE = (
    {"TZ": "America/New_York", "LC_ALL": "C", "LANG": "C"},
    {"TZ": "Pacific/Kiritimati", "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.ISO-8859-9", "LANGUAGE": "tr"},
)


class PartMissing(Exception):
    """This machine lacks a part; the text says what was looked for and how to get it."""


def die_with_parent() -> None:
    """For ``preexec_fn``: let the kernel end this child when the test run is killed (Linux)."""
    if hasattr(_LIBC, "prctl"):
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def free_port() -> int:
    """A loopback TCP port that nothing listens on just now, and that no other test process is given.

    From below the range that the kernel takes the ports of outgoing connections from: a port between being found
    and being listened on must not be lost to one.
    """
    for port in itertools.islice(_candidates, len(_PORTS)):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("every port of this test process is taken")


def _own_ports() -> Iterator[int]:
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = _PORTS.start + worker % _SHARES * (len(_PORTS) // _SHARES)
    own = range(first, first + len(_PORTS) // _SHARES)
    # Two test runs on one machine begin at different places.
    begin = os.getpid() % len(own)
    return itertools.cycle([*own[begin:], *own[:begin]])


_PORTS, _SHARES = range(10_240, 32_640), 16
_candidates = _own_ports()


def accepts_connections(port: int) -> bool:
    """Whether something on loopback answers at a port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(true: Callable[[], bool], seconds: float, what: str) -> None:
    """Ask every 20 ms until ``true()``; ``AssertionError`` names ``what`` when it never was."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.02)


class Server:
    """A server in a process of its own; its output goes to ``<folder>/<name>.log``."""

    name = "server"
    #: Seconds a start may take.
    patience = 30.0

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.process: subprocess.Popen[bytes] | None = None

    # What a part says of itself.

    def command(self) -> list[str]:
        """The command line."""
        raise NotImplementedError

    def user(self) -> str | None:
        """The user to run as, where it must not be ours."""
        return None

    def ready(self) -> bool:
        """Whether it answers."""
        return accepts_connections(self.port)

    # What tests do with it.

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self.process is not None and self.process.poll() is None

    @property
    def log(self) -> Path:
        """The file its output goes to."""
        return self.folder / f"{self.name}.log"

    def start(self) -> None:
        """Start it and wait until it answers."""
        assert not self.running, f"{self.name} is running already"
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                user=self.user(),
                start_new_session=True,
                preexec_fn=die_with_parent,
                env={**os.environ, "LC_ALL": "C.UTF-8"},
            )
        deadline = time.monotonic() + self.patience
        while not self.ready():
            if not self.running or time.monotonic() > deadline:
                tail = self.log.read_text(encoding="utf-8", errors="replace")[-3000:]
                self.kill()
                raise AssertionError(f"{self.name} did not come up on port {self.port}:\n{tail}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Ask it to end (SIGTERM), and wait until it has."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
        self.process = None

    def kill(self) -> None:
        """End it without a word (SIGKILL)."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(20)
        self.process = None

    def restart(self) -> None:
        """Start it again on the same port with the same data, whether it runs or not."""
        self.stop()
        self.start()

    def ensure(self) -> None:
        """Start it unless it runs: an earlier test may have killed it."""
        if not self.running:
            self.process = None
            self.start()
