"""A dossier's line of events, its clock and its due moments."""

from __future__ import annotations

import pytest

from layouts.desk import due_walk, timeline
from layouts.words import WORDS, Lang
from opscentre.domain.calendar import Calendar, SpecialDay
from opscentre.domain.deadlines import parse_limit
from opscentre.domain.dossier import Apology, Progress, Snapshot, Supplement
from opscentre.domain.fold import DossierState, fold
from opscentre.domain.listing import Change
from opscentre.domain.moments import DAY, HOUR, day_number, parse_local
from opscentre.domain.walking import walk

CALENDAR = Calendar()
MONDAY = parse_local("2026-11-16T08:00")


def at(day: int, hour: int = 0) -> int:
    return MONDAY + day * DAY + hour * HOUR


#: Received on Monday, due on Wednesday, a supplement asked on Tuesday and answered on Thursday, late on Tuesday after.
SUPPLEMENTED = Snapshot(
    source="s", number="n", status=4, observed=at(9), version=at(3), unit="H55.12",
    submitted=at(0, -1), received=at(0), due=at(2), procedure="x",
    supplements=(Supplement(at(1), at(3), at(2), at(7)),), apologies=(Apology(at(7), at(7), at(10)),),
    progress=(Progress(at(0), 2), Progress(at(0, 2), 4), Progress(at(1), 5), Progress(at(3), 4)),
)  # fmt: skip


def state(snapshot: Snapshot = SUPPLEMENTED) -> DossierState:
    return fold(None, snapshot)[0]


def test_the_clock_runs_stands_still_runs_on_and_runs_late() -> None:
    spans = timeline.spans(state(), at(9), CALENDAR)
    assert [(span.kind, span.since, span.until) for span in spans] == [
        ("running", at(0), at(1)), ("paused", at(1), at(3)), ("running", at(3), at(7)), ("late", at(7), at(9)),
    ]  # fmt: skip
    assert spans[0].worked == 8 * HOUR


def test_a_dossier_not_received_has_no_clock_and_one_that_ended_stops_it() -> None:
    waiting = Snapshot(source="s", number="n", status=1, observed=at(0), version=at(0), submitted=at(0))
    assert timeline.spans(state(waiting), at(1), CALENDAR) == []
    done = Snapshot(
        source="s", number="n", status=9, observed=at(5), version=at(1), received=at(0), due=at(2), finished=at(1)
    )
    assert [(s.kind, s.until) for s in timeline.spans(state(done), at(9), CALENDAR)] == [("running", at(1))]


def test_each_due_moment_has_its_reason() -> None:
    found = [(due.since, due.due, due.why) for due in timeline.dues(state())]
    assert found == [(at(0), at(2), "first"), (at(3), at(7), "answered"), (at(7), at(10), "apology")]


def test_the_procedures_limit_gives_a_due_moment_beside_them_pauses_left_out() -> None:
    steps = timeline.limit_walk(state(), "2d", at(9), CALENDAR)
    assert timeline.due_by_limit(steps) == at(4)
    assert timeline.limit_walk(state(), "", at(9), CALENDAR) == []


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("vi", ["Tiếp nhận thứ hai 16/11/2026 08:00", "Thứ ba 17/11/2026 ngày làm việc 1/2 ngày làm việc thường",
                "Hẹn trả thứ tư 18/11/2026 08:00", "Dừng từ thứ ba 17/11/2026 08:00 đến thứ năm 19/11/2026 08:00",
                "hẹn trả dời thêm 16 giờ làm việc", "Hẹn trả thứ sáu 20/11/2026 08:00", "chưa nhập năm 2026"]),
        ("en", ["Received Mon 16/11/2026 08:00", "Tue 17/11/2026 working day 1 of 2 ordinary working day",
                "moves on by 16 h of working time", "Due Fri 20/11/2026 08:00", "nothing for 2026 yet"]),
    ],
)  # fmt: skip
def test_how_a_limit_gives_its_due_moment_is_told_day_by_day_in_ones_language(lang: Lang, said: list[str]) -> None:
    steps = timeline.limit_walk(state(), "2d", at(9), CALENDAR)
    text = " ".join(texts(due_walk.section(WORDS[lang], parse_limit("2d"), steps, CALENDAR)))
    assert [one for one in said if one not in text] == []


def test_why_a_day_did_not_count_is_told_in_the_persons_language() -> None:
    swapped = Calendar({day_number(at(1)): SpecialDay("off", document="12/UBND", note="hoán đổi", line=3)})
    began = parse_local("2026-08-28T10:00")
    told = [texts(due_walk.section(WORDS["vi"], parse_limit(limit), steps, swapped)) for limit, steps in (
        ("2d", timeline.limit_walk(state(), "2d", at(9), swapped)),
        ("3cd", list(walk(parse_limit("3cd"), began, swapped))),
    )]  # fmt: skip
    assert "ngày nghỉ theo lịch của tỉnh · hoán đổi · 12/UBND" in told[0]
    assert "nghỉ lễ: Quốc khánh" in told[1]


def texts(found: object) -> list[str]:
    """Every text of components, in order."""
    if isinstance(found, str):
        return [found]
    if isinstance(found, list | tuple):
        return [text for one in found for text in texts(one)]
    return texts(getattr(found, "children", None) or [])


def test_events_are_in_order_each_once_and_what_was_seen_late_says_so() -> None:
    changes = [
        Change("status", at(0), at(5), None, 2, ""),
        Change("status", at(3), at(6), 5, 4, "unknown_move"),
        Change("overdue", at(7), at(7), 4, 0, ""),
    ]
    events = timeline.events(state(), changes)
    assert [event.at for event in events] == sorted(event.at for event in events)
    kinds = [event.kind for event in events]
    assert kinds.count("received") == 1
    assert [event.status for event in events if event.kind == "step"] == [4, 5, 4]
    (seen,) = [event for event in events if event.kind == "seen"]
    assert (seen.late_seen, seen.anomaly) == (3 * DAY, True)
    assert {"requested", "answered", "apology", "overdue"} <= set(kinds)
