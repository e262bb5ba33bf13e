"""What the scenes say of a wall: places and moves, two clocks, links with their history, the day's balance."""

from __future__ import annotations

import msgspec
import pytest
from dash import dcc, html

from layouts import measures, systems
from layouts.cards import head, linkmap, sources
from layouts.cards.urgent import PAGE_MS
from layouts.change import DASH, Patch
from layouts.english import english
from layouts.figures.areas import draw
from layouts.markup import to_html
from layouts.place import Place, place_of
from layouts.scenes import figures, flow, late, links, map, ranks, score, services
from layouts.text import clock, date, number
from opscentre import profile as profiles
from opscentre.domain.alert_desk import Answered
from opscentre.domain.figures import System
from opscentre.domain.lateness import LateBySync
from opscentre.domain.moments import DAY, HOUR, parse_local
from opscentre.live.alerts import AlertsShown
from opscentre.live.slow import FigureShown, ReactionShown, Services, Slow, UnitScore
from opscentre.live.wall import Totals, Wall
from tests.dashboard.pictures import plausible

PROFILE = profiles.load("thai-nguyen")
BOARDS = {board.id: board for board in ranks.BOARDS}


@pytest.fixture(scope="module")
def place() -> Place:
    return place_of(PROFILE)


@pytest.fixture
def wall() -> Wall:
    return plausible(PROFILE)


def slow(**given: object) -> Slow:
    services = Services(procedures=0, by_level={}, ratios=[], received=0, postal=0, targets=[], campaign=[])
    empty = {
        "made_at": 0,
        "took_ms": 5,
        "now": 0,
        "places_yesterday": {},
        "stale_units": [],
        "score": None,
        "figures": [],
    }
    return Slow(**{**empty, "services": services, **given})  # type: ignore[arg-type]


def shown_on(changes: Patch, board: str) -> dict[int, str]:
    """The units of a board by their row."""
    rows = {key: change for key, change in changes.items() if key.startswith(f"{board}-") and key.count("-") == 2}
    found = {change.v: key.removeprefix(f"{board}-") for key, change in rows.items() if "is-out" not in str(change.cls)}
    return {int(row): code for row, code in found.items() if row is not None}


def test_a_leaderboard_keeps_the_best_and_the_last_and_turns_through_all_between(wall: Wall, place: Place) -> None:
    ranked = ranks.placed(BOARDS["rank-comm"], wall, place)
    assert len(ranked) > 80
    between: list[str] = []
    for page in range(-(-(len(ranked) - ranks.BEST - ranks.LAST) // ranks.BETWEEN)):
        wall.made_at = page * PAGE_MS
        changes = ranks.patch(wall, place)
        rows = shown_on(changes, "rank-comm")
        assert [rows[row] for row in range(ranks.BEST)] == [entry.code for entry in ranked[: ranks.BEST]]
        assert [rows[ranks.ROWS - ranks.LAST + row] for row in range(ranks.LAST)] == [
            entry.code for entry in ranked[-ranks.LAST :]
        ]
        turned = [rows[row] for row in range(ranks.BEST, ranks.ROWS - ranks.LAST)]
        # The last page is filled up with places that were shown before it.
        fresh = [code for code in turned if code not in between]
        between += fresh
        last = ranks.BEST + len(between)
        assert changes["rank-comm-count"].text == f"{last - ranks.BETWEEN + 1}–{last} / {len(ranked)}"
    assert between == [entry.code for entry in ranked[ranks.BEST : -ranks.LAST]], "none left out"


def test_a_short_ranking_stands_still_and_says_how_many_it_ranks(wall: Wall, place: Place) -> None:
    few = [unit.code for unit in place.departments[: ranks.ROWS]]
    wall.units = {code: wall.units[code] for code in few}
    changes = ranks.patch(wall, place)
    assert sorted(shown_on(changes, "rank-dept").values()) == sorted(few)
    assert changes["rank-dept-count"].text == f"{ranks.ROWS}/{len(place.departments)}"


def test_a_unit_shows_how_many_places_it_moved_since_yesterday(wall: Wall, place: Place) -> None:
    ranked = ranks.placed(BOARDS["rank-dept"], wall, place)
    first, second, third, last = ranked[0], ranked[1], ranked[2], ranked[-1]
    wall.slow = None
    assert changes_of(wall, place, first.code) == "—", "yesterday is not known yet"
    assert last.rank is not None
    places = {first.code: 4, last.code: last.rank - 2, second.code: 9, third.code: third.rank or 0}
    wall.slow = slow(places_yesterday=places, stale_units=[second.code])
    assert changes_of(wall, place, first.code) == "▲3"
    assert changes_of(wall, place, last.code) == "▼2"
    assert changes_of(wall, place, third.code) == ""
    assert changes_of(wall, place, second.code) == "◆"
    assert changes_of(wall, place, ranked[3].code) == "—", "it had no place yesterday"
    assert place.by_code[second.code].label in (ranks.patch(wall, place)["ranks-apart"].text or "")


def test_a_score_has_its_change_since_yesterday_and_its_word(wall: Wall, place: Place) -> None:
    codes = [unit.code for unit in place.departments[:5]]
    given = [(95.26, 94.81, "Xuất sắc"), (84.0, 84.04, "Tốt"), (71.5, None, "Khá"), (55.0, 60.0, "Trung bình")]
    units = [
        UnitScore(code=code, percent=percent, rank=index, volume=30, yesterday=before, grade=word)
        for index, (code, (percent, before, word)) in enumerate(zip(codes, given, strict=False), 1)
    ]
    units.append(UnitScore(code=codes[4], percent=99.0, rank=None, volume=9))
    assert wall.slow is not None
    assert wall.slow.score is not None
    wall.slow.score.units = units
    wall.slow.score_places_yesterday = {codes[0]: 3}
    changes = ranks.patch(wall, place)
    assert shown_on(changes, "rank-dsco") == dict(enumerate(codes[:4])), "too few dossiers give no place"
    told = [
        tuple(changes[f"rank-dsco-{code}-{cell}"].text for cell in ("place", "move", "value", "change", "word"))
        for code in codes[:4]
    ]
    assert told == [
        ("1", "▲2", "95,3", "+0,5", "Xuất sắc"),
        ("2", "—", "84,0", "0,0", "Tốt"),
        ("3", "—", "71,5", "—", "Khá"),
        ("4", "—", "55,0", "−5,0", "Trung bình"),
    ]
    assert [changes[f"rank-dsco-{code}-word"].cls for code in codes[:4]] == [
        "board-word good", "board-word fair", "board-word fair", "board-word warn",
    ]  # fmt: skip
    assert f"chưa đủ hồ sơ tháng này để có điểm: {place.by_code[codes[4]].label}" in str(changes["ranks-apart"].text)
    wall.slow = None
    assert "đang đếm" in str(ranks.patch(wall, place)["rank-dsco-nothing"].text)


def test_moves_by_online_share_are_of_the_places_by_online_share(wall: Wall, place: Place) -> None:
    board = BOARDS["rank-donl"]
    first = ranks.placed(board, wall, place)[0]
    wall.slow = slow(places_yesterday={first.code: 9}, online_places_yesterday={first.code: 3})
    assert ranks.patch(wall, place)[f"{board.id}-{first.code}-move"].text == "▲2"


def changes_of(wall: Wall, place: Place, code: str) -> str | None:
    return ranks.patch(wall, place)[f"rank-dept-{code}-move"].text


def test_units_with_too_few_dossiers_are_named_apart(wall: Wall, place: Place) -> None:
    wall.units["05443"] = Totals(in_process=3)
    changes = ranks.patch(wall, place)
    assert "is-out" in str(changes["rank-comm-05443"].cls)
    assert place.by_code["05443"].label in (changes["ranks-apart"].text or "")


def test_the_two_clocks_and_what_waits_for_the_citizen_stand_apart(wall: Wall, place: Place) -> None:
    wall.totals = Totals(
        in_process=200, in_process_overdue=4, waiting=50, waiting_overdue=7, paused=30, paused_overdue=2
    )
    wall.slow = None
    changes = late.patch(wall, place)
    found = {key: changes[f"late-{key}"].text for key in ("process", "reception", "soon", "paused")}
    assert found == {"process": "4", "reception": "7", "soon": "0", "paused": "30"}
    assert changes["late-reception-sub"].text == "trong 50 chờ tiếp nhận"
    wall.state, wall.totals = "rebuilding", Totals()
    assert late.patch(wall, place)["late-process"].text == "—"


def test_what_may_only_be_late_by_its_source_is_told_apart(wall: Wall, place: Place) -> None:
    wall.made_at, wall.slow = 0, None
    wall.totals = Totals(in_process=200, in_process_overdue=50)
    wall.overdue[1].by_sync = True
    changes = late.patch(wall, place)
    assert changes["late-process-sub"].text == "25,0% số đang giải quyết · 1/40 lâu nhất ◆ chờ đồng bộ"
    assert changes["late-overdue-0-clock"].cls == "urgent-clock bad"
    assert changes["late-overdue-1-clock"].cls == "urgent-clock warn"
    assert (changes["late-overdue-1-procedure"].text or "").startswith("◆ chờ đồng bộ · ")


def test_a_listed_dossier_says_that_somebody_took_it_on_and_which_day_was_promised(wall: Wall, place: Place) -> None:
    first, second, third = (f"{one.source}/{one.number}" for one in wall.overdue[:3])
    day = parse_local("2026-11-25")
    answered = {first: Answered(at=wall.now), second: Answered(at=wall.now, until=day)}
    wall.alerts, wall.made_at = AlertsShown(troubles=[], answered=answered), 0
    changes = late.patch(wall, place)
    assert str(changes["late-overdue-0-procedure"].text).startswith("✓ đã nhận · ")
    assert str(changes["late-overdue-1-procedure"].text).startswith("✓ hẹn 24/11 · ")
    assert third not in answered
    assert "✓" not in str(changes["late-overdue-2-procedure"].text)


def test_the_leaderboards_name_who_takes_longest_to_acknowledge(wall: Wall, place: Place) -> None:
    wall.slow = None
    assert ranks.patch(wall, place)["ranks-react"].text == "—"
    units = [unit.code for unit in place.departments[:4]]
    shown = [
        ReactionShown(unit=code, median=(5 - index) * HOUR + 1, least=index == 0, count=12, open=index)
        for index, code in enumerate(units)
    ]
    wall.slow = slow(reactions=shown)
    told = str(ranks.patch(wall, place)["ranks-react"].text)
    names = [unit.label for unit in place.departments[:3]]
    assert (
        told
        == f"{names[0]} ≥ 5,0 giờ (0 chưa nhận) · {names[1]} 4,0 giờ (1 chưa nhận) · {names[2]} 3,0 giờ (2 chưa nhận)"
    )
    wall.slow = slow()
    assert ranks.patch(wall, place)["ranks-react"].text == "chưa đủ cảnh báo để so sánh"


def test_what_is_late_by_sync_stands_apart_by_unit_and_clock(wall: Wall, place: Place) -> None:
    wall.units = {"H55.12": Totals(in_process_overdue=8, waiting_overdue=1), "05443": Totals(in_process_overdue=2)}
    wall.totals = Totals(in_process=200, in_process_overdue=10, waiting=50)
    wall.slow = slow(late_by_sync={"H55.12": LateBySync(6, 0), "05443": LateBySync(3, 4)})
    changes = late.patch(wall, place)
    assert (changes["late-units-0-value"].text, changes["late-units-0-apart"].text) == ("8", "◆ 6")
    assert (changes["late-units-0-bar"].v, changes["late-units-0-rest"].v) == (0.25, 0.75)
    assert changes["late-units-1-apart"].text == "◆ 2", "counted a while ago: no more than are late now"
    assert changes["late-units-sum"].text == "2 đơn vị"
    assert changes["late-process-sub"].text == "◆ 8 đồng bộ muộn · 5,0% đang xử lý"
    assert changes["late-waiting-0-apart"].text == ""
    assert changes["late-reception-sub"].text == "trong 50 chờ tiếp nhận"
    wall.slow = None
    changes = late.patch(wall, place)
    assert (changes["late-units-0-apart"].text, changes["late-units-sum"].text) == ("", "2 đơn vị")
    assert "đang đếm" in str(changes["late-stamp"].text), "that nobody counted it yet is said"


def test_units_with_the_most_overdue_have_the_longest_bar(wall: Wall, place: Place) -> None:
    wall.units = {"H55.12": Totals(in_process_overdue=8), "05443": Totals(in_process_overdue=2), "05455": Totals()}
    wall.slow = None
    changes = late.patch(wall, place)
    assert (changes["late-units-0-name"].text, changes["late-units-0-bar"].v) == ("Sở Công Thương", 1.0)
    assert (changes["late-units-1-value"].text, changes["late-units-1-bar"].v) == ("2", 0.25)
    assert changes["late-units-2"].cls == "bar-row is-empty"
    wall.units, wall.state = {}, "empty"
    assert late.patch(wall, place)["late-units-nothing"].text == "—"


def test_a_link_tells_its_certificate_its_maintenance_and_its_availability(wall: Wall, place: Place) -> None:
    wall.links[0].certificate_expires_at = wall.made_at + 12 * DAY + 1
    wall.links[1].state, wall.links[1].latency_ms = "maintenance", None
    wall.links[2].flapping = True
    wall.links[3].available_30d = None
    changes = links.patch(wall, place)
    assert (changes["net-0-note"].text, changes["net-0"].cls) == ("chứng thư còn 12 ngày", "net-tile up is-warned")
    assert (changes["net-1-word"].text, changes["net-1"].cls) == ("BẢO TRÌ", "net-tile maintenance")
    assert changes["net-2-note"].text == "chập chờn"
    assert (changes["net-4-note"].text, changes["net-4"].cls) == ("cao nhất 19 ms", "net-tile up")
    assert changes["net-3-share"].text == "30 ngày: —"
    assert changes["net-0-share"].text == "30 ngày: 100%"
    assert len(changes["net-0-spark"].spark or []) == 30
    assert changes["net-links-count"].text == "8/8 thông · 1 bảo trì"


def test_a_paused_source_is_neither_well_nor_dead_and_says_since_when(wall: Wall, place: Place) -> None:
    paused = wall.sources[2]
    paused.observed_at, paused.ok = wall.made_at - 2 * HOUR, False
    paused.paused_since = wall.now - HOUR
    changes = {**links.patch(wall, place), **sources.patch(wall, place), **head.patch(wall, place)}
    since = f"{clock(wall.now - HOUR)} {date(wall.now)}"
    assert changes["net-source-2"].cls == "net-source paused"
    assert changes["net-source-2-sub"].text == f"tạm dừng từ {since}"
    assert changes["net-source-2-age"].tick == ("age", paused.observed_at), "its figures still say their age"
    assert changes["net-sources-count"].text == "6/6 kịp thời · 1 tạm dừng"
    assert (changes["source-2"].cls, changes["source-2-word"].text) == ("source paused", "tạm dừng")
    assert changes["sources-fresh"].text == "6/6 nguồn kịp thời · 1 tạm dừng"
    assert english(f"tạm dừng từ {since}") == f"paused since {since}"


def test_a_system_tells_its_link_its_source_or_its_figure_and_never_a_zero_for_none(wall: Wall) -> None:
    def told(metric: str) -> tuple[str, str | None, str | None]:
        state, value, below = systems.told(System(code="x", name="x", kind="portal", metric=metric), wall)
        return state, value.text, below.text

    lag = FigureShown(
        code="sync-lag", name="", scope="", value="12", unit="phút", as_of="21/11/2026", source="", note="", age_days=0
    )
    wall.slow = slow(measured={"input:sync-lag": lag, "figure:rank": msgspec.structs.replace(lag, unit="hạng")})
    wall.links[0].state, wall.sources[0].ok = "down", False
    assert told("link:l0")[:2] == ("down", "MẤT")
    assert systems.told(System(code="x", name="x", kind="portal", metric="link:l1"), wall)[2].tick == (
        "age",
        wall.links[1].since,
    )
    assert told("link:nobody") == ("unknown", "chưa khai báo", "")
    assert (told("source:s0")[:2], told("source:s1")[:2]) == (("failing", "LỖI"), ("fresh", "kịp thời"))
    assert told("input:sync-lag") == ("measured", "12 phút", "21/11/2026")
    assert told("figure:rank")[1] == "thứ 12"
    assert told("input:papi") == ("unmeasured", "chưa có số đo", "")
    assert told("board:received_today")[1:] == (number(wall.totals.received_today), "hôm nay")
    wall.state, wall.totals, wall.slow = "empty", Totals(), None
    assert told("board:received_today")[1] == told("input:papi")[1] == "—", "nobody can know yet"


def test_a_heartbeat_in_time_changes_no_picture_and_one_that_fails_to_come_tells_its_age(wall: Wall) -> None:
    centre = System(code="ioc", name="x", kind="centre", metric="board:heartbeat_at")
    told = []
    for ago in (0, 3_000, 6_000):
        wall.heartbeat_at = wall.made_at - ago
        told.append(systems.told(centre, wall))
    assert told[0] == told[1]
    assert (told[0][0], told[0][1].text) == ("up", "kịp thời")
    assert told[2][1].tick == ("age", wall.heartbeat_at)


def test_systems_in_trouble_come_first_and_the_national_portal_apart(wall: Wall, place: Place) -> None:
    metrics = ("input:papi", "link:l1", "link:l0", "input:sync-backlog", "input:sync-lag")
    known = tuple(System(code=metric, name=metric, kind="portal", metric=metric) for metric in metrics)
    wall.links[0].state = "down"
    changes = links.patch(wall, msgspec.structs.replace(place, systems=known))
    assert [changes[f"net-system-{i}-name"].text for i in range(3)] == ["link:l0", "link:l1", "input:papi"]
    assert [changes[f"net-national-{i}-name"].text for i in range(2)] == ["Độ trễ", "Hồ sơ chờ gửi"]
    assert changes["net-national-2"].cls == "net-figure is-empty"
    assert changes["net-systems-count"].text == "5 hệ thống"
    assert links.patch(wall, place)["net-systems-count"].text == "chưa khai báo"


def test_the_map_of_links_marks_each_commune_by_the_worst_link_that_ends_there(wall: Wall, place: Place) -> None:
    first, second, third = (unit.code for unit in place.communes[:3])
    for link in wall.links:
        link.units = []
    assert linkmap.patch(wall, place)["net-map"].cls == "card net-map is-absent", "no link knows its ends"
    wall.links[0].units, wall.links[1].units = [f"{first}..{second}"], [second]
    wall.links[1].state, wall.links[2].state = "down", "maintenance"
    changes = linkmap.patch(wall, place)
    classes = [changes[f"net-at-{code}"].cls for code in (first, second, third)]
    assert classes == ["tile net-spot up", "tile net-spot down", "tile net-spot none"]
    assert changes["net-map-0-name"].text == wall.links[1].name, "those in trouble come first"
    assert changes["net-map-0-word"].text == f"MẤT · {place.by_code[second].label}"
    assert changes["net-map-1-word"].text == "thông · 2 đơn vị"
    assert changes["net-map-2"].cls == "net-spot net-end unknown is-empty"
    assert changes["net-map-own-word"].text == "1 bảo trì · 6 thông"
    for link in wall.links[:4]:
        link.units = [first]
    assert linkmap.patch(wall, place)["net-map-count"].text == "hiện 3/4 liên kết"


def test_the_day_has_a_balance(wall: Wall, place: Place) -> None:
    wall.totals = Totals(received_today=1_250, online_today=1_000, finished_on_time_today=1_300)
    changes = flow.patch(wall, place)
    assert changes["day-balance"].text == "−50"
    assert changes["day-online-sub"].text == "80,0% số tiếp nhận"
    assert (changes["day-received-sub"].text, changes["day-before"].text) == ("", "hôm qua: không có")
    wall.received_by_hour_yesterday = [0] * 7 + [100, 200, 300] + [0] * 14
    wall.received_by_hour_last_week = [0] * 7 + [1_000, 1_134, 5] + [0] * 14
    changes = flow.patch(wall, place)
    assert (changes["day-received-sub"].text, changes["day-received-more"].text) == (
        "hôm qua +256% · tuần trước −50%",
        "so sánh đến 9 giờ",
    ), "1.067 until nine, beside 300 and 2.134; the running hour is not compared"
    assert changes["day-before"].text == "nhận hôm qua"
    assert changes["day-balance-sub"].text == "", "what was finished on those days is not known"
    wall.finished_by_hour_yesterday = [0] * 7 + [100, 220, 9] + [0] * 14
    assert flow.patch(wall, place)["day-balance-sub"].text == "hôm qua −20"
    wall.totals.received_today = 2_600
    assert flow.patch(wall, place)["day-balance"].text == "+1.300"


def test_a_measure_has_a_class_for_every_value_and_none_for_no_data() -> None:
    ontime, overdue, online = measures.MEASURES
    assert [overdue.band(value).name for value in (0, 1, 4, 5, 19, 20, 4_000)] == [
        "good", "fair", "fair", "warn", "warn", "bad", "bad",
    ]  # fmt: skip
    assert [online.band(value).name for value in (0.8, 0.799, 0.3, 0.0)] == ["good", "fair", "warn", "bad"]
    for measure in (ontime, overdue, online):
        assert measure.value(Totals()) is None
        assert (measure.band(None).name, measure.write(None)) == ("none", "—")


def test_the_map_names_the_three_best_and_the_three_last(wall: Wall, place: Place) -> None:
    for unit in place.communes:
        wall.units[unit.code] = Totals(in_process=100, finished_on_time_30d=100)
    wall.units["05443"].in_process_overdue = 30
    wall.units["05455"].in_process_overdue = 10
    changes = map.patch(wall, place)
    worst = [changes[f"map-ontime-worst-{index}-name"].text for index in range(2)]
    assert worst == [place.by_code["05443"].name, place.by_code["05455"].name]
    assert changes["map-overdue-worst-0-value"].text == "30"
    assert changes["map-05443"].cls == "tile worst-ontime worst-overdue ontime-bad overdue-bad online-none"
    classes = {name: changes[f"map-ontime-class-{name}-count"].text for name in ("good", "fair", "warn", "bad", "none")}
    assert classes == {"good": "90", "fair": "1", "warn": "0", "bad": "1", "none": "0"}
    assert changes["map-ontime-best-counted"].text == "90 đơn vị cùng mức", "chance names three of them"
    assert changes["map-ontime-worst-counted"].text == "từ 10 hồ sơ trở lên"
    wall.state = "rebuilding"
    assert map.patch(wall, place)["map-ontime-class-good-count"].text == "—"


def square(code: str, x: float, y: float, size: float) -> dict:
    ring = [[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]
    return {"id": code, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def test_areas_are_drawn_north_up_and_small_neighbours_get_an_inset() -> None:
    large = [square(str(number), number % 3, number // 3, 1) for number in range(9)]
    whole = draw({"features": large}, "chú thích")
    assert whole.inset is None
    assert whole.box[2] == 1000
    assert float(whole.paths["0"][1:].split(" ")[0]) < 10, "the west is on the left"
    north, south = (float(whole.paths[code].split("L")[0].split(" ")[1]) for code in ("6", "0"))
    assert north < south
    crowded = draw({"features": [*large, *(square(f"s{n}", 3 + n / 10, 0, 0.1) for n in range(4))]}, "")
    assert crowded.inset is not None
    left, _, wide, _ = crowded.inset
    assert left > 850
    assert wide < 160


def test_a_map_of_areas_colours_the_whole_and_the_inset_alike(wall: Wall) -> None:
    spots = [square(unit.code, index % 10, index // 10, 1) for index, unit in enumerate(place_of(PROFILE).communes)]
    for index, spot in enumerate(spots[:4]):
        spots[index] = square(spot["id"], 4 + index / 10, -0.1, 0.1)
    drawn = place_of(PROFILE, areas=draw({"features": spots}, "Địa giới: thử"))
    changes, page = map.patch(wall, drawn), to_html(map.layout(drawn))
    code = spots[0]["id"]
    assert changes[f"area-{code}"].cls == changes[f"inset-area-{code}"].cls
    assert (changes[f"area-{code}"].cls or "").startswith("area ")
    assert 'data-source="/api/areas"' in page
    assert "Địa giới: thử" in page
    assert 'class="tile"' not in page


def test_components_become_the_html_that_they_stand_for() -> None:
    made = html.Div(
        id="a",
        className="b c",
        style={"--x": 1.5, "fontSize": "2rem"},
        children=[html.B("1 < 2"), None, "&"],
        title='"',
    )
    assert to_html(made) == (
        '<div id="a" class="b c" style="--x:1.5;font-size:2rem" title="&quot;"><b>1 &lt; 2</b>&amp;</div>'
    )
    with pytest.raises(TypeError, match="has no HTML"):
        to_html(html.Div(dcc.Graph()))


def test_what_is_counted_by_the_minute_says_so_until_it_is_there(wall: Wall, place: Place) -> None:
    wall.slow = None
    for scene, key in ((figures, "pub"), (score, "score"), (services, "svc")):
        changes = scene.patch(wall, place)
        assert "đang đếm" in (changes[f"{key}-stamp"].text or "")
    assert score.patch(wall, place)["score-points"].text == "—"
    assert services.patch(wall, place)["svc-full"].text == "—"
    wall.slow = slow(made_at=wall.made_at - 16 * 60_000)
    assert score.patch(wall, place)["score-stamp-age"].cls == "stamp-age is-warn", "an old count warns of its age"


def test_a_figure_that_is_old_says_how_old(wall: Wall, place: Place) -> None:
    assert wall.slow is not None
    wall.made_at = 0
    wall.slow.figures = wall.slow.figures[:2]
    wall.slow.figures[1].age_days = 800
    changes = figures.patch(wall, place)
    assert changes["pub-0-day"].text == "01/01–15/12/2023"
    assert changes["pub-1-day"].text == "◆ 01/01–15/12/2023 · cũ 2 năm"
    assert changes["pub-2"].cls == "card pub-tile is-empty"


def test_the_score_names_first_what_the_province_can_do_by_its_own_dossiers(wall: Wall, place: Place) -> None:
    changes = score.patch(wall, place)
    assert (changes["score-points"].text, changes["score-reach"].text) == ("32,09", "/ 38 điểm có số liệu")
    assert changes["score-group-0-points"].text == "— / 18", "no data is not no points"
    gains = [(changes[f"score-missing-{n}-points"].text, changes[f"score-missing-{n}-how"].text) for n in range(5)]
    assert gains[0] == ("+6,00 điểm", "thêm 64.933 hồ sơ đạt là đủ điểm")
    assert gains[4][0] == "+2,00 điểm"
    assert changes["score-missing-2-bar"].v == 0.667, "the bar is a share of the greatest gain"
    assert "is-empty" in (changes["score-missing-5"].cls or "")
    lacks = [(changes[f"score-lack-{n}-name"].text or "")[:3] for n in range(4)]
    assert lacks == ["4.1", "4.3", "4.5", "4.7"], "what has no data is named apart"
    assert changes["score-lacking"].text == "◆ 16 điểm chưa tính được"


def test_services_show_supply_use_and_what_no_source_names(wall: Wall, place: Place) -> None:
    changes = services.patch(wall, place)
    assert changes["svc-full"].text == "68,9%"
    assert (changes["svc-used-0-parts"].text, changes["svc-used-0-value"].text) == (
        "0 / 300.000 hồ sơ · đủ điểm từ 80,0%",
        "0%",
    )
    paid = changes["svc-paid-1-parts"].text, changes["svc-paid-1-full"].v
    assert paid == ("90.000 / 300.000 thủ tục · đủ điểm từ 80,0%", 0.8)
    assert changes["svc-digital-rows"].v == 5, "headings share the height by their rows"
    assert (changes["svc-step-0-planned"].text, changes["svc-step-0-actual"].text) == ("443", "—")
    assert (changes["svc-target-0-reached"].text, changes["svc-target-0-value"].text) == ("6,7%", "/ 30% · đạt 20,0%")
    assert changes["svc-target-0-how"].text == "số của 31/12/2019 · hạn 31/08/2020"
    wall.totals = Totals(received_today=200, online_today=150, postal_today=1)
    changes = services.patch(wall, place)
    ways = [(changes[f"svc-channel-{n}-parts"].text, changes[f"svc-channel-{n}-value"].text) for n in range(3)]
    assert ways == [("150 hồ sơ", "75,0%"), ("49 hồ sơ", "24,5%"), ("1 hồ sơ", "0,5%")]
    wall.slow.services.campaign = []
    assert services.patch(wall, place)["svc"].cls == "svc has-no-campaign", "its room goes to the targets"


def test_the_tiles_of_published_figures_fill_the_page_whatever_their_number(wall: Wall, place: Place) -> None:
    assert wall.slow is not None
    shown = wall.slow.figures * 3
    for known, classes in (
        (1, "by-1 pairs-1"),
        (8, "by-4 pairs-4"),
        (9, "by-3 pairs-5"),
        (12, "by-4 pairs-6"),
        (40, "by-5 pairs-5"),
    ):
        wall.slow.figures = shown[:known]
        assert classes in (figures.patch(wall, place)["pub-tiles"].cls or ""), known
    wall.slow.figures = [msgspec.structs.replace(shown[0], value="98,6", unit="%")]
    changes = figures.patch(wall, place)
    assert (changes["pub-0-value"].text, changes["pub-0-unit"].text) == ("98,6%", "")


def test_where_nothing_is_known_no_unit_is_said_to_have_too_few_dossiers(wall: Wall, place: Place) -> None:
    nothing = msgspec.structs.replace(wall, units={}, slow=None)
    counted = {**map.patch(nothing, place), **ranks.patch(nothing, place)}
    assert counted["map-ontime-worst-0-name"].text == "Chưa có đơn vị đủ hồ sơ"
    assert counted["ranks-apart"].text.startswith("dưới 10 hồ sơ: ")
    unknown = msgspec.structs.replace(nothing, state="empty")
    dashes = {**map.patch(unknown, place), **ranks.patch(unknown, place)}
    assert {dashes[key].text for key in ("map-ontime-worst-0-name", "map-online-best-0-name", "ranks-apart")} == {DASH}
    assert {change.text for key, change in dashes.items() if key.endswith("-count") and "/" in (change.text or "")} == {
        f"{DASH}/16", f"{DASH}/92",
    }  # fmt: skip
