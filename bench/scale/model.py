"""The arithmetic of ``make bench-scale``: from what one change costs here to what a province or a country needs."""

from __future__ import annotations

import math
from typing import NamedTuple

from opscentre.pipe.topics import KAFKA_PARTITIONS


class Measured(NamedTuple):
    """What one stream worker was seen to cost on this machine."""

    #: Processor seconds of the worker and of all servers (pipe, SQL, Redis) for one change at a steady rate.
    worker_change: float
    servers_change: float
    #: Processor seconds of the worker for one change while it catches up: messages are full, cycles large.
    worker_backlog: float
    #: Processor seconds that each takes in one second without any change.
    worker_idle: float
    servers_idle: float
    #: Bytes of a worker's memory without dossiers, and for each dossier of a year (nine in ten of them over).
    worker_bytes: float
    dossier_bytes: float
    #: Commands to Redis for one change at the steady rate, and in one second without any.
    redis_change: float
    redis_idle: float
    #: Rows written to SQL for one change, and bytes on disk for each dossier with its transitions.
    sql_rows_change: float
    sql_bytes_dossier: float
    #: Bytes of one change in the pipe.
    pipe_bytes_change: float


class Load(NamedTuple):
    """What an installation has to carry."""

    name: str
    #: Changes a second in the worst minute of a day.
    peak: float
    dossiers_a_year: float


class Assumed(NamedTuple):
    """What is assumed beside the measurement; each is printed beside the numbers that rest on it."""

    #: Share of a core that a worker may be busy at the peak: the rest is room for a burst.
    busy: float = 0.5
    #: Bytes that one worker may hold: it loads them at every start.
    held_a_worker: float = 16e9
    #: Workers at least, so that one may fail.
    fewest_workers: int = 2
    #: Changes of one dossier in its life.
    changes_a_dossier: float = 8.0
    #: Dossiers kept in SQL and in the workers, in years of reception.
    years_held: float = 1.0
    #: Days that the pipe keeps a message, and copies of each.
    pipe_days: float = 7.0
    pipe_copies: int = 3
    #: Partitions for each worker, so that they can be shared out evenly when one is missing.
    partitions_a_worker: int = 2
    #: Changes that a department hands over at once after an outage.
    backlog: int = 100_000


class Need(NamedTuple):
    """What an installation of a load needs."""

    workers: int
    partitions: int
    #: Cores busy at the peak: workers, and servers.
    worker_cores: float
    server_cores: float
    #: Cores to buy: workers may be busy for a share only.
    cores: int
    #: Gigabytes of memory of all workers together.
    worker_memory: float
    redis_commands: float
    sql_rows: float
    #: Gigabytes of SQL for a year, of the pipe at any time.
    sql_year: float
    pipe: float
    #: Seconds in which one worker takes a department's backlog.
    backlog_seconds: float


def need(measured: Measured, load: Load, assumed: Assumed) -> Need:
    """What ``load`` needs where a change costs what was measured.

    The steady cost is of a rate near 350 changes a second; at a higher one more changes share a cycle, so that the
    result is an upper bound there. Servers are taken to cost in proportion too.
    """
    changing = load.peak * measured.worker_change
    # Each worker's idle second is paid for by each, whatever arrives.
    by_time = math.ceil(changing / max(assumed.busy - measured.worker_idle, 0.01))
    held = load.dossiers_a_year * assumed.years_held
    by_memory = math.ceil(held * measured.dossier_bytes / assumed.held_a_worker)
    workers = max(assumed.fewest_workers, by_time, by_memory)
    worker_cores = changing + workers * measured.worker_idle
    server_cores = load.peak * measured.servers_change + measured.servers_idle
    changes_a_year = load.dossiers_a_year * assumed.changes_a_dossier
    return Need(
        workers=workers,
        partitions=partitions(workers, assumed),
        worker_cores=worker_cores,
        server_cores=server_cores,
        cores=max(2, math.ceil((worker_cores + server_cores) / assumed.busy)),
        worker_memory=(workers * measured.worker_bytes + held * measured.dossier_bytes) / 1e9,
        redis_commands=load.peak * measured.redis_change + workers * measured.redis_idle,
        sql_rows=load.peak * measured.sql_rows_change,
        sql_year=load.dossiers_a_year * measured.sql_bytes_dossier / 1e9,
        pipe=changes_a_year * assumed.pipe_days / 365 * measured.pipe_bytes_change * assumed.pipe_copies / 1e9,
        backlog_seconds=assumed.backlog * measured.worker_backlog,
    )


def partitions(workers: int, assumed: Assumed) -> int:
    """The default where it is enough, else the next multiple of it: the number can never be changed later."""
    wanted = workers * assumed.partitions_a_worker
    return max(1, math.ceil(wanted / KAFKA_PARTITIONS)) * KAFKA_PARTITIONS
