"""Dossiers past due and nearly due, with clocks that tick; long lists turn their pages by themselves."""

from __future__ import annotations

from dash import html

from layouts.change import DASH, Change, Patch, say
from layouts.place import Place
from layouts.rows import Cell, Rows, Values
from layouts.text import number
from opscentre.domain.moments import local
from opscentre.domain.units import UNMAPPED_UNIT
from opscentre.live.wall import UrgentDossier, Wall

#: Rows of each list on one page.
OVERDUE_ROWS, SOON_ROWS = 4, 3
#: Units with longer names go by their short ones here: a clock stands on the same line.
LONGEST_NAME = 22
#: Said of a dossier that may be done: its source was not heard since it fell due.
BY_SYNC = "◆ chờ đồng bộ"
#: Said of every clock here: mails tell lateness in working time.
CALENDAR_TIME = "Thời gian tính cả ngày nghỉ"
#: Said of a dossier that somebody has taken on, and of one for which a day was promised.
ACKNOWLEDGED, PROMISED = "✓ đã nhận", "✓ hẹn"
#: A page stays this long (real ms): every screen turns at the same moment.
PAGE_MS = 12_000


def layout(place: Place) -> html.Section:
    """Two lists of rows that are filled in place."""
    return html.Section(
        className="card urgent",
        children=[
            *listing("overdue", "Quá hạn", OVERDUE_ROWS, "bad"),
            *listing("soon", "Sắp đến hạn", SOON_ROWS, "warn"),
            html.Div(CALENDAR_TIME, className="footnote"),
        ],
    )


def listing(key: str, title: str, rows: int, tone: str) -> list[html.Div]:
    """The head of a list and its rows, which ``listing_patch`` fills."""
    head = html.Div(
        className="card-head",
        children=[
            html.H2([html.Span(className=f"swatch {tone}"), title]),
            html.Span("", id=f"{key}-page", className="card-fact"),
        ],
    )
    nothing = html.Div(DASH, id=f"{key}-nothing", className="nothing is-absent")
    return [head, html.Div([nothing, *_rows(key, rows, tone).layout()], className="urgent-rows")]


def _rows(key: str, rows: int, tone: str) -> Rows:
    return Rows(
        key,
        "urgent-row",
        (
            Cell("unit", "urgent-unit"),
            Cell("clock", f"urgent-clock {tone}"),
            Cell("procedure", "urgent-procedure"),
            Cell("number", "urgent-number"),
        ),
        rows,
    )


def page(count: int, rows: int, made_at: int) -> tuple[int, int]:
    """Which page of a list shows at a real moment, and how many there are (at least 1)."""
    pages = max(1, -(-count // rows))
    return made_at // PAGE_MS % pages, pages


def patch(wall: Wall, place: Place) -> Patch:
    """The present page of both lists."""
    return {
        **listing_patch("overdue", True, OVERDUE_ROWS, wall, place),
        **listing_patch("soon", False, SOON_ROWS, wall, place),
    }


def listing_patch(key: str, late: bool, rows: int, wall: Wall, place: Place) -> Patch:
    """The present page of one list: of the late, or of the nearly late."""
    dossiers = wall.overdue if late else wall.due_soon
    count = wall.totals.in_process_overdue if late else wall.totals.due_soon
    unknown = wall.state != "live"
    index, _ = page(len(dossiers), rows, wall.made_at)
    # The last page is filled up with dossiers of the one before.
    first = max(0, min(index * rows, len(dossiers) - rows))
    shown = dossiers[first : first + rows]
    nothing = DASH if unknown else ("Không có hồ sơ quá hạn" if late else "Không có hồ sơ sắp đến hạn")
    if count and not dossiers and not unknown:
        # There are some, and whoever looks on sees figures only.
        nothing = "Không hiện từng hồ sơ cho tài khoản này"
    changes: Patch = {
        f"{key}-page": say(f"{first + 1}–{first + len(shown)} / {number(max(count, len(dossiers)))}" if shown else ""),
        f"{key}-nothing": say(nothing, "nothing is-absent" if shown else "nothing"),
    }
    filled = [_row(dossier, late, place, _answered(wall, dossier)) for dossier in shown]
    return {**changes, **_rows(key, rows, "bad" if late else "warn").patch(filled)}


def _answered(wall: Wall, dossier: UrgentDossier) -> str:
    """What somebody said of a dossier: that they see to it, and until when; empty: nobody did."""
    found = wall.alerts.answered.get(f"{dossier.source}/{dossier.number}") if wall.alerts else None
    if found is None:
        return ""
    return ACKNOWLEDGED if found.until is None else f"{PROMISED} {local(found.until - 1):%d/%m}"


def _row(dossier: UrgentDossier, late: bool, place: Place, answered: str) -> Values:
    procedure = dossier.procedure_name or "Chưa rõ thủ tục"
    told = [answered, BY_SYNC if dossier.by_sync else "", procedure]
    unit = place.by_code.get(dossier.unit, UNMAPPED_UNIT)
    return {
        "unit": unit.name if len(unit.name) <= LONGEST_NAME else unit.label,
        "clock": Change(
            tick=("overdue" if late else "left", dossier.due),
            cls=f"urgent-clock {'bad' if late and not dossier.by_sync else 'warn'}",
        ),
        "procedure": " · ".join(filter(None, told)),
        "number": dossier.number,
    }
