"""What travels on the observations topic beside dossiers: heartbeats, states of sources, states of links."""

from __future__ import annotations

import msgspec


class Heartbeat(msgspec.Struct, frozen=True, tag="heartbeat"):
    """The collectors are alive: ``at`` is wall-clock time (real ms, never simulated)."""

    at: int


class SourceSeen(msgspec.Struct, frozen=True, tag="source", kw_only=True):
    """What the last poll of a source came to. All times are real milliseconds.

    The last good value, when it was observed and the result of the last attempt are three different
    things: a source that fails keeps ``observed_at`` of its last success.
    """

    code: str
    attempted_at: int
    observed_at: int | None
    ok: bool
    #: Records taken in the last successful poll and since the collector's cursor began.
    taken: int = 0
    total: int = 0
    #: Rows set aside since the cursor began.
    quarantined: int = 0
    error: str = ""


class LinkSeen(msgspec.Struct, frozen=True, tag="link", kw_only=True):
    """One probe of a link. ``state`` is ``up``, ``down`` or ``unknown`` (our own uplink is gone)."""

    code: str
    checked_at: int
    state: str
    latency_ms: float | None = None
    #: When the present state began (real ms).
    since: int = 0
    detail: str = ""


Observation = Heartbeat | SourceSeen | LinkSeen
