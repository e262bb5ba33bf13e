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
#: Counts by hour of today, of yesterday and of the same day last week; empty where they are not known.
Days = tuple[Sequence[int], Sequence[int], Sequence[int]]
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
            html.Div([hero("day", count, more=True) for count in COUNTS], className="day-numbers"),
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
                                    html.Li([html.Span(className="swatch finished"), "giải quyết xong"]),
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
    late = totals.finished_overdue_today
    finished = totals.finished_on_time_today + late
    received = totals.received_today
    online, postal = totals.online_today, totals.postal_today
    values = {
        "received": (received, *_beside(wall, _received(wall))),
        "finished": (finished, _beside(wall, _finished(wall))[0], _of("đúng hạn {}", finished - late, finished)),
        "online": (online, _of("{} số tiếp nhận", online, received), ""),
        "postal": (postal, _of("{} số tiếp nhận", postal, received), ""),
        "balance": (received - finished, *_balance(wall)),
    }
    changes: Patch = {}
    for count in COUNTS:
        value, sub, more = values[count.id]
        known = is_known(wall, received if count.id == "balance" else value)
        written = _signed(value) if count.id == "balance" else number(value)
        long = " is-long" if len(written) > 5 else ""
        changes[f"day-{count.id}"] = say(written if known else DASH, "hero-value rolls" + long)
        changes[f"day-{count.id}-sub"] = say(sub if known else "")
        changes[f"day-{count.id}-more"] = say(more if known else "")
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
        "day-before": say("nhận hôm qua" if yesterday else "hôm qua: không có"),
        "day-week": say("nhận cùng thứ tuần trước" if week else "tuần trước: không có"),
    }


def _hour(wall: Wall) -> int:
    """The running local hour."""
    return (wall.now // HOUR + 7) % 24


def _of(words: str, part: int, whole: int) -> str:
    return words.format(percent(part / whole)) if whole else ""


def _signed(value: int) -> str:
    return f"{'+' if value > 0 else ''}{number(value)}".replace("-", "−")


def _received(wall: Wall) -> Days:
    return wall.received_by_hour, wall.received_by_hour_yesterday, wall.received_by_hour_last_week


def _finished(wall: Wall) -> Days:
    return wall.finished_by_hour, wall.finished_by_hour_yesterday, wall.finished_by_hour_last_week


def _beside(wall: Wall, days: Days) -> tuple[str, str]:
    """Today against yesterday and the same day last week, each up to the last full hour; and which hour that is."""
    hour = _hour(wall)
    today, *before = (sum(day[:hour]) for day in days)
    told = [
        f"{name} {_signed(round(100 * (today / then - 1)))}%"
        for name, then in zip(("hôm qua", "tuần trước"), before, strict=True)
        if then
    ]
    return " · ".join(told), f"so sánh đến {hour} giờ" if told else ""


def _balance(wall: Wall) -> tuple[str, str]:
    """What the balance was at the last full hour of yesterday and of the same day last week."""
    hour = _hour(wall)
    days = zip(_received(wall)[1:], _finished(wall)[1:], strict=True)
    told = [
        f"{name} {_signed(sum(came[:hour]) - sum(done[:hour]))}"
        for name, (came, done) in zip(("hôm qua", "tuần trước"), days, strict=True)
        if came and done
    ]
    return " · ".join(told), f"đến {hour} giờ" if told else ""
