"""The service score of Decision 766 by group, what would raise it most, and the units by theirs."""

from __future__ import annotations

from dash import html

from layouts.cards import stamp
from layouts.change import DASH, Change, Patch, say
from layouts.place import Place
from layouts.text import date, decimal, number
from opscentre.domain.units import UNMAPPED_UNIT
from opscentre.live.slow import GroupScore, Missing, ScoreShown, UnitScore
from opscentre.live.wall import Wall

TITLE = "Điểm phục vụ 766"
#: Groups there can be, indicators that are named, units at either end.
GROUPS, MISSING, EACH = 8, 7, 4


def layout(place: Place) -> html.Div:
    """The points, the groups, what is missing, the units."""
    return html.Div(
        className="score",
        children=[
            html.Section(
                className="card score-whole",
                children=[
                    html.H2("Tháng này, tính đến nay"),
                    html.Div(
                        className="hero-line",
                        children=[
                            html.Span(DASH, id="score-points", className="hero-value"),
                            html.Span("", id="score-reach", className="hero-unit"),
                        ],
                    ),
                    html.Div("", id="score-no-data", className="score-note"),
                    html.Div("", id="score-period", className="quiet"),
                    stamp.layout("score"),
                    html.Div(
                        "Quyết định 766/QĐ-TTg, thang 100 · tính từ hồ sơ của tỉnh, không phải bảng điểm quốc gia",
                        className="footnote",
                    ),
                ],
            ),
            html.Section(
                className="card score-groups",
                children=[
                    html.Div(html.H2("Theo nhóm"), className="card-head"),
                    html.Div([_group(f"score-group-{index}") for index in range(GROUPS)], className="score-rows"),
                    html.Div("Gạch chéo: phần chưa có số liệu để tính", className="footnote"),
                ],
            ),
            html.Section(
                className="card score-missing",
                children=[
                    html.Div(html.H2("Tăng điểm nhiều nhất ở đâu"), className="card-head"),
                    html.Div([_missing(f"score-missing-{index}") for index in range(MISSING)], className="score-rows"),
                ],
            ),
            html.Section(
                className="card score-units",
                children=[
                    html.Div(
                        className="card-head",
                        children=[html.H2("Đơn vị"), html.Span("% điểm tối đa đạt được", className="card-fact")],
                    ),
                    html.Div(
                        [_unit(f"score-unit-{index}", index) for index in range(2 * EACH)], className="score-rows"
                    ),
                    html.Div("Chỉ tính theo hồ sơ của đơn vị; dưới 10 hồ sơ không xếp", className="footnote"),
                ],
            ),
        ],
    )


def _group(key: str) -> html.Div:
    return html.Div(
        id=key,
        className="score-group is-empty",
        children=[
            html.Span(DASH, id=f"{key}-name", className="score-name"),
            html.Span(DASH, id=f"{key}-points", className="score-points"),
            html.Span(
                className="bar-track",
                children=[
                    html.Span(id=f"{key}-reach", className="score-reach"),
                    html.Span(id=f"{key}-bar", className="bar"),
                ],
            ),
        ],
    )


def _missing(key: str) -> html.Div:
    return html.Div(
        id=key,
        className="score-gap is-empty",
        children=[
            html.Span(DASH, id=f"{key}-name", className="score-name"),
            html.Span(DASH, id=f"{key}-points", className="score-points"),
            html.Span("", id=f"{key}-how", className="score-how"),
        ],
    )


def _unit(key: str, index: int) -> html.Div:
    return html.Div(
        id=key,
        className="score-unit is-empty" + (" is-last-first" if index == EACH else ""),
        children=[
            html.Span(DASH, id=f"{key}-place", className="board-place"),
            html.Span(DASH, id=f"{key}-name", className="score-name"),
            html.Span(DASH, id=f"{key}-points", className="score-points"),
        ],
    )


def patch(wall: Wall, place: Place) -> Patch:
    """The newest score; dashes and the reason where there is none."""
    found = wall.slow.score if wall.slow else None
    counted = found is not None and found.reachable > 0
    changes: Patch = {
        "score-points": say(decimal(found.points, 2) if found and counted else DASH),
        "score-reach": say(f"/ {_points(found.reachable)} điểm có số liệu" if found and counted else "chưa tính được"),
        "score-no-data": say(_no_data(found)),
        "score-period": say(f"{date(found.since)} – {date(min(found.until - 1, wall.now))}" if found else ""),
        **stamp.patch("score", wall),
    }
    groups = found.groups if found else []
    for index in range(GROUPS):
        changes.update(_group_patch(f"score-group-{index}", groups[index] if index < len(groups) else None))
    # What the province can do at once, by its own dossiers, stands before what wants figures from elsewhere.
    missing = sorted(found.missing, key=lambda gap: (gap.needed is None, -gap.points)) if found else []
    for index in range(MISSING):
        changes.update(_missing_patch(f"score-missing-{index}", missing[index] if index < len(missing) else None))
    ranked = [unit for unit in (found.units if found else []) if unit.rank is not None]
    best = ranked[:EACH]
    last = ranked[max(len(best), len(ranked) - EACH) :]
    for index in range(2 * EACH):
        half = best if index < EACH else last
        entry = half[index % EACH] if index % EACH < len(half) else None
        changes.update(_unit_patch(f"score-unit-{index}", index, entry, place))
    return changes


def _points(value: float) -> str:
    return number(round(value)) if value == round(value) else decimal(value, 2)


def _no_data(found: ScoreShown | None) -> str:
    if found is None or not found.no_data:
        return ""
    return f"◆ Chưa đầy đủ: {len(found.no_data)} chỉ số chưa có số liệu"


def _group_patch(key: str, group: GroupScore | None) -> Patch:
    if group is None:
        return {key: Change(cls="score-group is-empty")}
    known = group.reachable > 0
    return {
        key: Change(cls="score-group"),
        f"{key}-name": say(group.name),
        f"{key}-points": say(f"{decimal(group.points, 2) if known else DASH} / {_points(group.max)}"),
        f"{key}-bar": Change(v=round(group.points / group.max, 3) if group.max else 0),
        f"{key}-reach": Change(v=round(group.reachable / group.max, 3) if group.max else 0),
    }


def _missing_patch(key: str, gap: Missing | None) -> Patch:
    if gap is None:
        return {key: Change(cls="score-gap is-empty")}
    how = "chưa có số liệu: cần nhập" if gap.needed is None else f"cần thêm {number(gap.needed)} ở tử số để đạt tối đa"
    return {
        key: Change(cls="score-gap"),
        f"{key}-name": say(f"{gap.code} {gap.name}"),
        f"{key}-points": say(f"+{decimal(gap.points, 2)}"),
        f"{key}-how": say(how),
    }


def _unit_patch(key: str, index: int, unit: UnitScore | None, place: Place) -> Patch:
    extra = " is-last-first" if index == EACH else ""
    if unit is None or unit.percent is None:
        return {key: Change(cls="score-unit is-empty" + extra)}
    return {
        key: Change(cls="score-unit" + extra),
        f"{key}-place": say(str(unit.rank)),
        f"{key}-name": say(place.by_code.get(unit.code, UNMAPPED_UNIT).name),
        f"{key}-points": say(f"{decimal(unit.percent, 1)}%"),
    }
