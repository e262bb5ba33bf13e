"""What the wall shows that changes by the minute: yesterday's places, the score, dated figures, online services.

It is counted from SQL and the profile beside the push, at most once a minute, in a process of its own
(``opscentre/slow.py``); every picture carries the newest one. Moments are epoch milliseconds.
"""

from __future__ import annotations

import msgspec

from opscentre.domain.lateness import LateBySync


class GroupScore(msgspec.Struct, kw_only=True):
    """One group of the service score: points of ``max``, of which ``reachable`` has data."""

    code: str
    name: str
    points: float
    max: float
    reachable: float


class Missing(msgspec.Struct, kw_only=True):
    """What an indicator of the score still lacks."""

    code: str
    name: str
    points: float
    #: How much greater its numerator must be for all points; None: it has no data at all.
    needed: int | None


class UnitScore(msgspec.Struct, kw_only=True):
    """A unit's score in percent of what it can reach; ``rank`` is None where it is not ranked."""

    code: str
    percent: float | None
    rank: int | None
    #: Dossiers of the period behind it.
    volume: int = 0
    #: The score as of the end of yesterday, by today's ceilings; None: there was none (or the month began today).
    yesterday: float | None = None
    #: The word for it; empty where the profile has none.
    grade: str = ""


class ScoreShown(msgspec.Struct, kw_only=True):
    """The score of a period [since, until), as of the slow document's ``now``."""

    since: int
    until: int
    points: float
    max: float
    reachable: float
    groups: list[GroupScore]
    #: Most missing first.
    missing: list[Missing]
    #: Indicators with points but without data, and those computed from less than their definition asks for.
    no_data: list[str]
    partial: list[str]
    units: list[UnitScore]
    #: The words for scores, the best first.
    grades: list[str] = []


class FigureShown(msgspec.Struct, kw_only=True):
    """A dated figure as it is printed, with whom it speaks of and who published it."""

    code: str
    name: str
    scope: str
    value: str
    unit: str
    as_of: str
    source: str
    note: str
    #: Days since the last day it speaks of.
    age_days: int


class TargetShown(msgspec.Struct, kw_only=True):
    """A target, and how far it was reached; ``reached`` is empty where nothing measures it yet."""

    name: str
    value: str
    unit: str
    by: str
    reached: str
    reached_as_of: str
    #: Part of 1 of the target that is reached; None: not known.
    share: float | None
    source: str


class CampaignShown(msgspec.Struct, kw_only=True):
    """A row of the campaign that raised service levels; ``actual`` is None where no source names it."""

    name: str
    window: str
    planned: int
    actual: int | None


class Ratio(msgspec.Struct, kw_only=True):
    """A part of a whole that the dossiers tell; a whole of 0 is no data."""

    code: str
    name: str
    part: int
    whole: int
    #: Part of 1 from which on it earns all its points; None: only the whole does.
    full_at: float | None = None


class Services(msgspec.Struct, kw_only=True):
    """Online services: what is offered by level, and what of it is used."""

    #: Procedures of the catalogue, and by the level at which they are offered today.
    procedures: int
    by_level: dict[str, int]
    ratios: list[Ratio]
    #: Received in the 30 days up to the end of yesterday, and of these by post.
    received: int
    postal: int
    targets: list[TargetShown]
    campaign: list[CampaignShown]


class ReactionShown(msgspec.Struct, kw_only=True):
    """How long a unit takes to acknowledge an alert: working ms, of alerts of 30 days of which some are still open."""

    unit: str
    median: int
    #: Whether it can only be more: something still waits.
    least: bool
    count: int
    open: int


class Slow(msgspec.Struct, kw_only=True):
    """One such document."""

    #: Wall-clock ms at which it was counted, how long that took, and the product's time then.
    made_at: int
    took_ms: int
    now: int
    #: Place of each unit in its group by on-time share, as it was at the end of yesterday.
    places_yesterday: dict[str, int]
    #: The same by the online share of what was received yesterday.
    online_places_yesterday: dict[str, int] = {}
    #: The same by the score of the month, as of the end of yesterday; empty on the first of a month.
    score_places_yesterday: dict[str, int] = {}
    #: Units whose source failed at its last poll, or is paused.
    stale_units: list[str]
    #: By unit, the sources that its dossiers of the score's period come from: what fails now is seen at once.
    sources_of_units: dict[str, list[str]] = {}
    score: ScoreShown | None
    figures: list[FigureShown]
    services: Services
    #: Newest value by metric, ``input:NAME`` or ``figure:SERIES``; one without a value is not there.
    measured: dict[str, FigureShown] = {}
    #: Units with enough alerts to be compared, the slowest first.
    reactions: list[ReactionShown] = []
    #: By unit, those with any.
    late_by_sync: dict[str, LateBySync] = {}
