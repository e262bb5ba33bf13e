"""What is odd about a dossier: each rule by itself; none of them changes what is counted."""

from __future__ import annotations

import pytest

from opscentre.domain import anomalies
from opscentre.domain.anomalies import of_move, of_snapshot
from opscentre.domain.dossier import Progress, Snapshot, Supplement
from opscentre.domain.fold import DossierState, fold
from opscentre.domain.moments import HOUR, parse_local
from opscentre.domain.moves import Move, move
from tests.domain.test_dvcqg import parse, reasons

DAY = parse_local("2026-11-20T08:00")


def state(*statuses: int, progress: tuple[int, ...] = ()) -> DossierState:
    """A dossier that was seen in these statuses one after the other."""
    steps = tuple(Progress(DAY + n * HOUR, status) for n, status in enumerate(progress))
    found: DossierState | None = None
    for n, status in enumerate(statuses):
        at = DAY + n * HOUR
        shown = Snapshot(source="s", number="n", status=status, observed=at, version=at, received=DAY, progress=steps)
        found, _ = fold(found, shown)
    assert found is not None
    return found


def snapshot(**facts: object) -> Snapshot:
    return Snapshot(source="s", number="n", observed=DAY, **{"status": 4, **facts})


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ({"received": DAY, "finished": DAY + 1, "due": DAY}, []),
        ({"received": DAY, "finished": DAY - 1}, ["finished_before_received"]),
        ({"received": DAY, "due": DAY - 1}, ["due_before_received"]),
        ({"due": DAY - 1, "finished": DAY - 1}, []),
        ({"status": 9, "supplements": (Supplement(DAY),)}, ["done_while_paused"]),
        ({"status": 9, "supplements": (Supplement(DAY, DAY + 1),)}, []),
        ({"status": 5, "supplements": (Supplement(DAY),)}, []),
    ],
)
def test_a_snapshot_contradicts_itself_in_these_ways(facts: dict, found: list[str]) -> None:
    assert list(of_snapshot(snapshot(**facts))) == found


@pytest.mark.parametrize(
    ("before", "seen", "progress", "found"),
    [
        (4, (2, 4, 9), (), ""),
        (2, (2, 9), (), "done_unprocessed"),
        (None, (9,), (), ""),
        (None, (9,), (1, 2, 9), "done_unprocessed"),
        (None, (9,), (1, 2, 4, 9), ""),
        (2, (2, 9), (2, 4, 9), ""),
        (5, (2, 4, 5, 9), (), "pause_rewritten"),
        (8, (4, 8, 10), (), "pause_rewritten"),
        (5, (4, 5, 9), (4, 5, 4, 9), ""),
        (5, (4, 5, 9), (4, 5, 9), "pause_rewritten"),
        (6, (2, 4, 6, 9), (), ""),
        (9, (2, 9, 10), (), ""),
        (7, (7, 4), (), "unknown_move"),
        (4, (4, 5), (), ""),
    ],
)
def test_a_move_is_odd_in_these_ways(before: int | None, seen: tuple[int, ...], progress: tuple, found: str) -> None:
    assert of_move(before, state(*seen, progress=progress)) == found


def test_every_move_that_no_desk_makes_is_odd_and_no_other_for_that_reason() -> None:
    for before in range(1, 11):
        for after in range(1, 11):
            odd = of_move(before, state(before, after)) == "unknown_move"
            assert odd == (move(before, after) is Move.UNKNOWN)


def test_progress_in_no_order_or_with_two_statuses_in_a_second_is_told_and_read() -> None:
    def steps(*given: tuple[str, str]) -> list[dict[str, str]]:
        return [{"ThoiDiemXuLy": f"20261120{at}00", "TrangThai": status} for at, status in given]

    forward, backward = (("0900", "2"), ("1000", "4")), (("1000", "4"), ("0900", "2"))
    assert reasons(parse(DanhSachTienDo=steps(*forward))) == []
    # Newest first is an order too, and the same step sent twice is one step.
    assert reasons(parse(DanhSachTienDo=steps(*backward, backward[1]))) == []
    mixed = parse(DanhSachTienDo=steps(("1000", "4"), ("0900", "2"), ("1100", "5")))
    assert reasons(mixed) == ["progress_disordered"]
    assert [step.status for step in mixed.snapshot.progress] == [2, 4, 5]
    assert reasons(parse(DanhSachTienDo=steps(("0900", "2"), ("0900", "4")))) == ["progress_same_second"]


def test_every_kind_says_in_vietnamese_what_it_is_and_is_found_in_one_way() -> None:
    whole = set(anomalies.KINDS)
    assert whole == anomalies.IN_RECORDS | anomalies.IN_MOVES | {"two_sources", "gone_at_source"}
    assert not anomalies.IN_RECORDS & anomalies.IN_MOVES
    for name, kind in anomalies.KINDS.items():
        assert len(name) <= 40
        assert any(letter in kind.sentence.lower() for letter in "ảạăắằặâấầậđéèẹêếềệíìịốồổộờợởớơưừứựýỳà")
    assert all(len(name) <= 20 for name in anomalies.IN_MOVES)
