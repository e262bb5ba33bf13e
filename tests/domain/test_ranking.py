"""Competition ranking: 1, 2, 2, 4, with a tolerance, a least volume, ties and stale sources marked."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from opscentre.domain.ranking import MINIMUM, Entry, places, rank


def entries(**values: float | None) -> list[Entry]:
    return [Entry(code, value, 100) for code, value in values.items()]


def test_the_five_best_provinces_of_29_august_2025_stand_as_published():
    published = {
        "Hà Tĩnh": 84.85,
        "Thanh Hóa": 86.51,
        "Thái Nguyên": 86.97,
        "Đồng Nai": 86.13,
        "Quảng Trị": 86.56,
    }
    found = rank([Entry(name, value, 10_000) for name, value in published.items()])
    assert [(row.rank, row.code) for row in found] == [
        (1, "Thái Nguyên"),
        (2, "Quảng Trị"),
        (3, "Thanh Hóa"),
        (4, "Đồng Nai"),
        (5, "Hà Tĩnh"),
    ]


def test_two_equal_values_share_a_place_and_the_next_place_is_left_out():
    found = rank(entries(a=90.0, b=80.0, c=80.0, d=70.0))
    assert [(row.code, row.rank, row.tied) for row in found] == [
        ("a", 1, False),
        ("b", 2, True),
        ("c", 2, True),
        ("d", 4, False),
    ]


def test_values_a_thousandth_apart_are_equal_and_further_apart_are_not():
    assert places([86.97, 86.969]) == [1, 1]
    assert places([86.97, 86.968]) == [1, 2]
    assert places([86.97, 86.9689]) == [1, 2]


def test_many_small_steps_are_no_tie():
    assert places([80.0, 79.9992, 79.9984, 79.9976]) == [1, 1, 3, 3]


def test_the_greater_volume_comes_first_among_equals():
    found = rank([Entry("small", 90.0, 20), Entry("great", 90.0, 2_000)])
    assert [row.code for row in found] == ["great", "small"]


def test_a_small_volume_and_no_data_are_listed_last_without_a_place():
    found = rank([Entry("few", 100.0, MINIMUM - 1), Entry("none", None, 500), Entry("enough", 50.0, MINIMUM)])
    assert [(row.code, row.rank) for row in found] == [("enough", 1), ("none", None), ("few", None)]


def test_a_stale_source_is_marked_and_keeps_its_place():
    found = rank(entries(a=90.0, b=80.0), stale={"a"})
    assert [(row.code, row.rank, row.stale) for row in found] == [("a", 1, True), ("b", 2, False)]


@given(st.lists(st.integers(0, 100_000).map(lambda points: points / 1000), max_size=40))
def test_a_place_says_how_many_are_clearly_better(values):
    ordered = sorted(values, reverse=True)
    found = places(ordered)
    for place, value in zip(found, ordered, strict=True):
        better = [other for other, theirs in zip(ordered, found, strict=True) if theirs < place]
        assert place == len(better) + 1
        assert all(other > value for other in better)
