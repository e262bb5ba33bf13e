"""Polling an SQL view in a real database: order of reading, its border, types, failures, nothing personal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text

from collectors.errors import BadData, SignInRefused, Unreachable
from collectors.sql_view.collector import ViewCollector, make
from opscentre.domain.moments import local
from opscentre.pipe.base import PipeError
from opscentre.settings import SettingsError
from tests.collectors.parts import Bench, FailingOnce, given
from tests.collectors.records import BEGIN, TRACES, dossier

COLUMNS = {"MaHoSo": "so_ho_so", "NgayTiepNhan": "ngay_tiep_nhan", "TrangThaiHoSo": "trang_thai",
           "DonViXuLy": "don_vi", "NgayHenTra": "hen_tra", "NgayCapNhat": "cap_nhat"}  # fmt: skip


class Registry:
    """A department's database with a table of its own shape and a view on it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine: Engine = create_engine(url)
        self.run("CREATE TABLE ho_so (so_ho_so TEXT PRIMARY KEY, chu_ho_so TEXT, ngay_tiep_nhan TEXT,"
                 " trang_thai INTEGER, don_vi TEXT, hen_tra TEXT, cap_nhat TEXT)")  # fmt: skip
        self.run("CREATE VIEW v_ho_so AS SELECT * FROM ho_so")

    def run(self, statement: str, **values: Any) -> None:
        """Run one statement."""
        with self.engine.begin() as connection:
            connection.execute(text(statement), values)

    def put(self, number: int, seconds: int, **changes: Any) -> None:
        """Insert or replace a dossier."""
        row = dossier(number, seconds, **changes)
        self.run("DELETE FROM ho_so WHERE so_ho_so = :number", number=row["MaHoSo"])
        self.run(
            "INSERT INTO ho_so VALUES (:number, :citizen, :received, :status, :unit, :due, :modified)",
            number=row["MaHoSo"], citizen="Nguyễn Hư Cấu 019088001234", received=row["NgayTiepNhan"],
            status=row["TrangThaiHoSo"], unit=row["DonViXuLy"], due=row["NgayHenTra"], modified=row["NgayCapNhat"],
        )  # fmt: skip


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    made = Registry(f"sqlite:///{tmp_path / 'department.sqlite'}")
    yield made
    made.engine.dispose()


def collector(bench: Bench, registry: Registry, producer: Any = None, **more: Any) -> ViewCollector:
    settings = {"url": registry.url, "view": "v_ho_so", "columns": COLUMNS, "page_rows": 10, **more}
    return make(given(bench, "sql_view", settings, producer=producer or bench.producer))


def test_all_pages_are_read_once_though_many_rows_share_one_second(bench: Bench, registry: Registry) -> None:
    for n in range(35):
        registry.put(n, seconds=n // 20)
    reading = collector(bench, registry)
    assert reading.poll().taken == 35
    assert bench.numbers() == [f"{n:04d}" for n in range(35)]
    assert reading.poll().taken == 0


def test_changes_late_rows_and_a_restart_are_read_on_from_the_border(bench: Bench, registry: Registry) -> None:
    for n in range(12):
        registry.put(n, seconds=100)
    collector(bench, registry).poll()
    registry.put(3, seconds=100, TrangThaiHoSo="5")
    registry.put(20, seconds=85)
    registry.put(21, seconds=30)
    assert collector(bench, registry).poll().taken == 2
    assert [s.status for s in bench.snapshots() if s.number.endswith("0003")] == [4, 5]
    assert "0020" in bench.numbers()


def test_the_cursor_moves_only_after_the_pipe_has_acknowledged(bench: Bench, registry: Registry) -> None:
    for n in range(25):
        registry.put(n, seconds=n)
    reading = collector(bench, registry, producer=FailingOnce(bench.producer, fail_on=2))
    with pytest.raises(PipeError):
        reading.poll()
    reading.poll()
    assert bench.numbers() == [f"{n:04d}" for n in range(25)]


def test_a_bad_row_among_good_ones_costs_only_itself(bench: Bench, registry: Registry) -> None:
    for n in range(5):
        registry.put(n, seconds=n)
    registry.put(2, seconds=2, TrangThaiHoSo="12")
    result = collector(bench, registry).poll()
    assert (result.taken, result.rejected) == (4, 1)
    [(_, reason, _, message)] = bench.quarantine()
    assert reason == "bad_status"
    assert "v_ho_so, modified 20261120080002" in message


def test_columns_may_have_the_fields_own_names_and_times_may_be_iso_text(bench: Bench, tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'own.sqlite'}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE dossiers (mahoso TEXT, TrangThaiHoSo INTEGER, NgayTiepNhan DATETIME,"
                                " NgayCapNhat DATETIME, ChuHoSo TEXT)"))  # fmt: skip
        for n in range(15):
            at = local(BEGIN + n * 1000).replace(tzinfo=None)
            values = {"n": f"D-{n:04d}", "at": at.isoformat(" "), "r": "2026-11-20 07:30:00"}
            connection.execute(text("INSERT INTO dossiers VALUES (:n, 4, :r, :at, 'Nguyễn Hư Cấu')"), values)
    settings = {"url": str(engine.url), "view": "dossiers", "page_rows": 10, "overlap": 5}
    reading = make(given(bench, "sql_view", settings))
    assert reading.poll().taken == 15
    assert reading.poll().taken == 0
    assert {snapshot.modified for snapshot in bench.snapshots()} == {BEGIN + n * 1000 for n in range(15)}
    assert b"H\xc6\xb0 C\xe1\xba\xa5u" not in (bench.folder / "events.db-wal").read_bytes()


@pytest.mark.postgres
def test_reading_goes_on_at_a_moment_that_is_not_later_than_the_row(bench: Bench, registry: Registry) -> None:
    for n in range(25):
        registry.put(n, seconds=0)
        registry.run("UPDATE ho_so SET cap_nhat = :at WHERE so_ho_so LIKE :number",
                     at=f"2026-11-20 09:30:11.{123600 + 10 * n}", number=f"%{n:04d}")  # fmt: skip
    assert collector(bench, registry, page_rows=3, overlap=0.0).poll().taken == 25


def test_time_stamps_of_postgresql_are_read_and_nothing_is_written(bench: Bench, postgres_url: str) -> None:
    engine = create_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA motcua"))
        connection.execute(text("CREATE TABLE motcua.ho_so (so TEXT, tt SMALLINT, nhan TIMESTAMPTZ, sua TIMESTAMP)"))
        for n in range(25):
            at = local(BEGIN).replace(tzinfo=None) + dt.timedelta(seconds=n // 5)
            values = {"n": f"D-{n:04d}", "at": at, "r": local(BEGIN)}
            connection.execute(text("INSERT INTO motcua.ho_so VALUES (:n, 4, :r, :at)"), values)
    columns = {"MaHoSo": "so", "TrangThaiHoSo": "tt", "NgayTiepNhan": "nhan", "NgayCapNhat": "sua"}
    settings = {"url": postgres_url, "view": "motcua.ho_so", "columns": columns, "page_rows": 10}
    reading = make(given(bench, "sql_view", settings))
    assert reading.poll().taken == 25
    assert reading.poll().taken == 0
    assert {snapshot.received for snapshot in bench.snapshots()} == {BEGIN}
    engine.dispose()
    reading.close()


def test_the_connection_cannot_write(bench: Bench, registry: Registry) -> None:
    reading = collector(bench, registry)
    registry.put(1, seconds=1)
    reading.poll()
    with reading._view._engine.connect() as connection, pytest.raises(Exception, match="readonly"):
        connection.execute(text("DELETE FROM ho_so"))


def test_a_view_that_is_not_there_and_a_server_that_is_not_there_are_told_apart(
    bench: Bench, registry: Registry, free_port: int
) -> None:
    with pytest.raises(BadData, match="check view and columns"):
        collector(bench, registry, view="v_none").poll()
    with pytest.raises(Unreachable, match="check the address"):
        collector(bench, registry, url=f"postgresql+psycopg://u@127.0.0.1:{free_port}/x").poll()


@pytest.mark.postgres
def test_a_user_that_is_not_known_stops_the_polling(bench: Bench, registry: Registry, postgres_url: str) -> None:
    url = postgres_url.replace("://", "://nobody_", 1)
    with pytest.raises((SignInRefused, BadData)) as caught:
        collector(bench, registry, url=url).poll()
    assert "v_ho_so" in str(caught.value)


def test_a_modification_column_without_times_is_told(bench: Bench, registry: Registry) -> None:
    registry.put(1, seconds=1, NgayCapNhat="yesterday")
    with pytest.raises(BadData, match="choose another column"):
        collector(bench, registry).poll()


def test_nothing_personal_is_written_anywhere(bench: Bench, registry: Registry, tmp_path: Path) -> None:
    registry.put(1, seconds=1)
    registry.put(2, seconds=2, NgayHenTra="0912345678")
    collector(bench, registry).poll()
    registry.engine.dispose()
    (tmp_path / "department.sqlite").unlink()
    written = bench.everything_written()
    assert b"H55.12-261120-0001" in written
    assert [trace for trace in TRACES if trace.encode() in written] == []


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"url": "sqlite://", "view": "v", "columns": {"ChuHoSo": "ten"}}, "columns: saw 'ChuHoSo'"),
        ({"url": "sqlite://", "view": "v", "columns": {"MaHoSo": "so"}}, "columns: NgayCapNhat is missing"),
        ({"url": "nonsense", "view": "v"}, "url: saw 'nonsense'"),
        ({"url": "postgresql+psycopg://u:pw@h/x", "view": "v"}, "password_env"),
        ({"url": "sqlite://", "view": "v", "password_env": "NONE"}, "'NONE' is not set"),
        ({"url": "sqlite://", "view": "v", "page_rows": 0}, "page_rows: saw 0"),
    ],
)
def test_settings_that_cannot_work_are_told(bench: Bench, settings: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        make(given(bench, "sql_view", settings))
    assert told in str(caught.value)
    assert "pw@" not in str(caught.value)
