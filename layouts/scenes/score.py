"""The service score of Decision 766 by group, what would raise it most, and the units by theirs."""

from __future__ import annotations

from dash import html

from layouts.cards import stamp
from layouts.change import DASH, Patch, say
from layouts.place import Place
from layouts.rows import Cell, Rows, Values, ends
from layouts.text import date, decimal, number
from opscentre.domain.units import UNMAPPED_UNIT
from opscentre.live.slow import GroupScore, Missing, ScoreShown, UnitScore
from opscentre.live.wall import Wall

TITLE = "Điểm phục vụ 766"
#: Groups there can be, indicators that are named, units at either end.
GROUPS, MISSING, EACH = 8, 7, 4
_GROUPS = Rows(
    "score-group",
    "score-group",
    (
        Cell("name", "score-name"),
        Cell("points", "score-points"),
        Cell("", "bar-track", bars=(("reach", "score-reach"), ("bar", "bar"))),
    ),
    GROUPS,
)
_MISSING = Rows(
    "score-missing",
    "score-gap",
    (Cell("name", "score-name"), Cell("points", "score-points"), Cell("how", "score-how", "")),
    MISSING,
)
_UNITS = Rows(
    "score-unit",
    "score-unit",
    (Cell("place", "board-place"), Cell("name", "score-name"), Cell("points", "score-points")),
    2 * EACH,
    second=EACH,
)


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
                    html.Div(_GROUPS.layout(), className="score-rows"),
                    html.Div("Gạch chéo: phần chưa có số liệu để tính", className="footnote"),
                ],
            ),
            html.Section(
                className="card score-missing",
                children=[
                    html.Div(html.H2("Tăng điểm nhiều nhất ở đâu"), className="card-head"),
                    html.Div(_MISSING.layout(), className="score-rows"),
                ],
            ),
            html.Section(
                className="card score-units",
                children=[
                    html.Div(
                        className="card-head",
                        children=[html.H2("Đơn vị"), html.Span("% điểm tối đa đạt được", className="card-fact")],
                    ),
                    html.Div(_UNITS.layout(), className="score-rows"),
                    html.Div("Chỉ tính theo hồ sơ của đơn vị; dưới 10 hồ sơ không xếp", className="footnote"),
                ],
            ),
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
    # What the province can do at once, by its own dossiers, stands before what wants figures from elsewhere.
    missing = sorted(found.missing, key=lambda gap: (gap.needed is None, -gap.points)) if found else []
    ranked = [unit for unit in (found.units if found else []) if unit.rank is not None]
    best, last = ends(ranked, EACH, EACH)
    units = [_unit(unit, place) for unit in best]
    changes.update(_GROUPS.patch([_group(group) for group in (found.groups if found else [])]))
    changes.update(_MISSING.patch([_missing(gap) for gap in missing]))
    changes.update(_UNITS.patch([*units, *[{}] * (EACH - len(units)), *(_unit(unit, place) for unit in last)]))
    return changes


def _points(value: float) -> str:
    return number(round(value)) if value == round(value) else decimal(value, 2)


def _no_data(found: ScoreShown | None) -> str:
    if found is None or not found.no_data:
        return ""
    return f"◆ Chưa đầy đủ: {len(found.no_data)} chỉ số chưa có số liệu"


def _group(group: GroupScore) -> Values:
    known = group.reachable > 0
    return {
        "name": group.name,
        "points": f"{decimal(group.points, 2) if known else DASH} / {_points(group.max)}",
        "bar": group.points / group.max if group.max else 0,
        "reach": group.reachable / group.max if group.max else 0,
    }


def _missing(gap: Missing) -> Values:
    how = "chưa có số liệu: cần nhập" if gap.needed is None else f"cần thêm {number(gap.needed)} ở tử số để đạt tối đa"
    return {"name": f"{gap.code} {gap.name}", "points": f"+{decimal(gap.points, 2)}", "how": how}


def _unit(unit: UnitScore, place: Place) -> Values:
    name = place.by_code.get(unit.code, UNMAPPED_UNIT).name
    return {"place": str(unit.rank), "name": name, "points": f"{decimal(unit.percent or 0, 1)}%"}
