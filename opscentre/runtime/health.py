"""What a role answers to whoever watches it: ``/healthz`` (alive), ``/readyz`` (can do its work) and ``/metrics``."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import msgspec
from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from opscentre import __version__
from opscentre.store.engine import reading

#: Why a role cannot do its work at this moment, in one sentence; empty where it can.
Reason = Callable[[], str]
#: Seconds that one look at the checks is good for: many may ask, none of them shall load what is asked.
GOOD_FOR = 1.0


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of ``/readyz``."""

    ready: bool
    role: str
    version: str
    #: By what it is about (``redis``, ``pipe``, …): why the role cannot do its work.
    reasons: dict[str, str]


class Health:
    """What one process knows of itself; asked from any thread."""

    def __init__(self, role: str) -> None:
        self.role = role
        self._begun = time.monotonic()
        self._checks: dict[str, Reason] = {"start": lambda: "it is still starting"}
        self._lock = threading.Lock()
        self._last: tuple[float, Readiness] | None = None

    def can_work_when(self, **checks: Reason) -> None:
        """From now on the role is ready when none of these has a reason against it."""
        with self._lock:
            self._checks = dict(checks)
            self._last = None

    def readiness(self) -> Readiness:
        """Whether the role can do its work, and why not."""
        with self._lock:
            now = time.monotonic()
            if self._last is None or now - self._last[0] >= GOOD_FOR:
                reasons = {name: told for name, check in self._checks.items() if (told := _ask(check))}
                found = Readiness(ready=not reasons, role=self.role, version=__version__, reasons=reasons)
                self._last = (time.monotonic(), found)
            return self._last[1]

    def life(self) -> dict[str, Any]:
        """That the process answers at all."""
        return {
            "status": "ok",
            "role": self.role,
            "version": __version__,
            "up_seconds": round(time.monotonic() - self._begun, 1),
        }


def database(engine: Engine) -> Reason:
    """Whether SQL answers a question."""
    asked = reading(engine)

    def reason() -> str:
        try:
            with asked.connect() as connection:
                connection.execute(text("SELECT 1"))
        except SQLAlchemyError as error:
            return f"the database does not answer ({type(error).__name__})"
        return ""

    return reason


def _ask(check: Reason) -> str:
    try:
        return check()
    except Exception as error:  # noqa: BLE001 - a check that cannot be made is a reason, not the end of the answer
        return f"cannot be told: {type(error).__name__}"


def application(health: Health, registry: CollectorRegistry) -> Callable[..., Iterable[bytes]]:
    """The WSGI application with the three addresses; anything else is 404."""
    metrics = make_wsgi_app(registry)

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "/")
        if path == "/metrics":
            told: Iterable[bytes] = metrics(environ, start)
            return told
        if path == "/healthz":
            return _json(start, "200 OK", health.life())
        if path == "/readyz":
            found = health.readiness()
            return _json(start, "200 OK" if found.ready else "503 Service Unavailable", found)
        return _json(start, "404 Not Found", {"error": f"no {path} here; there are /healthz, /readyz and /metrics"})

    return answer


def _json(start: Callable[..., Any], status: str, body: object) -> list[bytes]:
    start(status, [("Content-Type", "application/json"), ("Cache-Control", "no-store")])
    return [msgspec.json.encode(body) + b"\n"]


class _OnV6(ThreadingWSGIServer):
    address_family = socket.AF_INET6


class _Quiet(WSGIRequestHandler):
    #: A visitor who says nothing must not hold a thread for ever.
    timeout = 10

    def log_message(self, *_: object) -> None:
        """One request every few seconds is nothing to write down."""


def serve(health: Health, registry: CollectorRegistry, host: str, port: int) -> Callable[[], None]:
    """Answer on an address until the function that is returned is called. Raises ``OSError``."""
    kind = _OnV6 if ":" in host else ThreadingWSGIServer
    server = make_server(host, port, application(health, registry), kind, _Quiet)
    threading.Thread(target=server.serve_forever, args=(0.25,), name="health", daemon=True).start()

    def stop() -> None:
        server.shutdown()
        server.server_close()

    return stop
