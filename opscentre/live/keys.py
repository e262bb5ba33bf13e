"""Names of the Redis keys, with the version of their layout.

One hash per (partition, dimension, period); values are short JSON lists. Readers add the partitions up.
"""

from __future__ import annotations

PREFIX = "opscentre:1:"

#: Published whenever the board changed; the payload names the events, by commas (``opscentre.tracing``).
CHANNEL = PREFIX + "changed"
#: Hash code → SourceSeen as JSON, hash code → LinkSeen as JSON.
SOURCES = PREFIX + "sources"
LINKS = PREFIX + "links"
#: Wall-clock ms of the collectors' last heartbeat.
HEARTBEAT = PREFIX + "heartbeat"
#: Hash ``field:<code>`` or ``procedure:<code>`` → what the newest snapshot that said so calls it.
NAMES = PREFIX + "names"
#: JSON Mark of whoever wrote sources, links and heartbeat last.
OBSERVER = PREFIX + "observer"


def meta(partition: int) -> str:
    """JSON BoardMeta of a partition: present exactly when everything else of the partition is."""
    return f"{PREFIX}meta:{partition}"


def units(partition: int) -> str:
    """Hash unit → the numbers of UNIT_ROW."""
    return f"{PREFIX}units:{partition}"


def day(partition: int, number: int) -> str:
    """Hash unit → the numbers of DAILY for a day number."""
    return f"{PREFIX}day:{partition}:{number}"


def hours(partition: int, number: int) -> str:
    """JSON list of 48: received by hour, then finished by hour, of a day number."""
    return f"{PREFIX}hours:{partition}:{number}"


def urgent(partition: int) -> str:
    """JSON Urgent of a partition: its longest overdue and next due dossiers."""
    return f"{PREFIX}urgent:{partition}"


def tally(dimension: str, partition: int) -> str:
    """Hash code → the numbers of ``domain.windows``; ``dimension`` is ``fields``, ``procedures`` or ``channels``.

    Codes that have nothing to show are not there.
    """
    return f"{PREFIX}{dimension}:{partition}"


def name(kind: str, code: str) -> str:
    """A field in NAMES; ``kind`` is ``field`` or ``procedure``."""
    return f"{kind}:{code}"


def all_days(partition: int) -> str:
    """Pattern that matches every day and hour key of a partition."""
    return f"{PREFIX}*:{partition}:*"
