"""A simulated system's feed: the closed range of changes, and that a restart does not show."""

from __future__ import annotations

import msgspec
import pytest

from opscentre.domain.moments import DAY, HOUR, MINUTE, day_number, day_start, parse_compact
from opscentre.domain.status import Status
from opscentre.profile import Profile
from simulator.feed import KEPT_DAYS, Feed
from simulator.lives import Dossier
from simulator.steps import Step
from simulator.world import World, state_at
from tests.simulator.conftest import START


@pytest.fixture
def small(province: Profile) -> World:
    return World(province, seed=5, start=START, history_days=5, volume=0.1)


def shown(feed: Feed, since: int = 0) -> list[bytes]:
    """All that a feed shows since a moment (s), read page by page."""
    found: list[bytes] = []
    page, pages = 1, 1
    while page <= pages:
        entries, pages = feed.changed_since(since, page, 200)
        found.extend(msgspec.json.encode(feed.show(entry.dossier)) for entry in entries)
        page += 1
    return found


def test_a_feed_shows_every_dossier_of_its_units_once_in_order_of_change(small: World) -> None:
    feed = Feed(small, small.systems[0], START)
    rows = [msgspec.json.decode(row) for row in shown(feed)]
    keys = [(row["NgayCapNhat"], row["MaHoSo"]) for row in rows]
    assert keys == sorted(keys)
    expected = {
        dossier.number
        for dossier in small.dossiers(START)
        if dossier.unit.code in feed.system.units and state_at(dossier, START)
    }
    assert {number for _, number in keys} == expected
    assert len(keys) == len(expected) == len(feed)


def test_what_changed_since_a_moment_includes_that_moment(small: World) -> None:
    feed = Feed(small, small.systems[1], START)
    entry = feed.all()[-5]
    page = feed.changed_since(entry.seconds, 1, 200)
    assert page.entries[0].seconds == entry.seconds
    assert entry in page.entries
    assert page.pages == 1


def test_a_feed_that_went_on_step_by_step_equals_one_started_late(small: World, province: Profile) -> None:
    system = small.systems[1]
    ends = START + 3 * DAY + 2 * HOUR  # over a weekend
    walked = Feed(small, system, START)
    at, changed = START, 0
    while at < ends:
        at = min(ends, at + 37 * MINUTE)
        changed += len(walked.advance(at))
        walked.changed_since(0, 1, 10)
    again = World(province, seed=5, start=START, history_days=5, volume=0.1)
    assert changed > 300
    assert shown(walked) == shown(Feed(again, system, ends))


def test_an_advance_tells_what_changed_and_the_pages_agree(small: World) -> None:
    feed = Feed(small, small.systems[1], START)
    before = feed.seconds
    changed = feed.advance(START + HOUR)
    assert changed == feed.changed_since(before + 1, 1, 10_000).entries
    assert feed.advance(START + HOUR) == []
    for entry in changed:
        assert parse_compact(feed.show(entry.dossier)["NgayCapNhat"]) == entry.seconds * 1000


def test_what_ended_three_weeks_ago_leaves_the_feed_and_what_is_open_stays(province: Profile) -> None:
    world = World(province, seed=5, start=START, history_days=40, volume=0.05)
    feed = Feed(world, world.systems[2], START)
    cutoff = day_start(day_number(START)) - KEPT_DAYS * DAY
    expected = set()
    for dossier in world.dossiers(START):
        state = state_at(dossier, START)
        ended = state and state.status in (Status.REFUSED, Status.WITHDRAWN, Status.RETURNED)
        if dossier.unit.code in feed.system.units and state and not (ended and state.changed < cutoff):
            expected.add(dossier.number)
    assert {entry.number for entry in feed.all()} == expected
    assert all(number in feed for number in expected)


def test_the_archive_does_not_tell_when_the_process_started(province: Profile) -> None:
    world = World(province, seed=5, start=START, history_days=12, volume=0.05)
    walked = Feed(world, world.systems[2], START)
    for days in range(1, 25):
        walked.advance(START + days * DAY + HOUR)
    assert shown(walked) == shown(Feed(world, world.systems[2], START + 24 * DAY + HOUR))


def test_days_that_were_released_are_made_again_alike(small: World) -> None:
    day = small.days_until(START)[2]
    before = [(d.number, d.changes) for d in small.day(day)]
    small.release(day + 1)
    assert [(d.number, d.changes) for d in small.day(day)] == before


def test_a_day_can_be_made_unit_by_unit_ahead_of_time(small: World, province: Profile) -> None:
    day = small.days_until(START)[-1] + 3
    calls = 1
    while not small.prepare(day):
        calls += 1
    assert calls == len(province.units.current(START).all)
    again = World(province, seed=5, start=START, history_days=5, volume=0.1)
    assert [d.number for d in small.day(day)] == [d.number for d in again.day(day)]


def test_an_extra_dossier_appears_as_changed_now_and_can_be_dropped(small: World) -> None:
    feed = Feed(small, small.systems[0], START)
    model = feed.all()[0].dossier
    life = (feed.seconds << 4 | Step.RECEIVED).to_bytes(8, "little")
    extra = Dossier(model.unit, model.procedure, "H55.12-X-1", 1, 0, life, (START + DAY,))
    held = len(feed)
    feed.put(extra)
    feed.put(extra)
    page = feed.changed_since(feed.seconds, 1, 200)
    assert [entry.number for entry in page.entries].count("H55.12-X-1") == 1
    assert len(feed) == held + 1
    feed.drop("H55.12-X-1")
    assert "H55.12-X-1" not in [entry.number for entry in feed.all()]
    assert len(feed) == held
