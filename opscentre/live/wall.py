"""The read model of the wall: one picture of the whole province, as it is pushed to every screen.

Two kinds of time, never mixed: fields ending in ``_at`` inside ``sources``, ``links`` and ``heartbeat_at``
are wall-clock milliseconds (ages are honest even in a fast simulation); deadlines and counts follow the
product's clock (``now``).
"""

from __future__ import annotations

from typing import Literal

import msgspec

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
    quarantined: int = 0
    error: str = ""


class LinkState(msgspec.Struct, kw_only=True):
    """One link of the connectivity panel."""

    code: str
    name: str
    kind: str
    #: Seconds between probes: what was found is stale after three intervals without one.
    interval_s: float
    #: ``up``, ``down``, ``unknown`` (our own uplink is gone, or never probed).
    state: str = "unknown"
    latency_ms: float | None = None
    #: Wall-clock ms.
    checked_at: int | None = None
    since: int | None = None
    detail: str = ""


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
    #: Received and finished by local hour of today: 24 numbers each.
    received_by_hour: list[int] = []
    finished_by_hour: list[int] = []
