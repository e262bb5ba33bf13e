"""What travels on the observations topic beside dossiers: heartbeats, states of sources, states of links."""

from __future__ import annotations

from typing import Annotated

import msgspec

from opscentre.domain.availability import Availability
from opscentre.domain.dossier import SourceCode, Stamp

#: Probes of a link whose latencies travel with it.
SPARK = 30


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
    #: Until when the source's dossiers are known: its last good poll, or the last file or push it sent; None: never.
    known_at: Stamp | None = None
    ok: bool
    #: Records taken in the last successful poll and since the collector's cursor began.
    taken: int = 0
    total: int = 0
    #: Rows refused that have not come right since; and of these, by unit where it can be told.
    quarantined: int = 0
    quarantined_units: dict[str, int] = {}
    error: str = ""
    #: Since when a person has had it asked no more; None: it is asked.
    paused_since: Stamp | None = None


class LinkSeen(msgspec.Struct, frozen=True, tag="link", kw_only=True, omit_defaults=True):
    """One probe of a link, and what is known of the link by then. All times are real milliseconds."""

    code: SourceCode
    checked_at: Stamp
    #: ``up``; ``down``; ``unknown`` (our own way out is gone, or this machine cannot probe it); ``maintenance``
    #: (within a window of links.toml, whatever the probe found).
    state: str
    latency_ms: float | None = None
    #: When the present state began.
    since: Stamp = 0
    #: What is wrong, in a sentence; empty where nothing is.
    detail: str = ""
    #: The same as one of the words of ``collectors/links/answer.py``, for a screen to say in its own language.
    reason: str = ""
    #: The last latencies, oldest first; None: no answer.
    latencies: Annotated[list[float | None], msgspec.Meta(max_length=SPARK)] = []
    #: When the certificate that was shown ends; None where there was none.
    certificate_expires_at: Stamp | None = None
    #: Whether the state changed more often of late than links.toml allows.
    flapping: bool = False
    #: When the maintenance window ends; None outside of one.
    maintenance_until: Stamp | None = None
    #: Over the hours that count for the link: today so far, and the last 7 and 30 local days with today.
    available_today: Availability | None = None
    available_7d: Availability | None = None
    available_30d: Availability | None = None


Observation = Heartbeat | SourceSeen | LinkSeen
