"""``opscentre stream --workers N`` and another number of partitions: refused at once, with what to do."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert

from opscentre import cli
from opscentre.domain.dossier import partition_of
from opscentre.partition_check import require_same_partitions
from opscentre.pipe import topics
from opscentre.runtime.folder import Unusable
from opscentre.runtime.workers import require_room
from opscentre.settings import Settings, SettingsError
from opscentre.store import tables
from opscentre.store.engine import open_store

Refusal = Callable[..., str]


@pytest.fixture
def refusal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Refusal:
    """Run ``opscentre`` on the test's own folder; the one line with which it refuses."""

    def call(*arguments: str) -> str:
        monkeypatch.setenv("OPSCENTRE_DATA", str(tmp_path))
        monkeypatch.setenv("OPSCENTRE_REDIS", "redis://127.0.0.1:1/0")
        monkeypatch.setattr(sys, "argv", ["opscentre", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr().err
        assert ended.value.code == 2
        assert said.count("\n") == 1, said
        return said

    return call


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return open_store(f"sqlite:///{tmp_path / 'opscentre.db'}")


def count(engine: Engine, dossiers: int, partitions: int) -> None:
    """Dossiers in SQL as a worker of so many partitions writes them."""
    rows = [
        {"source": "s", "number": f"n{n}", "partition": partition_of("s", f"n{n}", partitions), "unit": "H55.12",
         "status": 2, "state": b"{}"}
        for n in range(dossiers)
    ]  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(tables.dossiers), rows)


def test_several_workers_on_the_embedded_pipe_are_refused_with_what_to_do(refusal: Refusal) -> None:
    said = refusal("stream", "--workers", "2")
    assert "the embedded pipe takes one stream worker" in said
    assert "OPSCENTRE_BROKER=kafka://host:9092" in said


def test_more_workers_than_partitions_are_refused() -> None:
    require_room(Settings(broker="kafka://k:1", workers=12))
    with pytest.raises(Unusable, match="has 12 partitions.*give at most 12"):
        require_room(Settings(broker="kafka://k:1", workers=13))


@pytest.mark.parametrize(("kept", "asked"), [(12, 4), (4, 12), (12, 24), (12, 13)])
def test_books_of_another_number_of_partitions_are_refused(engine: Engine, kept: int, asked: int) -> None:
    count(engine, 100, kept)
    require_same_partitions(engine, kept)
    with pytest.raises(SettingsError, match="stable hash modulo their number") as refused:
        require_same_partitions(engine, asked)
    for todo in ("Set OPSCENTRE_PARTITIONS to the number they were kept with", "new topic", "read every source again"):
        assert todo in str(refused.value)


def test_an_offset_of_a_partition_that_is_not_there_is_refused_at_the_start_of_the_role(
    engine: Engine, refusal: Refusal
) -> None:
    with engine.begin() as connection:
        connection.execute(insert(tables.partitions), [{"topic": topics.DOSSIERS, "partition": 9, "next_offset": 7}])
    assert "SQL's books hold partition 9, and 4 are asked for (0 to 3)" in refusal("stream")


def test_a_pipe_of_another_number_of_partitions_is_refused_at_the_start_of_the_role(
    refusal: Refusal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from opscentre.pipe.base import open_producer

    open_producer(Settings(data=tmp_path).broker_url, 4).close()
    monkeypatch.setenv("OPSCENTRE_PARTITIONS", "6")
    said = refusal("stream")
    assert "'opscentre.dossiers' has 4 partitions, 6 are asked for; set OPSCENTRE_PARTITIONS=4" in said
    assert "stable hash modulo their number" in said
