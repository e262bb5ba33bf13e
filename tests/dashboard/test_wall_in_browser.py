"""The wall in a real Chromium: what it shows, how it changes, and that it never lies by standing still."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import TimeoutError

from layouts import wall as wall_page
from layouts.picture import paint
from layouts.place import Place
from layouts.scenes import SCENES
from layouts.text import number
from opscentre.clock import wall_ms
from opscentre.domain.moments import DAY, HOUR, MINUTE, SECOND
from opscentre.live.wall import Totals
from opscentre.profile import Profile
from tests.dashboard.conftest import Dashboard
from tests.dashboard.pictures import Board, plausible
from tests.parts.process import wait_until
from tests.parts.redis import Redis

pytestmark = pytest.mark.browser


def text_of(page: Any, element: str) -> str:
    return page.evaluate("id => document.getElementById(id)?.textContent ?? null", element)


def wait_for_text(page: Any, element: str, wanted: str, seconds: float) -> float:
    """Wait until an element's text contains ``wanted``; the seconds it took."""
    began = time.monotonic()
    try:
        # Goes on across a reload of the page.
        page.wait_for_function(
            "([id, wanted]) => document.getElementById(id)?.textContent.includes(wanted)",
            arg=[element, wanted],
            timeout=seconds * 1000,
            polling=50,
        )
    except TimeoutError:
        raise AssertionError(f"{element}: {text_of(page, element)!r}, wanted {wanted!r}") from None
    return time.monotonic() - began


def open_wall(page: Any, dashboard: Dashboard) -> None:
    page.goto(f"{dashboard.url}/wall")
    page.wait_for_selector(".wall[class*=says-]")
    page.wait_for_function("document.getElementById('notice-text').textContent !== 'ĐANG KẾT NỐI'")


def test_the_wall_shows_what_was_pushed(
    page: Any, dashboard: Dashboard, board: Board, profile: Profile, place: Place
) -> None:
    wall = plausible(profile, late=4)
    wall.due_soon = wall.due_soon[:3]
    assert wall.slow is not None
    wall.slow.figures = wall.slow.figures[:12]
    # Numbers that roll would still be on their way.
    page.emulate_media(reduced_motion="reduce")
    board.show(wall)
    open_wall(page, dashboard)
    wait_for_text(page, "clock-date", "Thứ Bảy, 21/11/2026", 15)

    def wrong() -> list[tuple[str, str, str]]:
        """What the page shows otherwise than the picture of now says."""
        wanted = paint(msgspec.structs.replace(wall, made_at=wall_ms()), place)
        on_the_wall = {key: change for key, change in wanted.items() if not key.startswith("home-")}
        assert len(on_the_wall) > 300
        shown = page.evaluate(
            "() => Object.fromEntries([...document.querySelectorAll('[id]')]"
            ".map(e => [e.id, {text: e.textContent, cls: e.className}]))"
        )
        pairs = [(f"{key} text", change.text, shown[key]["text"]) for key, change in on_the_wall.items()]
        pairs += [(f"{key} class", change.cls, shown[key]["cls"]) for key, change in on_the_wall.items()]
        return [(what, want, seen) for what, want, seen in pairs if want is not None and want != seen]

    # The dashboard may have started with the picture that another test left in Redis, and push ours a moment later.
    until = time.monotonic() + 15
    while (found := wrong()) and time.monotonic() < until:
        page.wait_for_timeout(100)
    assert found == []


def test_clocks_tick_between_pushes_at_the_speed_of_the_simulation(
    page: Any, dashboard: Dashboard, board: Board, profile: Profile
) -> None:
    wall = plausible(profile, late=1)
    wall.simulated, wall.speed = True, 10.0
    wall.overdue[0].due = wall.now - 2 * DAY - 3 * HOUR - MINUTE
    wall.due_soon = wall.due_soon[:1]
    wall.due_soon[0].due = wall.now + 2 * HOUR + 14 * MINUTE + 5 * SECOND
    board.show(wall)
    open_wall(page, dashboard)
    wait_for_text(page, "overdue-0-clock", "quá hạn 2 ngày 3 giờ", 15)
    assert text_of(page, "simulated") == "MÔ PHỎNG ×10"
    before, began = text_of(page, "soon-0-clock"), time.monotonic()
    page.wait_for_timeout(2_000)
    after, passed = text_of(page, "soon-0-clock"), time.monotonic() - began
    assert before.startswith(("còn 02:1", "còn 02:0"))
    assert seconds_left(before) - seconds_left(after) == pytest.approx(10 * passed, abs=12)


def seconds_left(text: str) -> int:
    hours, minutes, seconds = text.removeprefix("còn ").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def test_a_push_changes_the_wall_in_place_and_at_once(
    page: Any, dashboard: Dashboard, board: Board, profile: Profile
) -> None:
    wall = plausible(profile)
    board.show(wall)
    open_wall(page, dashboard)
    wait_for_text(page, "kpi-received", number(wall.totals.received_today), 15)
    page.wait_for_selector(".flow-chart .main-svg")
    page.evaluate(
        """() => {
          window.nodes = [...document.querySelectorAll('.wall [id]')].map(e => [e.id, e]);
          window.blank = 0;
          window.replaced = 0;
          const watched = document.querySelector('.wall');
          new MutationObserver(all => { for (const m of all) for (const n of m.removedNodes)
            if (n.nodeType === 1 && !m.target.closest('.flow-chart')) window.replaced++;
          }).observe(watched, { childList: true, subtree: true });
          const look = () => {
            if (!document.getElementById('kpi-received').textContent) window.blank++;
            requestAnimationFrame(look);
          };
          look();
        }"""
    )
    for received in (4_000, 4_001, 12_345):
        wall.totals.received_today = received
        wall.units["05710"].finished_overdue_30d += 400
        board.show(wall)
        assert wait_for_text(page, "kpi-received", number(received), 15) < 1.5
    assert page.evaluate("window.nodes.every(([id, e]) => document.getElementById(id) === e)")
    assert page.evaluate("[window.blank, window.replaced]") == [0, 0]
    assert "bad" in page.evaluate("document.getElementById('tile-05710').className")


def last_bar(page: Any, chart: str) -> int | None:
    """The number that a chart's last bar stands for; None: it was never drawn."""
    return page.evaluate("id => document.getElementById(id).data?.[0].y.at(-1) ?? null", chart)


#: How broad the line of a chart is, and its markers.
BROAD = "(({line, marker}) => [line.width, marker.size])(document.getElementById('flow').data[1])"


def test_a_chart_is_drawn_when_its_scene_is_on_with_the_newest_numbers(
    page: Any, dashboard: Dashboard, board: Board, profile: Profile
) -> None:
    wall = plausible(profile)
    board.show(wall)
    open_wall(page, dashboard)
    page.wait_for_selector("#flow .main-svg")
    wall.received_by_hour[9] = 389
    wall.totals.received_today = 4_567
    board.show(wall)
    wait_for_text(page, "kpi-received", "4.567", 15)
    wait_until(lambda: last_bar(page, "flow") == 389, 15, "the new number in the chart that is seen")
    assert last_bar(page, "day-chart") is None
    page.evaluate("window.opscentreScenes.go('flow')")
    # Drawn before the scene is seen, not a moment after.
    assert last_bar(page, "day-chart") == 389
    wall.received_by_hour[9] = 390
    wall.totals.received_today = 4_568
    board.show(wall)
    wait_for_text(page, "kpi-received", "4.568", 15)
    wait_until(lambda: last_bar(page, "day-chart") == 390, 15, "the new number in the chart that is seen")
    assert last_bar(page, "flow") == 389
    page.evaluate("window.opscentreScenes.go('glance')")
    assert last_bar(page, "flow") == 390
    # On a screen of twice the size lines are twice as broad, as the letters are.
    page.set_viewport_size({"width": 3840, "height": 2160})
    wait_until(lambda: page.evaluate(BROAD) == [6, 14], 15, "lines and markers of the larger screen")


def seconds_old(page: Any) -> int:
    return int(text_of(page, "notice-text").split("dữ liệu cũ ")[1].split()[0])


def test_cut_off_from_its_server_the_wall_greys_counts_and_heals_by_itself(
    page: Any, dashboard: Dashboard, board: Board, profile: Profile
) -> None:
    board.show(plausible(profile))
    open_wall(page, dashboard)
    assert text_of(page, "notice-text") == "TRỰC TIẾP"
    dashboard.kill()
    took = wait_for_text(page, "notice-text", "MẤT KẾT NỐI · dữ liệu cũ", 7.5)
    assert took > 3, "a pause of a moment is no outage"
    assert page.evaluate("document.querySelector('.wall').classList.contains('is-doubtful')")
    first = seconds_old(page)
    page.wait_for_timeout(3_000)
    assert first + 2 <= seconds_old(page) <= first + 4
    wait_for_text(page, "notice-text", "giây · máy chủ đã ngừng", 10)
    page.evaluate("window.before = true")
    dashboard.start()
    wait_for_text(page, "notice-text", "TRỰC TIẾP", 10)
    assert not page.evaluate("document.querySelector('.wall').classList.contains('is-doubtful')")
    assert page.evaluate("window.before === undefined"), "a new server means a new page"


#: A clock that a test sets forward.
AHEAD = """() => {
  const real = performance.now.bind(performance);
  window.ahead = 0;
  performance.now = () => real() + window.ahead;
}"""


def test_a_first_picture_that_a_slow_line_brings_is_waited_for_and_not_asked_for_anew(
    page: Any, dashboard: Dashboard, board: Board, profile: Profile
) -> None:
    board.show(plausible(profile))
    open_wall(page, dashboard)
    wait_for_text(page, "notice-text", "TRỰC TIẾP", 15)
    page.evaluate(AHEAD)
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    slow = {"offline": False, "latency": 0, "downloadThroughput": 12_000, "uploadThroughput": 12_000}
    line.send("Network.emulateNetworkConditions", slow)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/stream" in request.url else None)
    with page.expect_response(lambda response: "/stream" in response.url, timeout=15_000):
        page.evaluate("window.dispatchEvent(new CustomEvent('opscentre:reopen'))")
    page.evaluate("window.ahead = 12_000")
    wait_for_text(page, "notice-text", "MẤT KẾT NỐI", 15)
    page.wait_for_timeout(700)
    assert len(asked) == 1, "who asks anew begins anew, and would never have a picture"
    line.send("Network.emulateNetworkConditions", {**slow, "downloadThroughput": -1, "uploadThroughput": -1})
    wait_for_text(page, "notice-text", "TRỰC TIẾP", 15)
    assert len(asked) == 1


#: Whoever waits for twenty seconds waits for half a one.
SOONER = """() => {
  const real = setTimeout;
  window.setTimeout = (call, ms, ...given) => real(call, ms === 20_000 ? 500 : ms, ...given);
}"""


def test_a_page_that_is_asked_for_and_never_answered_is_asked_for_again(
    page: Any, dashboard: Dashboard, board: Board, profile: Profile
) -> None:
    board.show(plausible(profile))
    asked: list[Any] = []

    def never_answer_the_first(route: Any) -> None:
        asked.append(route)
        if len(asked) > 1:
            route.continue_()

    page.add_init_script(f"({SOONER})()")
    page.route(re.compile(re.escape(wall_page.CONTENT)), never_answer_the_first)
    page.goto(f"{dashboard.url}/wall")
    page.wait_for_selector("#notice-text", state="attached", timeout=15_000)
    assert len(asked) == 2
    asked[0].abort()


def test_a_lost_redis_greys_the_wall_and_its_return_heals_it(
    page: Any, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, profile: Profile, filled: str
) -> None:
    redis = Redis(tmp_path_factory.mktemp("redis"))
    redis.start()
    dashboard = Dashboard(tmp_path, redis.url, filled)
    try:
        wall = plausible(profile)
        Board(redis.url).show(wall)
        dashboard.start()
        open_wall(page, dashboard)
        wait_for_text(page, "kpi-received", number(wall.totals.received_today), 15)
        redis.kill()
        wait_for_text(page, "notice-text", "MẤT KHO SỐ LIỆU · số liệu cũ", 7)
        assert page.evaluate("document.querySelector('.wall').classList.contains('is-doubtful')")
        redis.start()
        wait_for_text(page, "notice-text", "ĐANG DỰNG LẠI SỐ LIỆU", 8)
        Board(redis.url).show(plausible(profile))
        wait_for_text(page, "notice-text", "TRỰC TIẾP", 15)
    finally:
        dashboard.kill()
        redis.kill()


def test_silent_collectors_and_stale_sources_are_named(
    page: Any, dashboard: Dashboard, board: Board, profile: Profile
) -> None:
    wall = plausible(profile)
    wall.heartbeat_at = wall.made_at - 12_000
    wall.sources[0].observed_at = wall.made_at - 31_000
    wall.sources[1].ok = False
    wall.sources[2].observed_at = None
    board.show(wall)
    open_wall(page, dashboard)
    wait_for_text(page, "notice-text", "BỘ THU THẬP IM LẶNG · ", 15)
    assert [text_of(page, f"source-{index}-word") for index in range(4)] == ["trễ", "LỖI", "chưa có", ""]
    assert int(text_of(page, "source-0-age").removesuffix(" giây")) >= 31
    assert text_of(page, "source-2-age") == "—"


def test_no_data_is_dashes_and_never_zero(page: Any, dashboard: Dashboard, board: Board, profile: Profile) -> None:
    wall = plausible(profile)
    wall.state, wall.totals, wall.units, wall.overdue, wall.due_soon = "empty", Totals(), {}, [], []
    board.show(wall)
    open_wall(page, dashboard)
    wait_for_text(page, "notice-text", "CHƯA CÓ DỮ LIỆU", 15)
    values = page.evaluate("[...document.querySelectorAll('.kpi-value, .tile-share')].map(e => e.textContent)")
    assert len(values) == 6 + 92 + 3 * 92, "the numbers of the day, and every unit's on both maps"
    assert set(values) == {"—"}
    assert page.evaluate("document.querySelectorAll('.tile.none, .tile.ontime-none').length") == 2 * 92


def test_on_no_scene_anything_leaves_the_host_or_complains_and_f_fills_the_screen(
    page: Any, dashboard: Dashboard, board: Board, profile: Profile
) -> None:
    hosts, complaints = set(), []
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else 0)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    board.show(plausible(profile))
    open_wall(page, dashboard)
    page.wait_for_selector(".flow-chart .main-svg .bars .point")
    for _ in SCENES:
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(200)
    page.keyboard.press("f")
    page.wait_for_function("() => document.fullscreenElement !== null", timeout=10_000)
    assert hosts == {f"127.0.0.1:{dashboard.port}"}
    assert complaints == []
    assert page.evaluate("document.fonts.check('600 20px \"Be Vietnam Pro\"', 'Tiếp nhận')")


def test_the_start_page_shows_the_totals_and_leads_to_the_wall(
    page: Any, dashboard: Dashboard, board: Board, profile: Profile
) -> None:
    wall = plausible(profile)
    received = number(wall.totals.received_today)
    board.show(wall)
    page.goto(dashboard.url)
    page.wait_for_selector(".home")
    wait_for_text(page, "home-received-vi", received, 15)
    wait_for_text(page, "home-overdue-vi", number(wall.totals.in_process_overdue), 1)
    page.click("text=Màn hình lớn")
    page.wait_for_selector(".wall")
    wait_for_text(page, "kpi-received", received, 15)


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        ("overdue(2*86400000 + 3*3600000 + 59000)", "2 ngày 3 giờ"),
        ("overdue(3*3600000 + 12*60000)", "3 giờ 12 phút"),
        ("overdue(12*60000 + 5999)", "12 phút 5 giây"),
        ("overdue(-5)", "0 phút 0 giây"),
        ("left(2*3600000 + 14*60000 + 5000)", "02:14:05"),
        ("left(2*86400000 + 3*3600000 + 14*60000)", "2 ngày 03:14"),
        ("left(-1)", "00:00:00"),
        ("age(119999)", "119 giây"),
        ("age(5*60000)", "5 phút"),
        ("age(3*3600000)", "3 giờ"),
        ("age(2*86400000)", "2 ngày"),
        ("clock(0)", "07:00:00"),
        ("clock(1795225267000)", "08:41:07"),
    ],
)
def test_durations_are_worded_in_vietnamese(page: Any, call: str, wanted: str) -> None:
    page.set_content("<p>")
    page.add_script_tag(path="assets/format.js")
    assert page.evaluate(f"window.opscentre.format.{call}") == wanted
