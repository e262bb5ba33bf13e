"""Online services: what is offered and at which level, how much of it is used, and targets against what was reached."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html

from layouts.cards import stamp
from layouts.cards.kpis import is_known
from layouts.change import DASH, Change, Patch, say
from layouts.counted import counted
from layouts.place import Place
from layouts.rows import Cell, Rows, Values, bar
from layouts.text import decimal, number, percent
from opscentre.live.slow import CampaignShown, Ratio, Services, TargetShown
from opscentre.live.wall import Wall

TITLE = "Dịch vụ công trực tuyến"
#: Levels, targets and rows of the campaign that there is room for.
LEVELS, TARGETS, CAMPAIGN = 4, 3, 4
_NAME, _VALUE, _PARTS = Cell("name", "svc-name"), Cell("value", "score-points"), Cell("parts", "svc-parts", "")
_BAR = Cell("", "bar-track", "", (("bar", "bar"), ("full", "svc-full-at")))
_LEVELS = Rows("svc-level", "svc-share", (_NAME, _PARTS, _VALUE, bar()), LEVELS)
_CHANNELS = Rows("svc-channel", "svc-share", (_NAME, _PARTS, _VALUE, bar()), 3)
_TARGETS = Rows(
    "svc-target",
    "svc-target",
    (
        _NAME,
        Cell("reached", "svc-reached"),
        Cell("value", "svc-wanted"),
        bar(),
        Cell("how", "score-how", ""),
        Cell("source", "footnote svc-source", ""),
    ),
    TARGETS,
)
_STEPS = Rows(
    "svc-step",
    "svc-step",
    (_NAME, Cell("planned", "score-points"), Cell("actual", "score-points"), Cell("window", "score-how", "")),
    CAMPAIGN,
)
#: In the order in which they are shown; whatever else the catalogue says follows.
ORDER = ("toàn trình", "một phần", "chưa trực tuyến")


def _kind(key: str, room: int) -> Rows:
    return Rows(f"svc-{key}", "svc-ratio", (_NAME, _VALUE, _BAR, _PARTS), room)


#: The ratios by what they tell of: key, name, what their codes begin with, rows.
USE = (
    ("used", "Hồ sơ trực tuyến", ("3.1", "3.2", "3.3"), _kind("used", 3)),
    ("paid", "Thanh toán trực tuyến", ("3.5", "3.6"), _kind("paid", 3)),
    ("digital", "Số hóa, dùng lại dữ liệu", ("",), _kind("digital", 6)),
)


def layout(place: Place) -> html.Div:
    """Supply, channels, use, targets and the campaign."""
    return html.Div(
        id="svc",
        className="svc",
        children=[
            _supplied(),
            html.Section(
                className="card svc-channels",
                children=[
                    _head("Nơi nộp · hôm nay", html.Span("", id="svc-received", className="card-fact")),
                    html.Div(_CHANNELS.layout(), className="score-rows"),
                    html.Div(id="svc-postal", className="svc-postal"),
                ],
            ),
            html.Section(
                className="card svc-use",
                children=[
                    _head("Sử dụng · tháng này", stamp.layout("svc")),
                    html.Div("", id="svc-nothing", className="nothing is-absent"),
                    *(_ratios(key, name, rows) for key, name, _, rows in USE),
                    html.Div(
                        "Tử số / mẫu số theo Quyết định 766 · vạch trắng: từ mức này được đủ điểm",
                        className="footnote",
                    ),
                ],
            ),
            html.Section(
                className="card svc-targets",
                children=[
                    _head("Chỉ tiêu"),
                    html.Div("", id="svc-no-target", className="nothing is-absent"),
                    html.Div(_TARGETS.layout(), className="score-rows"),
                ],
            ),
            html.Section(
                className="card svc-campaign",
                children=[
                    html.Div(
                        className="svc-step svc-step-head",
                        children=[html.H2("Đợt nâng cấp dịch vụ"), html.Span("kế hoạch"), html.Span("thực hiện")],
                    ),
                    html.Div(_STEPS.layout(), className="score-rows"),
                    html.Div("— : không nguồn nào nêu", className="footnote"),
                ],
            ),
        ],
    )


def _supplied() -> html.Section:
    """How many procedures are online, and how far."""
    return html.Section(
        className="card svc-supply",
        children=[
            _head("Cung cấp", html.Span("", id="svc-procedures", className="card-fact")),
            html.Div(
                className="hero-line",
                children=[
                    html.Span(DASH, id="svc-full", className="hero-value"),
                    html.Span("toàn trình", className="hero-unit"),
                ],
            ),
            html.Div(_LEVELS.layout(), className="score-rows"),
            html.Div("Theo danh mục thủ tục của tỉnh (procedures.csv)", className="footnote"),
        ],
    )


def _head(name: str, *more: html.Span) -> html.Div:
    return html.Div([html.H2(name), *more], className="card-head")


def _ratios(key: str, name: str, rows: Rows) -> html.Div:
    heading = html.H3(name, className="svc-kind")
    return html.Div([heading, *rows.layout()], id=f"svc-{key}-rows", className="svc-kind-rows is-absent")


def patch(wall: Wall, place: Place) -> Patch:
    """What the newest count says; dashes and the reason where there is none."""
    found = wall.slow.services if wall.slow else None
    ratios = found.ratios if found else []
    targets, campaign = (found.targets, found.campaign) if found else ([], [])
    nothing = "Tháng này chưa có hồ sơ" if found else f"{DASH} {stamp.WAITING}"
    no_target = "Chưa khai báo chỉ tiêu nào (targets.csv)" if found else f"{DASH} {stamp.WAITING}"
    return {
        # Where no campaign is declared its room goes to the targets.
        "svc": Change(cls=_shape(len(targets), len(campaign)) if found else "svc"),
        **_supply(found),
        **_channels(wall),
        **_use(ratios),
        "svc-nothing": say(nothing, "nothing is-absent" if ratios else "nothing"),
        "svc-no-target": say(no_target, "nothing is-absent" if targets else "nothing"),
        **stamp.patch("svc", wall),
        **_TARGETS.patch([_target(target) for target in targets]),
        **_STEPS.patch([_step(step) for step in campaign]),
    }


def _shape(targets: int, steps: int) -> str:
    if steps:
        return "svc"
    return "svc has-no-campaign" if targets > 1 else "svc has-no-campaign has-one-target"


def _supply(found: Services | None) -> Patch:
    levels = found.by_level if found else {}
    whole = found.procedures if found else 0
    ordered = sorted(levels, key=lambda level: ORDER.index(level) if level in ORDER else len(ORDER))
    postal = DASH
    if found is not None and found.received:
        postal = f"{percent(found.postal / found.received)} · {number(found.postal)} hồ sơ"
    return {
        "svc-procedures": say(f"{number(whole)} thủ tục" if whole else "chưa khai báo danh mục"),
        "svc-full": say(percent(levels.get(ORDER[0], 0) / whole) if whole else DASH),
        "svc-postal": say(f"Bưu chính 30 ngày đến hết hôm qua: {postal}"),
        **_LEVELS.patch([_share(level, levels[level], whole, "thủ tục") for level in ordered]),
    }


def _channels(wall: Wall) -> Patch:
    """By which way today's dossiers came; nothing as long as that cannot be known."""
    totals = wall.totals
    whole = totals.received_today
    if not whole or not is_known(wall, whole):
        return {"svc-received": say("hôm nay chưa có hồ sơ" if is_known(wall, whole) else DASH), **_CHANNELS.patch([])}
    desk = max(0, whole - totals.online_today - totals.postal_today)
    ways = (("trực tuyến", totals.online_today), ("bộ phận một cửa", desk), ("bưu chính", totals.postal_today))
    return {
        "svc-received": say(f"{number(whole)} hồ sơ"),
        **_CHANNELS.patch([_share(name, count, whole, "hồ sơ") for name, count in ways]),
    }


def _share(name: str, count: int, whole: int, unit: str) -> Values:
    share = count / whole if whole else None
    return {"name": name, "parts": f"{number(count)} {unit}", "value": percent(share), "bar": share or 0}


def _use(ratios: Sequence[Ratio]) -> Patch:
    """Each ratio under the first heading that its code fits; a heading without any is absent, the others share."""
    changes: Patch = {}
    left = list(ratios)
    for key, _, codes, rows in USE:
        here = [ratio for ratio in left if ratio.code.startswith(codes)][: rows.room]
        left = [ratio for ratio in left if not ratio.code.startswith(codes)]
        changes[f"svc-{key}-rows"] = Change(cls="svc-kind-rows" if here else "svc-kind-rows is-absent", v=len(here))
        changes.update(rows.patch([_ratio(ratio) for ratio in here]))
    return changes


def _ratio(ratio: Ratio) -> Values:
    share = ratio.part / ratio.whole if ratio.whole else None
    full = ratio.full_at
    parts = f"{number(ratio.part)} / {number(ratio.whole)} {counted(ratio.code)}"
    return {
        "name": f"{ratio.code} {ratio.name}",
        "parts": parts if full is None else f"{parts} · đủ điểm từ {percent(full)}",
        "value": percent(share),
        "bar": share or 0,
        "full": Change(cls="svc-full-at is-absent") if full is None else Change(cls="svc-full-at", v=full),
    }


def _target(target: TargetShown) -> Values:
    """What was reached, of what, and of when both are; the unit stands once, behind what is wanted."""
    percent_of = "%" if target.unit == "%" else ""
    wanted = f"/ {target.value}{percent_of or f' {target.unit}'}"
    told = f"đạt {decimal(min(1.0, target.share) * 100)}%" if target.share is not None else "chưa có số đo"
    dated = f"số của {target.reached_as_of} · " if target.reached else ""
    return {
        "name": target.name,
        "reached": f"{target.reached}{percent_of}" if target.reached else DASH,
        "value": f"{wanted} · {told}",
        "bar": min(1.0, target.share or 0),
        "how": f"{dated}hạn {target.by}",
        "source": target.source,
    }


def _step(step: CampaignShown) -> Values:
    return {
        "name": step.name,
        "planned": number(step.planned),
        "actual": DASH if step.actual is None else number(step.actual),
        "window": step.window or "thời gian: nguồn không nêu",
    }
