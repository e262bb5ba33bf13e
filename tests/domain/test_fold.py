"""The fold ends in the same state in whatever order, and however often, snapshots arrive."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from opscentre.domain.dossier import Snapshot
from opscentre.domain.fold import DossierState, Outcome, fold
from tests.domain.lives import EPOCH, histories, snapshots

HOUR = 3_600_000


def folded(history: list[Snapshot]) -> dict[tuple[str, str], DossierState]:
    states: dict[tuple[str, str], DossierState] = {}
    for snapshot in history:
        states[snapshot.key], _ = fold(states.get(snapshot.key), snapshot)
    return states


@settings(max_examples=300, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_end_in_the_same_states(history, random):
    shuffled = history * 2
    random.shuffle(shuffled)
    assert folded(shuffled) == folded(history)


@given(snapshots())
def test_the_same_snapshot_again_changes_nothing(snapshot):
    state, first = fold(None, snapshot)
    again, second = fold(state, snapshot)
    assert again is state
    assert (first, second) == (Outcome.ACCEPTED, Outcome.REPEATED)


def seen(status: int, version: int, observed: int, **more: object) -> Snapshot:
    return Snapshot(source="s", number="n", status=status, version=EPOCH + version, observed=EPOCH + observed, **more)


def test_an_older_version_does_not_replace_a_newer_one():
    state, _ = fold(None, seen(9, version=5 * HOUR, observed=6 * HOUR))
    after, outcome = fold(state, seen(4, version=2 * HOUR, observed=7 * HOUR))
    assert outcome is Outcome.OLDER
    assert after.snapshot.status == 9


def test_a_change_within_the_same_second_is_told_by_when_it_was_observed():
    state, _ = fold(None, seen(2, version=HOUR, observed=2 * HOUR))
    after, outcome = fold(state, seen(4, version=HOUR, observed=3 * HOUR))
    assert outcome is Outcome.ACCEPTED
    assert after.snapshot.status == 4


def test_a_dossier_may_go_backwards_when_its_version_is_newer():
    state, _ = fold(None, seen(9, version=5 * HOUR, observed=6 * HOUR))
    after, outcome = fold(state, seen(4, version=8 * HOUR, observed=9 * HOUR))
    assert outcome is Outcome.ACCEPTED
    assert after.snapshot.status == 4


def test_an_unchanged_dossier_polled_again_is_a_repeat():
    state, _ = fold(None, seen(2, version=HOUR, observed=2 * HOUR))
    after, outcome = fold(state, seen(2, version=HOUR, observed=9 * HOUR))
    assert outcome is Outcome.REPEATED
    assert [entry.first for entry in after.trail] == [EPOCH + 2 * HOUR]
