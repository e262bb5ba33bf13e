"""What a link is after a probe, from what it was before: a pure rule.

One failure may be a lost packet: a link is down after so many running, since the first of them. While our own way out
is gone, or this machine cannot ask, nothing is said of it.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from opscentre.domain.availability import DOWN, UNKNOWN, UP
from opscentre.domain.moments import MINUTE
from opscentre.link_settings import LinkConfig

#: It answered as it should; it did not; or nobody can know.
Finding = Literal["answered", "failed", "blind"]


class Record(msgspec.Struct, frozen=True):
    """What is known of a link; outlives a restart."""

    state: str = UNKNOWN
    since: int = 0
    #: Failures running, and when the first of them was (real ms).
    failures: int = 0
    failing_since: int = 0
    #: The last of up and down that it was, and when it turned from one to the other of late.
    settled: str = ""
    turns: list[int] = []


def judge(before: Record, finding: Finding, at: int, link: LinkConfig) -> Record:
    """The record after a probe at a moment."""
    if finding == "answered":
        return _settle(before, UP, before.since if before.state == UP else at, 0, 0, link)
    if finding == "blind":
        since = before.since if before.state == UNKNOWN and before.since else at
        return msgspec.structs.replace(before, state=UNKNOWN, since=since, failures=0, failing_since=0)
    failures = min(before.failures + 1, link.failures_to_down)
    failing_since = before.failing_since or at
    if before.state == DOWN:
        return _settle(before, DOWN, before.since, failures, failing_since, link)
    if failures >= link.failures_to_down:
        return _settle(before, DOWN, failing_since, failures, failing_since, link)
    return msgspec.structs.replace(before, failures=failures, failing_since=failing_since)


def is_flapping(record: Record, at: int, link: LinkConfig) -> bool:
    """Whether it turned between up and down more often than it may within the last minutes."""
    since = at - link.flapping_minutes * MINUTE
    return sum(turn >= since for turn in record.turns) > link.flapping_changes


def _settle(before: Record, state: str, since: int, failures: int, failing_since: int, link: LinkConfig) -> Record:
    turns = before.turns
    if before.settled and before.settled != state:
        # One more than may be is enough to tell.
        turns = [*turns, since][-(link.flapping_changes + 1) :]
    return Record(state, since, failures, failing_since, state, turns)
