"""One source on the schedule: runs the poll, tells what it came to, logs the first failure and the recovery."""

from __future__ import annotations

import logging
from dataclasses import replace

import msgspec

from collectors import registry
from collectors.base import Collector, Given
from collectors.errors import CollectError, as_failure
from collectors.placeholders import Addresses, has_placeholder
from collectors.telegraph import Telegraph
from opscentre.clock import wall_ms
from opscentre.domain.observations import SourceSeen
from opscentre.store.intake import count_set_aside, read_cursor, write_cursor

log = logging.getLogger(__name__)


class _Saved(msgspec.Struct):
    """What is told of a source and must outlive a restart."""

    observed_at: int | None = None
    total: int = 0


class SourcePoll:
    """Polls one source. ``run`` never raises."""

    def __init__(self, given: Given, addresses: Addresses, telegraph: Telegraph) -> None:
        self._given = given
        self._addresses = addresses
        self._telegraph = telegraph
        self._filled = not has_placeholder(given.config.settings)
        self._version = -1
        self._collector: Collector | None = None
        self._cursor = f"seen:{given.config.code}"
        self._saved: _Saved | None = None
        self._quarantined = 0
        self._taken = 0
        self._failing_since: int | None = None
        self._ended = False

    @property
    def code(self) -> str:
        """The source's code."""
        return self._given.config.code

    @property
    def interval(self) -> float:
        """Seconds between two polls."""
        return self._given.config.interval

    def run(self) -> None:
        """Poll once and tell what it came to."""
        if self._ended or self._given.stopping.is_set():
            return
        at = wall_ms()
        failure: CollectError | None = None
        try:
            self._poll(at)
        except Exception as error:  # noqa: BLE001 - a poll must not end the schedule
            failure = as_failure(error)
        if self._given.stopping.is_set() and failure:
            return
        self._log(failure, at)
        self._ended = failure is not None and failure.final
        saved = self._saved or _Saved()
        self._telegraph.send(
            SourceSeen(
                code=self._given.config.code,
                attempted_at=at,
                observed_at=saved.observed_at,
                ok=failure is None,
                taken=self._taken,
                total=saved.total,
                quarantined=self._quarantined,
                error=f"{failure.kind}: {failure}"[:300] if failure else "",
            )
        )

    def _poll(self, at: int) -> None:
        given = self._given
        if self._saved is None:
            text = read_cursor(given.store, self._cursor)
            self._saved = msgspec.json.decode(text, type=_Saved) if text else _Saved()
            self._quarantined = count_set_aside(given.store, given.config.code)
        result = self._ready().poll()
        if result.rejected:
            self._quarantined = count_set_aside(given.store, given.config.code)
        self._taken = result.taken
        self._saved = _Saved(at, self._saved.total + result.taken)
        write_cursor(given.store, self._cursor, msgspec.json.encode(self._saved).decode(), at)

    def _ready(self) -> Collector:
        """The collector; a new one when the simulated systems have moved to other addresses."""
        if not self._filled:
            self._addresses.wait()
            version = self._addresses.version()
            if self._collector is None or version != self._version:
                config = self._given.config
                filled = msgspec.structs.replace(config, settings=self._addresses.fill(config.settings))
                self._replace(registry.make(replace(self._given, config=filled)))
                self._version = version
        elif self._collector is None:
            self._replace(registry.make(self._given))
        assert self._collector is not None
        return self._collector

    def _replace(self, collector: Collector) -> None:
        self.close()
        self._collector = collector

    def _log(self, failure: CollectError | None, at: int) -> None:
        code = self._given.config.code
        if failure is None:
            if self._failing_since is not None:
                log.info("source %s: back after %.0f s", code, (at - self._failing_since) / 1000)
            self._failing_since = None
        elif self._failing_since is None:
            self._failing_since = at
            after = "not polled again until the collectors restart" if failure.final else "polled on"
            log.error("source %s: %s: %s (%s)", code, failure.kind, failure, after)

    def close(self) -> None:
        """Let go of the source's connections."""
        if self._collector is not None:
            self._collector.close()
            self._collector = None
