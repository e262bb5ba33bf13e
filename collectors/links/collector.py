"""Probes one link: up, down after some failures running, unknown while our own uplink is gone."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Sequence

import msgspec
from sqlalchemy import Engine

from collectors.links.answer import Answer, Reason
from collectors.links.attempt import answers, attempt
from collectors.links.history import Chronicle
from collectors.links.judging import Finding, Record, is_flapping, judge
from opscentre.clock import wall_ms
from opscentre.domain.availability import MAINTENANCE
from opscentre.domain.observations import SPARK, LinkSeen
from opscentre.link_settings import LinkConfig, SelfCheck, windows
from opscentre.store.intake import read_cursor, write_cursor

#: Seconds for which an answer about our own uplink stays good.
_UPLINK_GOOD_FOR = 1.0


class Uplink:
    """Whether our own way out works; asked only when a link does not answer, and by all links at once."""

    def __init__(self, checks: Sequence[SelfCheck]) -> None:
        self._checks = checks
        self._lock = threading.Lock()
        self._asked = float("-inf")
        self._works = True

    def works(self) -> bool:
        """Whether any of the checks answers; True where there is nothing to check by."""
        if not self._checks:
            return True
        with self._lock:
            if time.monotonic() - self._asked > _UPLINK_GOOD_FOR:
                self._works = self._ask()
                self._asked = time.monotonic()
            return self._works

    def _ask(self) -> bool:
        # All at once: how long it takes is a matter of the slowest, not of their sum.
        found: queue.SimpleQueue[bool] = queue.SimpleQueue()
        for check in self._checks:
            threading.Thread(target=lambda one=check: found.put(answers(one)), name="self-check", daemon=True).start()
        return any(found.get() for _ in self._checks)


class LinkProbe:
    """One link; what it was and since when outlives a restart."""

    def __init__(self, config: LinkConfig, *, store: Engine, uplink: Uplink, chronicle: Chronicle) -> None:
        self.config = config
        self._store = store
        self._uplink = uplink
        self._history = chronicle.of(config, wall_ms())
        self._windows = windows(config)
        self._cursor = f"link:{config.code}"
        saved = read_cursor(store, self._cursor)
        self._record = msgspec.json.decode(saved, type=Record) if saved else Record()
        self._latencies: deque[float | None] = deque(maxlen=SPARK)
        #: Of the last certificate that was shown: a link that is down has not got rid of it.
        self._certificate_expires_at: int | None = None

    @property
    def doubted(self) -> bool:
        """Whether the last probe failed and one more is needed to say what the link is."""
        return 0 < self._record.failures < self.config.failures_to_down

    def probe(self) -> LinkSeen:
        """Ask once and judge."""
        config, at = self.config, wall_ms()
        answer = attempt(config)
        finding, reason, detail = self._finding(answer)
        record = judge(self._record, finding, at, config)
        if record != self._record:
            write_cursor(self._store, self._cursor, msgspec.json.encode(record).decode(), at)
            self._record = record
        self._history.saw(record.state, record.since, at, answer.transcript)
        self._latencies.append(answer.latency_ms)
        if answer.transcript.certificate:
            self._certificate_expires_at = answer.transcript.certificate.expires_at
        today, week, month = self._history.available(at)
        seen = LinkSeen(
            code=config.code,
            checked_at=at,
            state=record.state,
            latency_ms=answer.latency_ms,
            since=record.since,
            detail=detail,
            reason=reason,
            latencies=list(self._latencies),
            certificate_expires_at=self._certificate_expires_at,
            flapping=is_flapping(record, at, config),
            available_today=today,
            available_7d=week,
            available_30d=month,
        )
        return self._maintained(seen)

    def _finding(self, answer: Answer) -> tuple[Finding, Reason, str]:
        if answer.latency_ms is not None:
            return "answered", "", ""
        if not answer.asked:
            return "blind", answer.reason, answer.detail
        if not self._uplink.works():
            return "blind", "own_uplink", "our own uplink does not work"
        return "failed", answer.reason, answer.detail

    def _maintained(self, seen: LinkSeen) -> LinkSeen:
        """What is told within a window: that it is one, whatever the probe found."""
        window = self._windows.at(seen.checked_at)
        if window is None:
            return seen
        return msgspec.structs.replace(
            seen,
            state=MAINTENANCE,
            since=max(0, window[0]),
            flapping=False,
            maintenance_until=window[1],
        )
