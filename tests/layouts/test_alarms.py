"""What interrupts a rotating wall: things that turned red between two pictures, once each, and not all the time."""

from __future__ import annotations

import msgspec
import pytest

from layouts.alarms import LONG_OVERDUE, QUIET_MS, TOLD_MS, Watch, raised
from layouts.place import Place, place_of
from opscentre import profile as profiles
from opscentre.live.wall import Wall
from tests.dashboard.pictures import plausible

PROFILE = profiles.load("thai-nguyen")


@pytest.fixture(scope="module")
def place() -> Place:
    return place_of(PROFILE)


@pytest.fixture
def wall() -> Wall:
    return plausible(PROFILE)


def later(wall: Wall, ms: int = 1_000) -> Wall:
    """The same wall a moment later: collectors beat, sources answer, links are probed."""
    after = msgspec.json.decode(msgspec.json.encode(wall), type=Wall)
    after.made_at, after.now, after.heartbeat_at = wall.made_at + ms, wall.now + ms, wall.made_at + ms
    for source in after.sources:
        source.observed_at = after.made_at
    for link in after.links:
        link.checked_at = after.made_at
    return after


def texts(before: Wall, after: Wall, place: Place) -> list[str]:
    return [alarm.text for alarm in raised(before, after, place)]


def test_a_link_that_goes_down_is_an_alarm_once(wall: Wall, place: Place) -> None:
    after = later(wall)
    assert texts(wall, after, place) == []
    after.links[2].state = "down"
    assert texts(wall, after, place) == ["MẤT LIÊN KẾT · Trục liên thông LGSP"]
    assert texts(after, later(after), place) == []
    after.links[2].state = "unknown"
    assert texts(wall, after, place) == [], "what is not known is not down"


def test_a_source_is_dead_after_three_intervals_and_not_after_one_failed_attempt(wall: Wall, place: Place) -> None:
    after = later(wall)
    after.sources[1].ok = False
    assert texts(wall, after, place) == []
    after.sources[1].observed_at = after.made_at - 30_001
    assert texts(wall, after, place) == ["NGUỒN NGỪNG TRẢ LỜI · Một cửa các sở, ngành"]
    after.sources[1].paused_since = after.now
    assert texts(wall, after, place) == [], "one that a person paused did not die"
    gone_on = later(after)
    gone_on.sources[1].paused_since, gone_on.sources[1].observed_at = None, after.made_at - 60_000
    assert texts(after, gone_on, place) == [], "nor one that is let go on and was not asked yet"
    wall.sources[1].observed_at = None
    after.sources[1].observed_at = None
    assert texts(wall, after, place) == [], "one that never answered did not die"


def test_a_dossier_is_an_alarm_when_it_passes_the_third_day(wall: Wall, place: Place) -> None:
    wall.overdue = wall.overdue[:2]
    wall.overdue[0].due = wall.now - LONG_OVERDUE - 5_000
    wall.overdue[1].due, wall.overdue[1].unit = wall.now - LONG_OVERDUE + 500, "H55.12"
    after = later(wall)
    assert texts(wall, after, place) == [f"QUÁ HẠN TRÊN 3 NGÀY · Sở Công Thương · {wall.overdue[1].number}"]
    assert texts(after, later(after), place) == []


def test_while_nobody_knows_nothing_is_an_alarm(wall: Wall, place: Place) -> None:
    after = later(wall)
    after.links[0].state = "down"
    assert len(raised(wall, after, place)) == 1
    after.heartbeat_at = after.made_at - 6_000
    assert raised(wall, after, place) == []
    after.heartbeat_at, after.state = after.made_at, "rebuilding"
    assert raised(wall, after, place) == []


def test_an_alarm_is_told_for_a_while_and_then_none_of_its_kind_for_longer(wall: Wall, place: Place) -> None:
    watch = Watch(place)
    assert watch.take(wall) is None
    after = later(wall)
    after.links[0].state = after.links[1].state = "down"
    first = watch.take(after)
    assert first is not None
    assert (first.scene, first.text) == ("links", "MẤT LIÊN KẾT · Cổng DVC quốc gia (+1)")
    still = later(after, TOLD_MS)
    assert watch.take(still) == first
    over = later(still, 1)
    over.links[2].state = "down"
    assert watch.take(over) is None, "the wall has just jumped for a link"
    again = later(over, QUIET_MS)
    again.links[3].state = "down"
    found = watch.take(again)
    assert found is not None
    assert found.id != first.id
