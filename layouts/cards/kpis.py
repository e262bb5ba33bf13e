"""The six numbers of the day, each with its unit and its definition."""

from __future__ import annotations

from typing import NamedTuple

from dash import html

from layouts.change import DASH, Patch, say
from layouts.place import Place
from layouts.text import number, percent
from opscentre.live.wall import Totals, Wall


class Kpi(NamedTuple):
    """One number: its id, its name, how loud it is, its definition."""

    id: str
    name: str
    tone: str
    definition: str


KPIS = (
    Kpi("received", "Tiếp nhận hôm nay", "calm", "mọi kênh, từ 0 giờ hôm nay"),
    Kpi("process", "Đang giải quyết", "calm", "không kể hồ sơ tạm dừng"),
    Kpi("overdue", "Quá hạn", "bad", "đã qua ngày hẹn trả kết quả"),
    Kpi("soon", "Sắp đến hạn", "warn", "còn không quá 8 giờ làm việc"),
    Kpi("paused", "Tạm dừng", "calm", "chờ công dân, dừng xử lý"),
    Kpi("finished", "Giải quyết hôm nay", "good", "xong, trả kết quả hoặc rút"),
)


def layout(place: Place) -> html.Div:
    """Six cards for one row."""
    return html.Div([_card(kpi) for kpi in KPIS], className="kpis")


def hero(prefix: str, kpi: Kpi, more: bool = False) -> html.Section:
    """One number as large as a scene's own numbers are; its elements are ``<prefix>-<id>``, ``…-sub``, ``…-more``."""
    second = [html.Div("", id=f"{prefix}-{kpi.id}-more", className="kpi-sub kpi-more")] if more else []
    return html.Section(
        className=f"card kpi {kpi.tone}",
        children=[
            html.H2(kpi.name),
            html.Div(
                className="hero-line",
                children=[
                    html.Span(DASH, id=f"{prefix}-{kpi.id}", className="hero-value rolls"),
                    html.Span("hồ sơ", className="hero-unit"),
                ],
            ),
            html.Div("", id=f"{prefix}-{kpi.id}-sub", className="kpi-sub"),
            *second,
            html.Div(kpi.definition, className="footnote"),
        ],
    )


def _card(kpi: Kpi) -> html.Section:
    value = html.Span(DASH, id=f"kpi-{kpi.id}", className="kpi-value rolls")
    return html.Section(
        className=f"card kpi {kpi.tone}",
        children=[
            html.H2(kpi.name),
            html.Div([value, html.Span("hồ sơ", className="kpi-unit footnote")], className="kpi-line"),
            html.Div("", id=f"kpi-{kpi.id}-sub", className="kpi-sub"),
            html.Div(kpi.definition, className="footnote"),
        ],
    )


def patch(wall: Wall, place: Place) -> Patch:
    """The numbers; dashes instead of zeros as long as nobody can know them."""
    changes: Patch = {}
    values = _values(wall.totals)
    for kpi in KPIS:
        value, sub = values[kpi.id]
        known = is_known(wall, value)
        changes[f"kpi-{kpi.id}"] = say(number(value) if known else DASH, _looks(value))
        changes[f"kpi-{kpi.id}-sub"] = say(sub if known else "")
    return changes


def is_known(wall: Wall, value: int) -> bool:
    """Whether a count may be said: none in an empty board, and no zero while the board is being rebuilt."""
    return wall.state == "live" or (wall.state == "rebuilding" and value > 0)


def _looks(value: int) -> str:
    """Nothing is nothing to worry about: a zero has no alarm colour. Six digits need smaller type."""
    return "kpi-value rolls" + (" is-zero" if value == 0 else "") + (" is-long" if value >= 100_000 else "")


def _values(totals: Totals) -> dict[str, tuple[int, str]]:
    finished = totals.finished_on_time_today + totals.finished_overdue_today

    def share(words: str, part: int, whole: int) -> str:
        return words.format(percent(part / whole)) if whole else ""

    return {
        "received": (
            totals.received_today,
            share("trực tuyến {}", totals.online_today, totals.received_today),
        ),
        "process": (totals.in_process, f"{number(totals.waiting)} chờ tiếp nhận"),
        "overdue": (
            totals.in_process_overdue,
            share("{} đang xử lý", totals.in_process_overdue, totals.in_process),
        ),
        "soon": (totals.due_soon, share("{} đang xử lý", totals.due_soon, totals.in_process)),
        "paused": (totals.paused, f"{number(totals.paused_overdue)} dừng khi đã trễ"),
        "finished": (finished, share("đúng hạn {}", totals.finished_on_time_today, finished)),
    }
