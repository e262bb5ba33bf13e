"""How links and sources stand, and what that is called: by what was found and how long ago. Pure."""

from __future__ import annotations

from opscentre.live.wall import LinkState, SourceAge, Wall

LINK_WORDS = {"up": "thông", "down": "MẤT", "unknown": "chưa rõ", "maintenance": "bảo trì"}
SOURCE_WORDS = {"fresh": "", "stale": "trễ", "failing": "LỖI", "never": "chưa có", "paused": "tạm dừng"}
#: Where there is no room for every source, those come first that want a person most.
SOURCE_ORDER = {"failing": 0, "stale": 1, "paused": 2, "never": 3, "fresh": 4}
#: States in which the numbers of a source's units may be old.
_OLD = ("failing", "stale", "paused")


def link_state(link: LinkState, now: int) -> str:
    """``up``, ``down``, ``unknown`` or ``maintenance`` by what was found and how long ago (``now``: wall-clock ms)."""
    if link.checked_at is None or now - link.checked_at > 3000 * link.interval_s:
        return "unknown"
    return link.state if link.state in LINK_WORDS else "unknown"


def link_standing(link: LinkState, now: int) -> str:
    """As ``link_state``, and of a link that is up what speaks against that: ``flapping``, else ``expiring``."""
    state = link_state(link, now)
    if state != "up":
        return state
    if link.flapping:
        return "flapping"
    return "expiring" if link.certificate_due(now) else "up"


def link_word(link: LinkState, standing: str, now: int) -> str:
    """What is said of a standing, short enough for a tile: ``MẤT``, ``chập chờn``, ``CTS 9 ngày`` (chứng thư số)."""
    if standing == "flapping":
        return "chập chờn"
    if standing == "expiring":
        left = link.certificate_days(now)
        return "CTS hết hạn" if left is None or left < 0 else f"CTS {left} ngày"
    return LINK_WORDS[standing]


def source_state(source: SourceAge, made_at: int) -> str:
    """``fresh``; ``stale`` (no success for three intervals); ``failing`` (the last attempt failed); ``never``.

    ``paused``, whatever was found last: a person has had it asked no more. That is no fault, and not good either.
    """
    if source.paused_since is not None:
        return "paused"
    if source.observed_at is None:
        return "never" if source.ok else "failing"
    if not source.ok:
        return "failing"
    return "stale" if made_at - source.observed_at > 3_000 * source.interval_s else "fresh"


def units_of_failing_sources(wall: Wall) -> frozenset[str]:
    """Units whose source failed, is late or is paused: their numbers may be old. None until their sources are counted.

    Which units a source has is counted by the minute, how it stands is known now: what begins to fail is marked at
    once, what is well again with the next count.
    """
    if wall.slow is None:
        return frozenset()
    old = {source.code for source in wall.sources if source_state(source, wall.made_at) in _OLD}
    now = (code for code, sources in wall.slow.sources_of_units.items() if old.intersection(sources))
    return frozenset([*wall.slow.stale_units, *now])
