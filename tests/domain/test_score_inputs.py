"""What each dossier adds to the score's numerators and denominators."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings

from opscentre.domain.calendar import Calendar
from opscentre.domain.counting import table_cells
from opscentre.domain.dossier import Progress, Snapshot, Supplement
from opscentre.domain.fold import DossierState, fold
from opscentre.domain.moments import parse_local
from opscentre.domain.procedures import Procedure
from opscentre.domain.score import Input
from opscentre.domain.score_inputs import Tally, by_national_code, completed, contribution, inputs, national
from opscentre.domain.status import Status
from tests.domain.lives import EPOCH, histories, moments

CALENDAR = Calendar()
START, END = parse_local("2026-11-01"), parse_local("2026-12-01")
#: Friday.
NOW = parse_local("2026-11-20T10:00")


def procedure(code: str, limit: str = "", fee: int = 0, service: str = "toàn trình") -> Procedure:
    return Procedure(
        code=code, name=code, field="F", field_name="F", level="both", limit=limit, fee=fee, service=service
    )


PROCEDURES = by_national_code(
    [
        procedure("2.000001", limit="3d", fee=50_000),
        procedure("2.000002", limit="8h"),
        procedure("2.000003", service=""),
        procedure("2.000004", limit="5cd"),
    ]
)


def dossier(status: int, **facts: object) -> DossierState:
    values = {name: parse_local(value) if name in _DATES else value for name, value in facts.items()}
    made = Snapshot(source="s", number="n", status=status, observed=NOW, version=1, unit="H55.12", **values)
    return fold(None, made)[0]


_DATES = ("submitted", "received", "due", "finished", "returned")
OPEN = {"received": "2026-11-10T09:00", "due": "2026-11-20T10:00"}
DONE = {**OPEN, "finished": "2026-11-19T16:00"}


def asked(text: str, answered: str | None = None) -> Supplement:
    return Supplement(parse_local(text), parse_local(answered) if answered else None)


def parts(state: DossierState, at: int = NOW, start: int = START, end: int = END) -> dict[str, bool] | None:
    found = contribution(state, start, end, at, PROCEDURES, CALENDAR)
    return None if found is None else dict(found.counts)


@pytest.mark.parametrize(
    ("state", "good"),
    [
        (dossier(9, **DONE), True),
        (dossier(9, received="2026-11-10T09:00", due="2026-11-19T16:00", finished="2026-11-19T16:00"), True),
        (dossier(9, received="2026-11-10T09:00", due="2026-11-19T16:00", finished="2026-11-19T16:01"), False),
        (dossier(10, **DONE, returned="2026-11-25T10:00"), True),
        (dossier(7, **DONE), True),
        (dossier(4, **OPEN), True),
        (dossier(4, received="2026-11-10T09:00", due="2026-11-20T09:59"), False),
        (dossier(5, **OPEN, supplements=(asked("2026-11-12T08:00"),)), True),
        (dossier(8, **OPEN, progress=(Progress(parse_local("2026-11-12T08:00"), 8),)), True),
        (
            dossier(8, received="2026-11-10T09:00", due="2026-11-11T09:00", progress=(Progress(NOW - 60_000, 8),)),
            False,
        ),
    ],
    ids=[
        "finished before", "at the due moment", "a minute late", "9 before 10", "withdrawn in time",
        "in process in time", "in process late", "one supplement", "stopped in time", "stopped late",
    ],
)  # fmt: skip
def test_on_time_is_judged_by_the_first_end_or_by_the_moment_looked_from(state, good):
    assert parts(state)["2.1"] is good


def test_an_unfinished_dossier_is_judged_at_the_end_of_a_past_period():
    state = dossier(4, **OPEN)
    assert parts(state, at=parse_local("2026-12-20"), end=parse_local("2026-11-20T10:00"))["2.1"] is True
    assert parts(state, at=parse_local("2026-12-20"), end=parse_local("2026-11-20T10:01"))["2.1"] is False


def test_a_dossier_finished_after_a_past_period_was_in_process_in_it():
    late = dossier(9, received="2026-11-10T09:00", due="2026-11-12T09:00", finished="2026-11-19T16:00")
    assert parts(late, end=parse_local("2026-11-12"))["2.1"] is True
    assert "4.1" not in parts(late, end=parse_local("2026-11-12"))


def test_more_than_one_request_for_supplements_counts_as_overdue():
    one = (asked("2026-11-11T08:00", "2026-11-12T08:00"),)
    two = (*one, asked("2026-11-13T08:00", "2026-11-14T08:00"))
    assert parts(dossier(9, **DONE, supplements=one))["2.1"] is True
    assert parts(dossier(9, **DONE, supplements=two))["2.1"] is False
    assert parts(dossier(4, **OPEN, supplements=two))["2.1"] is False


def test_the_same_request_told_twice_is_one():
    twice = (asked("2026-11-11T08:00"), asked("2026-11-11T08:00", "2026-11-12T08:00"))
    assert parts(dossier(9, **DONE, supplements=twice))["2.1"] is True


def test_a_second_request_after_the_period_does_not_count_in_it():
    two = (asked("2026-11-11T08:00", "2026-11-12T08:00"), asked("2026-11-19T08:00"))
    assert parts(dossier(5, **OPEN, supplements=two))["2.1"] is False
    assert parts(dossier(5, **OPEN, supplements=two), end=parse_local("2026-11-18"))["2.1"] is True


@pytest.mark.parametrize(
    ("state", "good"),
    [
        # Tuesday 09:00 and three working days are Friday 09:00.
        (dossier(9, received="2026-11-10T09:00", finished="2026-11-13T09:00", procedure="2.000001"), True),
        (dossier(9, received="2026-11-10T09:00", finished="2026-11-13T09:01", procedure="2.000001"), False),
        (dossier(4, received="2026-11-10T09:00", procedure="2.000001.000.00.00.H55"), False),
        (dossier(4, received="2026-11-18T09:00", procedure="2.000001.000.00.00.H55"), True),
        (dossier(4, received="2026-11-10T09:00", procedure="2.000003"), True),
        (dossier(4, received="2026-11-10T09:00", procedure="9.999999"), True),
        # A working day of waiting for a supplement moves the limit on by a working day.
        (
            dossier(
                9,
                received="2026-11-10T09:00",
                finished="2026-11-16T09:00",
                procedure="2.000001",
                supplements=(asked("2026-11-11T09:00", "2026-11-12T09:00"),),
            ),
            True,
        ),
        (
            dossier(
                9,
                received="2026-11-10T09:00",
                finished="2026-11-16T09:01",
                procedure="2.000001",
                supplements=(asked("2026-11-11T09:00", "2026-11-12T09:00"),),
            ),
            False,
        ),
        (
            dossier(
                5, received="2026-11-10T09:00", procedure="2.000001", supplements=(asked("2026-11-12T09:00"),)
            ),
            True,
        ),
    ],
    ids=[
        "at the limit", "past the limit", "open past the limit", "open within", "no limit", "unknown procedure",
        "a day waited", "a day waited, a minute late", "still waiting",
    ],
)  # fmt: skip
def test_without_a_due_date_the_time_used_must_fit_the_limit_of_the_procedure(state, good):
    assert parts(state)["2.1"] is good


def test_only_what_was_received_or_processed_in_the_period_counts():
    assert parts(dossier(9, received="2026-10-20T09:00", finished="2026-10-31T09:00")) is None
    assert parts(dossier(9, received="2026-10-20T09:00", finished="2026-11-02T09:00")) is not None
    assert parts(dossier(4, received="2026-10-20T09:00")) is not None
    assert parts(dossier(1, submitted="2026-11-10T09:00")) is None
    assert parts(dossier(3, submitted="2026-11-10T09:00")) is None
    assert parts(dossier(4, received="2026-11-20T10:00")) is None
    stopped = Progress(parse_local("2026-10-25T09:00"), 8)
    assert parts(dossier(8, received="2026-10-20T09:00", progress=(stopped,))) is None


def test_what_is_counted_by_reception_leaves_out_what_was_carried_over():
    carried = parts(dossier(4, received="2026-10-20T09:00", due="2026-12-20T09:00", channel=2))
    assert carried == {"2.1": True}


def test_an_online_dossier_needs_its_electronic_result_once_it_is_done():
    assert parts(dossier(4, **OPEN, channel=2))["3.3"] is True
    assert parts(dossier(9, **DONE, channel=2))["3.3"] is False
    assert parts(dossier(9, **DONE, channel=2, results=(1, 1)))["3.3"] is True
    assert parts(dossier(7, **DONE, channel=2))["3.3"] is True
    assert parts(dossier(9, **DONE, channel=1, results=(1, 1)))["3.3"] is False


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"procedure": "2.000001", "payment": 1}, True),
        ({"procedure": "2.000001", "payment": 2}, True),
        ({"procedure": "2.000001", "payment": 3}, False),
        ({"procedure": "2.000001"}, False),
        ({"procedure": "2.000001", "payment": 1, "fees": (2, 0)}, None),
        ({"procedure": "2.000001", "payment": 1, "fees": (2, 1)}, True),
        ({"procedure": "2.000002", "payment": 1}, None),
        ({"procedure": "2.000002", "payment": 1, "fees": (1, 1)}, True),
        ({"payment": 1, "fees": (0, 0)}, None),
    ],
    ids=[
        "national portal", "agency gateway", "not online", "unknown", "every fee is zero", "one fee is not",
        "free procedure", "free procedure that charged", "no procedure",
    ],
)  # fmt: skip
def test_paid_online_counts_dossiers_that_owe_a_fee(facts, expected):
    assert parts(dossier(4, **OPEN, **facts)).get("3.6") is expected


@pytest.mark.parametrize(
    ("facts", "result", "digitised"),
    [
        ({}, False, False),
        ({"results": (1, 0)}, False, False),
        ({"results": (1, 1)}, True, False),
        ({"results": (1, 1), "digitised": True}, True, True),
        ({"results": (1, 1), "documents": (3, 1, 0, 0)}, True, True),
        ({"results": (1, 0), "digitised": True}, False, False),
    ],
)
def test_results_and_digitisation_are_counted_once_a_dossier_is_done(facts, result, digitised):
    found = parts(dossier(9, **DONE, **facts))
    assert (found["4.1"], found["4.2"]) == (result, digitised)
    assert not {"4.1", "4.2"} & parts(dossier(4, **OPEN, **facts)).keys()
    assert not {"4.1", "4.2"} & parts(dossier(7, **DONE, **facts)).keys()


def test_reuse_sharing_and_identity_are_counted_by_reception():
    found = parts(dossier(4, **OPEN, documents=(4, 2, 1, 0), vneid=True))
    assert (found["4.3"], found["4.4"], found["4.5b"]) == (True, False, True)
    found = parts(dossier(4, **OPEN, documents=(4, 2, 0, 1)))
    assert (found["4.3"], found["4.4"], found["4.5b"]) == (False, True, False)


def tally(*states: DossierState) -> Tally:
    found = Tally()
    for state in states:
        part = contribution(state, START, END, NOW, PROCEDURES, CALENDAR)
        assert part is not None
        found.add(part)
    return found


def test_procedures_are_counted_once_however_many_dossiers_they_have():
    counted = tally(
        dossier(4, **OPEN, procedure="2.000001", channel=2, payment=1),
        dossier(4, **OPEN, procedure="2.000001.000.00.00.H55", channel=2, payment=3),
        dossier(4, **OPEN, procedure="2.000002", channel=1, fees=(1, 1)),
        dossier(4, **OPEN, procedure="2.000003", channel=2),
    )
    services = {national(code) for code, known in PROCEDURES.items() if known.service}
    found = inputs(counted, services)
    assert found["3.2"] == Input(1, 3)
    assert found["3.5b"] == Input(1, 2)
    assert found["3.6"] == Input(1, 3)


def test_the_mean_time_leaves_out_nights_and_the_waits_for_supplements():
    counted = tally(
        # Tuesday 09:00 to Wednesday 09:00 is one working day of eight hours.
        dossier(9, received="2026-11-10T09:00", finished="2026-11-11T09:00"),
        dossier(
            9,
            received="2026-11-10T09:00",
            finished="2026-11-12T09:00",
            supplements=(asked("2026-11-10T13:30", "2026-11-11T13:30"),),
        ),
        dossier(7, received="2026-11-10T09:00", finished="2026-11-19T09:00"),
    )
    assert inputs(counted, ())["2.2"] == Input(Decimal("16.00"), 2)


def test_without_dossiers_everything_is_without_data():
    assert all(value.ratio is None for value in inputs(Tally(), ()).values())


def test_satisfaction_knows_overdue_dossiers_until_a_figure_comes():
    fed = inputs(tally(dossier(9, **DONE), dossier(9, **OPEN, finished="2026-11-20T09:59")), ())
    assert fed["5.4"] == Input(2, 2)
    assert completed(fed, {"5.4": Input(1, 2)}, 2)["5.4"] == Input(1, 2)


def test_synchronisation_is_measured_against_the_greater_reception():
    assert "1.4" not in completed({}, {}, 500)
    assert completed({}, {"1.4": Input(400, 450)}, 500)["1.4"] == Input(400, 500)
    assert completed({}, {"1.4": Input(400, 450)}, 300)["1.4"] == Input(400, 450)


@settings(max_examples=200, deadline=None)
@given(histories(), moments)
def test_the_score_speaks_of_the_dossiers_of_the_progress_table(history, at):
    states: dict[tuple[str, str], DossierState] = {}
    for snapshot in history:
        states[snapshot.key], _ = fold(states.get(snapshot.key), snapshot)
    start = EPOCH - 5 * 86_400_000
    whole, halves = Tally(), (Tally(), Tally())
    for index, state in enumerate(states.values()):
        part = contribution(state, start, EPOCH + 5 * 86_400_000, at, PROCEDURES, CALENDAR)
        in_table = table_cells(state, start, EPOCH + 5 * 86_400_000, at) is not None
        # What was stopped before the period is at its end for the score, and paused in the table.
        assert in_table or part is None
        assert part is not None or not in_table or _stopped(state)
        if part is not None:
            whole.add(part)
            halves[index % 2].add(part)
    assert all(0 <= good <= total for good, total in whole.counts.values())
    halves[0].merge(halves[1])
    assert inputs(halves[0], ()) == inputs(whole, ())


def _stopped(state: DossierState) -> bool:
    snapshot = state.snapshot
    seen = [step.status for step in snapshot.progress] + [entry.status for entry in state.trail]
    return Status.STOPPED in seen
