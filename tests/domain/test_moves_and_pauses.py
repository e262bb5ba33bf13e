"""Moves between statuses, pauses, supplements, new dates and apologies of a dossier."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings

from opscentre.domain.dossier import Apology, Snapshot, Supplement
from opscentre.domain.fold import DossierState, fold
from opscentre.domain.life import status_at
from opscentre.domain.moments import MINUTE, parse_local
from opscentre.domain.moves import Move, move
from opscentre.domain.pauses import (
    ApologyStanding,
    Pause,
    apology_standing,
    pauses,
    redating,
    supplements_asked,
)
from opscentre.domain.status import PAUSED, Status
from tests.domain.test_looking_back import Event, lives, shown


def at(text: str) -> int:
    return parse_local(f"2026-11-{text}")


@pytest.mark.parametrize(
    ("before", "after", "known"),
    [
        (None, 9, Move.ORDINARY),
        (1, 2, Move.ORDINARY),
        (4, 9, Move.ORDINARY),
        (9, 10, Move.ORDINARY),
        (5, 4, Move.BACKWARD),
        (6, 4, Move.BACKWARD),
        (9, 4, Move.BACKWARD),
        (5, 9, Move.SEEN),
        (2, 9, Move.SEEN),
        (10, 1, Move.UNKNOWN),
        (7, 2, Move.UNKNOWN),
        (3, 9, Move.UNKNOWN),
        (10, 9, Move.UNKNOWN),
    ],
)
def test_each_move_is_what_the_desks_and_the_feeds_make_of_it(before, after, known):
    assert move(before, after) is known


def test_every_pair_of_statuses_has_an_answer_and_an_unknown_move_is_no_error():
    answers = {(a, b): move(a, b) for a, b in itertools.product(Status, Status)}
    assert len(answers) == 100
    assert all(answers[status, status] is Move.ORDINARY for status in Status)
    assert set(answers.values()) == set(Move)


def state(status: int, **facts: object) -> DossierState:
    observed = at("27T08:00")
    return fold(None, Snapshot(source="s", number="n", status=status, observed=observed, **facts))[0]


def test_pauses_are_the_supplements_and_what_the_progress_shows():
    life = [Event(at(f"{day}T09:00"), status, at("20T09:00")) for day, status in
            (("10", 1), ("11", 2), ("12", 5), ("13", 4), ("16", 6), ("17", 4), ("18", 9))]  # fmt: skip
    whole, _ = fold(None, shown(life, with_progress=True))
    assert pauses(whole, at("27T00:00")) == [
        Pause(at("12T09:00"), at("13T09:00"), 5),
        Pause(at("16T09:00"), at("17T09:00"), 6),
    ]
    assert pauses(whole, at("12T10:00")) == [Pause(at("12T09:00"), None, 5)]
    assert pauses(whole, at("27T00:00"), {Status.FEE_DUE}) == [Pause(at("16T09:00"), at("17T09:00"), 6)]


@settings(max_examples=300, deadline=None)
@given(lives())
def test_the_clock_stands_still_exactly_while_a_pause_lasts(life):
    whole = None
    for count in range(len(life)):
        whole, _ = fold(whole, shown(life[: count + 1], with_progress=True))
    assert whole is not None
    found = pauses(whole, life[-1].at + MINUTE)
    for event in life:
        for moment in (event.at, event.at + MINUTE):
            inside = any(p.since <= moment and (p.until is None or moment < p.until) for p in found)
            assert inside == (status_at(whole, moment)[0] in PAUSED)


def test_supplements_are_counted_by_their_requests():
    asked = (Supplement(at("12T09:00"), at("13T09:00")), Supplement(at("14T09:00")), Supplement())
    assert supplements_asked(state(5, received=at("10T09:00"), supplements=asked)) == 2


def test_a_new_date_given_by_a_supplement_or_an_apology_is_a_redating_and_may_be_missed_too():
    facts = {"received": at("10T09:00"), "due": at("16T09:00")}
    assert redating(state(4, **facts), at("20T09:00")).times == 0
    one = state(4, **facts, supplements=(Supplement(at("11T09:00"), at("12T09:00"), at("16T09:00"), at("18T09:00")),))
    assert (redating(one, at("18T09:00")).due, redating(one, at("18T09:00")).missed) == (at("18T09:00"), False)
    assert redating(one, at("18T09:01")).missed
    two = state(4, **facts, apologies=(Apology(at("16T08:00"), at("16T09:00"), at("19T09:00")),
                                       Apology(at("19T08:00"), at("19T09:00"), at("24T09:00"))))  # fmt: skip
    assert (redating(two, at("20T09:00")).times, redating(two, at("20T09:00")).due) == (2, at("24T09:00"))
    assert redating(two, at("17T09:00")).times == 1


def slip(made: str, new_due: str) -> tuple[Apology, ...]:
    return (Apology(at(made), None, at(new_due)),)


@pytest.mark.parametrize(
    ("due", "facts", "expected"),
    [
        ("21T09:00", {"apologies_told": True}, ApologyStanding.NOT_DUE),
        ("16T09:00", {"apologies_told": True}, ApologyStanding.MISSING),
        ("16T09:00", {}, ApologyStanding.UNTOLD),
        ("16T09:00", {"apologies": slip("16T08:00", "24T09:00")}, ApologyStanding.IN_TIME),
        ("16T09:00", {"apologies": slip("17T08:00", "24T09:00")}, ApologyStanding.LATE),
        ("16T09:00", {"apologies": slip("16T08:00", "18T09:00")}, ApologyStanding.BROKEN),
    ],
)
def test_an_apology_is_due_no_later_than_the_due_date(due, facts, expected):
    assert apology_standing(state(4, received=at("10T09:00"), due=at(due), **facts), at("20T09:00")) is expected
