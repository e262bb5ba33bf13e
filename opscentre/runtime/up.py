"""``opscentre up``: every role of an installation under one supervisor, on the servers that the settings name."""

from __future__ import annotations

import logging
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import msgspec

from opscentre import profile as profiles
from opscentre.clock import open_clock
from opscentre.partition_check import require_same_partitions
from opscentre.pipe.base import open_producer
from opscentre.runtime import parts, workers
from opscentre.runtime.folder import HeldFolder, Unusable, free_port, require_port
from opscentre.runtime.metrics import address
from opscentre.runtime.nginx import nginx_part
from opscentre.runtime.status import StatusLines
from opscentre.runtime.supervisor import Part, PartFailed, Supervisor
from opscentre.settings import Settings
from opscentre.sources import read_links_file, read_sources
from opscentre.store.engine import open_store

log = logging.getLogger(__name__)

#: Seconds that all parts have at the start: a stream worker loads a province's dossiers meanwhile.
START_WITHIN = 300.0
_LOOK_EVERY = 0.1


def run(settings: Settings, *, dashboards: int, logs: Path | None, exit_after: float | None = None) -> int:
    """Run until SIGTERM or SIGINT; the exit code: 2 where a part could not begin for what a person has to mend.

    Raises ``Unusable``, ``SettingsError``, ``ProfileError`` and ``PipeError`` for what would end a part at its start.
    """
    province = profiles.load(settings.profile)
    read_sources(province, settings)
    read_links_file(province, settings)
    for number in range(dashboards):
        require_port(settings.host, settings.port + number)
    folder = HeldFolder(settings.data)
    try:
        settings = msgspec.structs.replace(settings, data=folder.path)
        _require_servers(settings)
        lines = StatusLines(sys.stdout)
        if lines.on_terminal and logs is None:
            logs = folder.path / "logs"
        supervisor = Supervisor(logs, tell=lines.tell if lines.on_terminal else _tell)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, supervisor.ask_to_stop)
        return _supervise(supervisor, settings, dashboards, lines, exit_after)
    finally:
        folder.release()


def _require_servers(settings: Settings) -> None:
    if settings.workers > 1:
        workers.require_room(settings)
    engine = open_store(settings.database_url)
    require_same_partitions(engine, settings.dossier_partitions)
    engine.dispose()
    open_producer(settings.broker_url, settings.dossier_partitions).close()


def _supervise(
    supervisor: Supervisor, settings: Settings, dashboards: int, lines: StatusLines, exit_after: float | None
) -> int:
    clock = open_clock(settings.clock, profiles.load(settings.profile).calendar)
    begun = time.monotonic()
    try:
        settings = _start(supervisor, settings, dashboards)
        if not supervisor.stopping:
            lines.announce(_address(settings), time.monotonic() - begun)
        while not supervisor.stopping:
            if exit_after is not None and time.monotonic() - begun >= exit_after:
                break
            supervisor.look()
            # Also what ended with MENDABLE: it has run before, so a server that is away is why, more often than a file.
            if lines.on_terminal:
                lines.show(supervisor.parts, clock)
            time.sleep(_LOOK_EVERY)
        return 0
    except PartFailed as failed:
        lines.complain(str(failed))
        code = failed.part.process.returncode if failed.part.process else None
        return workers.MENDABLE if code == workers.MENDABLE else 1
    finally:
        lines.stopping()
        supervisor.stop()


def _start(supervisor: Supervisor, settings: Settings, dashboards: int) -> Settings:
    """Start everything in its order; the settings as the parts have them."""
    if not settings.redis:
        redis, url, _ = parts.redis_part(settings.data)
        supervisor.start([redis], START_WITHIN)
        # Read by the commands that work beside this installation.
        (settings.data / "redis.url").write_text(url + "\n", encoding="utf-8")
        settings = msgspec.structs.replace(settings, redis=url)
    if not supervisor.stopping:
        supervisor.start(roles(settings, dashboards), START_WITHIN)
    if settings.tls_listen and not supervisor.stopping:
        behind = [f"{settings.host}:{settings.port + number}" for number in range(dashboards)]
        supervisor.start([nginx_part(settings, behind)], START_WITHIN)
    return settings


def roles(settings: Settings, dashboards: int) -> list[Part]:
    """The product's own parts, each with an address at which it says whether it can do its work."""
    own = msgspec.structs.replace(settings, workers=1)
    found = [_role("stream", own, number + 1, {}) for number in range(settings.workers)]
    found.append(_role("collect", own, 0, {}))
    for number in range(dashboards):
        found.append(_role("dashboard", own, number + 1, {"port": settings.port + number}))
    return [*found, _role("alerts", own, 0, {})]


def _role(role: str, settings: Settings, number: int, changes: dict[str, object]) -> Part:
    """One role, the ``number``-th of several; 0: the only one."""
    setting = f"{role}_metrics"
    told = getattr(settings, setting)
    if not told:
        # Such that the worker's own reckoning, port + number - 1, ends at a free one.
        told = f"127.0.0.1:{free_port() - max(0, number - 1)}"
    found = address(f"OPSCENTRE_{setting.upper()}", told, number)
    if found is None:
        raise Unusable(f"OPSCENTRE_{setting.upper()}={told!r}: want host:port")
    own = msgspec.structs.replace(settings, worker=number, **{setting: told}, **changes)
    part = parts.role_part(role, own, _is_ready(*found))
    part.name = f"{role}-{number}" if number else role
    return part


def _is_ready(host: str, port: int) -> Callable[[], bool]:
    asked = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    url = f"http://{f'[{asked}]' if ':' in asked else asked}:{port}/readyz"
    # One client: making one loads every authority there is, and it is asked twenty times a second.
    client = httpx.Client(verify=False, trust_env=False, timeout=1)

    def ready() -> bool:
        try:
            return client.get(url).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    return ready


def _address(settings: Settings) -> str:
    if not settings.tls_listen:
        return f"http://{settings.host}:{settings.port}"
    _, _, port = settings.tls_listen.rpartition(":")
    return f"https://{settings.server_name}:{port}"


def _tell(part: Part, text: str) -> None:
    level = logging.WARNING if "died" in text or "killed" in text else logging.INFO
    log.log(level, "%s %s", part.name, text)
