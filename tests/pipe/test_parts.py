"""The real parts come up, survive a kill with their data where they should, and come up again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis as redis_client

from tests.parts.kafka import Kafka
from tests.parts.postgres import Postgres
from tests.parts.redis import Redis


def test_redis_answers_and_is_empty_after_a_kill(redis_server: Redis) -> None:
    client = redis_client.Redis.from_url(redis_server.url)
    client.set("board", "1")
    assert client.get("board") == b"1"
    redis_server.kill()
    with pytest.raises(redis_client.ConnectionError):
        client.get("board")
    redis_server.start()
    assert client.get("board") is None


@pytest.mark.postgres
def test_postgres_gives_each_test_an_empty_database_and_keeps_it_over_a_kill(
    postgres: Postgres, postgres_url: str
) -> None:
    address = postgres_url.replace("+psycopg", "")
    with psycopg.connect(address) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)
        connection.execute("CREATE TABLE dossiers (code text)")
    postgres.kill()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(address)
    postgres.start()
    with psycopg.connect(address) as connection:
        assert connection.execute("SELECT count(*) FROM dossiers").fetchone() == (0,)


@pytest.mark.kafka
def test_kafka_comes_up_again_after_a_kill(kafka: Kafka) -> None:
    kafka.kill()
    assert not kafka.ready()
    kafka.start()
    assert kafka.ready()


@pytest.mark.browser
def test_chromium_shows_a_page(chromium) -> None:
    page = chromium.new_page()
    page.set_content("<p>hồ sơ quá hạn</p>")
    assert page.inner_text("p") == "hồ sơ quá hạn"
    page.close()


def run_without_java(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The broker's own test in a run that finds no Java."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__, "-k", "kafka_comes_up"],
        cwd=Path(__file__).parents[2], env={**os.environ, "PATH": str(tmp_path), **environment},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_a_missing_part_is_left_out_by_name_with_the_way_to_get_it(tmp_path: Path) -> None:
    run = run_without_java(tmp_path, OPSCENTRE_REQUIRE_PARTS="redis")
    assert run.returncode == 0, run.stdout
    assert "left out, and why" in run.stdout
    assert "1 tests without kafka: no 'java' on the PATH: install a Java 17 runtime" in run.stdout


def test_a_missing_part_that_is_required_fails_the_run(tmp_path: Path) -> None:
    run = run_without_java(tmp_path, OPSCENTRE_REQUIRE_PARTS="postgres, kafka")
    assert run.returncode == 1, run.stdout
    assert "kafka is required by OPSCENTRE_REQUIRE_PARTS, but no 'java' on the PATH" in run.stdout
