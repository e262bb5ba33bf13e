"""The topics of the pipe, how many partitions each one has, and why that number must never change."""

from __future__ import annotations

#: Batches of dossier snapshots (``opscentre.domain.dossier.Batch``), keyed by partition.
DOSSIERS = "opscentre.dossiers"
#: Heartbeats, source states and link states (``opscentre.domain.observations``), one partition.
OBSERVATIONS = "opscentre.observations"
#: Messages that no agent could digest, with the reason.
DEAD_LETTERS = "opscentre.dead-letters"

EMBEDDED_PARTITIONS = 4
KAFKA_PARTITIONS = 12

#: Why another number of partitions is refused wherever one is met.
RE_KEYING = (
    "a dossier's partition is a stable hash modulo their number, so with another number its next change would reach "
    "a ledger that does not know it, and it would be counted twice"
)
#: What to do for another number, after "or".
BEGIN_ANEW = "begin anew with a new topic and an empty database, and read every source again (docs/operations.md)"


def partitions(topic: str, dossier_partitions: int) -> int:
    """How many partitions a topic has where the dossiers topic has ``dossier_partitions``."""
    return dossier_partitions if topic == DOSSIERS else 1


def mismatch(where: str, topic: str, have: int, wanted: int) -> str:
    """What is wrong, in one line, where a topic is there with another number of partitions, and what to do."""
    if topic != DOSSIERS:
        # A setting cannot mend it: these have one, because their order is one.
        return f"{where}: topic {topic!r} has {have} partitions, it must have {wanted}: delete it, it is made anew"
    return (
        f"{where}: topic {topic!r} has {have} partitions, {wanted} are asked for; set OPSCENTRE_PARTITIONS={have}, or "
        f"{BEGIN_ANEW}: {RE_KEYING}"
    )
