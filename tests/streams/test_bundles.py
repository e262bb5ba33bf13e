"""Bundles keep every message and its order; COPY and row by row leave the same rows behind."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from opscentre.store import bulk, tables
from opscentre.store.engine import open_store
from streams.transport.bundles import BUNDLE_WEIGHT, MESSAGE_WEIGHT, Part, bundles


def test_every_message_is_in_one_bundle_in_its_order_and_the_bundle_stands_at_its_last():
    records = [Part(offset, b"x" * (offset * 97 % 40_000)) for offset in range(300)]
    made = list(bundles(records, lambda record: record))
    assert [part for bundle in made for part in bundle.parts] == records
    assert [bundle.last for bundle in made] == [bundle.parts[-1] for bundle in made]
    assert len(made) > 5


def test_a_bundle_ends_with_the_message_that_makes_it_heavy_enough():
    records = [Part(offset, None) for offset in range(3 * BUNDLE_WEIGHT // MESSAGE_WEIGHT)]
    for bundle in bundles(records, lambda record: record):
        assert sum(part.weight for part in bundle.parts[:-1]) < BUNDLE_WEIGHT


@pytest.mark.postgres
def test_rows_copied_are_the_rows_inserted_one_by_one(postgres_url: str):
    engine = open_store(postgres_url)
    keys = ("topic", "partition", "next_offset")
    first = [dict(zip(keys, ("t", n, n), strict=True)) for n in range(bulk.COPIED_FROM)]
    more = [dict(zip(keys, ("t", n, -n), strict=True)) for n in range(10, 10 + bulk.COPIED_FROM)]
    found = []
    for update in (None, ["next_offset"]):
        for size in (1, bulk.COPIED_FROM):
            with engine.begin() as connection:
                connection.execute(tables.partitions.delete())
            for rows in (first, more):
                for begin in range(0, len(rows), size):
                    with engine.begin() as connection:
                        bulk.upsert(connection, tables.partitions, rows[begin : begin + size], update=update)
            with engine.connect() as connection:
                query = select(tables.partitions).order_by(tables.partitions.c.partition)
                found.append([tuple(row) for row in connection.execute(query)])
    engine.dispose()
    assert found[0] == found[1] != found[2] == found[3]
    assert len(found[0]) == len(found[2]) == 10 + bulk.COPIED_FROM
