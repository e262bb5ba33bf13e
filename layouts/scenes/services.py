"""Online services: what is offered and at which level, how much of it is used, and targets against what was reached."""

from __future__ import annotations

from dash import html

from layouts.cards import stamp
from layouts.change import DASH, Change, Patch, say
from layouts.place import Place
from layouts.text import number, percent
from opscentre.live.slow import CampaignShown, Ratio, Services, TargetShown
from opscentre.live.wall import Wall

TITLE = "Dịch vụ công trực tuyến"
#: Levels, ratios, targets and rows of the campaign that there is room for.
LEVELS, RATIOS, TARGETS, CAMPAIGN = 4, 10, 3, 4
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
                    html.Div([_level(f"svc-level-{index}") for index in range(LEVELS)], className="score-rows"),
                    html.Div(id="svc-postal", className="svc-postal"),
                    html.Div("Theo danh mục thủ tục của tỉnh (procedures.csv)", className="footnote"),
                ],
            ),
            html.Section(
                className="card svc-use",
                children=[
                    html.Div(className="card-head", children=[html.H2("Sử dụng · tháng này"), stamp.layout("svc")]),
                    html.Div("", id="svc-nothing", className="nothing is-absent"),
                    html.Div([_ratio(f"svc-ratio-{index}") for index in range(RATIOS)], className="score-rows"),
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
                    html.Div([_target(f"svc-target-{index}") for index in range(TARGETS)], className="score-rows"),
                ],
            ),
            html.Section(
                className="card svc-campaign",
                children=[
                    html.Div(
                        className="card-head",
                        children=[html.H2("Đợt nâng cấp"), html.Span("kế hoạch → thực hiện", className="card-fact")],
                    ),
                    html.Div([_step(f"svc-step-{index}") for index in range(CAMPAIGN)], className="score-rows"),
                    html.Div("— : không nguồn nào nêu", className="footnote"),
                ],
            ),
        ],
    )


def _level(key: str) -> html.Div:
    return html.Div(
        id=key,
        className="score-group is-empty",
        children=[
            html.Span(DASH, id=f"{key}-name", className="score-name"),
            html.Span(DASH, id=f"{key}-count", className="score-points"),
            html.Span(html.Span(id=f"{key}-bar", className="bar"), className="bar-track"),
        ],
    )


def _ratio(key: str) -> html.Div:
    return html.Div(
        id=key,
        className="svc-ratio is-empty",
        children=[
            html.Span(DASH, id=f"{key}-name", className="score-name"),
            html.Span("", id=f"{key}-parts", className="svc-parts"),
            html.Span(DASH, id=f"{key}-share", className="score-points"),
            html.Span(html.Span(id=f"{key}-bar", className="bar"), className="bar-track"),
        ],
    )


def _target(key: str) -> html.Div:
    return html.Div(
        id=key,
        className="svc-target is-empty",
        children=[
            html.Span(DASH, id=f"{key}-name", className="score-name"),
            html.Span(DASH, id=f"{key}-value", className="score-points"),
            html.Span(html.Span(id=f"{key}-bar", className="bar"), className="bar-track"),
            html.Span("", id=f"{key}-how", className="score-how"),
        ],
    )


def _step(key: str) -> html.Div:
    return html.Div(
        id=key,
        className="score-gap is-empty",
        children=[
            html.Span(DASH, id=f"{key}-name", className="score-name"),
            html.Span(DASH, id=f"{key}-value", className="score-points"),
            html.Span("", id=f"{key}-window", className="score-how"),
        ],
    )


def patch(wall: Wall, place: Place) -> Patch:
    """What the newest count says; dashes and the reason where there is none."""
    found = wall.slow.services if wall.slow else None
    ratios = found.ratios if found else []
    nothing = "Tháng này chưa có hồ sơ" if found else f"{DASH} {stamp.WAITING}"
    changes: Patch = {
        **_supply(found),
        "svc-nothing": say(nothing, "nothing is-absent" if ratios else "nothing"),
        **stamp.patch("svc", wall),
    }
    for index in range(RATIOS):
        changes.update(_ratio_patch(f"svc-ratio-{index}", ratios[index] if index < len(ratios) else None))
    targets = found.targets if found else []
    for index in range(TARGETS):
        changes.update(_target_patch(f"svc-target-{index}", targets[index] if index < len(targets) else None))
    campaign = found.campaign if found else []
    for index in range(CAMPAIGN):
        changes.update(_step_patch(f"svc-step-{index}", campaign[index] if index < len(campaign) else None))
    return changes


def _supply(found: Services | None) -> Patch:
    levels = found.by_level if found else {}
    whole = found.procedures if found else 0
    ordered = sorted(levels, key=lambda level: ORDER.index(level) if level in ORDER else len(ORDER))
    postal = DASH if found is None or not found.received else f"{percent(found.postal / found.received)} hồ sơ"
    changes: Patch = {
        "svc-procedures": say(f"{number(whole)} thủ tục" if whole else "chưa khai báo danh mục"),
        "svc-full": say(percent(levels.get(ORDER[0], 0) / whole) if whole else DASH),
        "svc-postal": say(f"Qua bưu chính công ích: {postal} · 30 ngày đến hết hôm qua"),
    }
    for index in range(LEVELS):
        key = f"svc-level-{index}"
        if index >= len(ordered):
            changes[key] = Change(cls="score-group is-empty")
            continue
        count = levels[ordered[index]]
        changes[key] = Change(cls="score-group")
        changes[f"{key}-name"] = say(ordered[index])
        changes[f"{key}-count"] = say(number(count))
        changes[f"{key}-bar"] = Change(v=round(count / whole, 3) if whole else 0)
    return changes


def _ratio_patch(key: str, ratio: Ratio | None) -> Patch:
    if ratio is None:
        return {key: Change(cls="svc-ratio is-empty")}
    share = ratio.part / ratio.whole if ratio.whole else None
    return {
        key: Change(cls="svc-ratio"),
        f"{key}-name": say(f"{ratio.code} {ratio.name}"),
        f"{key}-parts": say(f"{number(ratio.part)} / {number(ratio.whole)}"),
        f"{key}-share": say(percent(share)),
        f"{key}-bar": Change(v=round(share or 0, 3)),
    }


def _target_patch(key: str, target: TargetShown | None) -> Patch:
    if target is None:
        return {key: Change(cls="svc-target is-empty")}
    how = f"đạt {target.reached} ({target.reached_as_of})" if target.reached else "chưa có số đo"
    return {
        key: Change(cls="svc-target"),
        f"{key}-name": say(target.name),
        f"{key}-value": say(f"{target.value} {target.unit}"),
        f"{key}-bar": Change(v=round(min(1.0, target.share or 0), 3)),
        f"{key}-how": say(f"{how} · hạn {target.by}"),
    }


def _step_patch(key: str, step: CampaignShown | None) -> Patch:
    if step is None:
        return {key: Change(cls="score-gap is-empty")}
    actual = DASH if step.actual is None else number(step.actual)
    return {
        key: Change(cls="score-gap"),
        f"{key}-name": say(step.name),
        f"{key}-value": say(f"{number(step.planned)} → {actual}"),
        f"{key}-window": say(step.window or "thời gian: nguồn không nêu"),
    }
