"""How links and sources stand, and what that is called: by what was found and how long ago. Pure."""

from __future__ import annotations

from opscentre.live.wall import LinkState, SourceAge

LINK_WORDS = {"up": "thông", "down": "MẤT", "unknown": "chưa rõ"}
SOURCE_WORDS = {"fresh": "", "stale": "trễ", "failing": "LỖI", "never": "chưa có"}


def link_state(link: LinkState, now: int) -> str:
    """``up``, ``down`` or ``unknown`` by what was found and how long ago (``now``: wall-clock ms)."""
    if link.checked_at is None or now - link.checked_at > 3000 * link.interval_s:
        return "unknown"
    return link.state if link.state in LINK_WORDS else "unknown"


def source_state(source: SourceAge, made_at: int) -> str:
    """``fresh``; ``stale`` (no success for three intervals); ``failing`` (the last attempt failed); ``never``."""
    if source.observed_at is None:
        return "never" if source.ok else "failing"
    if not source.ok:
        return "failing"
    return "stale" if made_at - source.observed_at > 3_000 * source.interval_s else "fresh"
