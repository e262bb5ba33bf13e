"""The words of sources that have no code yet: how often, since when, and in which dossier, in bounded space."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import cast

import msgspec
from sqlalchemy import Engine, case, delete, func, select

from opscentre.domain.vocabulary import Kind, Unmapped
from opscentre.store import tables
from opscentre.store.engine import insertion, reading

#: Words of one source and kind that are kept apart; what comes beyond is counted together under ``OTHERS``.
MOST_WORDS = 500
OTHERS = "…"

_COLUMN = tables.unmapped.c


class Word(msgspec.Struct, kw_only=True):
    """A word without a code, and what is known of it. ``first_seen`` and ``last_seen`` are real milliseconds."""

    source: str
    kind: str
    seen: str
    #: Records that had it.
    times: int = 1
    first_seen: int
    last_seen: int
    #: MaHoSo of one of them.
    number: str = ""
    #: The oldest change at the source (product's time, ms) that had it.
    since: int

    @property
    def unmapped(self) -> Unmapped:
        """The word itself."""
        return Unmapped(cast(Kind, self.kind), self.seen)


def note_words(engine: Engine, words: Iterable[Word]) -> None:
    """Add to what is known of words."""
    found = list(words)
    if not found:
        return
    with engine.begin() as connection:
        places = {(word.source, word.kind) for word in found}
        for source, kind in places:
            mine = select(_COLUMN.seen).where(_COLUMN.source == source, _COLUMN.kind == kind)
            known = set(connection.execute(mine).scalars())
            for word in found:
                if (word.source, word.kind) == (source, kind) and word.seen not in known:
                    if len(known) < MOST_WORDS:
                        known.add(word.seen)
                    else:
                        word.seen = OTHERS
        insert = insertion(connection, tables.unmapped)
        new = insert.excluded
        add = insert.on_conflict_do_update(
            index_elements=["source", "kind", "seen"],
            set_={
                "times": _COLUMN.times + new.times,
                "last_seen": new.last_seen,
                "number": new.number,
                "since": case((_COLUMN.since < new.since, _COLUMN.since), else_=new.since),
            },
        )
        for word in found:
            connection.execute(add, msgspec.structs.asdict(word))


def words(engine: Engine, source: str | None = None) -> list[Word]:
    """The words without a code, source by source and kind by kind, the most frequent ones first."""
    query = select(tables.unmapped).order_by(_COLUMN.source, _COLUMN.kind, _COLUMN.times.desc(), _COLUMN.seen)
    if source is not None:
        query = query.where(_COLUMN.source == source)
    with reading(engine).connect() as connection:
        return [Word(**row._mapping) for row in connection.execute(query)]


def forget(engine: Engine, source: str, known: Collection[tuple[str, str]]) -> None:
    """Words, as (kind, seen), that have a code by now."""
    with engine.begin() as connection:
        for kind, seen in known:
            gone = delete(tables.unmapped).where(_COLUMN.source == source, _COLUMN.kind == kind, _COLUMN.seen == seen)
            connection.execute(gone)


def dossiers_without_unit(engine: Engine, unit: str) -> dict[tuple[str, str], int]:
    """How many dossiers stand under the unit of the unmapped now, by (source, what the source wrote)."""
    column = tables.dossiers.c
    query = select(column.source, column.unit_seen, func.count()).where(column.unit == unit)
    with reading(engine).connect() as connection:
        counted = connection.execute(query.group_by(column.source, column.unit_seen))
        return {(row[0], row[1]): row[2] for row in counted}
