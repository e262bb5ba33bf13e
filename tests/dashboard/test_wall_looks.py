"""The wall's legibility, measured in a real Chromium: sizes, clipping, contrast, screens."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from layouts.place import Place
from opscentre.live.wall import LinkState
from opscentre.profile import Profile
from tests.dashboard.conftest import Dashboard
from tests.dashboard.pictures import Board, plausible
from tests.dashboard.test_wall_in_browser import open_wall

pytestmark = pytest.mark.browser

TEXTS = """() => {
  const rgb = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const style = getComputedStyle(e);
      // A hatched ground is as light as its lightest stripe, the first colour of the gradient.
      const stripe = style.backgroundImage.match(/rgb\\([^)]*\\)/);
      if (stripe) return rgb(stripe[0]);
      const colour = rgb(style.backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [0, 0, 0];
  };
  const found = [];
  for (const element of document.querySelectorAll('.wall *')) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.nodeValue.trim());
    if (!own || element.closest('svg') || !element.checkVisibility({ visibilityProperty: true })) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(rgb(style.color)), light(ground(element))].sort((x, y) => y - x);
    found.push({
      text: element.textContent, size: parseFloat(style.fontSize), contrast: (a + 0.05) / (b + 0.05),
      small: Boolean(element.closest('.footnote, .tile')),
      cut: element.scrollWidth > element.clientWidth + 1 && style.overflow !== 'visible', cls: element.className,
    });
  }
  return found;
}"""
CLIPPED = """() => [...document.querySelectorAll('.wall, .wall .card, .wall .tile-name, .kpi-line, .head > *, '
  + '.kpi-sub, .kpi .footnote, .card h2, .rank-name, .urgent-unit, .urgent-clock, .link.up .link-name')]
  .filter((e) => e.checkVisibility() && (e.scrollHeight > e.clientHeight + 2 || e.scrollWidth > e.clientWidth + 2))
  .map((e) => [e.className, e.scrollWidth, e.clientWidth, e.scrollHeight, e.clientHeight, e.textContent])"""


@pytest.fixture
def crowded(board: Board, profile: Profile) -> None:
    """A wall with long names, large numbers and every state of links and sources."""
    wall = plausible(profile)
    wall.simulated, wall.speed = True, 10.0
    wall.totals = msgspec.structs.replace(wall.totals, received_today=12_345, in_process=123_456, paused=99_999)
    for index, unit in enumerate(("H55.14", "H55.08", "H55.05", "05443")):
        wall.overdue[index].unit = unit
    for code in ("H55.14", "H55.08"):
        wall.units[code].finished_overdue_30d = 0
        wall.units[code].in_process_overdue = 0
    wall.links += [
        LinkState(
            code=f"x{index}",
            name=f"Liên kết thử {index}",
            kind="tcp",
            interval_s=60,
            state=state,
            checked_at=wall.made_at,
        )
        for index, state in enumerate(("down", "unknown", "down", "up", "up"))
    ]
    wall.sources[1].ok = False
    wall.sources[2].observed_at = None
    board.show(wall)


@pytest.mark.usefixtures("crowded")
def test_every_text_is_large_enough_and_stands_out(page: Any, dashboard: Dashboard) -> None:
    open_wall(page, dashboard)
    page.wait_for_timeout(1_500)
    texts = page.evaluate(TEXTS)
    assert len(texts) > 250
    assert [t for t in texts if t["size"] < (12 if t["small"] else 20)] == []
    assert [t for t in texts if t["contrast"] < 4.5] == []


@pytest.mark.usefixtures("crowded")
@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1366, 768), (3840, 2160), (1280, 1024), (2560, 1080)])
def test_nothing_overflows_on_any_screen(page: Any, dashboard: Dashboard, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    open_wall(page, dashboard)
    page.wait_for_selector(".flow-chart .main-svg")
    page.wait_for_timeout(500)
    clipped = page.evaluate(CLIPPED)
    assert clipped == [], clipped
    root = "document.documentElement"
    assert page.evaluate(f"[{root}.scrollWidth, {root}.scrollHeight]") == [width, height]


@pytest.mark.usefixtures("crowded")
def test_every_commune_is_named_in_full_on_its_own_hexagon(page: Any, dashboard: Dashboard, place: Place) -> None:
    open_wall(page, dashboard)
    tiles = page.evaluate(
        """[...document.querySelectorAll('.tile')].map(e => {
          const box = e.getBoundingClientRect(), name = e.querySelector('.tile-name').getBoundingClientRect();
          return [e.querySelector('.tile-name').textContent, Math.round(box.x), Math.round(box.y),
                  name.width <= box.width, name.top >= box.top && name.bottom <= box.bottom];
        })"""
    )
    names = {" ".join(name.split()) for name, *_ in tiles}
    assert names == {unit.label for unit in place.communes}
    assert len({(x, y) for _, x, y, *_ in tiles}) == 92
    assert [tile for tile in tiles if not (tile[3] and tile[4])] == []
