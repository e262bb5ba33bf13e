"""Correcting what was counted under an unknown word, once a mapping table, a unit or a spelling gives it a code."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from sqlalchemy import Engine, select

from collectors.packing import Packer
from opscentre.domain.dossier import UNMAPPED, Snapshot
from opscentre.domain.dvcqg import unit_of
from opscentre.domain.fold import DossierState
from opscentre.domain.units import Units
from opscentre.domain.vocabulary import Vocabulary, is_national
from opscentre.pipe.base import Producer
from opscentre.store import tables
from opscentre.store.engine import reading

_decode = msgspec.json.Decoder(DossierState).decode
_PAGE = 1_000

#: Kinds that a dossier here still shows; the others have to be read from the source again.
KEPT = frozenset({"unit", "procedure"})


def corrected(snapshot: Snapshot, vocabulary: Vocabulary, units: Units, now: int) -> Snapshot:
    """A dossier's snapshot with the codes that its words have by now; the very same where nothing changes.

    Observed later than it was, of the same version: so the fold takes it, and any newer version wins.
    """
    unit, seen, procedure = snapshot.unit, snapshot.unit_seen, snapshot.procedure
    if unit == UNMAPPED:
        at = snapshot.received or snapshot.submitted or snapshot.observed
        unit = unit_of(seen, units, vocabulary, at)[0]
        seen = seen if unit == UNMAPPED else ""
    if not is_national(procedure):
        procedure = vocabulary.code("procedure", procedure) or procedure
    if (unit, procedure) == (snapshot.unit, snapshot.procedure):
        return snapshot
    observed = max(now, snapshot.observed + 1)
    return msgspec.structs.replace(snapshot, unit=unit, unit_seen=seen, procedure=procedure, observed=observed)


def correct(
    store: Engine, producer: Producer, source: str, vocabulary: Vocabulary, units: Units, now: int, *, every: bool
) -> tuple[int, dict[int, int]]:
    """Send the dossiers of a source that are to be corrected; how many, and the newest offset of each partition.

    Only those without a unit are looked at unless ``every`` one is. ``now`` is the product's time (ms). The source
    is not asked. Raises ``PipeError``.
    """
    packer, sent = Packer(producer), 0
    for snapshot in _snapshots(store, source, every):
        right = corrected(snapshot, vocabulary, units, now)
        if right is not snapshot:
            packer.add(right)
            sent += 1
    packer.finish()
    return sent, packer.offsets


def _snapshots(store: Engine, source: str, every: bool) -> Iterator[Snapshot]:
    """Page by page; no transaction stays open between."""
    column = tables.dossiers.c
    last = ""
    while True:
        query = select(column.number, column.state).where(column.source == source, column.number > last)
        if not every:
            query = query.where(column.unit == UNMAPPED)
        with reading(store).connect() as connection:
            rows = list(connection.execute(query.order_by(column.number).limit(_PAGE)))
        if not rows:
            return
        for row in rows:
            yield _decode(row.state).snapshot
        last = rows[-1].number
