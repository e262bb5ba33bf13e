"""What is known of a link, gathered for a person: the last probe, availability, latest changes, transcripts."""

from __future__ import annotations

import msgspec
from sqlalchemy import Engine, select

from collectors.links.answer import Transcript
from opscentre.domain.availability import Availability
from opscentre.domain.observations import LinkSeen, Observation
from opscentre.link_settings import LinkConfig
from opscentre.store import tables
from opscentre.store.engine import reading
from opscentre.store.links import read_intervals, read_transcripts

#: Stretches that are shown, the newest first.
SHOWN = 12
_PERIODS = (("today", "available_today"), ("7 days", "available_7d"), ("30 days", "available_30d"))


class Share(msgspec.Struct):
    """The availability of a period: the sums in milliseconds, and the shares that come of them."""

    sums: Availability
    #: up ÷ (up + down), and how much of the time outside maintenance that rests on; None: no such time.
    share: float | None
    measured: float | None


class Stretch(msgspec.Struct):
    """So long a link was in one state, as probes saw it (ms)."""

    state: str
    begun: int
    ended: int


class Look(msgspec.Struct, kw_only=True):
    """One link."""

    code: str
    name: str
    kind: str
    address: str
    #: As the wall says it: ``unknown`` also when it was not probed for three intervals.
    state: str = "unknown"
    #: The newest probe; None: none yet.
    seen: LinkSeen | None = None
    available: dict[str, Share] = {}
    #: The newest stretches, newest first.
    history: list[Stretch] = []
    #: The newest transcript, and the newest of a probe that failed.
    transcripts: dict[str, Transcript] = {}


def look(link: LinkConfig, store: Engine | None, now: int, *, deep: bool) -> Look:
    """What SQL knows of a link (``store``: None where nothing was ever kept); ``deep``: history and transcripts too."""
    # What stands behind the question mark may be a secret.
    address = link.address.partition("?")[0]
    found = Look(code=link.code, name=link.name, kind=link.kind, address=address)
    if store is None:
        return found
    found.seen = _last_seen(link.code, store)
    if found.seen is not None:
        stale = now - found.seen.checked_at > 3000 * link.interval
        found.state = "unknown" if stale else found.seen.state
        for period, field in _PERIODS:
            sums = getattr(found.seen, field)
            if sums is not None:
                found.available[period] = Share(sums, sums.share, sums.measured)
    if deep:
        stretches = read_intervals(store, link.code, 0)[-SHOWN:]
        found.history = [Stretch(one.state, one.begun, one.ended) for one in reversed(stretches)]
        kept = read_transcripts(store, link.code)
        found.transcripts = {which: msgspec.json.decode(one, type=Transcript) for which, one in sorted(kept.items())}
    return found


def _last_seen(code: str, store: Engine) -> LinkSeen | None:
    column = tables.observations.c
    with reading(store).connect() as connection:
        query = select(column.value).where(column.kind == "link", column.code == code)
        raw = connection.execute(query).scalar()
    seen = msgspec.json.decode(raw, type=Observation) if raw else None
    return seen if isinstance(seen, LinkSeen) else None
