"""The simulated world: what it is made of, and that it is the same every time."""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from opscentre.domain import dvcqg
from opscentre.domain.calendar import Calendar
from opscentre.domain.deadlines import due_moment
from opscentre.domain.moments import DAY, HOUR, day_number, day_start, parse_local
from opscentre.domain.status import Status
from opscentre.procedures_file import read_procedures
from opscentre.profile import Profile, ProfileError
from simulator.lives import Dossier
from simulator.people import MARKERS
from simulator.steps import FACTS, Step
from simulator.vocabulary import PERSONAL, compact
from simulator.workaxis import WorkAxis
from simulator.world import World, state_at
from tests.simulator.conftest import START


def first(dossier: Dossier, step: Step) -> int | None:
    """When a step first happens (ms)."""
    return next((seconds * 1000 for seconds, seen in dossier.life() if seen == step), None)


def feed(world: World, at: int) -> bytes:
    return msgspec.json.encode(list(world.dossiers_at(at)))


def test_two_worlds_of_one_seed_show_the_same_bytes(province: Profile) -> None:
    one = World(province, seed=3, start=START, history_days=3, volume=0.1)
    two = World(province, seed=3, start=START, history_days=3, volume=0.1)
    two.day(day_number(START) + 10)  # what was asked first makes no difference
    assert feed(one, START + 2 * HOUR) == feed(two, START + 2 * HOUR)


def test_another_seed_is_another_world(province: Profile) -> None:
    one = World(province, seed=3, start=START, history_days=1, volume=0.1)
    two = World(province, seed=4, start=START, history_days=1, volume=0.1)
    assert feed(one, START) != feed(two, START)


def test_a_world_that_starts_later_holds_the_same_dossiers_of_a_day(province: Profile) -> None:
    early = World(province, seed=3, start=START, history_days=5, volume=0.1)
    late = World(province, seed=3, start=START + 3 * DAY, history_days=2, volume=0.1)
    day = day_number(START)
    assert [(d.number, d.changes, d.dues) for d in early.day(day)] == [
        (d.number, d.changes, d.dues) for d in late.day(day)
    ]


def test_a_working_day_has_about_5100_dossiers_three_quarters_of_them_at_communes(world: World) -> None:
    dossiers = list(world.dossiers(START))
    days = len(world.days_until(START))
    assert days == 11
    assert 4_700 < len(dossiers) / days < 5_600
    communes = sum(d.unit.group == "III" for d in dossiers) / len(dossiers)
    assert 0.71 < communes < 0.79


def test_channels_and_lateness_have_the_shares_of_a_real_province(world: World) -> None:
    dossiers = list(world.dossiers(START))
    channels = Counter(d.channel for d in dossiers)
    assert 0.60 < channels[2] / len(dossiers) < 0.70
    assert 0 < channels[3] / len(dossiers) < 0.01
    finished = [d for d in dossiers if first(d, Step.DONE)]
    late = [d for d in finished if d.dues and (first(d, Step.DONE) or 0) > d.dues[-1]]
    land = [d for d in finished if d.procedure.field == "DD"]
    assert 0.005 < len(late) / len(finished) < 0.02
    assert 0.03 < sum(d in land for d in late) / len(land) < 0.08


def test_a_few_units_are_clearly_worse_than_the_rest(world: World) -> None:
    finished: Counter[str] = Counter()
    late: Counter[str] = Counter()
    for dossier in world.dossiers(START):
        done = first(dossier, Step.DONE)
        if done:
            finished[dossier.unit.code] += 1
            late[dossier.unit.code] += bool(dossier.dues) and done > dossier.dues[-1]
    shares = sorted((late[code] / finished[code] for code in finished if finished[code] > 50), reverse=True)
    assert shares[3] > 0.05
    assert shares[len(shares) // 2] < 0.015


def test_some_dossiers_become_overdue_in_every_working_hour(world: World) -> None:
    fallen: Counter[int] = Counter()
    opening = day_start(day_number(START))
    for dossier in world.dossiers(START):
        done = first(dossier, Step.DONE)
        if dossier.dues and done and done > dossier.dues[-1] >= opening:
            fallen[(dossier.dues[-1] - opening) // HOUR] += 1
    assert all(fallen[hour] for hour in (7, 8, 9, 10, 14, 15, 16)), fallen


def test_processing_takes_days_and_certification_hours(world: World, province: Profile) -> None:
    taken = []
    same_day = 0
    for dossier in world.dossiers(START):
        received, done = first(dossier, Step.RECEIVED), first(dossier, Step.DONE)
        if received and done:
            days = province.calendar.working_time(received, done) / (8 * HOUR)
            if dossier.procedure.limit == "same-day":
                same_day += days < 1
            elif dossier.procedure.limit:
                taken.append(days)
    assert 3 < sum(taken) / len(taken) < 6
    assert same_day > 5_000


def test_a_dossier_changes_six_to_ten_times(world: World) -> None:
    counts = Counter(len(d.life()) for d in world.dossiers(START) if first(d, Step.DONE))
    assert sum(counts[n] for n in range(6, 11)) / sum(counts.values()) > 0.97


def test_the_moments_of_a_life_only_go_forward_and_numbers_are_never_given_twice(world: World) -> None:
    seen = set()
    for dossier in world.dossiers(START):
        moments = [seconds for seconds, _ in dossier.life()]
        assert all(a < b for a, b in itertools.pairwise(moments)), dossier.number
        assert dossier.number not in seen
        seen.add(dossier.number)


def test_offices_work_in_working_time_and_citizens_file_online_at_any_time(world: World, province: Profile) -> None:
    citizens = {Step.FILED, Step.SUPPLEMENT_GIVEN, Step.FEE_PAID, Step.RESUMED}
    at_night = 0
    for dossier in world.dossiers(START):
        for seconds, step in dossier.life():
            working = province.calendar.next_working_moment(seconds * 1000) == seconds * 1000
            assert working or step in citizens, (dossier.number, step)
            at_night += not working and step == Step.FILED
    assert at_night > 1_000


def test_due_moments_are_those_of_the_calendar_and_move_on_by_the_working_time_of_a_pause(
    world: World, province: Profile
) -> None:
    calendar, paused = province.calendar, 0
    for dossier in world.dossiers(START):
        received = first(dossier, Step.RECEIVED)
        due = due_moment(dossier.procedure.limit, received, calendar) if received else None
        assert dossier.dues[:1] == (() if due is None else (due,))
        life, expected = dossier.life(), [due]
        for (begun, before), (ended, step) in itertools.pairwise(life):
            if step in (Step.SUPPLEMENT_GIVEN, Step.FEE_PAID, Step.RESUMED) and expected[-1] is not None:
                assert FACTS[before].status in (Status.SUPPLEMENT, Status.FEE_DUE, Status.STOPPED)
                passed = calendar.working_time(begun * 1000, ended * 1000)
                expected.append(calendar.add_working_time(expected[-1], passed))
                paused += 1
        if due is not None:
            assert list(dossier.dues) == expected
    assert paused > 500


@pytest.mark.parametrize(
    ("limit", "received", "due"),
    [
        ("3d", "2026-11-16T09:20", "2026-11-19T09:20"),
        ("12h", "2026-11-16T15:00", "2026-11-18T09:00"),
        ("10h", "2026-11-16T15:00", "2026-11-17T17:00"),
        ("5cd", "2026-11-16T09:20", "2026-11-23T07:00"),
        ("3cd", "2026-11-16T09:20", "2026-11-19T09:20"),
        ("same-day", "2026-11-16T14:59", "2026-11-16T17:00"),
        ("same-day", "2026-11-20T15:00", "2026-11-23T17:00"),
    ],
)
def test_a_limit_gives_the_due_moment_that_a_desk_would_print(limit: str, received: str, due: str) -> None:
    assert due_moment(limit, parse_local(received), Calendar()) == parse_local(due)


def test_no_limit_is_no_due_moment() -> None:
    assert due_moment("", parse_local("2026-11-16T09:20"), Calendar()) is None


def test_the_straight_axis_agrees_with_the_calendar(province: Profile) -> None:
    axis = WorkAxis(province.calendar, day_number(START) - 60)
    for hours in range(0, 40 * 24, 5):
        at = START - 20 * DAY + hours * HOUR + 17 * 60_000
        for length in (600_000, 5 * HOUR, 30 * HOUR + 1000):
            end = province.calendar.add_working_time(at, length)
            assert axis.to_work(end // 1000) - axis.to_work(at // 1000) == length // 1000
        work = axis.to_work(at // 1000)
        assert axis.from_work(work) * 1000 == province.calendar.next_working_moment(at)


def test_every_change_shows_in_the_list_of_changes_once_and_in_order(province: Profile) -> None:
    world = World(province, seed=3, start=START, history_days=2, volume=0.1)
    changes = world.changes(START, START + 3 * HOUR)
    assert len(changes) > 100
    keys = [(change.at, change.number) for change in changes]
    assert keys == sorted(set(keys))
    for change in changes:
        before, after = state_at(change.dossier, change.at - 1), state_at(change.dossier, change.at)
        assert after is not None
        assert (after.status, after.changed) == (change.status, change.at)
        assert after.steps == (before.steps if before else 0) + 1


def test_what_a_system_shows_is_taken_by_the_contract_without_a_doubt(province: Profile) -> None:
    world = World(province, seed=3, start=START, history_days=10, volume=0.2)
    statuses: Counter[int] = Counter()
    for dossier in world.dossiers(START):
        shown, state = world.render(dossier, START), state_at(dossier, START)
        if shown is None or state is None:
            assert shown is state is None
            continue
        parsed = dvcqg.parse(shown, source="s", observed=START, units=province.units)
        assert parsed.notes == ()
        snapshot = parsed.snapshot
        assert (snapshot.number, snapshot.unit) == (dossier.number, dossier.unit.code)
        assert (snapshot.status, snapshot.modified) == (state.status, state.changed)
        newest = snapshot.supplements[-1] if snapshot.supplements else None
        due = (newest.due_after if newest and newest.due_after else None) or snapshot.due
        assert due == state.due
        assert snapshot.finished == (first(dossier, Step.DONE) if state.status in (9, 10) else None)
        assert [step.at for step in snapshot.progress] == [at * 1000 for at, _ in dossier.life()[: state.steps]]
        statuses[state.status] += 1
    assert set(statuses) == set(Status)


def test_every_personal_value_carries_the_marker_and_nothing_that_may_travel_does(world: World) -> None:
    allowed = [name for name in dvcqg.FIELDS if not name.startswith(("DanhSach", "TaiLieu"))]
    for _, shown in itertools.islice(world.dossiers_at(START), 500):
        for field in PERSONAL:
            assert any(marker in shown[field] for marker in MARKERS), (field, shown[field])
        for row in shown["DanhSachTienDo"]:
            assert any(marker in row["NguoiXuLy"] for marker in MARKERS)
        for name in allowed:
            assert not any(marker in str(shown[name]) for marker in MARKERS), (name, shown[name])


def test_a_feeds_date_is_local_time() -> None:
    assert compact(parse_local("2026-11-20T08:15:02") // 1000) == "20261120081502"


def test_every_unit_belongs_to_one_system_and_has_work(world: World, province: Profile) -> None:
    held = [code for system in world.systems for code in system.units]
    assert sorted(held) == sorted(unit.code for unit in province.units.current(START).all)
    assert {d.unit.code for d in world.dossiers(START)} == set(held)


def test_the_catalogue_names_the_line_of_a_limit_it_cannot_read(tmp_path: Path) -> None:
    path = tmp_path / "procedures.csv"
    path.write_text("code,name,field,field_name,level,limit\n1.1,Một,CT,Chứng thực,commune,3w\n", encoding="utf-8")
    with pytest.raises(ProfileError, match=r"procedures\.csv, line 2, limit: .*saw '3w'"):
        read_procedures(path)


def test_the_catalogue_refuses_a_code_that_is_there_twice(tmp_path: Path) -> None:
    path = tmp_path / "procedures.csv"
    row = "1.1,Một,CT,Chứng thực,commune,3d\n"
    path.write_text("code,name,field,field_name,level,limit\n" + row + row, encoding="utf-8")
    with pytest.raises(ProfileError, match=r"line 3, code: is already on line 2, saw '1\.1'"):
        read_procedures(path)
