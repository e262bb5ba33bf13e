"""What a wall turns into: texts, classes, notices, pages of lists, the chart."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from layouts.cards import kpis, links, ranking, sources, tilemap, urgent
from layouts.figures.flow import draw
from layouts.notice import notice_of, redis_gone
from layouts.picture import paint
from layouts.place import Place, place_of
from layouts.states import source_state
from opscentre import profile as profiles
from opscentre.domain.alert_desk import Trouble
from opscentre.live.alerts import AlertsShown
from opscentre.live.wall import LinkState, SourceAge, Totals, Wall
from tests.dashboard.pictures import plausible

PROFILE = profiles.load("thai-nguyen")


@pytest.fixture
def place() -> Place:
    return place_of(PROFILE)


@pytest.fixture
def wall() -> Wall:
    return plausible(PROFILE)


def ids(component: object) -> set[str]:
    """The ids of a component and of all below it."""
    found = {found.id for _, found in component._traverse_with_paths() if getattr(found, "id", None)}  # type: ignore[attr-defined]
    return found | ({component.id} if getattr(component, "id", None) else set())


def test_every_change_finds_its_element_and_no_two_cards_share_one(wall: Wall, place: Place) -> None:
    from layouts import wall as page

    assert set(page.patch(wall, place)) <= ids(page.layout(place))
    parts = [card.patch(wall, place) for card in (kpis, tilemap, ranking, urgent, links, sources)]
    assert sum(len(part) for part in parts) == len({key for part in parts for key in part})


def test_the_same_wall_gives_the_same_picture(wall: Wall, place: Place) -> None:
    assert msgspec.json.encode(paint(wall, place)) == msgspec.json.encode(paint(wall, place))


def test_overdue_does_not_count_the_paused(wall: Wall, place: Place) -> None:
    wall.totals = Totals(in_process=100, in_process_overdue=3, paused=50, paused_overdue=40)
    changes = kpis.patch(wall, place)
    assert changes["kpi-overdue"].text == "3"
    assert changes["kpi-overdue-sub"].text == "3,0% đang xử lý"
    assert (changes["kpi-paused"].text, changes["kpi-paused-sub"].text) == ("50", "40 dừng khi đã trễ")


def test_what_nobody_can_know_is_a_dash_and_not_zero(wall: Wall, place: Place) -> None:
    wall.state, wall.overdue = "rebuilding", []
    wall.totals = Totals(in_process=100)
    changes = paint(wall, place)
    assert (changes["kpi-process"].text, changes["home-process-vi"].text) == ("100", "100")
    assert (changes["kpi-overdue"].text, changes["home-overdue-vi"].text) == ("—", "—")
    assert changes["overdue-nothing"].text == "—"


def test_shares_of_nothing_are_left_out(wall: Wall, place: Place) -> None:
    wall.totals = Totals()
    changes = kpis.patch(wall, place)
    assert changes["kpi-received"].text == "0"
    assert changes["kpi-received-sub"].text == changes["kpi-finished-sub"].text == ""


def test_a_unit_without_dossiers_is_hatched(wall: Wall, place: Place) -> None:
    changes = tilemap.patch(wall, place)
    assert changes["tile-01960"].cls == "tile none"
    assert changes["tile-01960-share"].text == "—"
    del wall.units["01840"]
    assert tilemap.patch(wall, place)["tile-01840"].cls == "tile none"


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("Phan Đình Phùng", ["Phan\xa0Đình", "Phùng"]),
        ("Phước Long Thọ", ["Phước", "Long\xa0Thọ"]),
        ("Ba Bể", ["Ba", "Bể"]),
        ("Huế", ["Huế"]),
    ],
)
def test_names_break_into_two_lines_at_most(name: str, lines: list[str]) -> None:
    assert tilemap.two_lines(name).split(" ") == lines


def test_long_lists_turn_their_pages(wall: Wall, place: Place) -> None:
    wall.totals.in_process_overdue = 484
    wall.made_at = 0
    first = urgent.patch(wall, place)
    assert first["overdue-page"].text == "1–4 / 484"
    assert first["overdue-0-clock"].tick == ("overdue", wall.overdue[0].due)
    wall.made_at = 9 * urgent.PAGE_MS
    last = urgent.patch(wall, place)
    assert last["overdue-page"].text == "37–40 / 484"
    assert last["overdue-3-number"].text == wall.overdue[39].number
    wall.made_at = 10 * urgent.PAGE_MS
    assert urgent.patch(wall, place)["overdue-page"].text == "1–4 / 484"


def test_an_empty_list_says_so_and_hides_its_rows(wall: Wall, place: Place) -> None:
    wall.overdue, wall.totals.in_process_overdue = [], 0
    changes = urgent.patch(wall, place)
    assert changes["overdue-nothing"].text == "Không có hồ sơ quá hạn"
    assert "is-empty" in (changes["overdue-0"].cls or "")


def test_more_links_than_tiles_show_the_broken_ones_first(wall: Wall, place: Place) -> None:
    wall.links = [
        LinkState(
            code=str(i), name=f"L{i}", kind="tcp", interval_s=5, state="up", latency_ms=5, checked_at=wall.made_at
        )
        for i in range(20)
    ]
    wall.links[19].state, wall.links[17].state = "down", "unknown"
    changes = links.patch(wall, place)
    assert [changes[f"link-{i}-name"].text for i in range(3)] == ["L19", "L17", "L0"]
    assert [changes[f"link-{i}-word"].text for i in range(3)] == ["MẤT", "chưa rõ", "5 ms"]
    assert changes["links-count"].text == "18/20 thông"


def test_a_link_says_by_word_and_shape_what_speaks_against_it(wall: Wall, place: Place) -> None:
    now = wall.made_at
    day = 86_400_000
    given: list[dict[str, Any]] = [
        {"certificate_expires_at": now + 9 * day + 1000},
        {"certificate_expires_at": now - 1},
        {"certificate_expires_at": now + 31 * day},
        {"certificate_expires_at": now + 31 * day, "certificate_warn_days": 40, "flapping": True},
        {"state": "down", "flapping": True},
        {"state": "maintenance", "maintenance_until": now + day},
    ]
    wall.links = [
        LinkState(
            **{"code": str(i), "name": f"L{i}", "kind": "tls", "interval_s": 5, "state": "up", "latency_ms": 5.0,
               "checked_at": now, **more}
        )
        for i, more in enumerate(given)
    ]  # fmt: skip
    changes = links.patch(wall, place)
    assert [(changes[f"link-{i}"].cls, changes[f"link-{i}-word"].text) for i in range(6)] == [
        ("link expiring", "CTS 9 ngày"),
        ("link expiring", "CTS hết hạn"),
        ("link up", "5 ms"),
        ("link flapping", "chập chờn"),
        ("link down", "MẤT"),
        ("link maintenance", "bảo trì"),
    ]
    assert changes["links-count"].text == "4/5 thông · 1 bảo trì"


def source(**given: object) -> SourceAge:
    return SourceAge(**{"code": "s", "name": "S", "kind": "rest", "interval_s": 10.0, **given})  # type: ignore[arg-type]


def test_a_source_is_stale_after_three_intervals() -> None:
    assert source_state(source(observed_at=1_000), 31_000) == "fresh"
    assert source_state(source(observed_at=1_000), 31_001) == "stale"
    assert source_state(source(observed_at=1_000, ok=False), 2_000) == "failing"
    assert source_state(source(), 2_000) == "never"
    assert source_state(source(ok=False), 2_000) == "failing"


def test_the_worst_is_said_first(wall: Wall) -> None:
    assert notice_of(wall) is None
    wall.heartbeat_at = wall.made_at - 5_001
    found = notice_of(wall)
    assert found is not None
    assert (found.text, found.since, found.doubtful) == ("BỘ THU THẬP IM LẶNG", wall.heartbeat_at, False)
    wall.state = "rebuilding"
    found = notice_of(wall)
    assert found is not None
    assert (found.text.startswith("ĐANG DỰNG LẠI SỐ LIỆU"), found.doubtful) == (True, True)
    wall.state, wall.heartbeat_at = "empty", None
    assert "CHƯA CÓ DỮ LIỆU" in notice_of(wall).text  # type: ignore[union-attr]
    assert redis_gone(5).doubtful
    assert redis_gone(None).since is None


def test_a_picture_is_not_live_when_every_source_is_stale(wall: Wall) -> None:
    for found in wall.sources:
        found.observed_at = wall.made_at - 31_000
    wall.sources[1].observed_at = wall.made_at - 30_500
    notice = notice_of(wall)
    assert notice is not None
    assert (notice.text, notice.since) == ("MỌI NGUỒN ĐỀU TRỄ", wall.made_at - 30_500)
    for found in wall.sources[1:]:
        found.paused_since = wall.now - 9_000
    assert notice_of(wall).text == "MỌI NGUỒN ĐỀU TRỄ"  # type: ignore[union-attr]
    wall.sources[0].paused_since = wall.now
    notice = notice_of(wall)
    assert notice is not None
    assert (notice.level, notice.text) == ("warn", "MỌI NGUỒN ĐANG TẠM DỪNG"), "no fault, and not live either"
    wall.sources[0].paused_since, wall.sources[0].observed_at = None, wall.made_at
    assert notice_of(wall) is None


def test_numbers_that_are_right_but_told_to_nobody_are_said_to_be_so(wall: Wall) -> None:
    troubles = [Trouble(recipient="", since=wall.made_at - 60_000, waiting=1_200, outcome="unreachable")]
    wall.alerts = AlertsShown(troubles=troubles, answered={})
    found = notice_of(wall)
    assert found is not None
    assert (found.level, found.text, found.since) == (
        "warn", "THƯ CẢNH BÁO KHÔNG GỬI ĐƯỢC · 1.200 thư chờ ·", wall.made_at - 60_000
    )  # fmt: skip
    assert not found.doubtful
    wall.alerts.troubles = [Trouble(recipient="ops@province", since=1, waiting=2, outcome="refused")]
    told = notice_of(wall)
    assert told is not None
    assert told.text.startswith("KÊNH CẢNH BÁO KHÔNG NHẬN")
    wall.heartbeat_at = None
    silent = notice_of(wall)
    assert silent is not None
    assert silent.text == "BỘ THU THẬP CHƯA HOẠT ĐỘNG"


def test_dossiers_of_unknown_units_are_told(wall: Wall, place: Place) -> None:
    wall.units["unmapped"] = Totals(in_process=12)
    assert (
        ranking.patch(wall, place)["ranking-note"].text
        == "từ 10 hồ sơ trở lên · số mờ: số hồ sơ · 12 hồ sơ chưa rõ đơn vị"
    )


def test_hours_to_come_have_no_value() -> None:
    figure = draw(list(range(24)), [0] * 24, 9)
    assert list(figure["data"][0]["x"]) == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert figure["data"][0]["marker"]["opacity"][-1] < 1
    assert list(draw([], [], None)["data"][0]["x"]) == []
    _, over, running = draw([5] + [0] * 23, [3] * 24, 10)["data"]
    assert list(over["x"]) == list(range(10)), "the line ends where the running hour begins"
    assert (list(running["x"]), list(running["y"])) == ([10], [3])


def test_a_link_not_probed_for_three_intervals_is_unknown_however_well_it_was(wall: Wall, place: Place) -> None:
    checked = {"old": wall.made_at - 15_001, "fresh": wall.made_at - 15_000, "never": None}
    wall.links = [
        LinkState(code=code, name=code, kind="tcp", interval_s=5, state="up", latency_ms=5, checked_at=at)
        for code, at in checked.items()
    ]
    patch = links.patch(wall, place)
    assert [patch[f"link-{index}-word"].text for index in range(3)] == ["chưa rõ", "5 ms", "chưa rõ"]
    assert patch["links-count"].text == "1/3 thông"
