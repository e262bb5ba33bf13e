"""Competition ranking by on-time share."""

from __future__ import annotations

import pytest

from layouts.ranking import rank
from layouts.rows import ends
from layouts.shares import band
from opscentre.domain.units import Unit
from opscentre.live.wall import Totals


def unit(code: str) -> Unit:
    return Unit(code=code, name=f"Xã {code}", kind="commune", group="III")


def totals(good: int, late: int) -> Totals:
    return Totals(finished_on_time_30d=good, finished_overdue_30d=late)


def ranks(numbers: dict[str, Totals]) -> list[tuple[str, int]]:
    return [(entry.code, entry.rank) for entry in rank([unit(code) for code in numbers], numbers)]


def test_equal_shares_share_a_rank_and_the_next_one_is_skipped() -> None:
    numbers = {"a": totals(99, 1), "b": totals(98, 2), "c": totals(196, 4), "d": totals(50, 50)}
    assert ranks(numbers) == [("a", 1), ("c", 2), ("b", 2), ("d", 4)]


def test_shares_a_thousandth_of_a_point_apart_are_equal() -> None:
    numbers = {"a": totals(999_999, 1), "b": totals(999_995, 5), "c": totals(999_900, 100)}
    assert ranks(numbers) == [("a", 1), ("b", 1), ("c", 3)]


def test_many_small_steps_are_no_tie() -> None:
    numbers = {str(step): totals(1_000_000 - 8 * step, 8 * step) for step in range(4)}
    assert ranks(numbers) == [("0", 1), ("1", 1), ("2", 3), ("3", 3)]


def test_units_with_few_dossiers_are_not_ranked() -> None:
    numbers = {"few": totals(9, 0), "none": Totals(), "enough": totals(10, 0)}
    assert ranks(numbers) == [("enough", 1)]


def test_units_without_numbers_are_not_ranked() -> None:
    assert rank([unit("a")], {}) == []


def test_best_and_last_never_overlap() -> None:
    assert ends([1, 2, 3, 4, 5, 6, 7, 8, 9], 3, 3) == ([1, 2, 3], [7, 8, 9])
    assert ends([1, 2, 3, 4], 3, 3) == ([1, 2, 3], [4])
    assert ends([1, 2], 3, 3) == ([1, 2], [])


@pytest.mark.parametrize(
    ("share", "name"),
    [
        *[(None, "none"), (1.0, "good"), (0.98, "good"), (0.9796, "good")],
        *[(0.9794, "fair"), (0.95, "fair"), (0.9, "warn"), (0.0, "bad")],
    ],
)
def test_bands_begin_at_their_floor(share: float | None, name: str) -> None:
    assert band(share).name == name
