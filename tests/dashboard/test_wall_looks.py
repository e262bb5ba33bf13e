"""The wall's legibility, measured in a real Chromium: sizes, clipping, contrast, screens."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from layouts.place import Place
from layouts.scenes import SCENES
from opscentre.domain.moments import DAY
from opscentre.live.wall import LinkState, Wall
from opscentre.profile import Profile
from tests.dashboard.conftest import Screen
from tests.dashboard.pictures import plausible
from tests.dashboard.test_wall_in_browser import open_wall, wait_for_text

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
      scene: element.closest('[data-scene]')?.dataset.scene, text: element.textContent,
      size: parseFloat(style.fontSize), contrast: (a + 0.05) / (b + 0.05),
      small: Boolean(element.closest('.footnote, .glance .tile-name')),
      cut: element.scrollWidth > element.clientWidth + 1 && style.overflow !== 'visible', cls: element.className,
    });
  }
  return found;
}"""
CLIPPED = """() => [...document.querySelectorAll('.wall, .wall .card, .wall .tile-name, .kpi-line, .head > *, '
  + '.kpi-sub, .kpi .footnote, .card h2, .card-head, .rank-name, .urgent-unit, .urgent-clock, '
  + '.link.up .link-name, .whole')]
  .filter((e) => e.checkVisibility({ visibilityProperty: true }))
  .filter((e) => {
    const rim = Math.max(2, parseFloat(getComputedStyle(e).fontSize) * 0.15);
    return e.scrollHeight > e.clientHeight + rim || e.scrollWidth > e.clientWidth + rim;
  })
  .map((e) => [e.className, e.scrollWidth, e.clientWidth, e.scrollHeight, e.clientHeight, e.textContent])"""
#: Texts of the scene that is on which lie upon one another; rows that slide past one another are meant to.
OVERLAPS = """() => {
  const texts = [...document.querySelectorAll('.head *, .scene.is-shown *')]
    .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.nodeValue.trim())
      && !e.closest('svg, .tile, .callout, .board-rows') && e.checkVisibility({ visibilityProperty: true }))
    .map((e) => {
      const range = document.createRange();
      range.selectNodeContents(e);
      const box = range.getBoundingClientRect(), style = getComputedStyle(e);
      const seen = style.overflow === 'hidden' ? e.getBoundingClientRect() : box;
      const rim = 0.18 * parseFloat(style.fontSize);
      return { e, left: Math.max(box.left, seen.left) + 1, right: Math.min(box.right, seen.right) - 1,
        top: Math.max(box.top, seen.top) + rim, bottom: Math.min(box.bottom, seen.bottom) - rim };
    });
  return texts.flatMap((a, index) => texts.slice(index + 1).filter((b) =>
    !a.e.contains(b.e) && !b.e.contains(a.e)
    && a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
  ).map((b) => [a.e.textContent, b.e.textContent]));
}"""
#: Cards of the scene that is on whose lower third holds nothing but a footnote.
HOLLOW = """() => [...document.querySelectorAll('.scene.is-shown .card')]
  .filter((e) => e.checkVisibility({ visibilityProperty: true }))
  .filter((card) => {
    const text = (e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.nodeValue.trim());
    const shown = [...card.querySelectorAll('*')].filter((e) => !e.matches('.footnote')
      && e.checkVisibility({ visibilityProperty: true }) && (e.matches('svg, .tile, .bar-track') || text(e)));
    const box = card.getBoundingClientRect();
    return Math.max(...shown.map((e) => e.getBoundingClientRect().bottom)) < box.top + 0.67 * box.height;
  })
  .map((card) => [card.className, card.querySelector('h2')?.textContent])"""
#: Scenes that always have as much to show as there is room for.
FULL = ("glance", "map", "ranks", "late", "score", "services")
#: The shapes a wall may have: the four it is drawn for, and some of the screens that hang in offices.
SHAPES = [(1920, 1080), (3840, 2160), (3840, 1080), (1080, 1920), (1280, 1024), (2560, 1080)]
#: More dossiers than any province has.
MANY = 1_234_567


def crowd(profile: Profile) -> Wall:
    """A wall with long names, large numbers and every state of links and sources."""
    wall = plausible(profile)
    wall.simulated, wall.speed = True, 10.0
    large = dict.fromkeys(
        ("received_today", "online_today", "postal_today", "finished_on_time_today", "in_process"), MANY
    )
    wall.totals = msgspec.structs.replace(wall.totals, **large, paused=MANY, due_soon=9_999, in_process_overdue=9_999)
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
            flapping=index == 3,
            certificate_expires_at=wall.made_at + DAY if index == 4 else None,
            maintenance_until=wall.made_at + 9 * DAY if index == 1 else None,
        )
        for index, state in enumerate(("down", "maintenance", "unknown", "up", "up"))
    ]
    wall.sources[1].ok = False
    wall.sources[2].observed_at = None
    wall.sources[3].paused_since = wall.now - 3 * DAY
    return wall


@pytest.fixture(scope="module")
def crowded(screen: Screen, profile: Profile) -> Screen:
    """The screen with a crowded wall on it."""
    wall = crowd(profile)
    screen.board.show(wall)
    open_wall(screen.page, screen.dashboard)
    wait_for_text(screen.page, "kpi-received", "1.234.567", 15)
    screen.page.wait_for_selector(".flow-chart .main-svg")
    # After a minute the drift against burn-in would count as overflow.
    screen.page.evaluate("document.querySelector('.wall').getAnimations().forEach((drift) => drift.cancel())")
    return screen


def every_scene(page: Any) -> Iterator[str]:
    """Turn through all scenes; each is whole when it is yielded."""
    for key in SCENES:
        page.evaluate("document.body.focus()")
        for _ in SCENES:
            if page.evaluate("document.querySelector('.scene.is-shown')?.dataset.scene") == key:
                break
            page.keyboard.press("ArrowRight")
        page.wait_for_function(
            "key => document.querySelectorAll('.scene.is-leaving').length === 0"
            " && document.querySelector('.scene.is-shown').dataset.scene === key",
            arg=key,
        )
        yield key


def test_every_text_of_every_scene_is_large_enough_and_stands_out(crowded: Screen) -> None:
    page = crowded.page
    page.set_viewport_size({"width": 1920, "height": 1080})
    for key in every_scene(page):
        texts = page.evaluate(TEXTS)
        assert len([text for text in texts if text.get("scene") == key]) > 15, f"{key} is all but empty"
        assert [t for t in texts if t["size"] < (12 if t["small"] else 20)] == []
        assert [t for t in texts if t["contrast"] < 4.5] == []


@pytest.mark.parametrize(("width", "height"), SHAPES)
def test_no_scene_overflows_overlaps_or_stands_empty_on_any_screen(crowded: Screen, width: int, height: int) -> None:
    page = crowded.page
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_timeout(300)
    for key in every_scene(page):
        clipped = page.evaluate(CLIPPED)
        assert clipped == [], (key, clipped)
        assert page.evaluate(OVERLAPS) == [], key
        assert key not in FULL or page.evaluate(HOLLOW) == [], key
    root = "document.documentElement"
    assert page.evaluate(f"[{root}.scrollWidth, {root}.scrollHeight]") == [width, height]


def test_no_scene_overflows_or_overlaps_in_english(crowded: Screen) -> None:
    page = crowded.page.context.new_page()
    try:
        page.goto(f"{crowded.dashboard.url}/wall/glance?lang=en")
        wait_for_text(page, "kpi-received", "1.234.567", 20)
        wait_for_text(page, "notice-text", "LIVE", 20)
        for key in every_scene(page):
            clipped = page.evaluate(CLIPPED)
            assert clipped == [], (key, clipped)
            assert page.evaluate(OVERLAPS) == [], key
    finally:
        page.close()


def test_every_commune_is_named_in_full_on_its_own_hexagon(crowded: Screen, place: Place) -> None:
    page = crowded.page
    page.set_viewport_size({"width": 1920, "height": 1080})
    for scene in ("glance", "map"):
        tiles = page.evaluate(
            """(scene) => [...document.querySelectorAll(`.${scene} .tile`)].map(e => {
              const box = e.getBoundingClientRect(), name = e.querySelector('.tile-name').getBoundingClientRect();
              return [e.querySelector('.tile-name').textContent, Math.round(box.x), Math.round(box.y),
                      name.width <= box.width, name.top >= box.top && name.bottom <= box.bottom];
            })""",
            scene,
        )
        names = {" ".join(name.split()) for name, *_ in tiles}
        assert names == {unit.label for unit in place.communes}
        assert len({(x, y) for _, x, y, *_ in tiles}) == 92
        assert [tile for tile in tiles if not (tile[3] and tile[4])] == []


def test_colours_of_roles_differ_for_eyes_that_do_not_see_green(crowded: Screen) -> None:
    """The least distance between two role colours as a deuteranope sees them (Viénot, Brettel and Mollon, 1999)."""
    roles = crowded.page.evaluate(
        """() => Object.fromEntries(['good', 'warn', 'bad', 'accent', 'tile-good', 'tile-fair', 'tile-warn', 'tile-bad']
          .map((role) => [role, getComputedStyle(document.documentElement).getPropertyValue('--' + role).trim()]))"""
    )
    for group in (("good", "warn", "bad"), ("tile-good", "tile-fair", "tile-warn", "tile-bad")):
        for one, other in itertools.combinations(group, 2):
            assert math.dist(deuteranope(roles[one]), deuteranope(roles[other])) > 14, (one, other)


def deuteranope(colour: str) -> tuple[float, float, float]:
    """A colour as seen without green cones, in CIE L*a*b*, where a distance of about 2 can just be told apart."""
    linear = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in linear)
    same = 0.29275 * red + 0.70725 * green
    red, green, blue = same, same, max(0.0, min(1.0, -0.02234 * red + 0.02234 * green + blue))
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    fx, fy, fz = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)
