"""What the alerts tell Prometheus: open alerts and messages as SQL has them, attempts, and when they last looked."""

from __future__ import annotations

import time
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from alerts.rules import RANK
from opscentre.store.alert_tables import alerts, notifications
from opscentre.store.engine import reading

#: States of a message that is not over; of the others there are more each day.
_WAITING = ("queued", "sending")


#: Seconds without a look at SQL after which the role cannot be relied on.
LOOK_WITHIN = 15.0


class AlertsMeter(Collector):
    """Counts for one process; what SQL holds is asked for when somebody asks."""

    def __init__(self, registry: CollectorRegistry, engine: Engine) -> None:
        self._engine = reading(engine)
        self._attempts = Counter(
            "opscentre_alerts_attempts", "Attempts to deliver, by outcome.", ["outcome"], registry=registry
        )
        self._looked = Gauge(
            "opscentre_alerts_last_look_timestamp_seconds", "When what is true was last looked at.", registry=registry
        )
        #: When the last look came to its end (monotonic seconds); None before the first.
        self.last_look: float | None = None
        registry.register(self)

    def overdue(self) -> str:
        """Why the role cannot do its work: it has not looked for too long; empty where it has."""
        if self.last_look is None:
            return "it has not looked at SQL yet"
        since = time.monotonic() - self.last_look
        return f"it last looked at SQL {since:.0f} s ago" if since > LOOK_WITHIN else ""

    def looked(self) -> None:
        """A look came to its end."""
        self._looked.set(time.time())
        self.last_look = time.monotonic()

    def tried(self, outcome: str) -> None:
        """A message was tried."""
        self._attempts.labels(outcome).inc()

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: SQL is not asked before somebody asks us."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Firing alerts by severity and waiting messages by state; neither while SQL is away."""
        try:
            firing, waiting = self._counts()
        except SQLAlchemyError:
            return
        open_alerts = GaugeMetricFamily("opscentre_alerts_firing", "Alerts that fire.", labels=["severity"])
        for severity in RANK:
            open_alerts.add_metric([severity], firing.get(severity, 0))
        messages = GaugeMetricFamily("opscentre_alerts_waiting_messages", "Not delivered yet.", labels=["state"])
        for state in _WAITING:
            messages.add_metric([state], waiting.get(state, 0))
        yield open_alerts
        yield messages

    def _counts(self) -> tuple[dict[str, int], dict[str, int]]:
        by_severity = select(alerts.c.severity, func.count()).where(alerts.c.state == "firing")
        by_state = select(notifications.c.state, func.count()).where(notifications.c.state.in_(_WAITING))
        with self._engine.connect() as connection:
            return (
                dict(connection.execute(by_severity.group_by(alerts.c.severity)).tuples().all()),
                dict(connection.execute(by_state.group_by(notifications.c.state)).tuples().all()),
            )
