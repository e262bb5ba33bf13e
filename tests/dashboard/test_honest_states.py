"""Six states in which the wall is not as it should be are six different pictures, on every scene."""

from __future__ import annotations

import os
import signal
from typing import Any

import msgspec
import pytest

from layouts.scenes import SCENES
from opscentre.clock import wall_ms
from opscentre.live.wall import Totals, Wall
from opscentre.profile import Profile
from tests.dashboard.conftest import Screen
from tests.dashboard.pictures import plausible
from tests.dashboard.test_wall_in_browser import open_wall, wait_for_text
from tests.dashboard.test_wall_looks import OVERLAPS
from tests.parts.process import wait_until

pytestmark = pytest.mark.browser

#: Every value that a scene prints large, by scene; hidden rows left out.
VALUES = """() => Object.fromEntries([...document.querySelectorAll('.scene')].map((scene) => [scene.dataset.scene,
  [...scene.querySelectorAll('.kpi-value, .hero-value, .board-value, .bar-value, .tile-share, .score-points')]
    .filter((e) => !e.closest('.is-empty, .is-out')).map((e) => e.textContent)]))"""
#: What speaks against the numbers has letters of so many pixels at 1920 × 1080.
LOUD = 44
#: Pairs of what the head shows that lie upon one another or do not hold their text, an alarm among it.
HEAD = """() => {
  const shown = [...document.querySelectorAll('.alarm, .head > *')]
    .filter((e) => e.checkVisibility({ visibilityProperty: true }));
  const boxes = shown.map((e) => e.getBoundingClientRect());
  return ['alarm', 'notice', 'clock'].filter((name) => !shown.some((e) => e.classList.contains(name)))
    .concat(shown.filter((e) => e.scrollHeight > e.clientHeight + 2 || e.scrollWidth > e.clientWidth + 2)
      .map((e) => e.className))
    .concat(shown.flatMap((one, i) => shown.slice(i + 1).filter((other, j) => {
      const [a, b] = [boxes[i], boxes[i + 1 + j]];
      return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
    }).map((other) => `${one.className} upon ${other.className}`)));
}"""
#: Scenes that count dossiers: the others show what was probed, published or counted by the minute.
COUNTING = ("glance", "map", "late", "flow")


def nothing(profile: Profile, state: str) -> Wall:
    """A wall on which nothing was ever counted, in a state."""
    wall = plausible(profile, late=0)
    units = {code: Totals() for code in wall.units} if state == "live" else {}
    return msgspec.structs.replace(
        wall, state=state, totals=Totals(), units=units, overdue=[], due_soon=[], received_by_hour=[0] * 24,
        finished_by_hour=[0] * 24, slow=None,
    )  # fmt: skip


def show(screen: Screen, wall: Wall, notice: str) -> tuple[str, dict[str, list[str]]]:
    """Put a wall on the screen; what its head says, and the values of every scene."""
    screen.board.show(wall)
    wait_for_text(screen.page, "notice-text", notice, 10)
    screen.page.wait_for_timeout(900)
    assert screen.page.evaluate(OVERLAPS) == [], notice
    return look(screen.page), screen.page.evaluate(VALUES)


def look(page: Any) -> str:
    """How the wall stands, and in which words it says so, which are read from every chair (1rem is 10 px here)."""
    size = float(page.evaluate("parseFloat(getComputedStyle(document.querySelector('.notice')).fontSize)"))
    assert size >= LOUD or page.evaluate("document.querySelector('.wall').classList.contains('says-ok')"), size
    return page.evaluate("document.querySelector('.wall').className + ': ' + "
                         "document.getElementById('notice-text').textContent.replace(/\\d+/, 'N')")  # fmt: skip


def shade(page: Any) -> str:
    """The filter that lies over the scenes."""
    return str(page.evaluate("getComputedStyle(document.querySelector('.stage')).filter"))


def test_six_states_are_six_pictures_on_every_scene(screen: Screen, profile: Profile) -> None:
    screen.board.show(plausible(profile))
    open_wall(screen.page, screen.dashboard)
    screen.page.wait_for_selector(".scene.is-shown")

    zero, zeros = show(screen, nothing(profile, "live"), "TRỰC TIẾP")
    assert zeros["late"][:4] == ["0", "0", "0", "0"], "nothing is nothing, and known"
    empty, dashes = show(screen, nothing(profile, "empty"), "CHƯA CÓ DỮ LIỆU")
    rebuilding, unknown = show(screen, nothing(profile, "rebuilding"), "ĐANG DỰNG LẠI SỐ LIỆU")
    for values in (dashes, unknown):
        for scene in COUNTING:
            assert values[scene]
            assert set(values[scene]) == {"—"}, scene
    for scene in SCENES:
        assert "0" not in dashes[scene] + unknown[scene], f"{scene}: a zero that nobody counted"
        assert "0%" not in dashes[scene] + unknown[scene]

    stale = plausible(profile)
    for source in stale.sources:
        source.observed_at = stale.made_at - 60_000
    late_sources, still = show(screen, stale, "MỌI NGUỒN ĐỀU TRỄ")
    assert "—" not in still["late"][:4], "the last known numbers stay"
    alarmed = msgspec.structs.replace(stale, made_at=wall_ms(), heartbeat_at=wall_ms(), links=[*stale.links])
    alarmed.links[3] = msgspec.structs.replace(stale.links[3], state="down")
    screen.board.show(alarmed)
    wait_for_text(screen.page, "alarm-text", "MẤT LIÊN KẾT · Mạng TSLCD", 15)
    for size in ((1080, 1920), (1920, 1080)):
        screen.page.set_viewport_size({"width": size[0], "height": size[1]})
        assert screen.page.evaluate(HEAD) == [], "what is wrong and what just went wrong are read side by side"

    process = screen.dashboard.process
    assert process is not None
    os.kill(process.pid, signal.SIGSTOP)
    try:
        wait_for_text(screen.page, "notice-text", "đường truyền đứt", 30)
        cut = look(screen.page)
    finally:
        os.kill(process.pid, signal.SIGCONT)
    wait_for_text(screen.page, "notice-text", "MỌI NGUỒN ĐỀU TRỄ", 10)
    screen.dashboard.kill()
    wait_for_text(screen.page, "notice-text", "máy chủ đã ngừng", 30)
    gone = look(screen.page)

    assert len({zero, empty, rebuilding, late_sources, cut, gone}) == 6
    assert all("is-doubtful" in found for found in (rebuilding, cut, gone))
    assert not any("is-doubtful" in found for found in (zero, empty, late_sources))
    for _ in SCENES:
        screen.page.keyboard.press("ArrowRight")
        # It greys within half a second, not at once.
        wait_until(lambda: shade(screen.page) == "grayscale(1)", 5, "every scene is grey")
    screen.board.show(plausible(profile))
    screen.dashboard.start()
    wait_for_text(screen.page, "notice-text", "TRỰC TIẾP", 10)
