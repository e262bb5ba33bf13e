"""The topics of the pipe and how many partitions each one has."""

from __future__ import annotations

#: Batches of dossier snapshots (``opscentre.domain.dossier.Batch``), keyed by partition.
DOSSIERS = "opscentre.dossiers"
#: Heartbeats, source states and link states (``opscentre.domain.observations``), one partition.
OBSERVATIONS = "opscentre.observations"
#: Messages that no agent could digest, with the reason.
DEAD_LETTERS = "opscentre.dead-letters"

EMBEDDED_PARTITIONS = 4
KAFKA_PARTITIONS = 12


def partitions(topic: str, dossier_partitions: int) -> int:
    """How many partitions a topic has where the dossiers topic has ``dossier_partitions``."""
    return dossier_partitions if topic == DOSSIERS else 1
