"""Remote control of walls: which command a wall heeds, what is kept of it in Redis, and both in two real browsers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
import pytest
from playwright.sync_api import Error

from dashboard.desk_walls import end, wanted
from layouts.scenes import SCENES
from opscentre.clock import wall_ms
from opscentre.domain.moments import DAY, HOUR, parse_local
from opscentre.live import walls
from opscentre.live.wall_board import CHANNEL, LOCK, SEEN, WANTED, WallBoard
from opscentre.live.walls import ALL, Command, Pinned, Refused, Report, answer_of, meant_for
from opscentre.profile import Profile
from tests.dashboard.conftest import Dashboard
from tests.dashboard.pictures import Board, plausible
from tests.parts.process import wait_until
from tests.parts.redis import Redis

NOW = parse_local("2026-11-21T09:41:07")


def given(kind: walls.Kind, sequence: int, age: int = 0, **more: Any) -> Command:
    return Command(kind=kind, sequence=sequence, at=NOW - age, **more)


# ---- rules ---------------------------------------------------------------------------------------------------------


def test_of_each_kind_a_wall_heeds_the_newest_of_its_own_and_of_those_to_all() -> None:
    commands = {
        ALL: {"scene": given("scene", 5, scene="map"), "turn": given("turn", 2)},
        "Sảnh": {"scene": given("scene", 3, scene="late"), "turn": given("turn", 4, seconds=30)},
    }
    assert [one.sequence for one in meant_for(commands, "Sảnh", NOW)] == [4, 5]
    assert [one.sequence for one in meant_for(commands, "Phòng họp", NOW)] == [2, 5]


def test_a_wall_that_comes_late_is_told_no_reload_of_long_ago_and_no_message_that_is_over() -> None:
    old = {ALL: {"scene": given("scene", 1, age=2 * DAY), "reload": given("reload", 2, age=HOUR)}}
    assert meant_for(old, "Sảnh", NOW) == []
    pinned = {ALL: {"message": given("message", 3, age=9 * DAY, pinned=Pinned("Họp", until=NOW + 1))}}
    assert len(meant_for(pinned, "Sảnh", NOW)) == 1
    assert meant_for(pinned, "Sảnh", NOW + 1) == []


def test_a_command_is_received_on_its_way_or_unheard() -> None:
    report = Report(screen="s", name="Sảnh", done=7)
    assert answer_of(report, [], NOW) == "none"
    assert answer_of(report, [given("turn", 7)], NOW) == "done"
    assert answer_of(report, [given("turn", 8)], NOW) == "sent"
    assert answer_of(report, [given("turn", 8, age=5_000)], NOW) == "unheard"


def test_names_and_messages_are_plain_text_of_bounded_length() -> None:
    assert walls.called("  Sảnh\x00\u202e  chính ") == "Sảnh chính"
    assert (walls.called("*"), len(walls.called("x" * 99))) == ("", 40)
    assert walls.message(" Họp\nlúc 14:00 ", "warn", None, NOW).text == "Họp lúc 14:00"
    for text, severity, until, what in (("", "warn", None, "text"), ("x" * 201, "warn", None, "text"),
                                        ("x", "loud", None, "severity"), ("x", "info", NOW, "until")):  # fmt: skip
        with pytest.raises(Refused) as refused:
            walls.message(text, severity, until, NOW)
        assert refused.value.what == what


def test_a_message_lasts_until_it_is_removed_or_until_the_next_such_time_of_day() -> None:
    assert (end("", NOW), end(None, NOW)) == (None, None)
    assert end("16:30", NOW) == parse_local("2026-11-21T16:30")
    assert end("9:41", NOW) == parse_local("2026-11-22T09:41")
    for wrong in ("25:00", "9:60", "9", "9h30", "-1:00", "²:00"):
        with pytest.raises(Refused):
            end(wrong, NOW)


def test_a_button_and_the_form_make_a_command_or_are_refused() -> None:
    scenes = tuple(SCENES)
    assert wanted("scene", "late", scenes, None, None, None).scene == "late"
    assert wanted("turn", "", scenes, "45", None, None).seconds == 45
    assert wanted("pin", "alarm", scenes, None, "Họp", "").pinned == Pinned("Họp", "alarm")
    assert wanted("unpin", "", scenes, None, "Họp", None).pinned is None
    for what, key, seconds in (("scene", "nowhere", None), ("turn", "", "4"), ("turn", "", "3601"), ("turn", "", "x")):
        with pytest.raises(Refused):
            wanted(what, key, scenes, seconds, None, None)


# ---- Redis ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def kept(redis_server: Redis) -> Iterator[WallBoard]:
    """Commands and reports, none yet, and none left behind."""
    board = WallBoard(redis_server.url)
    forget(board)
    yield board
    forget(board)


def forget(board: WallBoard) -> None:
    board._redis.delete(WANTED, SEEN, LOCK)
    board._redis.publish(CHANNEL, b"")


def test_commands_keep_their_order_even_over_a_cache_that_was_wiped(kept: WallBoard) -> None:
    first = kept.give("Sảnh", Command(kind="scene", scene="map"))
    second = kept.give(ALL, Command(kind="message", pinned=Pinned("Họp")))
    assert second.sequence > first.sequence
    assert meant_for(kept.commands(), "Sảnh", wall_ms()) == [first, second]
    kept._redis.delete(WANTED)
    assert kept.give("Sảnh", Command(kind="reload")).sequence >= second.sequence


def test_screens_without_a_name_are_numbered_and_a_number_is_free_when_its_screen_is_forgotten(kept: WallBoard) -> None:
    assert [kept.name(screen, "Màn hình") for screen in ("aa", "bb", "aa")] == [
        "Màn hình 1",
        "Màn hình 2",
        "Màn hình 1",
    ]
    kept.tell([Report(screen="aa", name="Màn hình 1", heard=wall_ms() - 2 * DAY)])
    assert kept.name("cc", "Màn hình") == "Màn hình 1"
    kept.tell([Report(screen="dd", name="Màn hình 10", heard=wall_ms())], gone={"cc": wall_ms() + 1, "bb": 0})
    assert [one.name for one in kept.reports()] == ["Màn hình 2", "Màn hình 10"]


# ---- two dashboards, a wall on one and a tablet on the other --------------------------------------------------------


class Room(NamedTuple):
    """A wall, a tablet, and what tells them."""

    wall: Any
    tablet: Any
    one: Dashboard
    other: Dashboard


@pytest.fixture(scope="module")
def pair(
    _redis_server: Redis, tmp_path_factory: pytest.TempPathFactory, filled: str
) -> Iterator[tuple[Dashboard, Dashboard]]:
    """Two dashboards on one Redis."""
    _redis_server.ensure()
    one, other = (Dashboard(tmp_path_factory.mktemp(name), _redis_server.url, filled) for name in ("one", "other"))
    one.start()
    other.start()
    yield one, other
    one.kill()
    other.kill()


@pytest.fixture
def room(
    chromium: Any, kept: WallBoard, redis_server: Redis, pair: tuple[Dashboard, Dashboard], profile: Profile
) -> Iterator[Room]:
    Board(redis_server.url).show(plausible(profile))
    contexts = [chromium.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
                for width, height in ((1920, 1080), (1024, 768))]  # fmt: skip
    yield Room(*(context.new_page() for context in contexts), *pair)
    for context in contexts:
        context.close()


def until(page: Any, script: str, seconds: float = 20) -> None:
    """Wait until a function of the page is true; across reloads."""

    def true() -> bool:
        try:
            return bool(page.evaluate(script))
        except Error:
            # It is being reloaded just now.
            return False

    wait_until(true, seconds, f"{script} on {page.url}")


def says(element: str, text: str) -> str:
    return f"() => (document.querySelector({element!r})?.textContent ?? '').includes({text!r})"


def shows(scene: str) -> str:
    return f"() => document.querySelector('.scene.is-shown')?.dataset.scene === {scene!r}"


def row(name: str, text: str) -> str:
    return (
        "() => [...document.querySelectorAll('.walls tbody tr')].some(row => "
        f"row.querySelector('th').textContent === {name!r} && row.textContent.includes({text!r}))"
    )


@pytest.mark.browser
def test_a_tablet_on_another_dashboard_controls_a_wall(room: Room) -> None:
    wall, tablet = room.wall, room.tablet
    wall.goto(f"{room.one.url}/wall/glance?name=Sảnh")
    tablet.goto(f"{room.other.url}/walls")
    until(tablet, row("Sảnh", "Toàn cảnh"))
    until(tablet, row("Sảnh", "1920 × 1080"))

    press(tablet, "Bản đồ")
    until(wall, shows("map"))
    until(tablet, row("Sảnh", "Bản đồ"))
    until(tablet, row("Sảnh", "✓ Đã nhận"))

    press(tablet, "Tự chuyển")
    until(wall, says("#scene-state", "chuyển sau"))
    press(tablet, "Giữ nguyên")
    until(wall, says("#scene-state", "ĐANG GIỮ"))
    until(tablet, row("Sảnh", "❚❚ Đang giữ"))

    # By hand, after the tablet: the hand wins, and the tablet sees it.
    wall.keyboard.press(" ")
    wall.keyboard.press("ArrowRight")
    until(tablet, row("Sảnh", "Xếp hạng"))
    until(tablet, row("Sảnh", "↻ 30 giây"))

    tablet.fill("#walls-text", "Họp giao ban lúc 14:00, phòng 301")
    press(tablet, "◆ Ghim chú ý")
    until(wall, says("#pin", "CHÚ ÝHọp giao ban lúc 14:00, phòng 301"))
    bar, head = (wall.locator(one).bounding_box() for one in ("#pin", ".head"))
    assert bar["y"] + bar["height"] <= head["y"] + 1, "it covers nothing"
    assert wall.evaluate("() => parseFloat(getComputedStyle(document.getElementById('pin-text')).fontSize)") >= 48

    wall.evaluate("() => { window.before = true; }")
    press(tablet, "Tải lại")
    until(wall, "() => window.before === undefined && document.querySelector('.scene.is-shown') !== null")
    until(wall, says("#pin", "Họp giao ban"))
    until(tablet, row("Sảnh", "✓ Đã nhận"))
    assert wall.evaluate(shows("ranks")), "reloaded, it goes on where the hand had led it"
    until(wall, says("#scene-state", "chuyển sau"))

    # The connection is lost and comes back, to the other dashboard even: nothing is obeyed a second time.
    wall.evaluate("() => { window.before = true; }")
    wall.evaluate("() => window.dispatchEvent(new CustomEvent('opscentre:reopen'))")
    until(wall, says("#pin", "Họp giao ban"))
    press(tablet, "Gỡ thông báo")
    until(wall, "() => document.getElementById('pin').offsetHeight === 0")
    assert wall.evaluate("() => window.before") is True

    wall.context.set_offline(True)
    press(tablet, "Kết nối")
    until(tablet, row("Sảnh", "▲ Không trả lời"))
    wall.context.set_offline(False)
    until(wall, shows("links"), 30)
    until(tablet, row("Sảnh", "✓ Đã nhận"))
    assert wall.evaluate("() => window.before") is True, "an outage is no reason to reload"

    wall.goto("about:blank")
    until(tablet, says(".walls-list", "Chưa có màn hình nào kết nối"))


def press(page: Any, text: str) -> None:
    """Press a button, and wait until the page says that the command went out."""
    before = page.evaluate("() => document.getElementById('walls-said').textContent")
    page.get_by_role("button", name=text, exact=True).click()
    wait_until(
        lambda: page.evaluate("() => document.getElementById('walls-said').textContent") not in ("", before),
        10,
        f"the answer to {text}",
    )


@pytest.mark.browser
def test_one_wall_is_controlled_without_the_others_and_a_nameless_one_gets_a_number(room: Room) -> None:
    room.wall.goto(f"{room.one.url}/wall/glance")
    second = room.wall.context.browser.new_context()
    try:
        other = second.new_page()
        other.goto(f"{room.other.url}/wall/glance?lang=en")
        room.tablet.goto(f"{room.one.url}/walls?lang=en")
        until(room.tablet, says(".walls-list", "2 walls connected"))
        room.tablet.click("text=Màn hình 2")
        until(room.tablet, says(".walls-subject", "Màn hình 2"))
        named = {page.evaluate("() => localStorage.getItem('wall-name')"): page for page in (room.wall, other)}
        assert set(named) == {"Màn hình 1", "Màn hình 2"}
        press(room.tablet, "Rankings")
        until(named["Màn hình 2"], shows("ranks"))
        until(room.tablet, row("Màn hình 2", "✓ Received"))
        assert named["Màn hình 1"].evaluate(shows("glance"))
        # One of them speaks English, whatever scene is on.
        until(other, says("#kpi-received-sub", "online "))
        until(other, says("#notice-text", "LIVE"))
        assert other.evaluate(says(".glance", "Received today"))
        assert "lang=en" in other.url
    finally:
        second.close()


def test_reports_are_taken_from_pages_of_this_server_only_and_must_be_sound(
    kept: WallBoard, pair: tuple[Dashboard, Dashboard]
) -> None:
    def send(body: str, **headers: str) -> httpx.Response:
        return httpx.post(f"{pair[0].url}/wall-report", content=body, headers=headers)

    assert send('{"screen": "00ff00ff", "name": "x"}').status_code == 204
    assert send('{"screen": "00ff00ff"}', origin="https://elsewhere.example").status_code == 403
    assert send('{"screen": "<b>"}').status_code == 400
    assert send("x" * 2_000).status_code == 413
