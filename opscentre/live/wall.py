"""The read model of the wall: one picture of the whole province, as it is pushed to every screen.

Two kinds of time, never mixed: fields ending in ``_at`` inside ``sources``, ``links`` and ``heartbeat_at``
are wall-clock milliseconds (ages are honest even in a fast simulation); deadlines and counts follow the
product's clock (``now``).
"""

from __future__ import annotations

from typing import Literal

import msgspec

from opscentre.domain.availability import Availability
from opscentre.live.alerts import AlertsShown
from opscentre.live.slow import Slow

#: ``live``; ``rebuilding`` after the cache was wiped; ``empty`` when no dossier was ever counted.
State = Literal["live", "rebuilding", "empty"]


class Totals(msgspec.Struct, kw_only=True):
    """Numbers of one unit or of the province. "today" is the local day of ``now``."""

    #: Received today (status not 1 or 3), and of these online and by post.
    received_today: int = 0
    online_today: int = 0
    postal_today: int = 0
    #: Finished today: early or on time, and overdue.
    finished_on_time_today: int = 0
    finished_overdue_today: int = 0
    #: Status 2 or 4: all, and those past their due moment.
    in_process: int = 0
    in_process_overdue: int = 0
    #: Status 5, 6 or 8: all, and those whose pause began after the due moment.
    paused: int = 0
    paused_overdue: int = 0
    #: Status 1: all, and those filed more than 8 working hours ago.
    waiting: int = 0
    waiting_overdue: int = 0
    #: In process and due within 8 working hours, not yet overdue.
    due_soon: int = 0
    #: Finished in the last 30 days (today included): early or on time, and overdue.
    finished_on_time_30d: int = 0
    finished_overdue_30d: int = 0

    @property
    def on_time_share(self) -> float | None:
        """(finished early or on time + in process in time) ÷ (finished + in process), last 30 days; None: no data."""
        good = self.finished_on_time_30d + self.in_process - self.in_process_overdue
        whole = self.finished_on_time_30d + self.finished_overdue_30d + self.in_process
        return good / whole if whole else None


class UrgentDossier(msgspec.Struct, kw_only=True):
    """A dossier on the late or nearly late list."""

    source: str
    number: str
    unit: str
    procedure_name: str
    status: int
    received: int | None
    due: int
    #: When a collector saw it last (the product's time).
    observed: int = 0
    #: Whether it is only shown as overdue because its source was not heard since the due moment: it may be done.
    by_sync: bool = False


class SourceAge(msgspec.Struct, kw_only=True):
    """What is known of one source, and since when."""

    code: str
    name: str
    kind: str
    #: Seconds between polls: a source is stale after three intervals without a success.
    interval_s: float
    #: Wall-clock ms of the last success and of the last attempt; None: never.
    observed_at: int | None = None
    attempted_at: int | None = None
    ok: bool = True
    total: int = 0
    #: Refused rows whose dossier has not come sound since.
    quarantined: int = 0
    error: str = ""
    #: The product's time since which a person has had it asked no more; None: it is asked.
    paused_since: int | None = None


class LinkState(msgspec.Struct, kw_only=True):
    """One link of the connectivity panel. All times are wall-clock milliseconds."""

    code: str
    name: str
    #: ``http``, ``tcp``, ``dns``, ``tls`` or ``icmp``.
    kind: str
    #: Seconds between probes: what was found is stale after three intervals without one.
    interval_s: float
    #: ``up``; ``down``; ``unknown`` (our own uplink is gone, this machine cannot probe it, or it was never probed);
    #: ``maintenance`` (within a window of links.toml, whatever the probe found: then it does not count).
    state: str = "unknown"
    #: Of the last probe; None: it was not answered.
    latency_ms: float | None = None
    checked_at: int | None = None
    #: When the present state began.
    since: int | None = None
    #: What is wrong, in an English sentence, and as a word of ``collectors/links/answer.py`` to be told in the
    #: screen's own language; both empty where nothing is.
    detail: str = ""
    reason: str = ""
    #: Latencies (ms) of the last probes, at most 30, oldest first; None: no answer.
    latencies: list[float | None] = []
    #: When the certificate ends, of links that show one; so many days before that it is to be warned of.
    certificate_expires_at: int | None = None
    certificate_warn_days: int = 30
    #: Units at its ends, as links.toml has them: codes, or ranges FIRST..LAST; none: the province's own.
    units: list[str] = []
    #: Whether it came and went more often of late than links.toml allows; ``state`` says what it is at the moment.
    flapping: bool = False
    #: When the maintenance window ends; None outside of one.
    maintenance_until: int | None = None
    #: What the time went to, in the hours that count for the link (working hours unless links.toml says otherwise):
    #: today so far, and the last 7 and 30 local days with today. ``share`` and ``measured`` say it in parts of 1;
    #: None before the first probe. Up to a minute old.
    available_today: Availability | None = None
    available_7d: Availability | None = None
    available_30d: Availability | None = None

    def certificate_days(self, now: int) -> int | None:
        """Whole days until the certificate ends, below 0 when it has; None where there is none."""
        return None if self.certificate_expires_at is None else (self.certificate_expires_at - now) // 86_400_000

    def certificate_due(self, now: int) -> bool:
        """Whether the certificate ends within the days of warning, or has ended."""
        left = self.certificate_days(now)
        return left is not None and left < self.certificate_warn_days


class Wall(msgspec.Struct, kw_only=True):
    """Everything a wall screen shows, at one moment."""

    state: State
    #: Grows with every picture of one dashboard process; a screen that sees it fall reloads itself.
    sequence: int
    #: The product's time of this picture, and its speed (1 unless simulated), so that clocks tick between pushes.
    now: int
    speed: float
    simulated: bool
    #: Wall-clock ms at which the server made this picture, and of the collectors' last heartbeat.
    made_at: int
    heartbeat_at: int | None
    #: Product version: a screen that sees another one reloads itself.
    version: str
    totals: Totals
    #: By unit code; units without any dossier are there with zeros.
    units: dict[str, Totals]
    #: Longest overdue first (at most 40 of ``overdue_count``) and next due first (at most 40).
    overdue: list[UrgentDossier]
    due_soon: list[UrgentDossier]
    sources: list[SourceAge]
    links: list[LinkState]
    #: Refused rows whose dossier has not come sound since, by unit; rows of which no unit can be told are left out.
    quarantined: dict[str, int] = {}
    #: Received and finished by local hour of today: 24 numbers each.
    received_by_hour: list[int] = []
    finished_by_hour: list[int] = []
    #: The same of the whole day yesterday and of the same weekday last week; empty: nothing came in or went out then.
    received_by_hour_yesterday: list[int] = []
    finished_by_hour_yesterday: list[int] = []
    received_by_hour_last_week: list[int] = []
    finished_by_hour_last_week: list[int] = []
    #: What is counted by the minute only; None until it was counted a first time.
    slow: Slow | None = None
    #: What is known of alerts; None while nothing is.
    alerts: AlertsShown | None = None
