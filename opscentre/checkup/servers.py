"""The servers an installation rests on: database, Redis, pipe, mail; their versions, clocks, and what they hold."""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import time
from collections.abc import Iterator

import redis
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url

from opscentre.checkup.findings import Finding, Level
from opscentre.clock import wall_ms
from opscentre.live import keys
from opscentre.partition_check import require_same_partitions
from opscentre.pipe import topics
from opscentre.pipe.base import PipeError
from opscentre.pipe.embedded import log_path
from opscentre.pipe.eventlog import EventLog
from opscentre.pipe.kafka import bootstrap_servers
from opscentre.profile import Profile
from opscentre.runtime.files_in_use import in_use
from opscentre.runtime.logs import Redaction
from opscentre.settings import Settings, SettingsError
from opscentre.store.engine import connect, reading
from opscentre.store.revisions import fits, head, standing

AREA = "servers"
#: Seconds that each server has for an answer.
PATIENCE = 5
#: Oldest versions that the product is tried with.
POSTGRES_LEAST, REDIS_LEAST = 15, 6
#: Milliseconds by which two clocks may differ before it is said, and before it is wrong.
CLOCK_ODD, CLOCK_WRONG = 1_000, 30_000
#: A heartbeat younger than this (ms) says that collectors, pipe and stream are alive.
FRESH = 10_000


def engine_of(settings: Settings) -> Engine | None:
    """The database as it is, whatever is in it; None: an embedded one that does not exist yet."""
    if not settings.database:
        return connect(settings.database_url) if (settings.data / "opscentre.db").is_file() else None
    url = make_url(settings.database)
    if url.get_backend_name() == "postgresql":
        return create_engine(url.update_query_dict({"connect_timeout": str(PATIENCE)}))
    return connect(settings.database)


def database(settings: Settings) -> Iterator[Finding]:
    """Whether SQL answers, which version it is, its clock, its schema and its partitions."""
    engine = engine_of(settings)
    if engine is None:
        yield Finding(area=AREA, subject="database", said=f"none yet; made in {settings.data} at the first start")
        return
    try:
        with reading(engine).connect() as connection:
            where = Redaction({}).clean(engine.url.render_as_string())
            if engine.dialect.name == "postgresql":
                yield from _postgres(connection, where)
            else:
                version = connection.scalar(text("SELECT sqlite_version()"))
                yield Finding(area=AREA, subject="database", said=f"SQLite {version} at {settings.database_url[10:]}")
            found = standing(connection)
        yield from _schema(found)
        if found.tables and found.revision == head():
            require_same_partitions(engine, settings.dossier_partitions)
    finally:
        engine.dispose()


def _postgres(connection: object, where: str) -> Iterator[Finding]:
    ask = connection.scalar  # type: ignore[attr-defined]
    number = int(ask(text("SHOW server_version_num"))) // 10_000
    size = int(ask(text("SELECT pg_database_size(current_database())")))
    yield Finding(
        area=AREA, subject="database", level="ok" if number >= POSTGRES_LEAST else "warning",
        said=f"PostgreSQL {ask(text('SHOW server_version'))} at {where}, {size / 1e9:.1f} GB",
        remedy="" if number >= POSTGRES_LEAST else f"the product is tried with {POSTGRES_LEAST} and newer: upgrade it",
    )  # fmt: skip
    asked = wall_ms()
    there = float(ask(text("SELECT extract(epoch FROM clock_timestamp())"))) * 1000
    yield clock_finding("the database", there - (asked + wall_ms()) / 2)


def _schema(found: object) -> Iterator[Finding]:
    if found.empty:  # type: ignore[attr-defined]
        yield Finding(area=AREA, subject="schema", said="no tables yet; made at the first start")
    elif fits(found):  # type: ignore[arg-type]
        yield Finding(area=AREA, subject="schema", said=f"revision {found.revision}: nothing to do")  # type: ignore[attr-defined]
    else:
        at = found.revision or "a state from before revisions"  # type: ignore[attr-defined]
        yield Finding(
            area=AREA, subject="schema", level="warning", said=f"{at}; this release wants {head()}",
            remedy="take a backup, then 'opscentre migrate' (the first role that starts would do it too)",
        )  # fmt: skip


def files_in_use(settings: Settings) -> Iterator[Finding]:
    """Whether every running role uses the calendar and the alert files that lie here."""
    engine = engine_of(settings)
    if engine is None:
        return
    try:
        with reading(engine).connect() as connection:
            if standing(connection).revision != head():
                return
        found = in_use(engine, settings, wall_ms())
    finally:
        engine.dispose()
    for one, names in found.outdated:
        yield Finding(
            area="data", subject="files in use", level="warning",
            said=f"{one.role} on {one.host} (process {one.pid}) uses another {', '.join(names)} than the one here",
            remedy="it starts again by itself within seconds; where it does not, see its log" if one.renewed
            else "start it again, or let OPSCENTRE_ON_CHANGE=end end it where something starts it again",
        )  # fmt: skip
    if found.running and not found.outdated:
        yield Finding(
            area="data", subject="files in use", said=f"{len(found.running)} running roles use them as they are"
        )


def clock_finding(whose: str, ahead_ms: float) -> Finding:
    """How far another machine's clock is from ours."""
    off = abs(ahead_ms)
    level: Level = "error" if off > CLOCK_WRONG else "warning" if off > CLOCK_ODD else "ok"
    said = f"{whose} is {off / 1000:.1f} s {'ahead of' if ahead_ms > 0 else 'behind'} this machine"
    return Finding(
        area=AREA, subject="clock", level=level, said=said if off > CLOCK_ODD else f"{whose} has the same time as we",
        remedy="" if level == "ok" else "let chrony or another time service run on both machines",
    )  # fmt: skip


def cache(settings: Settings) -> Iterator[Finding]:
    """Whether Redis answers, which version it is, its clock, and that it throws nothing away by itself."""
    try:
        url = settings.redis_url
    except SettingsError:
        yield Finding(area=AREA, subject="redis", said="none is set: 'opscentre up' and 'demo' bring their own")
        return
    client = redis.Redis.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)
    try:
        asked = time.time() * 1000
        seconds, micros = client.time()
        ahead = seconds * 1000 + micros / 1000 - (asked + time.time() * 1000) / 2
        told = client.info()
    finally:
        client.close()
    version, policy = str(told.get("redis_version", "0")), str(told.get("maxmemory_policy", "noeviction"))
    used = int(told.get("used_memory", 0)) / 1e6
    old = int(version.split(".")[0]) < REDIS_LEAST
    yield Finding(
        area=AREA, subject="redis", level="warning" if old else "ok",
        said=f"Redis {version} at {Redaction({}).clean(url)}, {used:.0f} MB used",
        remedy=f"the product is tried with {REDIS_LEAST} and newer: upgrade it" if old else "",
    )  # fmt: skip
    if policy != "noeviction" and int(told.get("maxmemory", 0)):
        yield Finding(
            area=AREA, subject="redis", level="warning",
            said=f"maxmemory-policy is {policy}: parts of the board may vanish, and the wall would say 'rebuilding'",
            remedy="set maxmemory-policy noeviction, and maxmemory to 320mb or more",
        )  # fmt: skip
    yield clock_finding("Redis", ahead)


def pipe(settings: Settings) -> Iterator[Finding]:
    """Whether the pipe answers, and whether its topics are there with the partitions that are asked for."""
    if settings.embedded:
        path = log_path(settings.broker_url)
        if not path.is_file():
            yield Finding(area=AREA, subject="pipe", said=f"embedded; made at the first start: {path}")
            return
        log = EventLog(path)
        try:
            have = {topic: log.partitions(topic) for topic in log.topics()}
        finally:
            log.close()
        yield Finding(area=AREA, subject="pipe", said=f"embedded: {path}, {path.stat().st_size / 1e6:.0f} MB")
        where = f"event log {path}"
    else:
        servers = bootstrap_servers(settings.broker_url)
        where = f"Kafka at {', '.join(servers)}"
        brokers, have = asyncio.run(_kafka(servers))
        yield Finding(area=AREA, subject="pipe", said=f"{where}: {brokers} brokers answer")
    yield from topic_findings(where, have, settings.dossier_partitions)


def topic_findings(where: str, have: dict[str, int], dossier_partitions: int) -> Iterator[Finding]:
    """What is to be said of the topics that are there, with how many partitions each."""
    for topic in (topics.DOSSIERS, topics.OBSERVATIONS, topics.DEAD_LETTERS):
        wanted = topics.partitions(topic, dossier_partitions)
        if topic not in have:
            yield Finding(area=AREA, subject="topics", said=f"{topic}: not there yet; made at the first start")
        elif have[topic] != wanted:
            told = topics.mismatch(where, topic, have[topic], wanted)
            yield Finding(area=AREA, subject="topics", level="error", said=told)
        else:
            yield Finding(area=AREA, subject="topics", said=f"{topic}: {wanted} partitions")


async def _kafka(servers: list[str]) -> tuple[int, dict[str, int]]:
    # What it would say of each broker that it tries stands in the finding.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    admin = AIOKafkaAdminClient(bootstrap_servers=servers, request_timeout_ms=PATIENCE * 1000)
    try:
        await asyncio.wait_for(admin.start(), PATIENCE)
        brokers = len((await admin.describe_cluster())["brokers"])
        ours = (topics.DOSSIERS, topics.OBSERVATIONS, topics.DEAD_LETTERS)
        there = sorted(set(ours) & set(await admin.list_topics()))
        found = await admin.describe_topics(there) if there else []
        return brokers, {topic["topic"]: len(topic["partitions"]) for topic in found}
    except (KafkaError, OSError, TimeoutError) as error:
        raise PipeError(
            f"Kafka at {', '.join(servers)} does not answer ({type(error).__name__}); see that the broker runs and "
            "that OPSCENTRE_BROKER names it"
        ) from None
    finally:
        await admin.close()


def mail(profile: Profile, settings: Settings) -> Iterator[Finding]:
    """Whether the mail server takes our greeting, and our password where one is set. No mail is sent."""
    # The alerts stand above this package: named, not imported.
    files, smtp = importlib.import_module("alerts.files"), importlib.import_module("alerts.channels.smtp")
    given_to = importlib.import_module("alerts.channels.base").Given
    found = files.load(profile, settings).mail
    server = settings.mail or found.server
    if server in ("", "dry-run", "mailbox"):
        yield Finding(area=AREA, subject="mail", said=f"no mail leaves ({server or 'alerts.toml names no server'})")
        return
    channel = smtp.make(given_to(found, settings, os.environ))
    try:
        channel.greet(PATIENCE)
    finally:
        channel.close()
    yield Finding(area=AREA, subject="mail", said=f"{server} takes our greeting")


def bounces(profile: Profile, settings: Settings) -> Iterator[Finding]:
    """Whether the mailbox that mails come back to can be read, where one is named. Nothing of it is read."""
    files, mailbox = importlib.import_module("alerts.files"), importlib.import_module("alerts.bounces.mailbox")
    named = files.load(profile, settings).bounces
    found = mailbox.mailbox_of(named, os.environ)
    if found is not None:
        found.greet()
        yield Finding(area=AREA, subject="bounces", said=f"{named.mailbox} lets us read")


def boards(settings: Settings) -> Iterator[Finding]:
    """Whether the live board is whole and fresh; only a running installation has one."""
    try:
        client = redis.Redis.from_url(settings.redis_url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)
    except SettingsError:
        yield Finding(area="data", subject="board", said="there is no Redis yet, and so no board")
        return
    try:
        names = [keys.meta(partition) for partition in range(settings.dossier_partitions)]
        whole, beat = client.exists(*names), client.get(keys.HEARTBEAT)
    finally:
        client.close()
    count = len(names)
    if beat is None and not whole:
        yield Finding(
            area="data", subject="board", level="warning", said="there is none: no stream worker runs on this Redis",
            remedy="start the roles ('opscentre up', or one command a role)",
        )  # fmt: skip
        return
    yield Finding(
        area="data", subject="board", level="ok" if whole == count else "warning",
        said=f"{whole} of {count} partitions are whole",
        remedy="" if whole == count else "it is being rebuilt from SQL; if it stays so, see the log of the stream",
    )  # fmt: skip
    age = wall_ms() - int(beat) if beat else None
    fresh = age is not None and age < FRESH
    said = (
        "no heartbeat of the collectors has come" if age is None else f"the newest heartbeat is {age / 1000:.0f} s old"
    )
    yield Finding(
        area="data", subject="heartbeat", level="ok" if fresh else "warning", said=said,
        remedy="" if fresh else "see whether the collectors run, and whether the stream takes what they send",
    )  # fmt: skip
