"""Online services: what is offered and at which level, how much of it is used, and targets against what was reached."""

from __future__ import annotations

from dash import html

from layouts.cards import stamp
from layouts.change import DASH, Patch, say
from layouts.place import Place
from layouts.rows import Cell, Rows, Values, bar
from layouts.text import number, percent
from opscentre.live.slow import CampaignShown, Ratio, Services, TargetShown
from opscentre.live.wall import Wall

TITLE = "Dịch vụ công trực tuyến"
#: Levels, ratios, targets and rows of the campaign that there is room for.
LEVELS, RATIOS, TARGETS, CAMPAIGN = 4, 10, 3, 4
_NAME, _VALUE = Cell("name", "score-name"), Cell("value", "score-points")
_LEVELS = Rows("svc-level", "score-group", (_NAME, _VALUE, bar()), LEVELS)
_RATIOS = Rows("svc-ratio", "svc-ratio", (_NAME, Cell("parts", "svc-parts", ""), _VALUE, bar()), RATIOS)
_TARGETS = Rows("svc-target", "svc-target", (_NAME, _VALUE, bar(), Cell("how", "score-how", "")), TARGETS)
_STEPS = Rows("svc-step", "score-gap", (_NAME, _VALUE, Cell("window", "score-how", "")), CAMPAIGN)
#: In the order in which they are shown; whatever else the catalogue says follows.
ORDER = ("toàn trình", "một phần", "chưa trực tuyến")


def layout(place: Place) -> html.Div:
    """Supply, use, targets and the campaign."""
    return html.Div(
        className="svc",
        children=[
            html.Section(
                className="card svc-supply",
                children=[
                    html.Div(
                        className="card-head",
                        children=[html.H2("Cung cấp"), html.Span("", id="svc-procedures", className="card-fact")],
                    ),
                    html.Div(
                        className="hero-line",
                        children=[
                            html.Span(DASH, id="svc-full", className="hero-value"),
                            html.Span("toàn trình", className="hero-unit"),
                        ],
                    ),
                    html.Div(_LEVELS.layout(), className="score-rows"),
                    html.Div(id="svc-postal", className="svc-postal"),
                    html.Div("Theo danh mục thủ tục của tỉnh (procedures.csv)", className="footnote"),
                ],
            ),
            html.Section(
                className="card svc-use",
                children=[
                    html.Div(className="card-head", children=[html.H2("Sử dụng · tháng này"), stamp.layout("svc")]),
                    html.Div("", id="svc-nothing", className="nothing is-absent"),
                    html.Div(_RATIOS.layout(), className="score-rows"),
                    html.Div(
                        "Tử số / mẫu số theo định nghĩa của Quyết định 766; số là hồ sơ hoặc thủ tục",
                        className="footnote",
                    ),
                ],
            ),
            html.Section(
                className="card svc-targets",
                children=[
                    html.Div(html.H2("Chỉ tiêu"), className="card-head"),
                    html.Div(_TARGETS.layout(), className="score-rows"),
                ],
            ),
            html.Section(
                className="card svc-campaign",
                children=[
                    html.Div(
                        className="card-head",
                        children=[html.H2("Đợt nâng cấp"), html.Span("kế hoạch → thực hiện", className="card-fact")],
                    ),
                    html.Div(_STEPS.layout(), className="score-rows"),
                    html.Div("— : không nguồn nào nêu", className="footnote"),
                ],
            ),
        ],
    )


def patch(wall: Wall, place: Place) -> Patch:
    """What the newest count says; dashes and the reason where there is none."""
    found = wall.slow.services if wall.slow else None
    ratios = found.ratios if found else []
    nothing = "Tháng này chưa có hồ sơ" if found else f"{DASH} {stamp.WAITING}"
    return {
        **_supply(found),
        "svc-nothing": say(nothing, "nothing is-absent" if ratios else "nothing"),
        **stamp.patch("svc", wall),
        **_RATIOS.patch([_ratio(ratio) for ratio in ratios]),
        **_TARGETS.patch([_target(target) for target in (found.targets if found else [])]),
        **_STEPS.patch([_step(step) for step in (found.campaign if found else [])]),
    }


def _supply(found: Services | None) -> Patch:
    levels = found.by_level if found else {}
    whole = found.procedures if found else 0
    ordered = sorted(levels, key=lambda level: ORDER.index(level) if level in ORDER else len(ORDER))
    postal = DASH if found is None or not found.received else f"{percent(found.postal / found.received)} hồ sơ"
    counts = [(level, levels[level]) for level in ordered]
    return {
        "svc-procedures": say(f"{number(whole)} thủ tục" if whole else "chưa khai báo danh mục"),
        "svc-full": say(percent(levels.get(ORDER[0], 0) / whole) if whole else DASH),
        "svc-postal": say(f"Qua bưu chính công ích: {postal} · 30 ngày đến hết hôm qua"),
        **_LEVELS.patch(
            [{"name": level, "value": number(count), "bar": count / whole if whole else 0} for level, count in counts]
        ),
    }


def _ratio(ratio: Ratio) -> Values:
    share = ratio.part / ratio.whole if ratio.whole else None
    return {
        "name": f"{ratio.code} {ratio.name}",
        "parts": f"{number(ratio.part)} / {number(ratio.whole)}",
        "value": percent(share),
        "bar": share or 0,
    }


def _target(target: TargetShown) -> Values:
    reached = _measured(target.reached, target.unit)
    how = f"đạt {reached} ({target.reached_as_of})" if target.reached else "chưa có số đo"
    return {
        "name": target.name,
        "value": _measured(target.value, target.unit),
        "bar": min(1.0, target.share or 0),
        "how": f"{how} · hạn {target.by}",
    }


def _measured(value: str, unit: str) -> str:
    return f"{value}%" if unit == "%" else f"{value} {unit}"


def _step(step: CampaignShown) -> Values:
    actual = DASH if step.actual is None else number(step.actual)
    return {
        "name": step.name,
        "value": f"{number(step.planned)} → {actual}",
        "window": step.window or "thời gian: nguồn không nêu",
    }
