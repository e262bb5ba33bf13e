"""The late and the nearly late: two clocks, reception and processing; what waits for the citizen stands apart."""

from __future__ import annotations

from dash import html

from layouts.cards import bars
from layouts.cards.kpis import Kpi, hero, is_known
from layouts.cards.urgent import BY_SYNC, listing, listing_patch
from layouts.change import DASH, Patch, say
from layouts.place import Place
from layouts.text import number, percent
from opscentre.live.wall import Wall

TITLE = "Quá hạn, sắp đến hạn"
#: Rows of the two lists, and of the two tables of units.
ROWS, UNITS = 8, 6


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
            html.Section(listing("late-overdue", "Quá hạn xử lý lâu nhất", ROWS, "bad"), className="card late-list"),
            html.Section(listing("late-soon", "Sắp đến hạn trước nhất", ROWS, "warn"), className="card late-list"),
            html.Div(
                className="late-units",
                children=[
                    bars.layout(
                        "late-units", "Quá hạn xử lý theo đơn vị", UNITS, "hồ sơ đang giải quyết đã quá hạn", "bad"
                    ),
                    bars.layout(
                        "late-waiting",
                        "Quá hạn tiếp nhận theo đơn vị",
                        UNITS,
                        "hồ sơ chờ tiếp nhận quá 8 giờ làm việc",
                        "bad",
                    ),
                ],
            ),
        ],
    )


def patch(wall: Wall, place: Place) -> Patch:
    """The numbers of both clocks, and the present page of the lists."""
    totals = wall.totals
    values = {
        "process": (totals.in_process_overdue, _late(wall)),
        "reception": (totals.waiting_overdue, f"trong {number(totals.waiting)} chờ tiếp nhận"),
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
    processing = bars.most(wall, lambda unit: unit.in_process_overdue, UNITS)
    waiting = bars.most(wall, lambda unit: unit.waiting_overdue, UNITS)
    changes.update(
        bars.patch("late-units", processing, UNITS, wall, place, "Không đơn vị nào quá hạn", _of(processing, wall, 0))
    )
    changes.update(
        bars.patch("late-waiting", waiting, UNITS, wall, place, "Không đơn vị nào quá hạn", _of(waiting, wall, 1))
    )
    return changes


def _late(wall: Wall) -> str:
    """The share that is late; and of the listed those that may be done, because their source was not heard since."""
    totals = wall.totals
    waiting = sum(dossier.by_sync for dossier in wall.overdue)
    share = _share(totals.in_process_overdue, totals.in_process, "đang giải quyết")
    return f"{share} · {waiting}/{len(wall.overdue)} lâu nhất {BY_SYNC}" if waiting else share


def _share(part: int, whole: int, words: str) -> str:
    return f"{percent(part / whole)} số {words}" if whole else ""


def _of(entries: list[tuple[str, int]], wall: Wall, clock: int) -> str:
    """How many units are late in all."""
    late = sum(bool((unit.in_process_overdue, unit.waiting_overdue)[clock]) for unit in wall.units.values())
    return f"{late} đơn vị" if entries else ""
