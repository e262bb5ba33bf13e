"""The late and the nearly late: two clocks, reception and processing; what waits for the citizen stands apart."""

from __future__ import annotations

from typing import Literal

from dash import html

from layouts.cards import bars, stamp
from layouts.cards.kpis import Kpi, hero, is_known
from layouts.cards.urgent import BY_SYNC, CALENDAR_TIME, listing, listing_patch
from layouts.change import DASH, Patch, say
from layouts.place import Place
from layouts.text import number, percent
from opscentre.live.wall import Totals, Wall

TITLE = "Quá hạn, sắp đến hạn"
#: Rows of the two lists, and of the two tables of units.
ROWS, UNITS = 8, 6
#: Said of late dossiers that may be done: their source was not heard since they fell due.
LATE_BY_SYNC = "đồng bộ muộn"


CLOCKS = (
    Kpi("process", "Quá hạn xử lý", "bad", "đang giải quyết, đã qua ngày hẹn trả kết quả"),
    Kpi("reception", "Quá hạn tiếp nhận", "bad", "nộp quá 8 giờ làm việc chưa được tiếp nhận"),
    Kpi("soon", "Sắp đến hạn", "warn", "đang giải quyết, còn không quá 8 giờ làm việc"),
    Kpi(
        "paused",
        "Tạm dừng · tính riêng",
        "calm",
        "chờ công dân bổ sung hoặc nộp phí, không tính trễ",
    ),
)


def layout(place: Place) -> html.Div:
    """Four numbers, the two lists, and who has the most."""
    return html.Div(
        className="late",
        children=[
            html.Div([hero("late", clock) for clock in CLOCKS], className="late-numbers"),
            _list("late-overdue", "Quá hạn xử lý lâu nhất", "bad"),
            _list("late-soon", "Sắp đến hạn trước nhất", "warn"),
            html.Div(
                className="late-units",
                children=[
                    bars.layout(
                        "late-units",
                        "Quá hạn xử lý theo đơn vị",
                        UNITS,
                        f"◆ {LATE_BY_SYNC}: nguồn chưa báo lại từ khi đến hạn",
                        "bad",
                    ),
                    bars.layout(
                        "late-waiting",
                        "Quá hạn tiếp nhận theo đơn vị",
                        UNITS,
                        [f"◆ {LATE_BY_SYNC} · ", stamp.layout("late")],
                        "bad",
                    ),
                ],
            ),
        ],
    )


def _list(key: str, title: str, tone: str) -> html.Section:
    return html.Section(
        [*listing(key, title, ROWS, tone), html.Div(CALENDAR_TIME, className="footnote")], className="card late-list"
    )


def patch(wall: Wall, place: Place) -> Patch:
    """The numbers of both clocks, and the present page of the lists."""
    totals = wall.totals
    values = {
        "process": (totals.in_process_overdue, _late(wall)),
        "reception": (totals.waiting_overdue, _waiting(wall)),
        "soon": (totals.due_soon, _share(totals.due_soon, totals.in_process, "đang giải quyết")),
        "paused": (totals.paused, f"{number(totals.paused_overdue)} dừng khi đã quá hạn"),
    }
    changes: Patch = {}
    for clock in CLOCKS:
        value, sub = values[clock.id]
        known = is_known(wall, value)
        changes[f"late-{clock.id}"] = say(
            number(value) if known else DASH,
            "hero-value rolls" + (" is-zero" if value == 0 else " is-long" if value >= 10_000 else ""),
        )
        changes[f"late-{clock.id}-sub"] = say(sub if known else "")
    changes.update(listing_patch("late-overdue", True, ROWS, wall, place))
    changes.update(listing_patch("late-soon", False, ROWS, wall, place))
    for key, count, late in (
        ("late-units", _processing, _by_sync(wall, "processing")),
        ("late-waiting", _reception, _by_sync(wall, "reception")),
    ):
        entries = bars.most(wall, count, UNITS)
        # Of how many units these are the first.
        units = f"{number(sum(bool(count(unit)) for unit in wall.units.values()))} đơn vị" if entries else ""
        nothing = "Không đơn vị nào quá hạn"
        changes.update(bars.patch(key, entries, UNITS, wall, place, nothing, units, late))
    changes.update(stamp.patch("late", wall))
    return changes


def _processing(unit: Totals) -> int:
    return unit.in_process_overdue


def _reception(unit: Totals) -> int:
    return unit.waiting_overdue


def _by_sync(wall: Wall, clock: Literal["processing", "reception"]) -> dict[str, int]:
    """By unit what is late only by sync; it was counted some time ago: no more than what is late by now."""
    found = wall.slow.late_by_sync if wall.slow else {}
    value = _processing if clock == "processing" else _reception
    return {
        code: min(getattr(one, clock), value(wall.units[code])) for code, one in found.items() if code in wall.units
    }


def _late(wall: Wall) -> str:
    """The share that is late, and how much of it only by sync; until that was counted, how many of the listed."""
    totals = wall.totals
    if wall.slow is not None and (some := sum(_by_sync(wall, "processing").values())):
        share = percent(totals.in_process_overdue / totals.in_process) if totals.in_process else DASH
        return f"◆ {number(some)} {LATE_BY_SYNC} · {share} đang xử lý"
    waiting = sum(dossier.by_sync for dossier in wall.overdue)
    share = _share(totals.in_process_overdue, totals.in_process, "đang giải quyết")
    return f"{share} · {waiting}/{len(wall.overdue)} lâu nhất {BY_SYNC}" if waiting else share


def _waiting(wall: Wall) -> str:
    """Of how many, and how many of the late ones only by sync."""
    some = sum(_by_sync(wall, "reception").values())
    told = f"trong {number(wall.totals.waiting)} chờ tiếp nhận"
    return f"◆ {number(some)} {LATE_BY_SYNC} · {told}" if some else told


def _share(part: int, whole: int, words: str) -> str:
    return f"{percent(part / whole)} số {words}" if whole else ""
