"""The installation under load: real Kafka, Redis and PostgreSQL, ``opscentre up`` with nginx, and a department."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
from sqlalchemy import create_engine, select

from opscentre import paths
from opscentre.settings import Settings
from opscentre.store import tables
from tests.parts import nginx
from tests.parts.kafka import Kafka
from tests.parts.postgres import Postgres
from tests.parts.process import Server, die_with_parent, free_port, wait_until
from tests.parts.redis import Redis

#: Seconds that a server which was killed stays away, as its own supervisor may need.
AWAY = 3.0
SOURCES = """
[[source]]
code = "tai"
name = "Tải thử"
kind = "dvcqg_rest"
interval = 1.0
settings = {{ url = "http://127.0.0.1:{port}", page_rows = 1000 }}
"""


class Place:
    """What runs, and how each part of it is killed."""

    def __init__(self, folder: Path, rate: float, workers: int) -> None:
        self.folder = folder
        self.kafka, self.redis, self.postgres = (_own(kind, folder) for kind in (Kafka, Redis, Postgres))
        for server in (self.kafka, self.redis, self.postgres):
            server.start()
        self._department = subprocess.Popen(
            [sys.executable, "-m", "bench.load.department", str(rate)],
            cwd=paths.ROOT,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=die_with_parent,
        )
        assert self._department.stdout is not None
        self.department = httpx.Client(
            base_url=f"http://127.0.0.1:{int(self._department.stdout.readline())}", timeout=60
        )
        self.settings = self._settings(workers)
        self.log = folder / "up.log"
        with self.log.open("wb") as log:
            self.up = subprocess.Popen(
                [sys.executable, "-m", "opscentre", "up", "--logs", str(folder / "logs")],
                cwd=paths.ROOT, env={**os.environ, **self.settings.environment()}, stdout=log, stderr=log,
                preexec_fn=die_with_parent,
            )  # fmt: skip
        wait_until(lambda: "ready after" in self.said() or self.up.poll() is not None, 180, "opscentre up is ready")
        if self.up.poll() is not None:
            raise SystemExit(self.said())
        self.port = int(self.settings.tls_listen.rpartition(":")[2])
        self.visitor = httpx.Client(base_url=f"https://127.0.0.1:{self.port}", verify=False, timeout=20)

    def _settings(self, workers: int) -> Settings:
        (self.folder / "sources.toml").write_text(SOURCES.format(port=self.department.base_url.port), encoding="utf-8")
        for name in ("alerts.toml", "recipients.csv"):
            shutil.copy(paths.CONFIG / "skeleton" / name, self.folder)
        certificate, key = nginx.certificate(self.folder)
        first = free_port()
        while free_port() != first + 1:
            first = free_port()
        return Settings(
            data=self.folder, broker=self.kafka.url, redis=self.redis.url, workers=workers, port=first,
            database=self.postgres.database_url(self.postgres.create_database()), mail="dry-run",
            sources=str(self.folder / "sources.toml"), alerts=str(self.folder),
            tls_listen=f"127.0.0.1:{free_port()}", http_listen=f"127.0.0.1:{free_port()}",
            certificate=str(certificate), certificate_key=str(key),
        )  # fmt: skip

    def said(self) -> str:
        """What the supervisor wrote."""
        return self.log.read_text("utf-8", "replace")

    def faults(self) -> dict[str, Callable[[], None]]:
        """Part → what kills it outright. Our own parts their supervisor starts again; a server comes after AWAY."""
        ours = {"collectors": "collect", "stream worker": "stream-1", "dashboard": "dashboard-1", "nginx": "nginx",
                "alerts": "alerts"}  # fmt: skip
        servers = {"Redis": self.redis, "PostgreSQL": self.postgres, "Kafka": self.kafka}
        found: dict[str, Callable[[], None]] = {name: self._killer(part) for name, part in ours.items()}
        return found | {name: self._outage(server) for name, server in servers.items()}

    def _killer(self, part: str) -> Callable[[], None]:
        def kill() -> None:
            pids = re.findall(rf"{part} up after .*\(pid (\d+)\)", self.said())
            os.kill(int(pids[-1]), signal.SIGKILL)

        return kill

    def _outage(self, server: Server) -> Callable[[], None]:
        def restart() -> None:
            server.kill()
            time.sleep(AWAY)
            for attempt in range(5):
                try:
                    server.start()
                    return
                except AssertionError:
                    # What a killed server's children still hold is free once they have noticed.
                    if attempt == 4:
                        raise
                    time.sleep(1)

        return restart

    def differences(self) -> list[str]:
        """Every cell in which the board behind nginx differs from the department's own recount."""
        truth = self.department.get("/truth").json()["units"]
        try:
            answer = self.visitor.get("/api/board")
        except httpx.HTTPError as error:
            return [f"the board does not answer: {type(error).__name__}"]
        if answer.status_code != httpx.codes.OK:
            return [f"the board answers {answer.status_code}"]
        shown = {row["unit"]["code"]: row for row in answer.json()["rows"]}
        found = []
        for unit in truth.keys() | shown.keys():
            for cell in ("received", "in_process", "paused", "finished"):
                wanted, have = truth.get(unit, {}).get(cell, 0), shown.get(unit, {}).get(cell, {}).get("total", 0)
                if wanted != have:
                    found.append(f"{unit} {cell}: {have}, want {wanted}")
        return found

    def strays(self, most: int = 10) -> list[str]:
        """Dossiers whose status in SQL is not the department's, with when it changed there."""
        there, number = {}, 1
        while rows := self.department.get("/api/ho-so", params={"trang": number, "soDong": 1000}).json()["data"]:
            there |= {row["MaHoSo"]: (int(row["TrangThaiHoSo"]), row["NgayCapNhat"]) for row in rows}
            number += 1
        engine, column = create_engine(self.settings.database_url), tables.dossiers.c
        with engine.connect() as connection:
            here = {row.number: row.status for row in connection.execute(select(column.number, column.status))}
        engine.dispose()
        found = [
            f"{name}: status {here.get(name)}, the department has {status} since {changed}"
            for name, (status, changed) in there.items()
            if here.get(name) != status
        ]
        return [f"{len(found)} dossiers are not as the department has them", *sorted(found)[:most]]

    def memory(self) -> dict[str, float]:
        """Resident megabytes of each part."""
        found = {"supervisor": psutil.Process(self.up.pid).memory_info().rss / 1e6}
        newest = dict(re.findall(r"(\S+) up after .*\(pid (\d+)\)", self.said()))
        for part, pid in newest.items():
            if psutil.pid_exists(int(pid)):
                whole = psutil.Process(int(pid))
                members = [whole, *whole.children(recursive=True)]
                found[part] = sum(one.memory_info().rss for one in members if one.is_running()) / 1e6
        return found

    def close(self) -> float:
        """Stop everything; the seconds that ``opscentre up`` took to end."""
        begun = time.monotonic()
        self.up.terminate()
        try:
            self.up.wait(30)
        finally:
            took = time.monotonic() - begun
            self._department.kill()
            for server in (self.kafka, self.redis, self.postgres):
                server.kill()
        return took


def _own(kind: Any, folder: Path) -> Any:
    place = folder / kind.name
    place.mkdir()
    return kind(place)


@contextmanager
def visitors(place: Place, walls: int, tablets: int, pause: float) -> Iterator[subprocess.Popen[str]]:
    """The walls and tablets as one process; ``communicate`` after SIGTERM tells what they saw."""
    made = subprocess.Popen(
        [sys.executable, "-m", "bench.load.visitors", str(place.port), str(walls), str(tablets), str(pause)],
        cwd=paths.ROOT, stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent,
    )  # fmt: skip
    try:
        yield made
    finally:
        if made.poll() is None:
            made.kill()
