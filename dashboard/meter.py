"""What the dashboard tells of itself to Prometheus: screens, pictures, and how old the newest one is."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from dashboard.feed import Feed
from opscentre.clock import wall_ms


class Screens(Collector):
    """What the feed stands at when it is asked."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        """Called at each scrape."""
        feed = self._feed
        yield GaugeMetricFamily("opscentre_dashboard_screens", "Screens that are connected.", feed.screens)
        yield CounterMetricFamily("opscentre_dashboard_pictures", "Pictures and beats sent out.", feed.taken)
        yield GaugeMetricFamily(
            "opscentre_dashboard_board_unreadable", "1 while the board cannot be read.", int(feed.failing)
        )
        if feed.wall is not None:
            age = (wall_ms() - feed.wall.made_at) / 1000
            yield GaugeMetricFamily("opscentre_dashboard_picture_age_seconds", "Age of the newest picture.", age)
