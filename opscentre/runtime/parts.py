"""The parts of an installation as the supervisor starts them: the roles, the embedded Redis, the simulator."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import redis
from redis.exceptions import RedisError

from opscentre.clock import wall_ms
from opscentre.live import keys
from opscentre.runtime import redis_server
from opscentre.runtime.folder import free_port
from opscentre.runtime.supervisor import Part
from opscentre.settings import Settings

#: A heartbeat younger than this says that collectors, pipe and stream are all alive (ms).
FRESH = 5_000


def redis_part(folder: Path) -> tuple[Part, str, str]:
    """An embedded Redis on a free port: the part, its URL, and what it is in one phrase."""
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    command, kind = redis_server.command(port, folder)
    client = redis.Redis.from_url(url, socket_timeout=1)
    return Part("redis", command, {}, _answers(client.ping)), url, kind


def role_part(role: str, settings: Settings, ready: Callable[[], bool]) -> Part:
    """One of the product's own roles."""
    return Part(role, [sys.executable, "-m", "opscentre", role], settings.environment(), ready)


def stream_part(settings: Settings) -> Part:
    """The stream worker; it answers once every partition's board is whole."""
    client = redis.Redis.from_url(settings.redis_url, socket_timeout=1)
    names = [keys.meta(partition) for partition in range(settings.dossier_partitions)]
    return role_part("stream", settings, _answers(lambda: client.exists(*names) == len(names)))


def collect_part(settings: Settings) -> Part:
    """The collectors; they answer once a heartbeat of theirs has come through pipe and stream."""
    client = redis.Redis.from_url(settings.redis_url, socket_timeout=1)
    return role_part("collect", settings, _answers(lambda: wall_ms() - int(client.get(keys.HEARTBEAT) or 0) < FRESH))


def alerts_part(settings: Settings) -> Part:
    """The alerts; they answer once this run has looked at SQL."""
    alive, begun = settings.data / "alerts.alive", time.time()
    return role_part("alerts", settings, lambda: alive.is_file() and alive.stat().st_mtime >= begun)


def dashboard_part(settings: Settings) -> Part:
    """The dashboard; it answers once it says that it can do its work."""
    url = f"http://{settings.host}:{settings.port}/readyz"

    def ready() -> bool:
        try:
            return httpx.get(url, timeout=2).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    return role_part("dashboard", settings, ready)


def simulator_part(settings: Settings, options: list[str]) -> Part:
    """The simulated department systems; they answer once their address file is written by this run."""
    addresses = settings.data / "simulator.json"
    begun = time.time()
    command = [sys.executable, "-m", "simulator", "--data", str(settings.data), "--profile", settings.profile, *options]
    return Part(
        "simulator",
        command,
        settings.environment(),
        lambda: addresses.is_file() and addresses.stat().st_mtime >= begun,
    )


def _answers(ask: Callable[[], object]) -> Callable[[], bool]:
    def answer() -> bool:
        try:
            return bool(ask())
        except RedisError:
            return False

    return answer
