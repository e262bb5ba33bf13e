"""Which scene of the wall is on: by address, rotation, key and alarm; and that no frame is ever blank."""

from __future__ import annotations

import itertools
import time
from typing import Any

import msgspec
import pytest

from layouts.scenes import SCENES
from opscentre.clock import wall_ms
from opscentre.live.wall import Wall
from opscentre.profile import Profile
from tests.dashboard.conftest import Screen
from tests.dashboard.pictures import plausible
from tests.dashboard.test_wall_in_browser import text_of, wait_for_text
from tests.parts.process import wait_until

pytestmark = pytest.mark.browser

#: Of every frame: when it was, which scene is on, and whether something whole was to be seen.
RECORD = """() => {
  window.frames_seen = [];
  const look = (at) => {
    const seen = [...document.querySelectorAll('.scene')].filter((e) => getComputedStyle(e).visibility === 'visible');
    const whole = seen.some((e) => getComputedStyle(e).opacity === '1' && e.textContent.length > 100
      && e.getBoundingClientRect().height > 500);
    const lit = Number(getComputedStyle(document.querySelector('.stage')).opacity) > 0.4;
    window.frames_seen.push([at, document.querySelector('.scene.is-shown').dataset.scene, whole && lit]);
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""

#: A screen that is busy when its scene changes: what draws the charts holds it up for longer than a scene dissolves.
BUSY = """() => window.addEventListener('opscentre:scene', () => {
  const until = performance.now() + 700;
  while (performance.now() < until);
})"""


def on(page: Any) -> str:
    return page.evaluate("document.querySelector('.scene.is-shown')?.dataset.scene ?? ''")


def open_at(screen: Screen, address: str) -> Any:
    screen.page.goto(screen.dashboard.url + address)
    screen.page.wait_for_selector(".wall[class*=says-] .scene.is-shown")
    return screen.page


def fresh(wall: Wall) -> Wall:
    """The wall as of now."""
    return msgspec.structs.replace(wall, made_at=wall_ms(), heartbeat_at=wall_ms())


def test_a_wall_turns_through_its_scenes_without_a_blank_frame(screen: Screen, profile: Profile) -> None:
    wall = plausible(profile)
    screen.board.show(wall)
    page = open_at(screen, "/wall?rotate=5")
    wait_for_text(page, "kpi-process", ".", 15)
    # The first scene of all has nothing to dissolve in over.
    shown = "getComputedStyle(document.querySelector('.scene.is-shown')).opacity"
    wait_until(lambda: page.evaluate(shown) == "1", 15, "the first scene is up")
    page.evaluate(BUSY)
    page.evaluate(RECORD)
    ends = time.monotonic() + 60
    frames: list[list[Any]] = []
    while (len(frames) < 60 or len({scene for _, scene, _ in frames}) < 2) and time.monotonic() < ends:
        wall.totals.received_today += 1_000
        wall.units["05710"].in_process_overdue += 1
        screen.board.show(wall)
        page.wait_for_timeout(300)
        frames = page.evaluate("window.frames_seen")
    there = f"{shown} === '1' && !document.querySelector('.scene.is-leaving')"
    wait_until(lambda: page.evaluate(there), 15, "it is up, and the scene that went is painted no longer")
    frames = page.evaluate("window.frames_seen")
    assert len(frames) >= 60
    assert len({scene for _, scene, _ in frames}) >= 2, "it turned"
    assert [frame for frame in frames if not frame[2]] == []


def test_a_scene_has_an_address_and_keys_turn_hold_and_let_go(screen: Screen, profile: Profile) -> None:
    screen.board.show(plausible(profile))
    page = open_at(screen, "/wall/map?rotate=3600")
    assert (on(page), text_of(page, "scene-name")) == ("map", "Bản đồ")
    for key in [*list(SCENES)[2:], "glance"]:
        page.keyboard.press("ArrowRight")
        assert on(page) == key
    page.keyboard.press("ArrowLeft")
    assert on(page) == list(SCENES)[-1]
    assert page.url.endswith(f"/wall/{list(SCENES)[-1]}?rotate=3600"), "a reload comes back to this scene"
    assert text_of(page, "scene-state").startswith("chuyển sau 3")
    page.keyboard.press(" ")
    assert text_of(page, "scene-state") == "ĐANG GIỮ"
    page.keyboard.press(" ")
    assert text_of(page, "scene-state").startswith("chuyển sau 3")


def test_an_alarm_interrupts_a_wall_that_turns_and_only_that(screen: Screen, profile: Profile) -> None:
    wall = plausible(profile)
    screen.board.show(wall)
    page = open_at(screen, "/wall/glance?rotate=3600")
    page.wait_for_timeout(1_500)
    wall = fresh(wall)
    wall.links[3].state = "down"
    screen.board.show(wall)
    wait_for_text(page, "alarm-text", "MẤT LIÊN KẾT · Mạng TSLCD", 15)
    began = time.monotonic()
    assert page.evaluate("getComputedStyle(document.getElementById('alarm')).visibility") == "visible"
    assert on(page) == "links"
    assert text_of(page, "scene-state") == "CẢNH BÁO"
    page.wait_for_function("() => document.querySelector('.scene.is-shown').dataset.scene === 'glance'", timeout=30_000)
    assert time.monotonic() - began > 17, "twenty seconds, as a person counts them"
    gone = "() => getComputedStyle(document.getElementById('alarm')).visibility === 'hidden'"
    page.wait_for_function(gone, timeout=30_000)


def test_every_measure_of_the_map_has_its_key_and_its_address(screen: Screen, profile: Profile) -> None:
    screen.board.show(plausible(profile))
    page = open_at(screen, "/wall/map?measure=online")
    wait_for_text(page, "map-online-value", "%", 15)
    shown = """[...document.querySelectorAll('.map-side')]
      .filter((e) => getComputedStyle(e).visibility === 'visible').map((e) => e.querySelector('h2').textContent)"""
    assert page.evaluate(shown) == ["Tỷ lệ nộp trực tuyến · hôm nay"]
    page.keyboard.press("m")
    assert page.evaluate(shown) == ["Tỷ lệ đúng hạn · 30 ngày"]
    page.keyboard.press("m")
    assert page.evaluate(shown) == ["Hồ sơ quá hạn đang giải quyết"]


def test_who_wants_no_motion_gets_numbers_at_once(screen: Screen, profile: Profile) -> None:
    wall = plausible(profile)
    wall.totals.received_today = 1_000
    screen.board.show(wall)
    page = open_at(screen, "/wall/glance")
    wait_for_text(page, "kpi-received", "1.000", 15)
    watch = """() => { window.values = new Set(); new MutationObserver(() =>
      window.values.add(document.getElementById('kpi-received').textContent)
    ).observe(document.getElementById('kpi-received'), { characterData: true, subtree: true, childList: true }); }"""
    page.evaluate(watch)
    wall.totals.received_today = 9_000
    screen.board.show(wall)
    wait_for_text(page, "kpi-received", "9.000", 15)
    assert page.evaluate("window.values.size") > 3, "the number rolls"
    page.emulate_media(reduced_motion="reduce")
    page.evaluate("window.values.clear()")
    wall.totals.received_today = 1_000
    screen.board.show(wall)
    wait_for_text(page, "kpi-received", "1.000", 15)
    assert page.evaluate("[...window.values]") == ["1.000"]
    page.emulate_media(reduced_motion="no-preference")


#: A clock that a test sets forward, and the hour that the screen takes it to be.
NIGHT = """() => {
  const real = performance.now.bind(performance);
  window.ahead = 0;
  window.hour = 4;
  performance.now = () => real() + window.ahead;
  Date.prototype.getUTCHours = () => window.hour;
}"""


def test_a_wall_that_ran_for_long_reloads_in_the_third_hour_of_the_night_and_in_no_other(
    screen: Screen, profile: Profile
) -> None:
    screen.board.show(plausible(profile))
    page = open_at(screen, "/wall/links")
    page.evaluate(NIGHT)
    page.evaluate("window.ahead = 7 * 3600 * 1000")
    # Cut off for as long as the clock jumped, until the next beat.
    wait_until(lambda: text_of(page, "notice-text").startswith("TRỰC TIẾP"), 15, "heard again")
    assert page.evaluate("window.ahead") > 0, "it is four o'clock"
    with page.expect_navigation(timeout=15_000):
        page.evaluate("window.hour = 3")
    page.locator(".scene.is-shown[data-scene=links]").wait_for(timeout=15_000)
    assert not page.evaluate("'ahead' in window"), "another page, at the scene that was on"


def test_the_picture_drifts_by_no_more_than_eight_pixels_and_never_jumps(screen: Screen, profile: Profile) -> None:
    screen.board.show(plausible(profile))
    page = open_at(screen, "/wall/glance")
    places = page.evaluate(
        """() => {
          const [drift] = document.querySelector('.wall').getAnimations();
          drift.pause();
          const places = [...Array(33).keys()].map((minute) => {
            drift.currentTime = minute * 60000 + 1;
            const matrix = new DOMMatrix(getComputedStyle(document.querySelector('.wall')).transform);
            return [matrix.e, matrix.f];
          });
          drift.play();
          return places;
        }"""
    )
    assert len({tuple(place) for place in places}) > 16
    assert max(abs(value) for place in places for value in place) <= 8.1
    steps = [abs(a - b) for one, other in itertools.pairwise(places) for a, b in zip(one, other, strict=True)]
    assert max(steps) <= 1.1, "a pixel a minute"
