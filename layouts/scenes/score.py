"""The service score of Decision 766 by group, what would raise it most, and the units by theirs."""

from __future__ import annotations

from dash import html

from layouts.cards import stamp
from layouts.change import DASH, Change, Patch, say
from layouts.counted import counted
from layouts.place import Place
from layouts.rows import Cell, Rows, Values, bar, ends
from layouts.text import date, decimal, number
from opscentre.domain.units import UNMAPPED_UNIT
from opscentre.live.slow import GroupScore, Missing, ScoreShown, UnitScore
from opscentre.live.wall import Wall

TITLE = "Điểm phục vụ 766"
#: Groups there can be, indicators that are named (that lack points, that lack data), units at either end.
GROUPS, MISSING, LACKS, EACH = 8, 7, 12, 4
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
    (Cell("name", "score-name"), Cell("points", "score-points"), bar(), Cell("how", "score-how", "")),
    MISSING,
)
_LACKS = Rows("score-lack", "score-lack", (Cell("name", "score-name"), Cell("points", "score-points")), LACKS)
_UNITS = Rows(
    "score-unit",
    "score-unit",
    (Cell("place", "board-place"), Cell("name", "score-name"), Cell("points", "score-points"), bar()),
    2 * EACH,
    second=EACH,
)


def layout(place: Place) -> html.Div:
    """The points, the groups, what is missing, the units."""
    least = "Tính theo hồ sơ của tháng này; thanh: so với chỉ số tăng được nhiều nhất"
    few = "Chỉ tính theo hồ sơ của đơn vị; dưới 10 hồ sơ không xếp"
    share = html.Span("% điểm tối đa đạt được", className="card-fact")
    return html.Div(
        className="score",
        children=[
            _whole(),
            _card("groups", html.H2("Theo nhóm"), _GROUPS, "Gạch chéo: phần chưa có số liệu để tính"),
            _card("missing", html.H2("Tăng điểm nhiều nhất ở đâu"), _MISSING, least),
            _card("units", [html.H2("Đơn vị"), share], _UNITS, few),
            html.Section(
                id="score-lacks",
                className="card score-lacks is-absent",
                children=[
                    html.Div(
                        className="card-head",
                        children=[
                            html.H2("Chưa có số liệu để tính"),
                            html.Span("", id="score-lacking", className="card-fact"),
                        ],
                    ),
                    html.Div(_LACKS.layout(), className="score-lacks-rows"),
                ],
            ),
        ],
    )


def _whole() -> html.Section:
    """The points of the month, and of what they are."""
    return html.Section(
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
    )


def _card(name: str, head: html.H2 | list[html.H2 | html.Span], rows: Rows, note: str) -> html.Section:
    return html.Section(
        className=f"card score-{name}",
        children=[
            html.Div(head, className="card-head"),
            html.Div(rows.layout(), className="score-rows"),
            html.Div(note, className="footnote"),
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
    # What the province can win by its own dossiers stands apart from what wants figures from elsewhere.
    missing = sorted(found.missing, key=lambda gap: -gap.points) if found else []
    winnable = [gap for gap in missing if gap.needed is not None]
    lacking = [gap for gap in missing if gap.needed is None]
    ranked = [unit for unit in (found.units if found else []) if unit.rank is not None]
    best, last = ends(ranked, EACH, EACH)
    units = [_unit(unit, place) for unit in best]
    changes.update(_GROUPS.patch([_group(group) for group in (found.groups if found else [])]))
    most = max((gap.points for gap in winnable), default=0)
    changes.update(_MISSING.patch([_missing(gap, most) for gap in winnable]))
    changes["score-lacks"] = Change(cls="card score-lacks" if lacking else "card score-lacks is-absent")
    changes["score-lacking"] = say(f"◆ {_points(sum(gap.points for gap in lacking))} điểm chưa tính được")
    changes.update(_LACKS.patch([_lack(gap) for gap in lacking]))
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


def _missing(gap: Missing, most: float) -> Values:
    how = f"thêm {number(gap.needed or 0)} {counted(gap.code)} đạt là đủ điểm"
    points = f"+{decimal(gap.points, 2)} điểm"
    return {"name": f"{gap.code} {gap.name}", "points": points, "bar": gap.points / most if most else 0, "how": how}


def _lack(gap: Missing) -> Values:
    return {"name": f"{gap.code} {gap.name}", "points": f"{_points(gap.points)} điểm"}


def _unit(unit: UnitScore, place: Place) -> Values:
    name = place.by_code.get(unit.code, UNMAPPED_UNIT).name
    percent = unit.percent or 0
    return {"place": str(unit.rank), "name": name, "points": f"{decimal(percent, 1)}%", "bar": percent / 100}
