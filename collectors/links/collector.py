"""Probes one link: up, down after two failures running, unknown while our own uplink is gone."""

from __future__ import annotations

import socket
import threading
import time
from typing import NamedTuple

import httpx
import msgspec
from sqlalchemy import Engine

from collectors.links.settings import host_and_port
from opscentre.clock import wall_ms
from opscentre.domain.observations import LinkSeen
from opscentre.sources import LinkConfig, SelfCheck
from opscentre.store.intake import read_cursor, write_cursor

UP, DOWN, UNKNOWN = "up", "down", "unknown"
#: So many failures running make a link down; one may be a lost packet.
FAILURES_TO_DOWN = 2
#: Seconds for which an answer about our own uplink stays good.
_UPLINK_GOOD_FOR = 1.0


class Answer(NamedTuple):
    """What one attempt came to; ``latency_ms`` is None when it failed."""

    latency_ms: float | None
    detail: str = ""


def attempt(http: httpx.Client, kind: str, address: str, timeout: float) -> Answer:
    """Ask once: an HTTP GET that answers below 500, or a TCP connection."""
    begun = time.perf_counter()
    try:
        if kind == "http":
            with http.stream("GET", address, timeout=timeout) as response:
                if response.status_code >= 500:
                    return Answer(None, f"HTTP {response.status_code}")
        else:
            socket.create_connection(host_and_port(address), timeout=timeout).close()
    except (httpx.TimeoutException, TimeoutError):
        return Answer(None, f"no answer within {timeout:g} s")
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        return Answer(None, f"no connection: {error}"[:120])
    return Answer(round((time.perf_counter() - begun) * 1000, 1))


def open_http() -> httpx.Client:
    """The client that all probes share; each probe is a connection of its own, as a visitor's is."""
    return httpx.Client(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))


class Uplink:
    """Whether our own way out works; asked only when a link does not answer, and by all links at once."""

    def __init__(self, check: SelfCheck | None, http: httpx.Client) -> None:
        self._check = check
        self._http = http
        self._lock = threading.Lock()
        self._asked = float("-inf")
        self._works = True

    def works(self) -> bool:
        """True where there is nothing to check by."""
        if self._check is None:
            return True
        with self._lock:
            if time.monotonic() - self._asked > _UPLINK_GOOD_FOR:
                answer = attempt(self._http, self._check.kind, self._check.address, self._check.timeout)
                self._works = answer.latency_ms is not None
                self._asked = time.monotonic()
            return self._works


class _Saved(msgspec.Struct):
    state: str = UNKNOWN
    since: int = 0
    #: Failures running, and when the first of them was (real ms).
    failures: int = 0
    failing_since: int = 0


class LinkProbe:
    """One link; what it was and since when outlives a restart."""

    def __init__(self, config: LinkConfig, *, store: Engine, http: httpx.Client, uplink: Uplink) -> None:
        self.config = config
        self._store = store
        self._http = http
        self._uplink = uplink
        self._cursor = f"link:{config.code}"
        saved = read_cursor(store, self._cursor)
        self._saved = msgspec.json.decode(saved, type=_Saved) if saved else _Saved()

    def probe(self) -> LinkSeen:
        """Ask once and judge."""
        config, at = self.config, wall_ms()
        answer = attempt(self._http, config.kind, config.address, config.timeout)
        after = self._judge(answer, at)
        if after != self._saved:
            write_cursor(self._store, self._cursor, msgspec.json.encode(after).decode(), at)
            self._saved = after
        return LinkSeen(
            code=config.code,
            checked_at=at,
            state=after.state,
            latency_ms=answer.latency_ms,
            since=after.since,
            detail="our own uplink does not work" if after.state == UNKNOWN and after.since else answer.detail,
        )

    def _judge(self, answer: Answer, at: int) -> _Saved:
        before = self._saved
        if answer.latency_ms is not None:
            return _Saved(UP, before.since if before.state == UP else at)
        if not self._uplink.works():
            return _Saved(UNKNOWN, before.since if before.state == UNKNOWN and before.since else at)
        failures = before.failures + 1
        failing_since = before.failing_since or at
        if before.state == DOWN:
            return _Saved(DOWN, before.since, FAILURES_TO_DOWN, failing_since)
        if failures >= FAILURES_TO_DOWN:
            return _Saved(DOWN, failing_since, failures, failing_since)
        return _Saved(before.state, before.since, failures, failing_since)
