"""What a stream worker tells of itself: nothing where nobody asks, else counters and histograms for Prometheus."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

Place = tuple[str, int]
#: Upper bounds of the histograms, in seconds: from a cycle with nothing in it to one that the watchdog would end.
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Meter:
    """Hears what happens in the worker, and keeps nothing."""

    def took(self, topic: str, messages: int) -> None:
        """Messages of a topic were taken off the pipe."""

    def counted(self, accepted: int, known: int) -> None:
        """So many snapshots of a message were folded in, so many told nothing new."""

    def set_aside(self) -> None:
        """Something could not be digested: a dead letter."""

    def wrote(self, seconds: float) -> None:
        """SQL took a batch."""

    def showed(self, seconds: float) -> None:
        """The board is up to date."""

    def redis(self, away: bool) -> None:
        """Whether Redis answers."""

    def sql(self, away: bool) -> None:
        """Whether SQL answers."""

    def cycled(self, seconds: float) -> None:
        """A cycle with messages was gone through."""


class StreamMeter(Meter):
    """Keeps it as metrics in a registry."""

    def __init__(self, registry: CollectorRegistry, ends: Mapping[int, int], stood_still: int, claim_lost: int) -> None:
        """``ends``: how earlier processes of this worker ended; the codes of two of those ends."""
        self._messages = Counter(
            "opscentre_stream_messages", "Messages taken off the pipe.", ["topic"], registry=registry
        )
        changes = Counter(
            "opscentre_stream_changes", "Snapshots, by what became of them.", ["outcome"], registry=registry
        )
        self._accepted, self._known = changes.labels("accepted"), changes.labels("known")
        self._letters = Counter(
            "opscentre_stream_dead_letters", "Dead letters that this process wrote.", registry=registry
        )
        self._sql = Histogram(
            "opscentre_stream_sql_flush_seconds", "One batch into SQL, retries included.", buckets=SECONDS,
            registry=registry,
        )  # fmt: skip
        self._board = Histogram(
            "opscentre_stream_redis_flush_seconds", "One bringing up to date of the board.", buckets=SECONDS,
            registry=registry,
        )  # fmt: skip
        self._cycle = Histogram(
            "opscentre_stream_cycle_seconds", "One cycle with messages, SQL and Redis included.", buckets=SECONDS,
            registry=registry,
        )  # fmt: skip
        self._committed = Gauge(
            "opscentre_stream_last_commit_timestamp_seconds", "When SQL last took a batch.", registry=registry
        )
        self._redis_away = Gauge("opscentre_stream_redis_away", "1 while Redis does not answer.", registry=registry)
        self._sql_away = Gauge(
            "opscentre_stream_sql_away", "1 while SQL does not answer and is asked again.", registry=registry
        )
        lost = Counter("opscentre_stream_claims_lost", "Processes that ended because their partitions had become "
                       "another worker's.", registry=registry)  # fmt: skip
        lost.inc(ends.get(claim_lost, 0))
        stood = Counter("opscentre_stream_watchdog_restarts", "Processes that the watchdog ended.", registry=registry)
        stood.inc(ends.get(stood_still, 0))
        restarts = Counter(
            "opscentre_stream_restarts", "Processes of this worker before this one, whatever ended them.",
            registry=registry,
        )  # fmt: skip
        restarts.inc(sum(ends.values()))

    def took(self, topic: str, messages: int) -> None:
        self._messages.labels(topic).inc(messages)

    def counted(self, accepted: int, known: int) -> None:
        self._accepted.inc(accepted)
        self._known.inc(known)

    def set_aside(self) -> None:
        self._letters.inc()

    def wrote(self, seconds: float) -> None:
        self._sql.observe(seconds)
        self._committed.set(time.time())

    def showed(self, seconds: float) -> None:
        self._board.observe(seconds)

    def redis(self, away: bool) -> None:
        self._redis_away.set(away)

    def sql(self, away: bool) -> None:
        self._sql_away.set(away)

    def cycled(self, seconds: float) -> None:
        self._cycle.observe(seconds)


class Holdings(Collector):
    """What stands at the moment of asking: partitions and their dossiers, and how far behind the pipe they are."""

    def __init__(
        self,
        held: Callable[[], Mapping[int, int]],
        in_memory: Callable[[], Mapping[int, int]],
        behind: Callable[[], Mapping[Place, int]],
    ) -> None:
        """Dossiers of each partition that is ours, those of them in memory, and messages that wait in each of ours."""
        self._held = held
        self._in_memory = in_memory
        self._behind = behind

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Called at each scrape."""
        held = self._held()
        yield GaugeMetricFamily("opscentre_stream_partitions", "Partitions of dossiers that are ours.", len(held))
        for name, told, counts in (
            ("dossiers", "Dossiers counted.", held),
            ("dossiers_in_memory", "Dossiers whose state is in memory.", self._in_memory()),
        ):
            dossiers = GaugeMetricFamily(f"opscentre_stream_{name}", told, labels=["partition"])
            for partition, count in sorted(counts.items()):
                dossiers.add_metric([str(partition)], count)
            yield dossiers
        lag = GaugeMetricFamily(
            "opscentre_stream_lag_messages",
            "Messages in the pipe that SQL does not hold yet.",
            labels=["topic", "partition"],
        )
        for (topic, partition), messages in sorted(self._behind().items()):
            lag.add_metric([topic, str(partition)], messages)
        yield lag
