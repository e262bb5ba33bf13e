"""What a role tells of itself: its metrics for Prometheus and its health, on an address of its own.

No label may carry a dossier, a person or free text: only what the settings or the code hold a finite list of.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector

from opscentre import __version__
from opscentre.runtime.health import Health, serve
from opscentre.settings import SettingsError


def address(name: str, text: str, worker: int = 0) -> tuple[str, int] | None:
    """Host and port of a setting ``host:port``, for the ``worker``-th of several; None where it is empty.

    Raises ``SettingsError``.
    """
    if not text:
        return None
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or port is None or parts.path:
        raise SettingsError(f"{name}={text!r}: want host:port, such as 127.0.0.1:9464, or leave it empty")
    port += max(0, worker - 1)
    if port > 65_535:
        raise SettingsError(f"{name}={text!r}: worker {worker} would have port {port}; choose a lower one")
    return host, port


class Exposed:
    """A role's metrics and health, served while inside ``with``; without an address they are told to nobody."""

    def __init__(self, role: str, name: str, text: str, worker: int = 0) -> None:
        """``name`` and ``text``: the setting that holds the address. Raises ``SettingsError``."""
        self.registry = CollectorRegistry()
        self.health = Health(f"{role}-{worker}" if worker else role)
        self._setting = f"{name}={text!r}"
        self._address = address(name, text, worker)
        self._stop: Callable[[], None] | None = None
        ProcessCollector(registry=self.registry)
        build = Gauge("opscentre_build_info", "1; which release this is, and which role.", ["version", "role"],
                      registry=self.registry)  # fmt: skip
        build.labels(__version__, role).set(1)

    @property
    def wanted(self) -> bool:
        """Whether anybody can ask."""
        return self._address is not None

    def __enter__(self) -> Exposed:
        if self._address is None:
            return self
        host, port = self._address
        try:
            self._stop = serve(self.health, self.registry, host, port)
        except OSError as error:
            raise SettingsError(
                f"{self._setting}: cannot listen on {host}:{port} ({error.strerror}); stop what uses it, or choose "
                "another address"
            ) from None
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._stop is not None:
            # It takes up to half a second, for which no role has to wait at its end.
            threading.Thread(target=self._stop, daemon=True).start()
