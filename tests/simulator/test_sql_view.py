"""The simulated view's table: what is archived at the source goes from it, and rows keep their numbers."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from opscentre.domain.moments import DAY, HOUR
from opscentre.profile import Profile
from simulator.feed import Feed
from simulator.sql_view import TABLE, SqlView
from simulator.world import World
from tests.simulator.conftest import START


def test_rows_keep_their_numbers_and_archived_ones_are_deleted(tmp_path: Path, province: Profile) -> None:
    world = World(province, seed=5, start=START, history_days=3, volume=0.03)
    feed = Feed(world, world.systems[2], START)
    url = f"sqlite:///{tmp_path / 'ho_so.db'}"
    view = SqlView(feed, url)
    view.fill()
    engine = sa.create_engine(url)

    def ids() -> dict[str, int]:
        with engine.connect() as connection:
            return {row.ma_ho_so: row.id for row in connection.execute(sa.select(TABLE.c.ma_ho_so, TABLE.c.id))}

    first = ids()
    assert sorted(first.values()) == list(range(1, len(first) + 1))
    for days in range(1, 31):
        view.write(*view.rows(feed.advance(START + days * DAY + HOUR)))
    grown = ids()
    assert first.items() <= grown.items()
    assert grown.keys() > {entry.number for entry in feed.all()}
    gone = view.archived()
    view.delete(gone)
    left = ids()
    assert left.keys() == {entry.number for entry in feed.all()}
    assert left.items() <= grown.items()
    assert len(gone) == len(grown) - len(left) > 0
    assert view.archived() == []
    view.write(*view.rows(feed.advance(START + 31 * DAY + HOUR)))
    assert max(ids().values()) > max(grown.values())
    view.close()
    engine.dispose()
