"""What the collectors tell of themselves to Prometheus: polls, failures, ages, bytes, and who is not asked any more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from collectors.telegraph import Telegraph
from opscentre.clock import wall_ms
from opscentre.domain.observations import LinkSeen, Observation, SourceSeen
from opscentre.pipe.base import Producer

#: The rungs of the ladder of failures: an error's own words never become a label.
RUNGS = (
    "timeout", "connection", "retry-after", "bad data", "authentication", "settings", "pipe", "database", "unexpected",
)  # fmt: skip


class CollectMeter:
    """Counts what passes the telegraph and what is sent down the pipe; used by all threads."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._polls = Counter("opscentre_collect_polls", "Polls that ended.", ["source"], registry=registry)
        self._failures = Counter(
            "opscentre_collect_failures", "Polls that failed, by rung.", ["source", "kind"], registry=registry
        )
        self._records = Counter(
            "opscentre_collect_records", "Records taken over and sent.", ["source"], registry=registry
        )
        self._bytes = Counter(
            "opscentre_collect_sent_bytes", "Bytes that the pipe took.", ["source"], registry=registry
        )
        self._lost = Counter(
            "opscentre_collect_observations_lost", "Heartbeats and states that the pipe did not take.",
            registry=registry,
        )  # fmt: skip
        self._lock = threading.Lock()
        self._sources: dict[str, SourceSeen] = {}
        self._links: dict[str, LinkSeen] = {}

    def told(self, seen: Observation, taken: bool) -> None:
        """An observation was sent, and whether the pipe took it."""
        if not taken:
            self._lost.inc()
        if isinstance(seen, SourceSeen):
            self._polls.labels(seen.code).inc()
            if seen.ok:
                self._records.labels(seen.code).inc(seen.taken)
            else:
                kind = seen.error.split(":", 1)[0]
                self._failures.labels(seen.code, kind if kind in RUNGS else "unexpected").inc()
            with self._lock:
                self._sources[seen.code] = seen
        elif isinstance(seen, LinkSeen):
            with self._lock:
                self._links[seen.code] = seen

    def sent(self, source: str, size: int) -> None:
        """The pipe took so many bytes of a source."""
        self._bytes.labels(source).inc(size)

    def last(self) -> tuple[list[SourceSeen], list[LinkSeen]]:
        """The newest of each source and link."""
        with self._lock:
            return list(self._sources.values()), list(self._links.values())


class MeteredTelegraph(Telegraph):
    """Tells the meter of everything it sends."""

    def __init__(self, producer: Producer, meter: CollectMeter) -> None:
        super().__init__(producer)
        self._meter = meter

    def send(self, seen: Observation) -> bool:
        """Send one observation; whether the pipe took it."""
        taken = super().send(seen)
        self._meter.told(seen, taken)
        return taken


class MeteredProducer:
    """One source's way into the pipe, with its bytes counted."""

    def __init__(self, producer: Producer, source: str, meter: CollectMeter) -> None:
        self._producer = producer
        self._source = source
        self._meter = meter

    def partitions(self, topic: str) -> int:
        """How many partitions a topic has."""
        return self._producer.partitions(topic)

    def append(self, topic: str, messages: Sequence[tuple[int, bytes]]) -> list[int]:
        """Append (partition, value) pairs; return their offsets once they are durable."""
        offsets = self._producer.append(topic, messages)
        self._meter.sent(self._source, sum(len(value) for _, value in messages))
        return offsets

    def close(self) -> None:
        """Nothing: the process closes what all sources share."""


class Standing(Collector):
    """What stands at the moment of asking: how old each source is, whether it is asked, which links are up."""

    def __init__(self, meter: CollectMeter, asked: Callable[[], dict[str, int]]) -> None:
        """``asked``: of each source whether it is polled (0), only probed (1), or given up until someone acts (2)."""
        self._meter = meter
        self._asked = asked

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Called at each scrape."""
        sources, links = self._meter.last()
        now = wall_ms()
        age = GaugeMetricFamily(
            "opscentre_collect_age_seconds", "Since the source was last read well.", labels=["source"]
        )
        quarantined = GaugeMetricFamily("opscentre_collect_quarantined", "Rows set aside.", labels=["source"])
        for seen in sources:
            quarantined.add_metric([seen.code], seen.quarantined)
            if seen.observed_at is not None:
                age.add_metric([seen.code], (now - seen.observed_at) / 1000)
        breaker = GaugeMetricFamily(
            "opscentre_collect_breaker", "0 polled, 1 only probed, 2 waits for a person.", labels=["source"]
        )
        for code, state in self._asked().items():
            breaker.add_metric([code], state)
        up = GaugeMetricFamily("opscentre_collect_link_up", "1 up, 0 down; none while unknown.", labels=["link"])
        for link in links:
            if link.state in ("up", "down"):
                up.add_metric([link.code], link.state == "up")
        yield from (age, quarantined, breaker, up)
