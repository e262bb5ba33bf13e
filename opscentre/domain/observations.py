"""What travels on the observations topic beside dossiers: heartbeats, states of sources, states of links."""

from __future__ import annotations

import msgspec

from opscentre.domain.dossier import SourceCode, Stamp


class Heartbeat(msgspec.Struct, frozen=True, tag="heartbeat"):
    """The collectors are alive: ``at`` is wall-clock time (real ms, never simulated)."""

    at: Stamp


class SourceSeen(msgspec.Struct, frozen=True, tag="source", kw_only=True):
    """What the last poll of a source came to. All times are real milliseconds.

    The last good value, when it was observed and the result of the last attempt are three different
    things: a source that fails keeps ``observed_at`` of its last success.
    """

    code: SourceCode
    attempted_at: Stamp
    observed_at: Stamp | None
    ok: bool
    #: Records taken in the last successful poll and since the collector's cursor began.
    taken: int = 0
    total: int = 0
    #: Rows set aside since the cursor began.
    quarantined: int = 0
    error: str = ""


class LinkSeen(msgspec.Struct, frozen=True, tag="link", kw_only=True):
    """One probe of a link. ``state`` is ``up``, ``down`` or ``unknown`` (our own uplink is gone)."""

    code: SourceCode
    checked_at: Stamp
    state: str
    latency_ms: float | None = None
    #: When the present state began (real ms).
    since: Stamp = 0
    detail: str = ""


Observation = Heartbeat | SourceSeen | LinkSeen
