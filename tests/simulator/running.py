"""Starts the simulator as a process of its own, and asks it what a collector would ask."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec

from opscentre.clock import ClockAnchor, wall_ms
from tests.simulator.conftest import START

#: A clock that stands still for as long as a test takes.
FROZEN = 1e-6


class Running:
    """A simulator process."""

    def __init__(self, process: subprocess.Popen[bytes], data: Path) -> None:
        self.process = process
        self.data = data
        self.addresses: dict[str, str] = msgspec.json.decode((data / "simulator.json").read_bytes())

    @contextmanager
    def client(self, name: str = "simulator_http") -> Iterator[httpx.Client]:
        """A client of an HTTP system that holds a token."""
        with httpx.Client(base_url=self.addresses[name], timeout=20) as client:
            given = client.post("/auth/token", data={"client_id": "opscentre", "client_secret": "demo"}).json()
            client.headers["authorization"] = f"Bearer {given['access_token']}"
            yield client

    def everything(self, name: str, since: str = "", rows: int = 200) -> list[dict[str, Any]]:
        """All pages of what changed since a moment."""
        with self.client(name) as client:
            found: list[dict[str, Any]] = []
            page, pages = 1, 1
            while page <= pages:
                query: dict[str, str | int] = {"tuNgay": since, "trang": page, "soDong": rows}
                body = client.get("/api/ho-so", params=query).raise_for_status().json()
                assert body["error_code"] == "00"
                assert len(body["data"]) <= rows
                found += body["data"]
                pages, page = body["tongSoTrang"], page + 1
            return found

    def stop(self, number: int = signal.SIGTERM) -> float:
        """Send a signal; how many seconds the process took to end."""
        begun = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(10)
        return time.monotonic() - begun


@contextmanager
def simulator(data: Path, *options: str, speed: float = FROZEN, start: int = START) -> Iterator[Running]:
    """A small running simulator; stopped at the end where it still runs."""
    clock = msgspec.json.encode(ClockAnchor(real=wall_ms(), simulated=start, speed=speed)).decode()
    command = [sys.executable, "-m", "simulator", "--data", str(data), "--seed", "5", "--history-days", "4", *options]
    if "--volume" not in options:
        command += ["--volume", "0.1"]
    environment = os.environ | {"OPSCENTRE_CLOCK": clock, "OPSCENTRE_SECRET_SIMULATOR": "demo"}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 30
        while not (data / "simulator.json").is_file():
            assert process.poll() is None, process.communicate()[1].decode()
            assert time.monotonic() < deadline, "the simulator was not ready after 30 s"
            time.sleep(0.02)
        yield Running(process, data)
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=10)
