"""The arithmetic from what a change costs to what a country needs."""

from __future__ import annotations

from bench.scale.model import Assumed, Load, Measured, need, partitions
from bench.scale.report import table

COSTS = Measured(
    worker_change=100e-6, servers_change=50e-6, worker_backlog=40e-6, worker_idle=0.02, servers_idle=0.05,
    worker_bytes=100e6, dossier_bytes=2_000, redis_change=3, redis_idle=30, sql_rows_change=2.5,
    sql_bytes_dossier=4_000, pipe_bytes_change=600,
)  # fmt: skip


def test_a_small_load_needs_two_workers_because_one_may_fail() -> None:
    found = need(COSTS, Load("a province", 10, 1_300_000), Assumed())
    assert (found.workers, found.partitions, found.cores) == (2, 12, 2)
    assert round(found.worker_cores, 3) == 0.041
    assert round(found.server_cores, 4) == 0.0505
    assert round(found.worker_memory, 3) == 2.8
    assert (found.redis_commands, found.sql_rows) == (90, 25)
    assert round(found.sql_year, 1) == 5.2
    # 10.4 million changes a year, a week of them in three copies.
    assert round(found.pipe, 3) == round(10.4e6 / 365 * 7 * 600 * 3 / 1e9, 3)
    assert round(found.backlog_seconds, 1) == 4.0


def test_workers_follow_the_peak_and_partitions_follow_the_workers() -> None:
    # 3,500 changes a second are 0.35 s of a core; a worker may use 0.48 of its half core for them.
    assert need(COSTS, Load("x", 3_500, 1), Assumed()).workers == 2
    assert need(COSTS, Load("x", 35_000, 1), Assumed()).workers == 8
    # 44.2 million dossiers of 2,000 bytes are 88 GB.
    assert need(COSTS, Load("x", 350, 44_200_000), Assumed()).workers == 6
    assert [partitions(workers, Assumed()) for workers in (1, 6, 7, 12, 13)] == [12, 12, 24, 24, 36]


def test_what_is_bought_leaves_the_other_half_of_every_core_free() -> None:
    found = need(COSTS, Load("x", 35_000, 1), Assumed())
    assert found.cores >= 2 * (found.worker_cores + found.server_cores)
    assert need(COSTS, Load("x", 35_000, 1), Assumed(busy=1.0)).workers < found.workers


def test_the_table_says_what_each_number_rests_on() -> None:
    told = table(COSTS, [Load("one province", 10, 1_300_000), Load("34 provinces", 350, 44_200_000)], Assumed())
    for text in ("one province", "34 provinces", "50%", "2,000 bytes a dossier", "7 days", "3 copies", "100,000"):
        assert text in told, text
