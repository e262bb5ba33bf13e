"""Today's flow: what came in by hour and channel against what was finished, and who it came to."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html

from layouts.cards import bars
from layouts.cards.kpis import Kpi, hero, is_known
from layouts.change import DASH, Change, Patch, say
from layouts.figures.day import draw_day
from layouts.place import Place
from layouts.text import number, percent
from opscentre.domain.moments import HOUR
from opscentre.live.wall import Wall

TITLE = "Trong ngày"
#: The element that takes the figure, and rows of the two tables of units.
ID, UNITS = "day-chart", 6


COUNTS = (
    Kpi("received", "Tiếp nhận", "accent", "mọi kênh, từ 0 giờ hôm nay"),
    Kpi("finished", "Giải quyết xong", "good", "xong, trả kết quả hoặc rút hôm nay"),
    Kpi("online", "Nộp trực tuyến", "calm", "trong số tiếp nhận hôm nay"),
    Kpi("postal", "Qua bưu chính", "calm", "trong số tiếp nhận; bưu chính công ích"),
    Kpi("balance", "Chênh lệch", "calm", "tiếp nhận − giải quyết: tồn tăng thêm"),
)


def layout(place: Place) -> html.Div:
    """Numbers, the chart, and the busiest units."""
    return html.Div(
        className="day",
        children=[
            html.Div([hero("day", count) for count in COUNTS], className="day-numbers"),
            html.Section(
                className="card day-flow",
                children=[
                    html.Div(
                        className="card-head",
                        children=[
                            html.H2("Hồ sơ theo giờ"),
                            html.Ul(
                                className="legend",
                                children=[
                                    html.Li([html.Span(className="swatch accent"), "tiếp nhận"]),
                                    html.Li([html.Span(className="swatch stroke"), "giải quyết xong"]),
                                    html.Li([html.Span(className="swatch dots"), html.Span("", id="day-before")]),
                                    html.Li([html.Span(className="swatch dashes"), html.Span("", id="day-week")]),
                                ],
                            ),
                        ],
                    ),
                    html.Div(id=ID, className="day-chart"),
                    html.Div("Giờ đang chạy tô nhạt: chưa hết giờ", className="footnote"),
                ],
            ),
            html.Div(
                className="day-units",
                children=[
                    bars.layout("day-received", "Tiếp nhận nhiều nhất", UNITS, "hồ sơ hôm nay", "accent"),
                    bars.layout("day-finished", "Giải quyết nhiều nhất", UNITS, "hồ sơ hôm nay", "good"),
                ],
            ),
        ],
    )


def patch(wall: Wall, place: Place) -> Patch:
    """The numbers of the day, the chart, the busiest units."""
    totals = wall.totals
    finished = totals.finished_on_time_today + totals.finished_overdue_today
    received = totals.received_today
    values = {
        "received": (received, _same_time(wall, wall.received_by_hour_yesterday)),
        "finished": (finished, f"đúng hạn {percent(totals.finished_on_time_today / finished)}" if finished else ""),
        "online": (totals.online_today, percent(totals.online_today / received) if received else ""),
        "postal": (totals.postal_today, percent(totals.postal_today / received) if received else ""),
        "balance": (received - finished, ""),
    }
    changes: Patch = {}
    for count in COUNTS:
        value, sub = values[count.id]
        known = is_known(wall, received if count.id == "balance" else value)
        sign = "+" if count.id == "balance" and value > 0 else ""
        written = f"{sign}{number(value)}".replace("-", "−")
        long = " is-long" if len(written) > 5 else ""
        changes[f"day-{count.id}"] = say(written if known else DASH, "hero-value rolls" + long)
        changes[f"day-{count.id}-sub"] = say(sub if known else "")
    changes.update(_chart(wall))
    came = bars.most(wall, lambda unit: unit.received_today, UNITS)
    done = bars.most(wall, lambda unit: unit.finished_on_time_today + unit.finished_overdue_today, UNITS)
    changes.update(bars.patch("day-received", came, UNITS, wall, place, "Hôm nay chưa tiếp nhận hồ sơ nào", ""))
    changes.update(bars.patch("day-finished", done, UNITS, wall, place, "Hôm nay chưa giải quyết hồ sơ nào", ""))
    return changes


def _chart(wall: Wall) -> Patch:
    unknown = wall.state != "live" and not any(wall.received_by_hour)
    hour = None if unknown else _hour(wall)
    yesterday, week = wall.received_by_hour_yesterday, wall.received_by_hour_last_week
    figure = draw_day(wall.received_by_hour, wall.finished_by_hour, hour, yesterday, week)
    return {
        ID: Change(figure=figure),
        "day-before": say("hôm qua" if yesterday else "hôm qua: không có"),
        "day-week": say("cùng thứ tuần trước" if week else "tuần trước: không có"),
    }


def _hour(wall: Wall) -> int:
    """The running local hour."""
    return (wall.now // HOUR + 7) % 24


def _same_time(wall: Wall, before: Sequence[int]) -> str:
    """What had come in by the last full hour of the day before."""
    hour = _hour(wall)
    return f"hôm qua đến {hour} giờ: {number(sum(before[:hour]))}" if before and hour else ""
