"""Refuses to count with another number of partitions than the books in SQL were kept with."""

from __future__ import annotations

from sqlalchemy import Engine, func, select

from opscentre.domain.dossier import partition_of
from opscentre.pipe.topics import BEGIN_ANEW, DOSSIERS, RE_KEYING
from opscentre.settings import SettingsError
from opscentre.store import tables
from opscentre.store.engine import reading

#: Dossiers looked at: of those of another number, at least every second one lies in another partition.
_LOOKED_AT = 64


def require_same_partitions(engine: Engine, count: int) -> None:
    """Raise ``SettingsError`` where SQL's books were kept with another number of partitions than ``count``.

    Two things tell it: an offset or a dossier in a partition that is not there, and a dossier in another partition
    than the hash of its key gives.
    """
    offset, dossier = tables.partitions.c, tables.dossiers.c
    with reading(engine).connect() as connection:
        kept = [
            connection.execute(select(func.max(offset.partition)).where(offset.topic == DOSSIERS)).scalar(),
            connection.execute(select(func.max(dossier.partition))).scalar(),
        ]
        sample = connection.execute(select(dossier.source, dossier.number, dossier.partition).limit(_LOOKED_AT)).all()
    highest = max((found for found in kept if found is not None), default=-1)
    if highest >= count:
        raise SettingsError(
            _told(f"SQL's books hold partition {highest}, and {count} are asked for (0 to {count - 1})")
        )
    for row in sample:
        wanted = partition_of(row.source, row.number, count)
        if row.partition != wanted:
            raise SettingsError(
                _told(
                    f"SQL's books have dossier {row.number} of {row.source} in partition {row.partition}; of {count} "
                    f"partitions it would be {wanted}"
                )
            )


def _told(what: str) -> str:
    return (
        f"partitions: {what}. Set OPSCENTRE_PARTITIONS to the number they were kept with, or {BEGIN_ANEW}: {RE_KEYING}"
    )
