"""The history of links: stretches of one state, and the last talks with each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from sqlalchemy import Engine, delete, select

from opscentre.domain.availability import Interval
from opscentre.store.engine import reading, upsert
from opscentre.store.tables import link_intervals, link_transcripts

#: The newest transcript of a link, and the newest of a probe that failed.
Which = Literal["last", "failed"]


def read_intervals(engine: Engine, code: str, since: int) -> list[Interval]:
    """The stretches of a link that end at or after a moment, in order."""
    column = link_intervals.c
    query = select(column.begun, column.ended, column.state).where(column.code == code, column.ended >= since)
    with reading(engine).connect() as connection:
        return [Interval(*row) for row in connection.execute(query.order_by(column.begun))]


def write_links(
    engine: Engine,
    intervals: Mapping[tuple[str, int], Interval],
    transcripts: Mapping[tuple[str, Which], tuple[int, bytes]],
) -> None:
    """Keep stretches by (code, beginning) and transcripts by (code, which), in one transaction."""
    if not intervals and not transcripts:
        return
    stretches = [{"code": code, **interval._asdict()} for (code, _), interval in intervals.items()]
    talks = [
        {"code": code, "which": which, "at": at, "transcript": encoded}
        for (code, which), (at, encoded) in transcripts.items()
    ]
    with engine.begin() as connection:
        upsert(connection, link_intervals, stretches, update=["ended", "state"])
        upsert(connection, link_transcripts, talks, update=["at", "transcript"])


def read_transcripts(engine: Engine, code: str) -> dict[str, bytes]:
    """The transcripts of a link by which they are."""
    query = select(link_transcripts.c.which, link_transcripts.c.transcript).where(link_transcripts.c.code == code)
    with reading(engine).connect() as connection:
        return {row.which: row.transcript for row in connection.execute(query)}


def prune_links(engine: Engine, before: int) -> int:
    """Forget what ended before a moment; how many stretches that were. Transcripts of links long gone go too."""
    with engine.begin() as connection:
        connection.execute(delete(link_transcripts).where(link_transcripts.c.at < before))
        return connection.execute(delete(link_intervals).where(link_intervals.c.ended < before)).rowcount
