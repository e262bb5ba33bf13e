"""What ``make load`` reckons with: gaps on a wall, and a department whose own recount can be trusted."""

from __future__ import annotations

import datetime as dt
import json

from bench.load.department import Records
from bench.load.report import Run, Window, longest_gap, page
from opscentre.clock import wall_ms
from opscentre.domain.moments import local
from tests import recount


def test_a_gap_counts_for_the_window_that_saw_it() -> None:
    fresh = [0.0, 1.0, 2.0, 9.0, 10.0]
    assert longest_gap(fresh, 2.5, 12.0) == 7.0
    assert longest_gap(fresh, 9.0, 11.0) == 1.0
    # A wall that saw nothing at all was stale for the whole of it.
    assert longest_gap([], 5.0, 8.0) == 3.0


def test_the_departments_recount_is_what_its_pages_show() -> None:
    records = Records()
    for _ in range(20):
        records.change(100)
    rows: dict[str, dict] = {}
    number = 1
    while found := [json.loads(row) for row in records.page("", number, 150)]:
        rows |= {row["MaHoSo"]: row for row in found}
        number += 1
    truth = records.truth()
    assert (truth["changes"], truth["dossiers"]) == (2000, len(rows))
    now = local(wall_ms()).replace(tzinfo=None)
    table = recount.progress_table(
        ((row["DonViXuLy"], row) for row in rows.values()), now - dt.timedelta(days=1), now + dt.timedelta(seconds=2)
    )
    for unit, counts in truth["units"].items():
        cells = table[unit]
        found = {
            "received": sum(count for cell, count in cells.items() if cell.startswith("received.")),
            "in_process": cells["in_process.in_time"],
            "paused": cells["paused.in_time"],
            "finished": cells["finished.early"],
        }
        assert {name: count for name, count in found.items() if count} == counts


def test_the_report_says_at_its_head_whether_anything_was_lost() -> None:
    run = Run(200, 1000, 1, 1, 2, [Window("Redis", 0.0, 10.0)], {"fresh": [[1.0, 6.5]], "pages": [(2.0, 40, 200, "/")]})
    assert run.well
    assert "| **nothing lost, every cell equal** | yes |" in page(run)
    assert "| Redis | 5.5 | 5.5 | 1 | 0 | 40, 40 |" in page(run)
    run.differences = ["H55.12 received: 3, want 4"]
    assert "| **nothing lost, every cell equal** | NO: H55.12 received: 3, want 4 |" in page(run)
