"""Real parts as fixtures, one of each a session, and a word at the end on what was left out for want of one."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from tests.parts import chromium as chromium_part
from tests.parts import process
from tests.parts.kafka import Kafka
from tests.parts.postgres import Postgres
from tests.parts.process import PartMissing, Server
from tests.parts.redis import Redis

PART = TypeVar("PART")

#: Parts whose absence is a failure: ``OPSCENTRE_REQUIRE_PARTS=kafka,postgres,redis,chromium``.
REQUIRED = {name.strip() for name in os.environ.get("OPSCENTRE_REQUIRE_PARTS", "").split(",") if name.strip()}

SKIPPED_FOR = "part left out: "

#: How many tests of one run may pass only when tried again (``--reruns 1``, as ``make test`` does). Real processes,
#: brokers and browsers on a busy machine miss a moment now and then; a fault of ours misses it twice, or often.
SECOND_TRIES = 8
tried_again: list[tuple[str, str]] = []


def part_or_skip(name: str, make: Callable[[], PART]) -> PART:
    """What ``make`` returns; where the part is missing, a skip that names it (a failure when required)."""
    try:
        return make()
    except PartMissing as missing:
        if name in REQUIRED:
            pytest.fail(f"{name} is required by OPSCENTRE_REQUIRE_PARTS, but {missing}", pytrace=False)
        pytest.skip(f"{SKIPPED_FOR}{name}: {missing}")


def started(name: str, kind: Callable[..., Server], folders: pytest.TempPathFactory) -> Iterator:
    """Start a server for the session and stop it at its end."""
    server = part_or_skip(name, lambda: kind(folders.mktemp(name)))
    server.start()
    yield server
    server.stop()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember what is to be tried again, with the line it failed at."""
    if report.outcome == "rerun":  # a word of pytest-rerunfailures
        crash = getattr(report.longrepr, "reprcrash", None)
        tried_again.append((report.nodeid, crash.message.splitlines()[0] if crash else str(report.longrepr)))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Too many second tries are a failure of their own."""
    if len(tried_again) > SECOND_TRIES and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was tried twice; then one line per part that was missing: how many tests it cost, how to get it."""
    if tried_again:
        terminalreporter.section(f"tried again (more than {SECOND_TRIES} fail the run)", yellow=True)
        for test, why in tried_again:
            terminalreporter.line(f"{test}: {why}")
    reasons: Counter[str] = Counter()
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        # A skip for another reason than a missing part is named by that reason.
        reasons[reason.split(SKIPPED_FOR, 1)[-1].removeprefix("Skipped: ")] += 1
    if reasons:
        terminalreporter.section("left out, and why", yellow=True)
        for reason, tests in sorted(reasons.items()):
            terminalreporter.line(f"{tests} tests without {reason}")


@pytest.fixture
def free_port() -> int:
    """A loopback port that nothing listens on."""
    return process.free_port()


@pytest.fixture(scope="session")
def _kafka_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    yield from started("kafka", Kafka, tmp_path_factory)


@pytest.fixture
def kafka(_kafka_server: Kafka) -> Kafka:
    """The session's broker, running. Tests keep apart by topic and group names of their own, or by
    ``empty_kafka``."""
    _kafka_server.ensure()
    return _kafka_server


@pytest.fixture
def empty_kafka(kafka: Kafka) -> Kafka:
    """The session's broker without a topic: for what uses the product's own topic names."""
    kafka.wipe()
    return kafka


@pytest.fixture(scope="session")
def _redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    yield from started("redis", Redis, tmp_path_factory)


@pytest.fixture
def redis_server(_redis_server: Redis) -> Redis:
    """The session's Redis, running. Tests keep apart by key prefix, or flush it."""
    _redis_server.ensure()
    return _redis_server


@pytest.fixture(scope="session")
def _postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    yield from started("postgres", Postgres, tmp_path_factory)


@pytest.fixture
def postgres(_postgres_server: Postgres) -> Postgres:
    """The session's PostgreSQL, running."""
    _postgres_server.ensure()
    return _postgres_server


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """The SQLAlchemy URL of an empty database of the test's own."""
    name = postgres.create_database()
    yield postgres.database_url(name)
    postgres.ensure()
    postgres.drop_database(name)


@pytest.fixture(scope="module")
def chromium() -> Iterator:
    """A headless Playwright browser, one a module: the synchronous API keeps an event loop running in this
    thread, where no other test could run one of its own."""
    made = chromium_part.browser()
    yield part_or_skip("chromium", made.__enter__)
    made.__exit__(None, None, None)
