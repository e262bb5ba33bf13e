"""What the scenes say of a wall: places and moves, two clocks, links with their history, the day's balance."""

from __future__ import annotations

import pytest
from dash import dcc, html

from layouts import measures
from layouts.figures.areas import draw
from layouts.markup import to_html
from layouts.place import Place, place_of
from layouts.scenes import figures, flow, late, links, map, ranks, score, services
from opscentre import profile as profiles
from opscentre.domain.alert_desk import Answered
from opscentre.domain.moments import DAY, HOUR, parse_local
from opscentre.live.alerts import AlertsShown
from opscentre.live.slow import ReactionShown, Services, Slow
from opscentre.live.wall import Totals, Wall
from tests.dashboard.pictures import plausible

PROFILE = profiles.load("thai-nguyen")


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


def test_a_leaderboard_places_the_best_and_the_last_and_says_how_many_are_between(wall: Wall, place: Place) -> None:
    changes = ranks.patch(wall, place)
    board = ranks.BOARDS[1]
    shown = {key: change for key, change in changes.items() if key.startswith("rank-comm-") and change.v is not None}
    ranked = ranks.placed(board, wall, place)
    assert sorted(change.v for change in shown.values()) == list(range(board.rows)), (
        "every row has one unit, or the gap"
    )
    assert changes["rank-comm-gap"].text == f"⋯ {len(ranked) - 17} đơn vị ở giữa"
    assert changes[f"rank-comm-{ranked[0].code}"].v == 0
    assert changes[f"rank-comm-{ranked[-1].code}"].v == board.rows - 1
    assert changes[f"rank-comm-{ranked[20].code}"].cls == "board-row is-out"


def test_a_unit_shows_how_many_places_it_moved_since_yesterday(wall: Wall, place: Place) -> None:
    ranked = ranks.placed(ranks.BOARDS[0], wall, place)
    first, last = ranked[0], ranked[-1]
    wall.slow = None
    assert changes_of(wall, place, first.code) == "", "yesterday is not known yet"
    assert last.rank is not None
    wall.slow = slow(places_yesterday={first.code: 4, last.code: last.rank - 2}, stale_units=[ranked[1].code])
    assert changes_of(wall, place, first.code) == "▲3"
    assert changes_of(wall, place, last.code) == "▼2"
    assert changes_of(wall, place, ranked[1].code) == "◆"
    assert place.by_code[ranked[1].code].name in (ranks.patch(wall, place)["ranks-apart"].text or "")


def test_moves_by_online_share_are_of_the_places_by_online_share(wall: Wall, place: Place) -> None:
    board = ranks.BOARDS[2]
    first = ranks.placed(board, wall, place)[0]
    wall.slow = slow(places_yesterday={first.code: 9}, online_places_yesterday={first.code: 3})
    assert ranks.patch(wall, place)[f"{board.id}-{first.code}-move"].text == "▲2"


def changes_of(wall: Wall, place: Place, code: str) -> str | None:
    return ranks.patch(wall, place)[f"rank-dept-{code}-move"].text


def test_units_with_too_few_dossiers_are_named_apart(wall: Wall, place: Place) -> None:
    wall.units["05443"] = Totals(in_process=3)
    changes = ranks.patch(wall, place)
    assert changes["rank-comm-05443"].cls == "board-row is-out"
    assert place.by_code["05443"].label in (changes["ranks-apart"].text or "")


def test_the_two_clocks_and_what_waits_for_the_citizen_stand_apart(wall: Wall, place: Place) -> None:
    wall.totals = Totals(
        in_process=200, in_process_overdue=4, waiting=50, waiting_overdue=7, paused=30, paused_overdue=2
    )
    changes = late.patch(wall, place)
    found = {key: changes[f"late-{key}"].text for key in ("process", "reception", "soon", "paused")}
    assert found == {"process": "4", "reception": "7", "soon": "0", "paused": "30"}
    assert changes["late-reception-sub"].text == "trong 50 chờ tiếp nhận"
    wall.state, wall.totals = "rebuilding", Totals()
    assert late.patch(wall, place)["late-process"].text == "—"


def test_what_may_only_be_late_by_its_source_is_told_apart(wall: Wall, place: Place) -> None:
    wall.made_at = 0
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


def test_units_with_the_most_overdue_have_the_longest_bar(wall: Wall, place: Place) -> None:
    wall.units = {"H55.12": Totals(in_process_overdue=8), "05443": Totals(in_process_overdue=2), "05455": Totals()}
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
    assert changes["net-3-share"].text == "30 ngày: —"
    assert changes["net-0-share"].text == "30 ngày: 100%"
    assert len(changes["net-0-spark"].spark or []) == 30
    assert changes["net-links-count"].text == "8/8 thông · 1 bảo trì"


def test_the_day_has_a_balance(wall: Wall, place: Place) -> None:
    wall.totals = Totals(received_today=1_250, online_today=1_000, finished_on_time_today=1_300)
    changes = flow.patch(wall, place)
    assert changes["day-balance"].text == "−50"
    assert changes["day-online-sub"].text == "80,0%"
    assert (changes["day-received-sub"].text, changes["day-before"].text) == ("", "hôm qua: không có")
    wall.received_by_hour_yesterday = [0] * 7 + [100, 200, 300] + [0] * 14
    assert flow.patch(wall, place)["day-received-sub"].text == "hôm qua đến 9 giờ: 300"
    assert flow.patch(wall, place)["day-before"].text == "hôm qua"
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


def square(code: str, x: float, y: float, size: float) -> dict:
    ring = [[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]
    return {"id": code, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def test_areas_are_drawn_north_up_and_small_neighbours_get_an_inset() -> None:
    large = [square(str(number), number % 3, number // 3, 1) for number in range(9)]
    whole = draw({"features": large}, "chú thích")
    assert whole.inset is None
    assert whole.box[2] == 1000
    assert whole.paths["0"].startswith("M0.0 "), "the west is on the left"
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
    hows = [changes[f"score-missing-{index}-how"].text or "" for index in range(7)]
    assert hows[0].startswith("cần thêm 64.933")
    assert hows[5] == hows[6] == "chưa có số liệu: cần nhập"


def test_services_show_supply_use_and_what_no_source_names(wall: Wall, place: Place) -> None:
    changes = services.patch(wall, place)
    assert changes["svc-full"].text == "68,9%"
    assert (changes["svc-ratio-1-parts"].text, changes["svc-ratio-1-share"].text) == ("30.000 / 300.000", "10,0%")
    assert changes["svc-step-0-value"].text == "443 → —"
    assert changes["svc-target-0-how"].text == "đạt 6,7 (31/12/2019) · hạn 31/08/2020"
