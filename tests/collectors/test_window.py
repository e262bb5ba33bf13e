"""The cursor of a "changed since" source."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from collectors.window import MOST_REMEMBERED, Window, digest_of

NOW = 10_000_000


def test_a_fresh_window_begins_at_the_very_first_row() -> None:
    assert Window(None, 30_000).begin() is None


def test_it_begins_the_overlap_before_the_newest_row_and_knows_the_rows_within_it() -> None:
    window = Window(None, 1_000)
    for at in (2_000, 8_500, 9_000):
        window.remember(f"row {at}", at, NOW)
    again = Window(window.save(), 1_000)
    assert again.begin() == 8_000
    assert [again.knows(f"row {at}") for at in (2_000, 8_500, 9_000)] == [False, True, True]


def test_a_row_from_the_future_or_without_a_time_does_not_move_it_and_is_known() -> None:
    window = Window(None, 1_000)
    window.remember("good", 5_000, NOW)
    window.remember("future", NOW + 1, NOW)
    window.remember("timeless", None, NOW)
    again = Window(window.save(), 1_000)
    assert again.begin() == 4_000
    assert again.knows("future")
    assert again.knows("timeless")


def test_what_it_remembers_is_bounded_and_the_oldest_is_forgotten() -> None:
    window = Window(None, 1_000)
    for n in range(MOST_REMEMBERED + 5):
        window.remember(str(n), 5_000, NOW)
    again = Window(window.save(), 1_000)
    assert not again.knows("4")
    assert again.knows(str(MOST_REMEMBERED + 4))


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 3)), max_size=60), st.integers(0, 20))
def test_every_row_is_taken_and_none_twice_however_polls_cut_the_feed(
    feed: list[tuple[int, int]], overlap: int
) -> None:
    """Rows (time, variant) appear in order of time; each poll sees what is there at its time."""
    rows = sorted({(at, f"{at}/{variant}") for at, variant in feed})
    saved, taken = None, []
    for until in (10, 10, 25, 51, 51):
        window = Window(saved, overlap)
        begin = window.begin()
        for at, name in rows:
            if at < until and (begin is None or at >= begin) and not window.knows(digest_of(name.encode())):
                taken.append(name)
                window.remember(digest_of(name.encode()), at, NOW)
        saved = window.save()
    assert sorted(taken) == sorted(name for _, name in rows)
