"""Looking back from the end of a life finds at every moment what a plain reading of its events finds.

The naive side keeps no state and shares no code with the product: it reads the events of a life one by one.
"""

from __future__ import annotations

import itertools

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from opscentre.domain.calendar import Calendar
from opscentre.domain.counting import CELLS, count_table, table_cells
from opscentre.domain.dossier import Progress, Snapshot, Supplement
from opscentre.domain.fold import DossierState, fold
from opscentre.domain.moments import DAY, HOUR, MINUTE
from streams.ledger import Ledger
from tests.domain.lives import EPOCH

#: What may follow each status in a life that a desk could have led, backward moves included.
NEXT = {1: (2, 3), 2: (4, 9), 4: (5, 6, 8, 9, 7), 5: (4,), 6: (4,), 8: (4,), 9: (10, 4), 10: (), 7: (), 3: ()}


class Event(msgspec.Struct, frozen=True):
    """One step of a life: when, to which status, and the due moment from then on."""

    at: int
    status: int
    due: int


@st.composite
def lives(draw: st.DrawFn) -> list[Event]:
    """A life from filing on."""
    at = EPOCH + draw(st.integers(0, 10 * 24 * 6)) * 10 * MINUTE
    due = at + draw(st.integers(1, 10 * 24)) * HOUR
    events = [Event(at, 1, due)]
    while NEXT[events[-1].status] and draw(st.integers(0, 9)) > 0:
        at += draw(st.integers(1, 30 * 6)) * 10 * MINUTE
        status = draw(st.sampled_from(NEXT[events[-1].status]))
        if events[-1].status == 5:
            due += draw(st.integers(0, 5)) * DAY
        events.append(Event(at, status, due))
    return events


def shown(events: list[Event], with_progress: bool) -> Snapshot:
    """What a department's system shows after these events."""
    received = next((event.at for event in events if event.status == 2), None)
    supplements = []
    for event, after in itertools.zip_longest(events, events[1:]):
        if event.status == 5:
            answered = after.at if after else None
            supplements.append(Supplement(event.at, answered, event.due, after.due if after else None))
    last = events[-1]
    ended = last.status in (7, 9, 10)
    first_end = next((e.at for e in _last_run(events) if e.status in (9, 7)), last.at) if ended else None
    return Snapshot(
        source="s",
        number="n",
        status=last.status,
        observed=last.at + MINUTE,
        version=last.at,
        modified=last.at,
        unit="H55.12",
        channel=2,
        submitted=events[0].at,
        received=received,
        due=events[0].due,
        finished=first_end,
        refused=last.at if last.status == 3 else None,
        supplements=tuple(supplements),
        progress=tuple(Progress(event.at, event.status) for event in events) if with_progress else (),
    )


def _last_run(events: list[Event]) -> list[Event]:
    run = itertools.takewhile(lambda event: event.status in (7, 9, 10), reversed(events))
    return list(reversed(list(run)))


def naive(events: list[Event], start: int, end: int, at: int) -> list[str]:
    """The two cells of the definitions, read off the events up to then."""
    at = min(at, end)
    past = [event for event in events if event.at < at]
    received = next((event.at for event in past if event.status == 2), None)
    if received is None or past[-1].status in (1, 3):
        return []
    last = past[-1]
    came = "online" if received >= start else "carried_over"
    if last.status in (7, 9, 10):
        finished = _last_run(past)[0].at
        if finished < start:
            return []
        if finished > last.due:
            return [came, "finished_overdue"]
        return [came, "early" if (finished + 7 * HOUR) // DAY < (last.due + 7 * HOUR) // DAY else "on_time"]
    if last.status in (5, 6, 8):
        return [came, "paused_overdue" if last.at > last.due else "paused_in_time"]
    return [came, "in_process_overdue" if at > last.due else "in_process_in_time"]


def cells(state: DossierState, start: int, end: int, at: int) -> list[str]:
    found = table_cells(state, start, end, at)
    return [CELLS[cell] for cell in found] if found else []


@settings(max_examples=600, deadline=None)
@given(
    lives(),
    st.booleans(),
    st.randoms(use_true_random=False),
    st.integers(-2, 25),
    st.integers(1, 30),
    st.integers(0, 40 * 24 * 6),
)
def test_the_table_at_any_moment_is_what_the_events_until_then_say(life, progress, random, first, days, tens):
    seen = [shown(life[: count + 1], progress) for count in range(len(life))] * 2
    random.shuffle(seen)
    state = None
    for snapshot in seen:
        state, _ = fold(state, snapshot)
    assert state is not None
    start = EPOCH + first * DAY
    at = EPOCH + tens * 10 * MINUTE + 1
    assert cells(state, start, start + days * DAY, at) == naive(life, start, start + days * DAY, at)


@settings(max_examples=100, deadline=None)
@given(st.lists(lives(), min_size=1, max_size=5), st.integers(0, 40 * 24 * 6))
def test_fold_look_back_and_naive_recount_agree_as_of_now(histories, tens):
    now = EPOCH + tens * 10 * MINUTE + 1
    start, end = EPOCH + 3 * DAY, now + DAY
    ledger = Ledger(0, Calendar())
    states: dict[str, DossierState] = {}
    expected = [0] * len(CELLS)
    for index, life in enumerate(histories):
        past = [event for event in life if event.at < now]
        for count in range(len(past)):
            snapshot = msgspec.structs.replace(shown(past[: count + 1], True), number=str(index))
            ledger.apply(snapshot, now)
            states[snapshot.number], _ = fold(states.get(snapshot.number), snapshot)
        for cell in naive(life, start, end, now):
            expected[CELLS.index(cell)] += 1
    looked_back = count_table(states.values(), start, end, now).get("H55.12", [0] * len(CELLS))
    assert looked_back == expected
    process, late, paused, paused_late = ledger.now.get("H55.12", [0] * 7)[:4]
    assert [process - late, late, paused - paused_late, paused_late] == expected[7:]
